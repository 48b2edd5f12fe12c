"""The set tests of an analysis: one for all attacks, one for each, as far as time reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from robustness.domain import Polarity
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import Condition
from robustness.neurons.cost import forward_flops
from robustness.neurons.cube import Cube
from robustness.neurons.engine import Ablator
from robustness.neurons.findings import CLEAN, SetTest
from robustness.neurons.sets import Chosen, halves, matched, select, set_test, within
from robustness.neurons.sites import Site
from robustness.neurons.verify import Budget
from robustness.neurons.work import probe

__all__ = ["trials"]

_FIRST: Final = 20
"""Random sets of the first round: fewer say nothing."""
_PASSES: Final = 4
"""Forward passes that a step of choosing comes to: the screen, and the set so far."""


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
        probe(ablator, clock)
        seen = [c for c in choosing if c.name in (CLEAN, name) or (name is None and _is_attack(c))]
        least = (1 if tests else 1 + _FIRST) * _seconds(ablator, clock, judging)
        steps = _Steps(ablator, clock, seen, rest=least)
        if tests and not steps.fit():
            break  # no time for another set
        chosen = select(ablator, cube.base, seen, tolerance=cube.tolerance, steps=steps)
        probe(ablator, clock)
        # Half of the time is for the sets of each attack, where there are several.
        share, judged = 1.0 if len(names) == 1 else 0.5, _seconds(ablator, clock, judging)
        limit = _Rounds(budget.random_sets if name is None else 0, judged, share)
        others = _rounds(ablator, cube, chosen, limit, clock)
        tests.append(
            set_test(ablator, cube.base, judging, chosen=(name or "attacked", chosen), random_sets=others)
        )
    return tuple(tests)


class _Steps:
    """Asked before each step of choosing: whether it fits beside the judging that comes after it."""

    def __init__(self, ablator: Ablator, clock: Clock, choosing: Sequence[Condition], *, rest: float) -> None:
        self._clock, self._rest = clock, rest
        self._flops = _PASSES * _flops(ablator, choosing)
        self._begun: float | None = None

    def fit(self) -> bool:
        return self._clock.left > self._clock.takes("choosing", self._flops) + self._rest

    def __call__(self) -> bool:
        now = self._clock.elapsed
        if self._begun is not None:
            self._clock.learn("choosing", self._flops, now - self._begun)
        self._begun = now
        return self.fit()


@dataclass(frozen=True, slots=True)
class _Rounds:
    """How many random sets, what one takes, and the share of the time left that they may take."""

    count: int
    seconds: float
    share: float


def _is_attack(condition: Condition) -> bool:
    return condition.polarity is Polarity.ATTACK


def _flops(ablator: Ablator, part: Sequence[Condition]) -> float:
    """Operations of a forward pass over the rows of some conditions."""
    rows = {row for condition in part for row in condition.rows}
    return sum(forward_flops(ablator.wired.body, len(ablator.data.rows[row].ids)) for row in rows)


def _seconds(ablator: Ablator, clock: Clock, part: Sequence[Condition]) -> float:
    return clock.takes("forward", _flops(ablator, part))


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
        # No round may overrun where the machine does half as much as before.
        count = min(len(sets) - done, fits, max(0 if done else _FIRST, -(-fits // 2)))
        if count < 1:
            return
        before = clock.left
        yield sets[done : done + count]
        done += count
        each = (before - clock.left) / count if before != float("inf") else each
