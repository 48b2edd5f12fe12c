"""Rows that `--sequential` scores of si2019 and shortcuts, and whether its verdicts are those of all rows.

Without `--questions` the answers are those of the finished runs in reports/examples/dream-minilm, which
hold the scores of MiniLM on DREAM test: what a sequential run asks for, and decides, is the same to the
last number, and nothing needs to be scored. With it, that many questions (0: all) are scored anew,
those of checks with limits until decided, then the rest of them.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from measure import DEMO, ROOT, arguments, goals, real_data, real_model, tell

SUITES = ("si2019", "shortcuts")
RUNS = ROOT / "reports" / "examples" / "dream-minilm"
MOST = 0.40
"""Share of the rows that may be scored, overall."""


@dataclass
class Recorded:
    """A model that says what it said in a finished run."""

    told: dict
    name: str = "dream-minilm, recorded"
    fingerprint: str = "recorded"

    def score(self, batch):
        return [self.told[example.id] for example in batch]


@dataclass
class Remembering:
    """A model that is asked for each example once."""

    model: object
    told: dict

    def __getattr__(self, name):
        return getattr(self.model, name)

    def score(self, batch):
        new = [example for example in batch if example.id not in self.told]
        self.told |= dict(zip((e.id for e in new), self.model.score(new) if new else (), strict=True))
        return [self.told[example.id] for example in batch]


def suite_of(data: str, name: str, limit: int | None):
    from robustness.configuration.config import Config
    from robustness.configuration.configured import configured
    from robustness.pipeline import Source
    from robustness.pipeline import suite_of as built
    from robustness.suites.plan import plan

    made = built(Source(data, plan(name), limit=limit))
    return replace(made, plan=configured(made.plan, Config(sequential=True)))


def rows_by_check(suite, scores) -> Counter:
    """Return how many rows (one per option) have scores, by check; unchanged questions are `clean`."""
    found = Counter({"clean": sum(len(e.options) for e in suite.examples if e.id in scores)})
    for variant in suite.variants:
        key = f"{variant.attack}.{variant.severity}"
        found[key] += len(variant.example.options) * (variant.id in scores)
    return found


def measured(suite, part, whole) -> dict[str, object]:
    """Return what was scored and decided, beside the whole run."""
    from robustness.judging.verdicts import judge

    every = {e.id for e in suite.examples} | {v.id for v in suite.variants}
    seen, all_rows = rows_by_check(suite, part.scores), rows_by_check(suite, every)
    ours, theirs = judge(suite, part).verdicts, judge(suite, whole).verdicts
    limited = {"clean", *(f"{one.attack}.{one.severity}" for one in ours)}
    return {
        "questions": len(suite.examples),
        "passages": len({e.group for e in suite.examples}),
        "rows": all_rows.total(),
        "rows_scored": seen.total(),
        "rows_of_checks_with_limits": sum(all_rows[name] for name in limited),
        "share_by_check": {name: round(seen[name] / all_rows[name], 3) for name in all_rows},
        "verdicts": {
            f"{one.attack}.{one.severity} {one.check}": f"{one.status} after {one.step or 'all'}"
            for one in ours
        },
        "decided": sum(one.step is not None for one in ours),
        "differ": [f"{a.attack}.{a.severity}" for a, b in zip(ours, theirs, strict=True) if a != b],
    }


def recorded(data: Path, name: str):
    """Return suite, sequential run and whole run of what a finished run recorded."""
    from robustness.reports.baselines import read_scores
    from robustness.reports.store import read_run
    from robustness.sequential import run as score_until_decided

    run, clean = read_scores(RUNS / name), read_run(RUNS / name).clean
    suite = suite_of(f"dream:{data}", name, clean.n + clean.invalid)
    if suite.fingerprint != run.suite:
        return None
    part = score_until_decided(suite, Recorded(dict(run.scores)))
    return suite, part, replace(run, visible={})


def scored(model, data: str, name: str, questions: int):
    """Return suite, sequential run and, of the checks with limits, whole run, scored anew.

    Checks without a limit have no verdict to agree with: the whole run leaves them out. What the
    sequential run scored is not scored again: batches do not change scores (tests/models/test_invariance.py).
    """
    from robustness.judging.limits import checks
    from robustness.scoring import run as score
    from robustness.sequential import run as score_until_decided

    suite, model = suite_of(data, name, questions or None), Remembering(model, {})
    part = score_until_decided(suite, model)
    limited = {(one.attack, one.severity) for one in checks(suite, baseline=False) if one.limits}
    every = {(v.attack, v.severity) for v in suite.variants}
    needed = tuple(v for v in suite.variants if (v.attack, v.severity) in limited)
    whole = score(replace(suite, variants=needed), model, whole=suite)
    return suite, part, replace(whole, stopped=dict.fromkeys(every - limited, 0))


def main() -> None:
    asked = arguments(questions=-1, suites=",".join(SUITES))
    folder, data = real_model(asked.shared), real_data(asked.shared)
    begun, found = time.process_time(), {}
    for name in asked.suites.split(","):
        if asked.questions < 0 and data:
            made = recorded(data, name)
        else:
            from robustness.models.huggingface import load
            from robustness.models.options import ModelOptions

            real = bool(folder and data)
            model = load(str(folder if real else DEMO), options=ModelOptions(device="cpu", threads=1))
            made = scored(
                model,
                f"dream:{data}" if real else "stories:test?passages=300",
                name,
                max(0, asked.questions) if real else 0,
            )
        if made:
            found[name] = measured(*made)
    if not found:
        tell("sequential", skipped="the finished runs are of other suites than this version builds")
        return
    rows, of_rows, limited = (
        sum(one[key] for one in found.values())
        for key in ("rows_scored", "rows", "rows_of_checks_with_limits")
    )
    tell(
        "sequential",
        answers="finished runs" if asked.questions < 0 and data else "scored anew",
        share=rows / of_rows,
        share_of_checks_with_limits=rows / limited,
        cpu_seconds=time.process_time() - begun,
        **found,
        **goals(share=rows / of_rows <= MOST, agree=not any(one["differ"] for one in found.values())),
    )


if __name__ == "__main__":
    main()
