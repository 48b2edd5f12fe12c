"""Finished runs on disk whose comparison can be done by hand: who is right on which item is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from robustness.domain import Run, Suite
from robustness.judging.verdicts import judge
from robustness.reports.write_run import write_run
from tests.reports.conftest import RECIPES, example, inserted

__all__ = ["ATTACK", "keep", "questions"]

ATTACK = "addsent2pas-shuffle"
RIGHT, WRONG = (3.0, 1.0, 0.0, -1.0), (1.0, 3.0, 0.0, -1.0)
CREATED = "2026-03-01T10:00:00+00:00"


def questions(number: int = 80, *, together: int = 1, fingerprint: str = "ab", text: str = "") -> Suite:
    """A suite of one attack: `number` questions, `together` of them on each passage."""
    examples = tuple(
        replace(e, group=f"passage{place // together}", passage=e.passage + text)
        for place, e in enumerate(example(number) for number in range(number))
    )
    check = {"attack": ATTACK, "severities": [1], "limits": {"max_drop": 0.1}, "reason": ""}
    plan = {
        "name": "core",
        "description": "One attack.",
        "min_passages": 30,
        "checks": [check],
        "recipes": {ATTACK: RECIPES[ATTACK]},
    }
    return Suite(
        name="core",
        seed=7,
        plan=plan,
        examples=examples,
        variants=tuple(map(inserted, examples)),
        skipped=(),
        audit={},
        fingerprint=fingerprint * 16,
        data="jsonl:camp.jsonl",
    )


def keep(  # what differs between runs, one by one
    folder: Path,
    suite: Suite,
    right: Sequence[bool | None],
    *,
    clean: Sequence[bool] | None = None,
    model: str = "",
    text: bool = True,
    created: str = CREATED,
    environment: Mapping[str, str] | None = None,
    **about: str,
) -> Path:
    """Write a run that is right on `right` under attack (None: not scored) and on `clean` (all) without."""
    name = model or folder.name
    before = clean or [True] * len(suite.examples)
    scores = {
        **{e.id: RIGHT if ok else WRONG for e, ok in zip(suite.examples, before, strict=True)},
        **{
            v.id: RIGHT if ok else WRONG
            for v, ok in zip(suite.variants, right, strict=True)
            if ok is not None
        },
    }
    around = {"python": "3.11", **(environment or {})}
    run = Run(name, f"fingerprint of {name}", suite.fingerprint, scores, {}, around)
    return write_run(folder, suite, run, judge(suite, run), created=created, text=text, about=about)
