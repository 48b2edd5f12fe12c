"""Exact effects as they are asked for, written into a cube, and priced before they begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, takewhile
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.neurons.batch import chunks
from robustness.neurons.changes import changes, lift
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import Condition, rights
from robustness.neurons.cost import forward_flops, unit_flops
from robustness.neurons.effects import unit_effects
from robustness.neurons.engine import Ablator
from robustness.neurons.sites import Site
from robustness.neurons.verify import Budget, Layer

__all__ = ["LEAST_PASSES", "Progress", "Work", "one_pass", "probe", "referenced"]

Floats = npt.NDArray[np.floating]

Progress = Callable[[str, int], object]
"""Called with the step and how many cells (units x sequences) it has just done."""

LEAST_PASSES: Final = 14
"""Forward passes over all sequences that one step of choosing and 20 random sets on a half come to."""

_SETS: Final = 0.3
"""Share of a budget of time that is kept for choosing and judging sets."""
_PIECE: Final = 0.1
"""Most of a budget that is spent without a look at the clock: a machine can slow down."""
_WORTH: Final = 3
_PROBED: Final = 16
"""Units whose intervals and tests say what those of the others will take."""
_ROWS: Final = 16
"""Rows whose forward pass says how fast the machine is now."""
_NEAR: Final = 1e-4
"""A margin under ablation this near to 0 is computed by hooks before it counts as a flip."""


def one_pass(ablator: Ablator) -> float:
    """Return the operations of a forward pass over all sequences."""
    return sum(forward_flops(ablator.wired.body, len(row.ids)) for row in ablator.data.rows)


def referenced(ablator: Ablator) -> float:
    """Return the operations of the passes that the ablator's reference took: 0 where it needs no values."""
    rows = [ablator.data.rows[at] for at in ablator.data.clean] or ablator.data.rows
    flops = sum(forward_flops(ablator.wired.body, len(row.ids)) for row in rows)
    return flops if ablator.reference.tables.mean else 0.0


def probe(ablator: Ablator, clock: Clock) -> None:
    """Measure anew, on a few rows, what a forward pass takes: a machine gets other work, or rid of it."""
    if clock.seconds is None or clock.left <= 0:
        return
    rows = range(0, len(ablator.data), max(1, len(ablator.data) // _ROWS))
    flops = sum(forward_flops(ablator.wired.body, len(ablator.data.rows[row].ids)) for row in rows)
    with clock.measured("forward", flops):
        ablator.group((), rows)


class Work:
    """Exact effects as they are asked for, written into the cube.

    With an end of time it keeps what the sets and the statistics will take. Raises `ModelError` where
    the spot check finds a cell off.
    """

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
        self._one_pass = one_pass(ablator)
        self._lengths = [len(row.ids) for row in ablator.data.rows]
        self._flops: dict[Layer, float] = {}
        settings = ablator.settings
        plan = chunks(ablator.data, tokens=settings.chunk_tokens, may_pad=settings.may_pad)
        self._least_checked = len(plan)
        self._is_timed = budget.minutes is not None
        if self._is_timed:
            self._clock.keep("sets", self._for_sets(60 * (budget.minutes or 0.0)))
            self._price_statistics(sites)

    def _for_sets(self, seconds: float) -> float:
        """Time that is kept for sets; none where a single set and its random ones would not fit anyway."""
        least = self._clock.takes("forward", self._one_pass) * LEAST_PASSES
        return 0.0 if least > 2 * _SETS * seconds else max(_SETS * seconds, least)

    def _price_statistics(self, sites: Sequence[Site]) -> None:
        """Measure the statistics of a few units, as if they were verified."""
        probed = [str(site) for site in sites[:_PROBED]]
        with self._clock.measured("statistics", len(probed)):
            parts = [changes(self._logits[: len(probed)], self._base, own) for own in self._found]
            unit_effects(probed, [True] * len(probed), parts, tolerance=0.0, seed=0)
        self._keep_statistics()

    def _keep_statistics(self) -> None:
        """Keep time for what follows: the margins of all units again, and the tests of the verified ones."""
        again = self._clock.takes("margins", 2 * self._logits.size)
        self._clock.keep("statistics", again + self._clock.takes("statistics", int(self.known.sum())))

    def __call__(self, sites: Sequence[Site], /) -> npt.NDArray[np.float64]:
        """Return float[U], the exact lifts of the sites, whose logits are then in the cube."""
        at = [self._place[site] for site in sites]
        told, notify = self._progress, None
        if told is not None:
            notify = lambda cells: told("exact", cells)  # noqa: E731 - bound to what was tested
        begun, resumed = self._clock.elapsed, self._ablator.counts["resumed_chunks"]
        self._logits[at] = self._ablator.exact(sites, notify)
        self.known[at] = True
        _settle(self._ablator, self._found, (self._base, self._logits), (sites, at))
        if self._ablator.counts["resumed_chunks"] == resumed:  # what is read back says nothing of the price
            flops = self._shared(len(sites)) + sum(map(self._unit, sites))
            spent = self._clock.elapsed - begun
            for kind in {self._work(site) for site in sites}:
                self._clock.learn(kind, flops, spent)
        if self._is_timed:
            self._keep_statistics()
        return lift(self._logits[at], self._base, self._found)

    def fits(self, sites: Sequence[Site], /, aside: Sequence[Site] = ()) -> int:
        """Return how many of the sites, from the first, fit into the time left, that for `aside` kept."""
        left = self._clock.left
        if left == float("inf"):
            return len(sites)
        return self._within(sites, left - (self._costs(aside)[-1] if aside else 0.0))

    def piece(self, sites: Sequence[Site], /) -> int:
        """Return how many of the sites to compute before the next look at the clock, at least 1.

        A power of two, so that a run that goes on after a kill asks for the same pieces again.
        """
        if not self._is_timed:
            return len(sites)
        # Smaller pieces would spend the time on what each call shares.
        least = _WORTH * self._clock.takes("forward", self._shared(len(sites)))
        count = self._within(sites, max(_PIECE * (self._clock.seconds or 0.0), least))
        return count if count == len(sites) else 1 << max(0, count.bit_length() - 1)

    def _within(self, sites: Sequence[Site], seconds: float) -> int:
        return sum(1 for _ in takewhile(lambda cost: cost <= seconds, self._costs(sites)))

    def _costs(self, sites: Sequence[Site]) -> list[float]:
        """Seconds up to and with each site."""
        own = accumulate(map(self._seconds, sites))
        takes = self._clock.takes
        return [cost + takes("forward", self._shared(count)) for count, cost in enumerate(own, 1)]

    def _seconds(self, site: Site) -> float:
        statistics = 0.0 if self.known[self._place[site]] else self._clock.takes("statistics", 1)
        return self._clock.takes(self._work(site), self._unit(site)) + statistics

    def _shared(self, units: int) -> float:
        """Operations of one call beside its units: the prefix, and the spot checks through hooks."""
        settings, rows = self._ablator.settings, len(self._ablator.data)
        if self._ablator.wired.path == "hooks":
            return self._one_pass
        cells = max(self._least_checked, min(settings.spot_most, settings.spot_share * units * rows))
        return self._one_pass * (1 + (cells / rows if settings.spot_share else 0.0))

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
