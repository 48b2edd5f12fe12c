"""Differences and thresholds over one sample: sums of columns, ratios of two runs, AUROC as a mean.

Columns of two runs over the same items sit in one `Sample`, so every draw of passages is applied to
both: a paired comparison, clustered by passage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.equivalence import p_value_beyond
from robustness.stats.resampling import Sample

__all__ = [
    "Ratio",
    "combined",
    "p_value_above",
    "p_value_by_inversion",
    "p_value_of_none",
    "placements",
    "ratio_difference",
]

Floats = npt.NDArray[np.float64]
Weights = Mapping[str, float]


def combined(drawn: Sample, name: str, weights: Weights, *, constant: float = 0.0) -> Sample:
    """Return the sample with one more column: a constant plus a weighted sum of other columns.

    Nothing is drawn anew: a sum over drawn passages is linear in the columns.

    >>> from robustness.stats.resampling import sample
    >>> drawn = sample({"ours": (1.0, 0.0), "theirs": (1.0, 1.0)}, ("a", "b"), seed=0)
    >>> combined(drawn, "change", {"ours": 1.0, "theirs": -1.0}).mean("change", lowest=-1).value
    -0.5
    """
    values, draws = np.full(drawn.n, constant), constant * drawn.items
    for column, weight in weights.items():
        values, draws = values + weight * drawn.values[column], draws + weight * drawn.drawn[column]
    return replace(drawn, values={**drawn.values, name: values}, drawn={**drawn.drawn, name: draws})


def p_value_above(
    drawn: Sample, weights: Weights, *, constant: float = 0.0, bounds: tuple[float, float]
) -> float | None:
    """Return the one-sided p-value of "the weighted sum has a mean of at most 0"; None for no items.

    That of `p_value_beyond`, for passage means that lie in `bounds` (low < high, any width).

    A limit on a ratio is one on a mean: top / bottom <= L just where mean(top - L bottom) <= 0.
    Source: Fieller 1954, JRSS B 16, p. 175.
    """
    width = max(map(abs, bounds))
    scaled = {column: weight / width for column, weight in weights.items()}
    made = combined(drawn, "", scaled, constant=constant / width)
    return p_value_beyond(made, "", 0.0, lowest=bounds[0] / width)


def p_value_of_none(drawn: Sample, weights: Weights, *, bounds: tuple[float, float]) -> float | None:
    """Return the two-sided p-value of "the weighted sum has a mean of 0": twice the smaller side."""
    low, high = bounds
    turned = {column: -weight for column, weight in weights.items()}
    above = p_value_above(drawn, weights, bounds=bounds)
    below = p_value_above(drawn, turned, bounds=(-high, -low))
    return None if above is None or below is None else min(1.0, 2 * min(above, below))


def placements(higher: Sequence[float], lower: Sequence[float]) -> tuple[float, ...]:
    """Return float[N] in [-1, 2]: numbers per item whose mean is the AUROC of two paired columns.

    The item's share of wins over all of `lower`, plus that of its other half against all of `higher`,
    minus the AUROC. Their passage sums have the spread of the AUROC itself, to first order, so that
    a difference of two AUROCs over the same items is a mean of differences.

    Source: DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44, p. 837; with clusters Obuchowski
    1997, Biometrics 53, p. 567.

    >>> placements((0.9, 0.5), (0.5, 0.1))
    (0.875, 0.875)
    """
    if len(higher) != len(lower):
        raise ValueError(
            f"placements: {len(higher)} and {len(lower)} scores came, but both halves of each item are needed"
        )
    if not higher:
        return ()
    above, below = np.asarray(higher, dtype=np.float64), np.asarray(lower, dtype=np.float64)
    wins, losses = _share_below(above, below), 1 - _share_below(below, above)
    return tuple((wins + losses - float(wins.mean())).tolist())


def _share_below(values: Floats, others: Floats) -> Floats:
    ordered = np.sort(others)
    ranks = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(ranks / (2 * len(others)))


@dataclass(frozen=True, slots=True)
class Ratio:
    """One run's ratio of two sums, such as (credit - chance) / (clean credit - clean chance)."""

    top: Weights
    bottom: Weights
    extremes: tuple[float, float]
    """The least and the most that it can be where a passage behaves in the worst or best way."""

    def of(self, drawn: Sample) -> float | None:
        """Return its value over all items; None where the bottom is not above 0."""
        top, bottom = (_total(drawn.values, weights) for weights in (self.top, self.bottom))
        base = math.fsum(bottom)
        return math.fsum(top) / base if base > 0 else None


