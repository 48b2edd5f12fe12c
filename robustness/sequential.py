"""Scoring that stops where a verdict is in: a clear case costs a fraction of the data.

The clean questions are scored whole: what is said of them, and whether there is anything to lose, is
what a whole run says. Then passages come in the order of the anytime gates, some at a time, and each
check leaves as soon as each of its limits is decided. An anytime gate looks at the passages up to its
decision alone, so what was left out could not have changed its verdict
(`robustness.stats.sequential`). Rows that were scored stay in the cache.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from robustness.attempts import ERRORS, united
from robustness.domain import Model, Run, Suite, Variant
from robustness.judging.limits import checks, min_passages
from robustness.judging.verdicts import undecided
from robustness.scoring import run as score
from robustness.stats.sequential import passage_order

__all__ = ["run", "share_scored"]

Key: TypeAlias = tuple[str, int]
"""Attack and severity of a check."""

_GROWTH: Final = 1.2
"""Passages at a look beside those at the look before: judging costs little where scoring costs much."""


def run(suite: Suite, model: Model, *, baseline: Run | None = None) -> Run:
    """Return a run of the clean questions and of as many variants as the limits of the plan need.

    `Run.stopped` says after how many passages each check ended; checks that needed all are not in it, and
    those without a limit need none. Judge it as any run.

    Args:
        suite: with `"gate": "anytime"` in its plan, else every limit needs all passages.
        model: what scores; it should keep rows, as all checkpoints do.
        baseline: what the run will be judged against.

    Raises:
        ScoreError: as `robustness.scoring.run` does.
    """
    scored = score(replace(suite, variants=()), model, whole=suite, label="clean")
    waiting = _by_passage(suite)
    done = dict.fromkeys(waiting, 0)
    left = frozenset(_limited(suite, baseline)) & waiting.keys()
    for look in _looks(min_passages(suite), max(map(len, waiting.values()), default=0)):
        if not left:
            break
        part = [variant for key in left for group in waiting[key][done[key] : look] for variant in group]
        done |= {key: min(look, len(waiting[key])) for key in left}
        label = f"{len(left)} checks to {look} passages"
        more = score(
            replace(suite, examples=(), variants=_sorted(suite, part)), model, whole=suite, label=label
        )
        stopped = {key: number for key, number in done.items() if number < len(waiting[key])}
        scored = replace(
            more,
            scores={**scored.scores, **more.scores},
            visible={**scored.visible, **more.visible},
            environment=_environment(scored, more),
            stopped=stopped,
        )
        left = undecided(suite, scored, left, baseline=baseline)
    return replace(scored, stopped={k: n for k, n in done.items() if n < len(waiting[k])})


def _environment(before: Run, after: Run) -> Mapping[str, str]:
    told = united(before.environment.get(ERRORS, ""), after.environment.get(ERRORS, ""))
    return {**after.environment, **({ERRORS: told} if told else {})}


def share_scored(suite: Suite, run: Run) -> Mapping[Key, float]:
    """Return, by attack and severity, which share of its variants a run has scores for."""
    every: defaultdict[Key, list[bool]] = defaultdict(list)
    for variant in suite.variants:
        every[variant.attack, variant.severity].append(variant.id in run.scores)
    return {key: sum(found) / len(found) for key, found in every.items()}


def _limited(suite: Suite, baseline: Run | None) -> Iterator[Key]:
    for check in checks(suite, baseline=baseline is not None):
        if check.limits:
            yield check.attack, check.severity


def _by_passage(suite: Suite) -> dict[Key, list[list[Variant]]]:
    """Return the variants of each check by passage, passages in the order of the gates."""
    group = {example.id: example.group for example in suite.examples}
    place = {name: at for at, name in enumerate(passage_order(group.values(), seed=suite.seed))}
    found: defaultdict[Key, defaultdict[int, list[Variant]]] = defaultdict(lambda: defaultdict(list))
    for variant in suite.variants:
        found[variant.attack, variant.severity][place[group[variant.source]]].append(variant)
    return {key: [passages[at] for at in sorted(passages)] for key, passages in found.items()}


def _looks(first: int, last: int) -> Iterator[int]:
    """Yield how many passages are to be scored before each look; the last is all of them.

    >>> list(_looks(30, 60))
    [30, 37, 45, 55, 60]
    """
    look = first
    while look < last:
        yield look
        look = int(look * _GROWTH) + 1
    yield last


def _sorted(suite: Suite, part: Sequence[Variant]) -> tuple[Variant, ...]:
    wanted = {variant.id for variant in part}
    return tuple(variant for variant in suite.variants if variant.id in wanted)
