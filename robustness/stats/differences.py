"""Differences and thresholds over one sample: sums of columns, ratios of two runs, AUROC as a mean.

Columns of two runs over the same items sit in one `Sample`, so every draw of passages is applied to
both: a paired comparison, clustered by passage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.closed_form import effective_number
from robustness.stats.intervals import Bootstrap
from robustness.stats.resampling import NOTHING, Sample

__all__ = [
    "Ratio",
    "combined",
    "independent_difference",
    "placements",
    "ratio_difference",
    "weighted_mean",
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


def weighted_mean(
    drawn: Sample, weights: Weights, *, constant: float = 0.0, bounds: tuple[float, float]
) -> Bootstrap | None:
    """Return the mean of a constant plus a weighted sum of columns, with its draws; None for no items.

    A limit on a ratio is one on such a mean: top / bottom <= L just where mean(top - L bottom) <= 0.
    Source: Fieller 1954, JRSS B 16, p. 175.

    Args:
        drawn: the sample.
        weights: by column.
        constant: added to each item.
        bounds: the least and the most that the mean of a passage can be.
    """
    made = combined(drawn, "", weights, constant=constant)
    return made.bootstrap("", lowest=bounds[0], highest=bounds[1])


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


def ratio_difference(drawn: Sample, ours: Ratio, theirs: Ratio) -> Bootstrap | None:
    """Return our ratio minus theirs with its draws, for `intervals.interval` at any level.

    A passage is evidence by what it adds to the bottoms; the bottom that fewer passages carry decides
    how many there are. A draw in which one of the bottoms is not above 0 says nothing: it counts as
    the lowest possible difference in the lower bound and as the highest in the upper. None where one
    of the ratios is not defined.

    Args:
        drawn: columns of both runs over the same items.
        ours: the ratio of the run that is judged.
        theirs: the ratio of the one that it is compared to.

    >>> from robustness.stats.resampling import sample
    >>> drawn = sample({"lost": (1.0, 0.0), "was": (0.0, 0.0), "n": (1.0, 1.0)}, ("a", "b"), seed=0)
    >>> rates = [Ratio({name: 1}, {"n": 1}, (0, 1)) for name in ("lost", "was")]
    >>> ratio_difference(drawn, *rates).value
    0.5
    """
    values = ours.of(drawn), theirs.of(drawn)
    if values[0] is None or values[1] is None:
        return None
    extremes = ours.extremes[0] - theirs.extremes[1], ours.extremes[1] - theirs.extremes[0]
    defined, change = _drawn_difference(drawn, ours, theirs)
    lows, highs = (np.where(defined, change, extreme) for extreme in extremes)
    weights = min((_weights(drawn, ratio) for ratio in (ours, theirs)), key=effective_number)
    influence = math.fsum(weights) * (_influence(drawn, ours) - _influence(drawn, theirs))
    return Bootstrap(values[0] - values[1], lows, highs, influence, weights, extremes)


def _drawn_difference(drawn: Sample, ours: Ratio, theirs: Ratio) -> tuple[npt.NDArray[np.bool_], Floats]:
    bottoms = [_total(drawn.drawn, ratio.bottom) for ratio in (ours, theirs)]
    defined = (bottoms[0] > NOTHING) & (bottoms[1] > NOTHING)
    ratios = [
        np.divide(_total(drawn.drawn, ratio.top), bottom, out=np.zeros(len(bottom)), where=defined)
        for ratio, bottom in zip((ours, theirs), bottoms, strict=True)
    ]
    return defined, ratios[0] - ratios[1]


def _influence(drawn: Sample, ratio: Ratio) -> Floats:
    """Return float[G]: how far each passage moves a ratio that is defined, to first order."""
    top, bottom = (_by_passage(drawn, weights) for weights in (ratio.top, ratio.bottom))
    base = math.fsum(bottom)
    return np.asarray((top - math.fsum(top) / base * bottom) / base)


def _weights(drawn: Sample, ratio: Ratio) -> Floats:
    """Return float[G]: how much evidence a passage is: what it adds, its size if that may be below 0."""
    bottom = _total(drawn.values, ratio.bottom)
    return _by_passage(drawn, ratio.bottom if bottom.min() >= 0 else {})


def _by_passage(drawn: Sample, weights: Weights) -> Floats:
    """Return float[G]: the weighted sum of each passage; its number of items for no weights."""
    column = _total(drawn.values, weights) if weights else None
    return np.asarray(np.bincount(drawn.cluster, column, drawn.clusters), dtype=np.float64)


def independent_difference(ours: Estimate, theirs: Estimate) -> Estimate:
    """Return ours minus theirs for two samples that share no draw: intervals added in squares.

    For runs on different items. Where passages are shared after all, the interval errs on the wide
    side. None where one of the two is not measured.

    Source: Zou and Donner 2008, Statistics in Medicine 27, p. 1693.

    >>> independent_difference(Estimate(0.75, 0.625, 0.875), Estimate(0.5, 0.5, 0.5))
    Estimate(value=0.25, low=0.125, high=0.375)
    """
    a, a_low, a_high = ours.value, ours.low, ours.high
    b, b_low, b_high = theirs.value, theirs.low, theirs.high
    if a is None or a_low is None or a_high is None or b is None or b_low is None or b_high is None:
        return Estimate(None)
    down, up = math.hypot(a - a_low, b_high - b), math.hypot(a_high - a, b - b_low)
    return Estimate(a - b, round(a - b - down, 12), round(a - b + up, 12))
