"""Interval bars: where an estimate, its interval and its limit lie, in percent of a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from robustness.domain import Polarity
from robustness.reports.summary import AttackSummary
from robustness.reports.wording import POLARITIES, judged
from robustness.results import Estimate, Verdict

__all__ = ["Bar", "attack_bar", "difference_bar", "scale", "verdict_bar"]

_LIMITS = {
    "drop": "max_drop",
    "margin_retained": "max_margin_retained",
    "auroc": "min_auroc",
}
_LEAST_REACH = 0.2
"""A line of drops is at least this long, so that small drops look small."""
_EDGE = 0.04


@dataclass(frozen=True, slots=True)
class Bar:
    """Places on a line, in percent of its width from the left."""

    value: float
    low: float
    high: float
    zero: float
    """Where the measure is nought; 0.5 for an AUROC."""
    limit: float | None
    good_low: float
    """Where the stretch that keeps the limit begins; the whole line without a limit."""
    good_high: float


def scale(attacks: Iterable[AttackSummary]) -> tuple[float, float]:
    """Return the ends of a line on which every interval and limit of one polarity lies.

    It always holds 0; and 1 where that is what a measure is read against, as a drop is not.
    """
    shown = tuple(attacks)
    drops = all(POLARITIES[attack.polarity].measure == "drop" for attack in shown)
    values = [0.0, _LEAST_REACH if drops else 1.0]
    for attack in shown:
        estimate = judged(attack)
        values += [v for v in (estimate.value, estimate.low, estimate.high) if v is not None]
        values += attack.limits.values()
    low, high = min(values), max(values)
    edge = _EDGE * (high - low) if drops else 0.0
    return max(-1.0, low - edge), min(2.0, high + edge)


def attack_bar(attack: AttackSummary, reach: tuple[float, float]) -> Bar | None:
    """Return the bar of the measure that judges the attack; None where it was not measured."""
    estimate = judged(attack)
    check = _LIMITS[POLARITIES[attack.polarity].measure]
    middle = 0.5 if attack.polarity is Polarity.ABSTAIN else 0.0
    if estimate.value is None:
        return None
    return _bar(
        (estimate.value, estimate.low, estimate.high),
        reach,
        middle=middle,
        limit=(check, attack.limits.get(check)),
    )


def verdict_bar(verdict: Verdict) -> Bar | None:
    """Return the bar of one verdict; None where nothing was measured.

    A difference to a baseline lies on a line with nought in its middle, as long as it needs to be.
    """
    if verdict.estimate is None:
        return None
    values = (verdict.estimate, verdict.low, verdict.high)
    if verdict.baseline:
        far = 1.25 * max(abs(v) for v in (verdict.limit, *values, 0.01) if v is not None)
        return _bar(values, (-far, far), middle=0.0, limit=(verdict.check, verdict.limit))
    known = [v for v in (0.0, 1.0, verdict.limit, *values) if v is not None]
    return _bar(
        values,
        (max(-1.0, min(known)), min(2.0, max(known))),
        middle=0.5 if "auroc" in verdict.check else 0.0,
        limit=(verdict.check, verdict.limit),
    )


def difference_bar(change: Estimate, far: float, margin: float | None) -> Bar | None:
    """Return the bar of a difference, with nought in the middle; None where it was not measured.

    Args:
        change: the difference with its interval.
        far: where the line ends on both sides.
        margin: the stretch around nought that does not matter; None for none.
    """
    if change.value is None:
        return None
    band = margin or 0.0
    values = (change.value, change.low, change.high)
    drawn = _bar(values, (-far, far), middle=0.0, limit=("", None))
    ends = _bar((0.0, -band, band), (-far, far), middle=0.0, limit=("", None))
    return replace(drawn, good_low=ends.low, good_high=ends.high)


def _bar(
    values: tuple[float, float | None, float | None],
    reach: tuple[float, float],
    *,
    middle: float,
    limit: tuple[str, float | None],
) -> Bar:
    def place(value: float) -> float:
        share = (value - reach[0]) / (reach[1] - reach[0])
        return round(100 * min(1.0, max(0.0, share)), 2)

    value, low, high = values
    check, bound = limit
    at = None if bound is None else place(bound)
    return Bar(
        value=place(value),
        low=place(value if low is None else low),
        high=place(value if high is None else high),
        zero=place(middle),
        limit=at,
        good_low=at if at is not None and check.startswith("min") else 0.0,
        good_high=at if at is not None and check.startswith("max") else 100.0,
    )
