"""The set tests of an analysis: one for all attacks, one for each, as far as time reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from robustness.domain import Polarity
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import CLEAN, Condition
from robustness.neurons.cost import forward_flops
from robustness.neurons.cube import Cube
from robustness.neurons.engine import Ablator
from robustness.neurons.sets import Chosen, SetTest, halves, matched, select, set_test, within
from robustness.neurons.sites import Site
from robustness.neurons.verify import Budget

__all__ = ["trials"]

_FIRST: Final = 20
"""Random sets of the first round: fewer say nothing."""


def trials(
    ablator: Ablator, cube: Cube, found: Sequence[Condition], *, budget: Budget, clock: Clock
) -> tuple[SetTest, ...]:
    """Return the tests of sets chosen on all attacks and on each, judged on the other passages."""
    attacks = [condition for condition in found if condition.polarity is Polarity.ATTACK]
    first, second = halves(found, seed=ablator.ablation.seed)
    choosing, judging = within(found, first), within(found, second)
    if not attacks or not judging or not choosing:
        return ()
    names: list[str | None] = [None]
    if budget.transfer and len(attacks) > 1:
        names += [condition.name for condition in attacks]
    tests: list[SetTest] = []
    for name in names:
        step, judged = _seconds(ablator, clock, choosing, forwards=4), _seconds(ablator, clock, judging)
        if tests and clock.left < step + judged:
            break  # no time for another set
        least = step + (1 if tests else _FIRST) * judged
        seen = [c for c in choosing if c.name in (CLEAN, name) or (name is None and _is_attack(c))]
        chosen = select(
            ablator,
            cube.base,
            seen,
            tolerance=cube.tolerance,
            steps=partial(_is_time, clock, least),
        )
        # Half of the time is for the sets of each attack, where there are several.
        limit = _Rounds(budget.random_sets if name is None else 0, judged, 1.0 if len(names) == 1 else 0.5)
        others = _rounds(ablator, cube, chosen, limit, clock)
        tests.append(
            set_test(ablator, cube.base, judging, chosen=(name or "attacked", chosen), random_sets=others)
        )
    return tuple(tests)


@dataclass(frozen=True, slots=True)
class _Rounds:
    """How many random sets, what one takes, and the share of the time left that they may take."""

    count: int
    seconds: float
    share: float


def _is_attack(condition: Condition) -> bool:
    return condition.polarity is Polarity.ATTACK


def _is_time(clock: Clock, seconds: float) -> bool:
    return clock.left > seconds


def _seconds(ablator: Ablator, clock: Clock, part: Sequence[Condition], *, forwards: int = 1) -> float:
    """What forward passes over the rows of some conditions take; a step of choosing is about four."""
    rows = {row for condition in part for row in condition.rows}
    lengths = (len(ablator.data.rows[row].ids) for row in rows)
    return forwards * clock.takes("forward", sum(forward_flops(ablator.wired.body, n) for n in lengths))


def _rounds(
    ablator: Ablator, cube: Cube, chosen: Chosen, limit: _Rounds, clock: Clock
) -> Iterator[tuple[tuple[Site, ...], ...]]:
    """Yield matched random sets in rounds, each as large as the time left allows."""
    if not chosen.members or not limit.count:
        return
    size = {key: own * ablator.reach(*key) for key, own in cube.size.items()}
    sets = matched(chosen.members, size, seed=ablator.ablation.seed, count=limit.count)
    end = 0.0 if limit.share == 1.0 else clock.left * (1 - limit.share)
    done, each = 0, limit.seconds
    while done < len(sets):
        room = clock.left - end
        # The first layers are run once a round, so one pass is lost with each.
        fits = len(sets) if room == float("inf") else int(room / max(each, 1e-9)) - 1
        count = min(len(sets) - done, fits, len(sets) if done else max(_FIRST, fits // 2))
        if count < 1:
            return
        before = clock.left
        yield sets[done : done + count]
        done += count
        each = (before - clock.left) / count if before != float("inf") else each
