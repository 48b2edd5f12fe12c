"""The passage-clustered bootstrap: draws over clusters, intervals for means, ratios and areas.

Several questions share one passage, so passages are drawn and not questions; otherwise intervals
come out too narrow (design effect 1 + (m - 1) rho, with m questions a passage).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.closed_form import auroc, mean
from robustness.stats.counts import DRAWS, counts
from robustness.stats.intervals import Bootstrap, interval

__all__ = ["NOTHING", "Sample", "sample"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NOTHING: Final = 1e-9
"""A denominator up to here is 0: thirds that add up to a whole number may miss it in the last digit."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Columns over the same items, every draw of passages applied to all of them at once.

    What the ends of an interval are is said at `robustness.stats.intervals.interval`.
    """

    values: Mapping[str, Floats]
    """float[N] by column."""
    cluster: Ints
    """int[N]: position of the item's passage among the sorted passages."""
    clusters: int
    drawn: Mapping[str, Floats]
    """float[draws] by column: the sum of the column in each draw."""
    items: Floats
    """float[draws]: how many items each draw holds."""
    seed: int

    @property
    def n(self) -> int:
        """Items."""
        return len(self.cluster)

    def average(self, column: str) -> float | None:
        """Return the mean of a column without an interval; None for no items."""
        return mean(self.values[column].tolist())

    def mean(
        self, column: str, *, lowest: float = 0.0, highest: float = 1.0, level: float = 0.95
    ) -> Estimate:
        """Return the mean of a column whose passage means lie in [lowest, highest].

        >>> rows = {"right": (1.0,) * 5}
        >>> found = sample(rows, ("a", "b", "c", "d", "e"), seed=0).mean("right")
        >>> found.value, round(found.low, 3), found.high
        (1.0, 0.566, 1.0)
        """
        found = self.bootstrap(column, lowest=lowest, highest=highest)
        return interval(found, level=level) if found else Estimate(None)

    def bootstrap(self, column: str, *, lowest: float = 0.0, highest: float = 1.0) -> Bootstrap | None:
        """Return the mean of a column with its draws; None for no items."""
        value = self.average(column)
        if value is None:
            return None
        drawn, sizes = self.drawn[column] / self.items, self._sizes()
        influence = self._sums(self.values[column]) - value * sizes
        return Bootstrap(value, drawn, drawn, influence, sizes, (lowest, highest))

    def ratio(self, top: str, bottom: str) -> Estimate:
        """Return sum(top) / sum(bottom) where 0 <= top <= bottom: success and repair rates.

        Both sums are taken anew in every draw. A draw whose denominator is 0 says nothing: it
        counts as 0 in the lower bound and as 1 in the upper. Undefined (None) where the
        denominator is 0 over all items; a passage is evidence by what it adds to it.
        """
        base = math.fsum(self.values[bottom])
        if base <= 0:
            return Estimate(None)
        value = math.fsum(self.values[top]) / base
        lower, upper = _ratios(self.drawn[top], self.drawn[bottom], (0.0, 1.0))
        weights = self._sums(self.values[bottom])
        influence = self._sums(self.values[top]) - value * weights
        return interval(Bootstrap(value, lower, upper, influence, weights, (0.0, 1.0)))

    def margin_retained(self, column: str, clean: str, *, chances: tuple[str, str]) -> Estimate:
        """Return (accuracy - chance) / (clean accuracy - clean chance), unbounded on both sides.

        Undefined (None) unless the lower bound of the denominator is above 0: a model that knows
        nothing has no margin to keep. That leaves few draws with a denominator of 0 or less; they
        count as the lowest of the other ratios in the lower bound and as the highest in the upper.

        Args:
            column: the name of the attacked credits.
            clean: the name of the clean credits.
            chances: the names of the attacked and the clean chance, in this order.
        """
        if not self.n:
            return Estimate(None)
        chance, clean_chance = (math.fsum(self.values[name]) / self.n for name in chances)
        kept = self._lead(column, chances[0], chance)
        base = self._lead(clean, chances[1], clean_chance)
        least = interval(base).low
        if least is None or least <= 0:
            return Estimate(None)
        above = base.lower > NOTHING
        defined = kept.lower[above] / base.lower[above]
        lower, upper = _ratios(kept.lower, base.lower, (float(defined.min()), float(defined.max())))
        value = kept.value / base.value
        influence = kept.influence - value * base.influence
        extremes = (-chance / base.value, (1 - chance) / base.value)
        weights = base.value * base.weights
        return interval(Bootstrap(value, lower, upper, influence, weights, extremes))

    def auroc(self, higher: str, lower: str) -> Estimate:
        """Return the probability that an item of `higher` exceeds one of `lower`, ties 1/2.

        A passage that is drawn twice brings all its items twice, on both sides. A passage unlike
        all others could turn every pair that it takes part in, hence the wider reach.
        """
        if not self.n:
            return Estimate(None)
        above, below, sizes = self.values[higher], self.values[lower], self._sizes()
        value = auroc(above.tolist(), below.tolist())
        drawn = self._auroc_draws(above, below)
        won = _shares_below(above, below) + 1 - _shares_below(below, above)
        influence = self._sums(won / 2) - value * sizes
        found = Bootstrap(value, drawn, drawn, influence, sizes, (0.0, 1.0), sides=2)
        return interval(found)

    def _sums(self, column: Floats) -> Floats:
        """Return float[G]: the sum of a column in each passage."""
        return np.asarray(np.bincount(self.cluster, column, self.clusters), dtype=np.float64)

    def _sizes(self) -> Floats:
        return self._sums(np.ones(self.n))

    def _lead(self, column: str, chance: str, mean_chance: float) -> Bootstrap:
        """Return the mean of a column above its chance."""
        sizes = self._sizes()
        value = math.fsum(self.values[column]) / self.n - mean_chance
        drawn = (self.drawn[column] - self.drawn[chance]) / self.items
        influence = self._sums(self.values[column] - self.values[chance]) - value * sizes
        extremes = (-mean_chance, 1 - mean_chance)
        return Bootstrap(value, drawn, drawn, influence, sizes, extremes)

    def _auroc_draws(self, higher: Floats, lower: Floats) -> Floats:
        order = np.argsort(lower, kind="stable")
        left = np.searchsorted(lower[order], higher, "left")
        right = np.searchsorted(lower[order], higher, "right")
        drawn: list[Floats] = []
        for passages in counts(self.clusters, seed=self.seed, draws=len(self.items)):
            # One row for each item and not for each passage, so fewer draws at once.
            for block in np.array_split(passages, -(-self.n // self.clusters), axis=1):
                weights = block[self.cluster]
                below = np.zeros((self.n + 1, block.shape[1]))
                np.cumsum(weights[order], axis=0, out=below[1:])
                won = np.einsum("ij,ij->j", weights, below[left] + below[right])
                drawn.append(won / (2 * below[-1] ** 2))
        return np.concatenate(drawn)


def sample(
    columns: Mapping[str, Sequence[float]],
    groups: Sequence[str],
    *,
    seed: int,
    draws: int = DRAWS,
) -> Sample:
    """Return columns over the same items, with `draws` bootstrap draws of their passages.

    Args:
        columns: float[N] by name; finite numbers.
        groups: str[N], the passage of each item.
        seed: any whole number of at least 0; equal seeds give equal draws on any machine.
        draws: how many times as many passages as there are get drawn with replacement.

    Per draw, a matrix product of passage sums and multinomial counts: no loop over items.

    >>> drop = sample({"drop": (0.0, 1.0) * 50}, [str(i // 4) for i in range(100)], seed=1)
    >>> drop.clusters, drop.mean("drop", lowest=-1).value
    (25, 0.5)
    """
    values = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    position = {group: i for i, group in enumerate(sorted(set(groups)))}
    cluster = np.asarray([position[group] for group in groups], dtype=np.int64)
    rows = [*values.values(), np.ones(len(groups))]
    if not groups:
        drawn = np.zeros((len(rows), draws))
    else:
        sums = np.stack([np.bincount(cluster, row, len(position)) for row in rows])
        blocks = counts(len(position), seed=seed, draws=draws)
        drawn = np.concatenate([sums @ block for block in blocks], axis=1)
    by_name = dict(zip(values, drawn, strict=False))
    return Sample(values, cluster, len(position), by_name, drawn[-1], seed)


def _ratios(top: Floats, bottom: Floats, undefined: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return float[draws] twice: for the lower end and for the upper."""
    defined = bottom > NOTHING
    ratios = np.divide(top, bottom, out=np.zeros_like(top), where=defined)
    return np.where(defined, ratios, undefined[0]), np.where(defined, ratios, undefined[1])


def _shares_below(values: Floats, others: Floats) -> Floats:
    """Return float[N]: the share of `others` below each value, ties 1/2."""
    ordered = np.sort(others)
    places = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(places / (2 * len(others)))