def _total(columns: Mapping[str, Floats], weights: Weights) -> Floats:
    return np.asarray(sum(weight * columns[name] for name, weight in weights.items()))


def ratio_difference(drawn: Sample, ours: Ratio, theirs: Ratio, *, level: float = 0.95) -> Estimate:
    """Return our ratio minus theirs, with an interval over the same draws for both.

    The percentile interval, reaching at least as far as if the share of passages that may be of an
    unseen kind (Wilson's upper bound of 0 at that level) took the extremes. A draw in which one of
    the bottoms is not above 0 says nothing: it counts as the lowest possible difference in the lower
    bound and as the highest in the upper. None where one of the ratios is not defined.

    Args:
        drawn: columns of both runs over the same items.
        ours: the ratio of the run that is judged.
        theirs: the ratio of the one that it is compared to.
        level: of the two-sided interval, in (0, 1).

    >>> from robustness.stats.resampling import sample
    >>> drawn = sample({"lost": (1.0, 0.0), "was": (0.0, 0.0), "n": (1.0, 1.0)}, ("a", "b"), seed=0)
    >>> rates = [Ratio({name: 1}, {"n": 1}, (0, 1)) for name in ("lost", "was")]
    >>> ratio_difference(drawn, *rates).value
    0.5
    """
    values = ours.of(drawn), theirs.of(drawn)
    if values[0] is None or values[1] is None:
        return Estimate(None)
    value = values[0] - values[1]
    extremes = ours.extremes[0] - theirs.extremes[1], ours.extremes[1] - theirs.extremes[0]
    defined, change = _drawn_difference(drawn, ours, theirs)
    lows, highs = (np.where(defined, change, extreme) for extreme in extremes)
    low = float(np.quantile(lows, (1 - level) / 2, method="lower"))
    high = float(np.quantile(highs, (1 + level) / 2, method="higher"))
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    reach = z2 / (_evidence(drawn, ours, theirs) + z2)
    low = min(low, value + reach * (extremes[0] - value))
    high = max(high, value + reach * (extremes[1] - value))
    return Estimate(value, round(low, 12), round(high, 12))


def _drawn_difference(drawn: Sample, ours: Ratio, theirs: Ratio) -> tuple[npt.NDArray[np.bool_], Floats]:
    bottoms = [_total(drawn.drawn, ratio.bottom) for ratio in (ours, theirs)]
    defined = (bottoms[0] > 0) & (bottoms[1] > 0)
    ratios = [
        np.divide(_total(drawn.drawn, ratio.top), bottom, out=np.zeros(len(bottom)), where=defined)
        for ratio, bottom in zip((ours, theirs), bottoms, strict=True)
    ]
    return defined, ratios[0] - ratios[1]


def _evidence(drawn: Sample, ours: Ratio, theirs: Ratio) -> int:
    """Return how many passages add to both bottoms, or to the one that fewer add to."""
    counts = []
    for ratio in (ours, theirs):
        moving = _total(drawn.values, ratio.bottom) != 0
        counts.append(len(np.unique(drawn.cluster[moving])))
    return min(counts)


def p_value_by_inversion(interval: Callable[[float], Estimate], limit: float, *, finest: float) -> float:
    """Return the one-sided p-value of "at most the limit": the least alpha at which it is excluded.

    Args:
        interval: the interval at a level, in (0, 1).
        limit: the largest value that is allowed.
        finest: the smallest p-value that can come out, such as 1 / (draws + 1).
    """
    below, above = finest, 0.5
    value = interval(0.5).value
    if value is None or value <= limit:
        return 1.0
    for _ in range(30):
        alpha = (below + above) / 2
        low = interval(1 - 2 * alpha).low
        excluded = low is not None and low > limit
        below, above = (below, alpha) if excluded else (alpha, above)
    return above
