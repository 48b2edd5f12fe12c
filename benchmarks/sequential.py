"""Rows that `--sequential` scores of si2019 + shortcuts, and whether its verdicts are those of all rows."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from measure import DEMO, arguments, goals, real_data, real_model, tell

SUITES = ("si2019", "shortcuts")
MOST = 0.40
"""Share of the rows that may be scored, overall."""


def suite_of(data: str, questions: int):
    from robustness.configuration.config import Config
    from robustness.configuration.configured import configured
    from robustness.pipeline import Source
    from robustness.pipeline import suite_of as built
    from robustness.suites.plan import Plan, plan

    checks = tuple(check for name in SUITES for check in plan(name).check)
    both = Plan(name=" + ".join(SUITES), description="Both.", control=plan(SUITES[0]).control, check=checks)
    made = built(Source(data, both, limit=questions or None))
    return replace(made, plan=configured(made.plan, Config(sequential=True)))


def rows_by_check(suite, run) -> Counter:
    """Return how many rows (one per option) a run has scored, by check; the unchanged ones as `clean`."""
    found = Counter({"clean": sum(len(run.scores.get(e.id, ())) for e in suite.examples)})
    for variant in suite.variants:
        found[f"{variant.attack}.{variant.severity}"] += len(run.scores.get(variant.id, ()))
    return found


def all_rows(suite) -> Counter:
    found = Counter({"clean": sum(len(e.options) for e in suite.examples)})
    for variant in suite.variants:
        found[f"{variant.attack}.{variant.severity}"] += len(variant.example.options)
    return found


def decided(judgement) -> dict:
    return {(v.attack, v.severity, v.check): v for v in judgement.verdicts}


def main() -> None:
    asked = arguments(questions=450, full=1)
    from robustness.judging.verdicts import judge
    from robustness.models.huggingface import load
    from robustness.models.options import ModelOptions
    from robustness.scoring import run as score
    from robustness.sequential import run as score_until_decided
    from robustness.store.cache import Cache
    from robustness.store.keep import keep

    folder, data = real_model(asked.shared), real_data(asked.shared)
    real = bool(folder and data)
    suite = suite_of(f"dream:{data}" if real else "stories:test?passages=300", asked.questions if real else 0)
    model = load(str(folder if real else DEMO), options=ModelOptions(device="cpu", threads=1))
    cache = Cache(Path(os.environ["ROBUSTNESS_CACHE"])) if os.environ.get("ROBUSTNESS_CACHE") else None
    with keep(model, suite=suite.fingerprint, cache=cache):
        begun = time.process_time()
        part = score_until_decided(suite, model)
        seconds, forwarded = time.process_time() - begun, model.counts["rows_forwarded"]
        whole = score(suite, model) if asked.full else None
    seen, every = rows_by_check(suite, part), all_rows(suite)
    limited = {"clean", *(f"{v.attack}.{v.severity}" for v in judge(suite, part).verdicts)}
    told = decided(judge(suite, part))
    reference = decided(judge(suite, whole)) if whole else {}
    settled = {name: one for name, one in told.items() if one.step}
    differing = [" ".join(map(str, n)) for n, one in settled.items() if whole and one != reference[n]]
    ends = {n: f"{one.status}{f' after {one.step}' if one.step else ''}" for n, one in told.items()}
    tell(
        "sequential",
        data=f"{'DREAM test' if real else 'stories'}, {len(suite.examples)} questions",
        passages=len({e.group for e in suite.examples}), model="dream-minilm" if real else "demo",
        rows=every.total(), rows_scored=seen.total(), share=seen.total() / every.total(),
        share_of_checks_with_limits=sum(seen[n] for n in limited) / sum(every[n] for n in limited),
        share_by_check={name: round(seen[name] / every[name], 3) for name in every},
        verdicts={" ".join(map(str, n)): end for n, end in ends.items()},
        decided=len(settled), agree=len(settled) - len(differing) if whole else None, differ=differing,
        forwarded=forwarded, forwarded_by_all=model.counts["rows_forwarded"] if whole else None,
        cpu_seconds=seconds, fresh=cache is None,
        **goals(share=seen.total() / every.total() <= MOST, agree=not differing),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
