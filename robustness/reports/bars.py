"""Interval bars: where an estimate, its interval and its limit lie, in percent of a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from robustness.domain import Polarity
from robustness.reports.summary import AttackSummary
from robustness.reports.wording import POLARITIES, judged
from robustness.results import Verdict

__all__ = ["Bar", "attack_bar", "scale", "verdict_bar"]

_LIMITS = {
    "drop": "max_drop",
    "margin_retained": "max_margin_retained",
    "auroc": "min_auroc",
}


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
    """Return the ends of a line on which every interval and limit of one polarity lies."""
    values = [0.0, 1.0]
    for attack in attacks:
        estimate = judged(attack)
        values += [v for v in (estimate.value, estimate.low, estimate.high) if v is not None]
        values += attack.limits.values()
    return max(-1.0, min(values)), min(2.0, max(values))


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
