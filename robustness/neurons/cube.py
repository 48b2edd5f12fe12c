"""The cube of logits `Z[unit, sequence]`: screened for all units, exact where a plan and time allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity
from robustness.errors import UsageError
from robustness.neurons.changes import changes, pooled
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import Condition, margins, rights
from robustness.neurons.cost import forward_flops, unit_flops
from robustness.neurons.engine import Ablator
from robustness.neurons.sites import Kind, Site, enumerate_sites
from robustness.neurons.verify import Budget, Layer, Verification, verified

__all__ = ["LEAST_PASSES", "TOP", "Cube", "Exact", "Progress", "cube", "exhaustive"]

Floats = npt.NDArray[np.floating]
Exact = Literal["all"] | int
"""Layers, from the top, in which every unit is computed exactly."""

Progress = Callable[[str, int], object]
"""Called with the step and how many cells (units x sequences) it has just done."""

TOP: Final = 2
_TOLERANCE: Final = 0.1
LEAST_PASSES: Final = 12
"""Forward passes over all sequences that one step of choosing and 20 random sets on a half come to."""

_SETS: Final = 0.3
"""Share of a budget of time that is kept for choosing and judging sets."""
_NEAR: Final = 1e-4
"""A margin under ablation this near to 0 is computed by hooks before it counts as a flip."""


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Logits by unit and sequence, exact where verified, else estimated."""

    sites: tuple[Site, ...]
    base: Floats
    """float[N], the model as it is."""
    logits: Floats
    """float[U, N]."""
    verified: npt.NDArray[np.bool_]
    """bool[U]."""
    size: Mapping[Layer, Floats]
    """Mean |value| by unit."""
    tolerance: float
    """A change of the mean margin that counts as none."""
    state: Verification


def exhaustive(kinds: Iterable[Kind], layers: int, exact: Exact, budget: Budget) -> list[Layer]:
    """Return the layers to compute whole, the cheapest first.

    Raises `UsageError` for more layers than there are.
    """
    if exact != "all" and not 0 <= exact <= layers:
        raise UsageError(
            f"exact: {exact!r} came, but the network has {layers} layers; give 0..{layers} or 'all'"
        )
    first = 0 if exact == "all" else layers - exact
    # Without an end of time all heads: together they cost less than one layer of units.
    heads = budget.heads and budget.minutes is None
    wanted = [(k, at) for k in kinds for at in range(layers) if at >= first or (k == "head" and heads)]
    return sorted(wanted, key=lambda key: (-key[1], key[0]))


def cube(
    ablator: Ablator,
    found: Sequence[Condition],
    *,
    plan: tuple[Exact, Budget],
    clock: Clock,
    progress: Progress | None,
) -> Cube:
    """Return the cube of all units of the ablator's kinds on its sequences."""
    exact, budget = plan
    body = ablator.wired.body
    whole = exhaustive(ablator.kinds, body.layers, exact, budget)
    one_pass = _one_pass(ablator)
    with clock.measured("forward", one_pass):
        base, size = ablator.base()
    sites = tuple(enumerate_sites(body, ablator.kinds))
    with clock.measured("screen", one_pass):
        estimates = ablator.screen()
    logits = np.concatenate([base + estimates[key] for key in sorted(estimates)])
    if progress is not None:
        progress("screen", logits.size)
    work = _Work(ablator, found, (sites, base, logits), (clock, budget), progress)
    tolerance = _TOLERANCE * float(margins(base[None].astype(np.float64), found[0])[0].std())
    guessed = dict(zip(sites, _lift(logits, base, found).tolist(), strict=True))
    state = verified(guessed, whole, work, budget=budget, threshold=tolerance)
    return Cube(sites, base, logits, work.known, size, tolerance, state)


def _one_pass(ablator: Ablator) -> float:
    return sum(forward_flops(ablator.wired.body, len(row.ids)) for row in ablator.data.rows)


