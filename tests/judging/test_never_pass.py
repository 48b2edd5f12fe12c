"""What was not measured, or cannot be decided, never passes: through `judge` and by the exit code."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from robustness.cli import main
from robustness.domain import Example, Run, Status, Suite, Variant
from robustness.errors import ScoreError
from robustness.judging.verdicts import judge

RIGHT = (2.0, 1.0, 0.0)
NAN = (math.nan, 0.0, 0.0)
LIMITS = {"max_drop": 0.9}


def whole(*, count: int = 40, passages: int = 40, **entry: Any) -> Suite:
    """One check over items that a perfect model passes."""
    examples = [
        Example(f"q{i:02}", "Nora sailed.", "How?", ("by ship", "by car", "by air"), 0, f"p{i % passages:02}")
        for i in range(count)
    ]
    variants = [
        Variant(f"{e.id}~swap.1", e.id, "swap", 1, replace(e, id=f"{e.id}~swap.1"), (0, 1, 2), ())
        for e in examples
    ]
    check = {"attack": "swap", "severities": [1], "limits": LIMITS, **entry}
    plan = {"checks": [check], "recipes": {"swap": {"polarity": "attack"}}}
    return Suite("s", 0, plan, tuple(examples), tuple(variants), (), {}, "f" * 8)


def run_of(suite: Suite, *, row: tuple[float, ...] = RIGHT, visible: int | None = None) -> Run:
    ids = [e.id for e in suite.examples] + [v.id for v in suite.variants]
    seen = {} if visible is None else {v.id: visible for v in suite.variants}
    return Run("m", "fp", suite.fingerprint, dict.fromkeys(ids, row), seen, {})


def half(run: Run) -> Run:
    return replace(run, scores={i: row for n, (i, row) in enumerate(run.scores.items()) if n % 2})


def degraded(suite: Suite) -> Suite:
    return replace(suite, variants=tuple(replace(v, degraded=True) for v in suite.variants))


def plan_of(suite: Suite, **more: object) -> Suite:
    return replace(suite, plan={**suite.plan, **more})


@dataclass(frozen=True)
class Row:
    suite: Suite
    run: Run
    wanted: Status | str
    """The status, or what the refusal says."""
    says: str = ""
    """What some verdict gives as the reason."""
    baseline: Run | None = None


def rows() -> dict[str, Row]:
    good, against = whole(), whole(baseline_limits={"min_accuracy": 0.05})
    empty = replace(good, examples=(), variants=())
    bare = replace(good, variants=())
    one = whole(passages=1)
    too_long = run_of(good, visible=-1)
    return {
        "an empty suite has nothing to pass": Row(
            empty, run_of(empty), Status.INVALID, "applied to no example"
        ),
        "all NaN is not measured": Row(
            good, run_of(good, row=NAN), Status.INVALID, "40 of 40 variants were not measured: 40 non-finite"
        ),
        "half the predictions missing is not measured": Row(
            good, half(run_of(good)), Status.INVALID, "missing"
        ),
        "predictions for the variants alone have nothing to be compared with": Row(
            good,
            replace(run_of(good), scores={v.id: RIGHT for v in good.variants}),
            Status.INVALID,
            "40 of 40 variants were not measured: 40 missing",
        ),
        "a run of another suite is refused": Row(
            good, replace(run_of(good), suite="other"), "run of 'm': it was made for suite 'other'"
        ),
        "a baseline of another suite is refused": Row(
            against,
            run_of(against),
            "baseline of 'm': it was made for suite 'other'",
            baseline=replace(run_of(against), suite="other"),
        ),
        "no baseline where one is asked for is not measured": Row(
            against, run_of(against), Status.INVALID, "no baseline came to compare with"
        ),
        "a baseline that measured nothing is no baseline": Row(
            against,
            run_of(against),
            Status.INVALID,
            "the baseline measured none of these items",
            baseline=run_of(against, row=NAN),
        ),
        "an attack that applied to nothing is not measured": Row(
            bare, run_of(bare), Status.INVALID, "applied to no example"
        ),
        "one passage only cannot decide": Row(
            one, run_of(one), Status.UNDECIDED, "1 passage(s) were scored, but at least 30 are needed"
        ),
        "one passage only cannot decide at any time either": Row(
            plan_of(one, gate="anytime"), run_of(one), Status.UNDECIDED, "not yet shown"
        ),
        "all degraded is not measured": Row(
            degraded(good), run_of(good), Status.INVALID, "no variant was scored: all 40 are degraded"
        ),
        "every variant too long is not measured": Row(good, too_long, Status.INVALID, "40 too-long"),
        "no limits judge nothing": Row(whole(limits={}), run_of(good), Status.INVALID),
        "a known failure does not excuse what was not measured": Row(
            plan_of(
                good,
                known_failures=[{"attack": "swap", "until": "2100-01-01", "owner": "us", "reason": "old"}],
            ),
            run_of(good, row=NAN),
            Status.INVALID,
            "40 non-finite",
        ),
    }


ROWS = rows()


def test_the_same_suite_measured_whole_does_pass() -> None:
    good = whole()
    assert judge(good, run_of(good)).status is Status.PASS
    against = whole(baseline_limits={"min_accuracy": 0.2})
    assert judge(against, run_of(against), baseline=run_of(against)).status is Status.PASS


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("gate", ["fixed", "anytime"])
def test_nothing_that_was_not_measured_passes(name: str, gate: str) -> None:
    row = ROWS[name]
    suite = plan_of(row.suite, gate=row.suite.plan.get("gate", gate))
    if not isinstance(row.wanted, Status):
        with pytest.raises(ScoreError, match=row.wanted) as refused:
            judge(suite, row.run, baseline=row.baseline)
        assert refused.value.exit_code == 3
        return
    found = judge(suite, row.run, baseline=row.baseline)
    assert found.status is row.wanted
    if gate == "fixed":
        assert row.says in " ".join(v.reason for v in found.verdicts)


ITEM = {"passage": "Nora took the lamp to the lake. A dog slept.", "question": "What did Nora take?"}
PLAN = 'name = "one"\ndescription = "d"\n[[check]]\nattack = "{attack}"\n'
LIMIT = "limits = {{ {kind} = 0.9 }}\n"


class Project:
    """A folder with data, a plan and a frozen suite, and predictions for it."""

    def __init__(self, folder: Path, *, attack: str, limit: str, passages: int) -> None:
        self.folder = folder
        (folder / "one.toml").write_text(PLAN.format(attack=attack) + limit)
        items = [
            {
                **ITEM,
                "id": f"q{i:02}",
                "group": f"p{i % passages:02}",
                "options": ["the lamp", "a bell"],
                "answer": 0,
            }
            for i in range(40)
        ]
        (folder / "mine.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))

    def ids(self) -> list[str]:
        lines = [
            json.loads(line)
            for name in ("examples.jsonl", "variants.jsonl")
            for line in (self.folder / "frozen" / name).read_text().splitlines()
        ]
        return [line["id"] for line in lines]

    def predict(self, ids: Iterable[str], *, scores: object = (2.0, 1.0), suite: str = "") -> None:
        head = [{"suite": suite}] if suite else []
        rows = [*head, *({"id": id_, "scores": scores} for id_ in ids)]
        (self.folder / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> int:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["robustness", *words])
            with pytest.raises(SystemExit) as end:
                main()
        return int(end.value.code or 0)

    return call


CASES: dict[str, tuple[dict[str, Any], Callable[[Project], None], int]] = {
    # what is wrong: (plan and data, what is predicted, exit code)
    "nothing: it passes": ({}, lambda p: p.predict(p.ids()), 0),
    "all NaN": ({}, lambda p: p.predict(p.ids(), scores=["NaN", "NaN"]), 3),
    "half the predictions missing": ({}, lambda p: p.predict(p.ids()[::2]), 3),
    "predictions for another suite": ({}, lambda p: p.predict(p.ids(), suite="other"), 3),
    "an attack that applied to nothing": (
        {"attack": "evidence-deleted", "limit": LIMIT.format(kind="min_auroc")},
        lambda p: p.predict(p.ids()),
        3,
    ),
    "one passage only": ({"passages": 1}, lambda p: p.predict(p.ids()), 4),
    "no limits": ({"limit": ""}, lambda p: p.predict(p.ids()), 3),
    "a limit against a baseline, and none": (
        {"limit": "limits = { baseline = { min_accuracy = 0.9 } }\n"},
        lambda p: p.predict(p.ids()),
        3,
    ),
}


@pytest.mark.parametrize("wrong", CASES)
def test_the_exit_code_is_0_for_what_was_measured_whole_and_for_nothing_else(
    wrong: str, tmp_path: Path, command: Callable[..., int]
) -> None:
    setup, predict, code = CASES[wrong]
    made = {"attack": "addsent2pas-shuffle", "limit": LIMIT.format(kind="max_drop"), "passages": 40, **setup}
    project = Project(tmp_path, **made)
    built = ("build", "-q", "--data", "jsonl:mine.jsonl", "--suite", "one.toml", "-o", "frozen")
    assert command(*built) == 0
    predict(project)
    check = ("check", "-q", "--frozen", "frozen", "--model", "predictions:p.jsonl", "-o", "run")
    assert command(*check) == code


def test_data_without_items_are_refused_before_a_suite_is_built(
    tmp_path: Path, command: Callable[..., int]
) -> None:
    (tmp_path / "mine.jsonl").write_text("")
    assert command("check", "-q", "--data", "jsonl:mine.jsonl", "--model", "stub:oracle", "-o", "run") == 3
