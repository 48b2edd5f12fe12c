"""The passage-clustered bootstrap: draws over clusters, intervals for means, ratios and areas.

Several questions share one passage, so passages are drawn and not questions; otherwise intervals
come out too narrow (design effect 1 + (m - 1) rho, with m questions a passage).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.closed_form import auroc, unseen_share

__all__ = ["DRAWS", "Sample", "sample"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS: Final = 10_000
"""Bootstrap draws behind every interval."""

_BLOCK: Final = 2**18
"""Numbers held at once per array while drawing: 2 MiB, so that a block stays in the cache."""

_DIGITS: Final = 12
"""Bounds are rounded here: the order in which a matrix product adds differs between machines."""


def _counts(clusters: int, *, seed: int, draws: int, width: int) -> Iterator[Floats]:
    """Yield blocks float[G, B]: how often each of G clusters is in each of B draws of G.

    Built on the raw bits of PCG64, whose stream numpy promises to keep; its `integers` may change
    between versions. 32 bits times G, shifted down, is uniform to one part in 2**32 / G.
    """
    bits = np.random.PCG64(seed)
    block = max(1, _BLOCK // max(clusters, width))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        raw = bits.random_raw((size * clusters + 1) // 2)
        halves = np.concatenate((raw >> np.uint64(32), raw & np.uint64(0xFFFFFFFF)))
        picks = (halves[: size * clusters] * np.uint64(clusters)) >> np.uint64(32)
        cells = picks.astype(np.int64).reshape(clusters, size) * size + np.arange(size)
        counts = np.bincount(cells.ravel(), minlength=clusters * size)
        yield counts.reshape(clusters, size).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Columns over the same items, every draw of passages applied to all of them at once.

    A percentile interval alone is [x, x] where every passage gave the same x, and much too narrow
    where nearly every one did. Every interval therefore reaches at least as far as it would if the
    `unseen_share` of passages had the extreme value: five passages that all stayed unmoved leave a
    drop of 0 within [-0.43, 0.43], 35 within [-0.1, 0.1], 1,287 within [-0.003, 0.003]. For a rate
    of 0 or 1 this is the Wilson interval over passages.
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

    def mean(self, column: str, *, lowest: float = 0.0, highest: float = 1.0) -> Estimate:
        """Return the mean of a column whose passage means lie in [lowest, highest].

        >>> rows = {"right": (1.0,) * 5}
        >>> found = sample(rows, ("a", "b", "c", "d", "e"), seed=0).mean("right")
        >>> found.value, round(found.low, 3), found.high
        (1.0, 0.566, 1.0)
        """
        if not self.n:
            return Estimate(None)
        value = math.fsum(self.values[column]) / self.n
        low, high = _percentiles(self.drawn[column] / self.items)
        reach = unseen_share(self.clusters)
        return _widened(value, (low, high), (lowest, highest), reach)

    def ratio(self, top: str, bottom: str) -> Estimate:
        """Return sum(top) / sum(bottom) where 0 <= top <= bottom: success and repair rates.

        Both sums are taken anew in every draw. A draw whose denominator is 0 says nothing: it
        counts as 0 in the lower bound and as 1 in the upper. Undefined (None) where the
        denominator is 0 over all items; only passages that add to it count as evidence.
        """
        base = math.fsum(self.values[bottom])
        if base <= 0:
            return Estimate(None)
        value = math.fsum(self.values[top]) / base
        bounds = _ratio_percentiles(self.drawn[top], self.drawn[bottom], (0.0, 1.0))
        informative = len(np.unique(self.cluster[self.values[bottom] > 0]))
        return _widened(value, bounds, (0.0, 1.0), unseen_share(informative))

    def margin_retained(self, column: str, clean: str, *, chances: tuple[str, str]) -> Estimate:
        """Return (accuracy - chance) / (clean accuracy - clean chance), unbounded on both sides.

        Undefined (None) unless the lower bound of the denominator is above 0: a model that knows
        nothing has no margin to keep. That bound also leaves under 2.5 % of the draws with a
        denominator of 0 or less; these count as minus infinity in the lower bound and as infinity
        in the upper, so they widen the interval and cannot reach its ends.

        Args:
            column: the name of the attacked credits.
            clean: the name of the clean credits.
            chances: the names of the attacked and the clean chance, in this order.
        """
        if not self.n:
            return Estimate(None)
        chance, clean_chance = (math.fsum(self.values[name]) / self.n for name in chances)
        drawn_clean = self.drawn[clean] - self.drawn[chances[1]]
        bottom = math.fsum(self.values[clean]) / self.n - clean_chance
        reach = unseen_share(self.clusters)
        room = (-clean_chance, 1 - clean_chance)
        above = _widened(bottom, _percentiles(drawn_clean / self.items), room, reach).low
        if above is None or above <= 0:
            return Estimate(None)
        drawn = self.drawn[column] - self.drawn[chances[0]]
        bounds = _ratio_percentiles(drawn, drawn_clean, (-math.inf, math.inf))
        value = (math.fsum(self.values[column]) / self.n - chance) / bottom
        return _widened(value, bounds, (-chance / bottom, (1 - chance) / bottom), reach)

    def auroc(self, higher: str, lower: str) -> Estimate:
        """Return the probability that an item of `higher` exceeds one of `lower`, ties 1/2.

        A passage that is drawn twice brings all its items twice, on both sides. A passage unlike
        all others could turn every pair that it takes part in, hence the wider reach.
        """
        if not self.n:
            return Estimate(None)
        value = auroc(self.values[higher].tolist(), self.values[lower].tolist())
        drawn = self._auroc_draws(self.values[higher], self.values[lower])
        reach = 1 - (1 - unseen_share(self.clusters)) ** 2
        return _widened(value, _percentiles(drawn), (0.0, 1.0), reach)

    def _auroc_draws(self, higher: Floats, lower: Floats) -> Floats:
        order = np.argsort(lower, kind="stable")
        left = np.searchsorted(lower[order], higher, "left")
        right = np.searchsorted(lower[order], higher, "right")
        drawn: list[Floats] = []
        blocks = _counts(self.clusters, seed=self.seed, draws=len(self.items), width=self.n)
        for counts in blocks:
            weights = counts[self.cluster]
            below = np.zeros((self.n + 1, counts.shape[1]))
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
        blocks = _counts(len(position), seed=seed, draws=draws, width=1)
        drawn = np.concatenate([sums @ counts for counts in blocks], axis=1)
    by_name = dict(zip(values, drawn, strict=False))
    return Sample(values, cluster, len(position), by_name, drawn[-1], seed)


def _percentiles(drawn: Floats, *, upper: Floats | None = None) -> tuple[float, float]:
    """Return the 2.5 and the 97.5 % point, the latter of `upper` if given; never interpolated."""
    low = np.quantile(drawn, 0.025, method="lower")
    high = np.quantile(drawn if upper is None else upper, 0.975, method="higher")
    return float(low), float(high)


def _ratio_percentiles(top: Floats, bottom: Floats, undefined: tuple[float, float]) -> tuple[float, float]:
    defined = bottom > 0
    ratios = np.divide(top, bottom, out=np.zeros_like(top), where=defined)
    lower, upper = (np.where(defined, ratios, extreme) for extreme in undefined)
    return _percentiles(lower, upper=upper)


def _widened(
    value: float, bounds: tuple[float, float], extremes: tuple[float, float], reach: float
) -> Estimate:
    """Return the interval, stretched to what it is if a share `reach` had an extreme value."""
    low = min(bounds[0], value + reach * (extremes[0] - value))
    high = max(bounds[1], value + reach * (extremes[1] - value))
    return Estimate(value, round(low, _DIGITS), round(high, _DIGITS))
