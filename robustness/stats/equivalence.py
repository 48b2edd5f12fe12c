"""Shown to be no worse, no different or beyond a limit: an interval against a bound set beforehand.

A p-value above 0.05 shows nothing of the kind. Here a claim holds only where the whole interval
lies on the right side of the margin, which is the one-sided test, or both of them (TOST).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from robustness.domain import Status
from robustness.results import Estimate
from robustness.stats.counts import DRAWS
from robustness.stats.resampling import Sample

__all__ = [
    "Claim",
    "Interval",
    "equivalence",
    "leaves_out_nought",
    "mean_at",
    "non_inferiority",
    "p_value_beyond",
    "p_value_of_none",
    "p_value_within",
    "shown",
]

Interval: TypeAlias = Callable[[float], Estimate]
"""A value with its interval, at a level in (0, 1)."""

FINEST: Final = 1 / (DRAWS + 1)
"""The smallest p-value that so many draws can tell."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim against one margin."""

    status: Status
    """PASS: shown. FAIL: the contrary is shown. UNDECIDED: neither. INVALID: not measured."""
    margin: float
    level: float
    """Of the two-sided interval, in (0, 1)."""
    alpha: float
    """Chance of PASS where the claim is just false: (1 - level) / 2, 0.05 for a 90 % interval."""
    reason: str
    """One sentence for people."""


def mean_at(
    drawn: Sample, column: str, *, level: float, lowest: float = -1.0, highest: float = 1.0
) -> Estimate:
    """Return the mean of a column with its interval of any level, by the same draws of passages.

    At level 0.95 it is `drawn.mean`: the same interval, of a drop.

    Args:
        drawn: the sample, from `robustness.stats.resampling.sample`.
        column: a column whose passage means lie in [lowest, highest].
        level: of the two-sided interval, in (0, 1); 0.9 for TOST at 5 %.
        lowest: the least a passage mean can be; -1 for a drop.
        highest: the most it can be.

    Raises:
        ValueError: the level is not in (0, 1).

    >>> from robustness.stats.resampling import sample
    >>> drawn = sample({"drop": (0.0, 0.0, 1.0, -1.0) * 25}, [str(i) for i in range(100)], seed=1)
    >>> wide, narrow = (mean_at(drawn, "drop", level=level) for level in (0.95, 0.9))
    >>> [round(end, 3) for end in (wide.low, narrow.low, narrow.high, wide.high)]
    [-0.141, -0.12, 0.12, 0.141]
    """
    _check_level(level)
    return drawn.mean(column, lowest=lowest, highest=highest, level=level)


def p_value_beyond(interval_at: Interval, limit: float, *, finest: float = FINEST) -> float:
    """Return the one-sided p-value of "the value is at most the limit", in [finest, 1].

    Small means shown to lie above. It is the smallest alpha at which the interval at level 1 - 2 alpha
    still begins above the limit, so it agrees with the gate's own interval, passages and all; Holm over
    the gates of a run needs such p-values and not those of a drop of 0. 1 where the value itself is at
    most the limit. For a `min_` limit hand in the measure and the limit with their signs turned.

    Args:
        interval_at: the interval at a level, from `robustness.stats.intervals.at_level`.
        limit: the largest value that is allowed.
        finest: the smallest p-value that can come out: 1 / (draws + 1).

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 15.4 (achieved
    level by inverting the interval).

    >>> from robustness.stats.intervals import at_level
    >>> from robustness.stats.resampling import sample
    >>> drawn = sample({"drop": (0.0, 0.0, 0.0, 1.0) * 25}, [str(i) for i in range(100)], seed=1)
    >>> interval_at = at_level(drawn.bootstrap("drop", lowest=-1.0))
    >>> [round(p_value_beyond(interval_at, limit), 2) for limit in (0.1, 0.2, 0.3)]
    [0.0, 0.14, 1.0]
    """
    below, above = finest, 0.5
    value = interval_at(0.5).value
    if value is None or value <= limit:
        return 1.0
    for _ in range(30):
        alpha = (below + above) / 2
        low = interval_at(1 - 2 * alpha).low
        excluded = low is not None and low > limit
        below, above = (below, alpha) if excluded else (alpha, above)
    return above


def p_value_of_none(interval_at: Interval, *, finest: float = FINEST) -> float:
    """Return the two-sided p-value of "the difference is 0": twice that of the likelier side."""
    sides = (p_value_beyond(one, 0.0, finest=finest) for one in (interval_at, _turned(interval_at)))
    return min(1.0, 2 * min(sides))


def p_value_within(interval_at: Interval, margin: float, *, finest: float = FINEST) -> float:
    """Return the p-value of "they differ by the margin or more": small where they are alike.

    The larger of two one-sided p-values (TOST; Schuirmann 1987).

    Args:
        interval_at: the interval of a difference at a level.
        margin: largest difference that does not matter, above 0.
        finest: the smallest p-value that can come out: 1 / (draws + 1).
    """
    return max(p_value_beyond(one, -margin, finest=finest) for one in (interval_at, _turned(interval_at)))