class _Work:
    """Exact effects as they are asked for, written into the cube."""

    def __init__(
        self,
        ablator: Ablator,
        found: Sequence[Condition],
        arrays: tuple[tuple[Site, ...], Floats, Floats],
        limits: tuple[Clock, Budget],
        progress: Progress | None,
    ) -> None:
        self._ablator, self._found, self._progress = ablator, found, progress
        sites, self._base, self._logits = arrays
        self._clock, budget = limits
        self.known = np.zeros(len(sites), bool)
        self._place = {site: at for at, site in enumerate(sites)}
        self._one_pass = _one_pass(ablator)
        self._lengths = [len(row.ids) for row in ablator.data.rows]
        self._flops: dict[Layer, float] = {}
        self._reserve = self._for_sets(60 * (budget.minutes or 0.0))

    def _for_sets(self, seconds: float) -> float:
        """Time that is kept for sets; none where a single set and its random ones would not fit anyway."""
        least = self._clock.takes("forward", self._one_pass) * LEAST_PASSES
        return 0.0 if least > 2 * _SETS * seconds else max(_SETS * seconds, least)

    def __call__(self, sites: Sequence[Site], /) -> npt.NDArray[np.float64]:
        at = [self._place[site] for site in sites]
        told, notify = self._progress, None
        if told is not None:
            notify = lambda cells: told("exact", cells)  # noqa: E731 - bound to what was tested
        works = {self._work(site) for site in sites}
        with self._clock.measured("+".join(sorted(works)), self._one_pass + sum(map(self._unit, sites))):
            self._logits[at] = self._ablator.exact(sites, notify)
        self.known[at] = True
        _settle(self._ablator, self._found, (self._base, self._logits), (sites, at))
        return _lift(self._logits[at], self._base, self._found)

    def fits(self, sites: Sequence[Site], /, aside: Sequence[Site] = ()) -> int:
        left = self._clock.left
        if left == float("inf"):
            return len(sites)
        start = self._clock.takes("forward", self._one_pass)
        room = left - self._reserve - sum(map(self._seconds, aside)) - (start if aside else 0.0)
        costs = accumulate(map(self._seconds, sites), initial=start)
        return max(0, sum(cost <= room for cost in costs) - 1)

    def _seconds(self, site: Site) -> float:
        return self._clock.takes(self._work(site), self._unit(site))

    def _work(self, site: Site) -> str:
        """Kind of work: where few products are left, other things take the time."""
        behind = self._ablator.wired.body.layers - 1 - site.layer
        return f"exact, {min(behind, 2)} behind"

    def _unit(self, site: Site) -> float:
        key = (site.kind, site.layer)
        if key not in self._flops:
            body = self._ablator.wired.body
            self._flops[key] = sum(unit_flops(body, *key, tokens) for tokens in self._lengths)
            if self._ablator.wired.path == "hooks":
                self._flops[key] = self._one_pass
        return self._flops[key]


def _lift(logits: Floats, base: Floats, found: Sequence[Condition]) -> npt.NDArray[np.float64]:
    """Return float[U], the mean change of the margin over all attacked items; of clean without any."""
    attacks = [condition for condition in found if condition.polarity is Polarity.ATTACK]
    whole = pooled([changes(logits, base, condition) for condition in attacks])
    return changes(logits, base, found[0]).mean if whole is None else whole.mean


def _settle(
    ablator: Ablator,
    found: Sequence[Condition],
    arrays: tuple[Floats, Floats],
    wanted: tuple[Sequence[Site], Sequence[int]],
) -> None:
    """Recompute through hooks the items that look flipped with a margin within 1e-4 of 0."""
    base, logits = arrays
    sites, places = wanted
    near: dict[int, set[int]] = {}
    for condition in found:
        seen = changes(logits[list(places)], base, condition)
        flipped = (rights(seen.after) != rights(seen.before)) & (np.abs(seen.after) < _NEAR)
        for unit, item in zip(*np.nonzero(flipped), strict=True):
            own = condition.options[item]
            near.setdefault(int(unit), set()).update(int(row) for row in own[own >= 0])
    for unit, rows in near.items():
        chosen = sorted(rows)
        logits[places[unit], chosen] = ablator.group([sites[unit]], chosen)
