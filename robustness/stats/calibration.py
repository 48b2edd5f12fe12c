"""Confidence against truth, and gold margins before and after an attack."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from robustness.errors import unknown
from robustness.results import ReliabilityBin
from robustness.stats.closed_form import mean

__all__ = [
    "Binning",
    "MarginShift",
    "brier",
    "calibration_error",
    "margin_shift",
    "reliability",
    "softmax",
]

Binning: TypeAlias = Literal["equal-width", "equal-mass"]


def softmax(scores: Sequence[float]) -> tuple[float, ...]:
    """Return float[K], the option probabilities that a model's scores stand for; they sum to 1.

    >>> softmax((1000.0, 1000.0))
    (0.5, 0.5)
    """
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


def reliability(
    confidences: Sequence[float],
    credits_: Sequence[float],
    *,
    bins: int = 15,
    binning: Binning = "equal-width",
) -> tuple[ReliabilityBin, ...]:
    """Return the reliability diagram: the bins that hold an item, the least confident first.

    Args:
        confidences: float[N], the largest softmax probability of each item, in [0, 1].
        credits_: float[N], the credit of each answer, in [0, 1].
        bins: how many bins, at least 1.
        binning: `equal-width` cuts [0, 1] evenly, into (a, b]; `equal-mass` cuts at the quantiles
            of the confidences, and equal confidences stay together.

    Raises:
        ValueError: a number is outside [0, 1], the lengths differ, or the binning is unknown.

    Source: Guo, Pleiss, Sun and Weinberger 2017 (ICML), section 2; equal mass: Nixon et al. 2019.

    >>> [(b.n, b.accuracy) for b in reliability((0.9, 0.8, 0.3), (1.0, 0.0, 0.0), bins=2)]
    [(1, 0.0), (2, 0.5)]
    """
    _check_shares(confidences, credits_)
    if bins < 1:
        raise ValueError(f"calibration: bins is {bins!r}, but at least 1 is needed")
    if not confidences:
        return ()
    members: defaultdict[int, list[int]] = defaultdict(list)
    inner = np.searchsorted(_edges(confidences, bins, binning)[1:-1], confidences)
    for item, bin_ in enumerate(inner.tolist()):
        members[bin_].append(item)
    return tuple(_bin(confidences, credits_, members[bin_]) for bin_ in sorted(members))


def _bin(confidences: Sequence[float], credits_: Sequence[float], items: Sequence[int]) -> ReliabilityBin:
    sure, right = (math.fsum(column[i] for i in items) for column in (confidences, credits_))
    return ReliabilityBin(len(items), sure / len(items), right / len(items))


def _edges(confidences: Sequence[float], bins: int, binning: str) -> np.typing.NDArray[np.float64]:
    even = np.linspace(0.0, 1.0, bins + 1)
    if binning == "equal-width":
        return even
    if binning == "equal-mass":
        return np.asarray(np.quantile(np.asarray(confidences, dtype=np.float64), even))
    raise ValueError(f"calibration: {unknown('binning', binning, ('equal-width', 'equal-mass'))}")


def calibration_error(
    confidences: Sequence[float],
    credits_: Sequence[float],
    *,
    bins: int = 15,
    binning: Binning = "equal-width",
) -> float | None:
    """Return the expected calibration error (ECE) of the top label, in [0, 1]; lower is better.

    The mean over bins of |accuracy - confidence|, weighted by items; None for no items. It is
    biased upwards where bins hold few items, so compare it only at equal n and equal bins.
    Arguments, errors and source are those of `reliability`.

    >>> round(calibration_error((0.9, 0.8, 0.3), (1.0, 0.0, 0.0), bins=2), 3)
    0.333
    """
    found = reliability(confidences, credits_, bins=bins, binning=binning)
    gaps = [b.n * abs(b.accuracy - b.confidence) for b in found]
    return math.fsum(gaps) / len(confidences) if gaps else None


def brier(probabilities: Sequence[Sequence[float]], gold: Sequence[int]) -> float | None:
    """Return the multi-class Brier score, in [0, 2]; lower is better; None for no items.

    The mean over items of sum_k (p_k - [k is gold])^2, any number of options per item. A uniform
    guess over K options earns 1 - 1/K.

    Args:
        probabilities: float[N][K], each row summing to 1.
        gold: int[N], the position of the gold option.

    Raises:
        ValueError: the lengths differ, a row is no distribution, or a gold position is not in it.

    Source: Brier 1950, Monthly Weather Review 78, p. 1, in its original form over all classes.

    >>> round(brier([(0.7, 0.2, 0.1), (0.5, 0.5)], [0, 1]), 3)
    0.32
    """
    if len(probabilities) != len(gold):
        raise ValueError(
            f"brier: {len(probabilities)} rows and {len(gold)} gold positions came, but one each is needed"
        )
    return mean([_squared_error(row, right) for row, right in zip(probabilities, gold, strict=True)])


def _squared_error(row: Sequence[float], gold: int) -> float:
    if not 0 <= gold < len(row) or not all(0 <= p <= 1 for p in row) or abs(math.fsum(row) - 1) > 1e-6:
        raise ValueError(
            f"brier: probabilities {tuple(row)!r} with gold {gold!r} came, but numbers in [0, 1] that sum "
            f"to 1 and a position among them are needed; pass scores through softmax first"
        )
    return math.fsum((p - (k == gold)) ** 2 for k, p in enumerate(row))


@dataclass(frozen=True, slots=True)
class MarginShift:
    """How the gold margin (gold score - best other score) moved under attack, in score units."""

    n: int
    """Items with a margin before and after."""
    undefined: int
    """Items without one: no gold option, or none but gold ones."""
    clean: float | None
    """Mean margin before; None where n is 0, as for all that follow."""
    attacked: float | None
    shift: float | None
    """Mean change; negative means that the gold option lost ground."""
    median_shift: float | None
    share_lower: float | None
    """Share of items whose margin fell, in [0, 1]; a loss of accuracy is only its visible tip."""


def margin_shift(clean: Sequence[float], attacked: Sequence[float]) -> MarginShift:
    """Return how gold margins moved over the same items.

    Args:
        clean: float[N] in score units; NaN where there is no gold option.
        attacked: float[N], of the same items in the same order.

    Raises:
        ValueError: the lengths differ, or a margin is infinite.

    >>> found = margin_shift((2.0, 1.0), (1.5, -1.0))
    >>> found.shift, found.share_lower
    (-1.25, 1.0)
    """
    if len(clean) != len(attacked) or any(map(math.isinf, (*clean, *attacked))):
        raise ValueError(
            f"margin_shift: {len(clean)} clean and {len(attacked)} attacked margins came, but as many "
            f"finite ones of each are needed; leave out items that were not measured"
        )
    pairs = [(b, a) for b, a in zip(clean, attacked, strict=True) if not math.isnan(a - b)]
    shifts = [after - before for before, after in pairs]
    return MarginShift(
        n=len(pairs),
        undefined=len(clean) - len(pairs),
        clean=mean([before for before, _ in pairs]),
        attacked=mean([after for _, after in pairs]),
        shift=mean(shifts),
        median_shift=float(np.median(shifts)) if shifts else None,
        share_lower=mean([float(shift < 0) for shift in shifts]),
    )


def _check_shares(confidences: Sequence[float], credits_: Sequence[float]) -> None:
    outside = [x for x in (*confidences, *credits_) if not 0 <= x <= 1]
    if len(confidences) != len(credits_) or outside:
        raise ValueError(
            f"calibration: {len(confidences)} confidences and {len(credits_)} credits came, "
            f"{outside[:3]!r} outside [0, 1], but as many of each, all in [0, 1], are needed"
        )