def shown(interval_at: Interval | None) -> tuple[Estimate, float | None]:
    """Return a difference with its 95 % interval, and its two-sided p-value; nothing of None."""
    return (interval_at(0.95), p_value_of_none(interval_at)) if interval_at else (Estimate(None), None)


def _turned(interval_at: Interval) -> Interval:
    def turned(level: float) -> Estimate:
        found = interval_at(level)
        if found.value is None or found.low is None or found.high is None:
            return found
        return Estimate(-found.value, -found.high, -found.low)

    return turned


def non_inferiority(drop: Estimate, margin: float, *, level: float = 0.95) -> Claim:
    """Return whether the drop is shown to be less than the margin: no worse by more than that.

    PASS where the interval ends at the margin or below, FAIL where it begins above.

    Args:
        drop: clean minus attacked accuracy, or old minus new; higher is worse.
        margin: largest drop that does no harm, above 0, set before the run.
        level: the level that the interval of `drop` was made at.

    Raises:
        ValueError: the margin is not above 0, or the level not in (0, 1).

    Source: Food and Drug Administration 2016, Non-Inferiority Clinical Trials, section IV;
    the fixed-margin, confidence-interval method.

    >>> non_inferiority(Estimate(0.01, -0.01, 0.03), 0.05).status
    <Status.PASS: 'pass'>
    """
    low, high = _bounds(drop, margin, level)
    if low is None or high is None:
        return _claim(Status.INVALID, margin, level, "the drop was not measured")
    what = f"drop {drop.value:.3f}, {100 * level:g} % interval [{low:.3f}, {high:.3f}]"
    if high <= margin:
        return _claim(Status.PASS, margin, level, f"{what}, is no larger than the margin of {margin:g}")
    if low > margin:
        return _claim(Status.FAIL, margin, level, f"{what}, is larger than the margin of {margin:g}")
    return _claim(Status.UNDECIDED, margin, level, f"{what}, straddles the margin of {margin:g}")


def equivalence(change: Estimate, margin: float, *, level: float = 0.9) -> Claim:
    """Return whether a change is shown to lie within the margin on both sides (TOST).

    PASS where the interval lies in [-margin, margin], FAIL where it lies wholly outside. Two
    one-sided tests at 5 % each are one 90 % interval; the chance of a wrong PASS stays at 5 %.

    Args:
        change: a drop, or any other difference; 0 is no change.
        margin: largest change that does not matter, above 0, set before the run.
        level: the level that the interval of `change` was made at: 0.9 from `mean_at`, 0.95 from
            `Sample.mean`, which tests at 2.5 %.

    Raises:
        ValueError: the margin is not above 0, or the level not in (0, 1).

    Source: Schuirmann 1987, J. Pharmacokinetics and Biopharmaceutics 15, p. 657.

    >>> equivalence(Estimate(0.0, -0.02, 0.03), 0.02).status
    <Status.UNDECIDED: 'undecided'>
    """
    low, high = _bounds(change, margin, level)
    if low is None or high is None:
        return _claim(Status.INVALID, margin, level, "the change was not measured")
    what = f"change {change.value:.3f}, {100 * level:g} % interval [{low:.3f}, {high:.3f}]"
    if -margin <= low and high <= margin:
        return _claim(Status.PASS, margin, level, f"{what}, lies within the margin of {margin:g}")
    if low > margin or high < -margin:
        return _claim(Status.FAIL, margin, level, f"{what}, lies wholly outside the margin of {margin:g}")
    return _claim(Status.UNDECIDED, margin, level, f"{what}, straddles the margin of {margin:g}")


def leaves_out_nought(found: Estimate) -> bool:
    """Return whether the interval lies wholly on one side of 0; False where there is none.

    >>> leaves_out_nought(Estimate(0.2, 0.1, 0.3)), leaves_out_nought(Estimate(0.2, -0.1, 0.5))
    (True, False)
    """
    return found.low is not None and found.high is not None and not found.low <= 0 <= found.high


def _claim(status: Status, margin: float, level: float, reason: str) -> Claim:
    return Claim(status, margin, level, round((1 - level) / 2, 12), reason)


def _bounds(found: Estimate, margin: float, level: float) -> tuple[float | None, float | None]:
    _check_level(level)
    if not margin > 0:
        raise ValueError(
            f"equivalence: a margin of {margin!r} came, but one above 0 is needed; a margin of 0 can "
            f"never be shown"
        )
    return (found.low, found.high) if found.value is not None else (None, None)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"equivalence: a level of {level!r} came, but one in (0, 1) is needed; 0.9 is 90 %")
