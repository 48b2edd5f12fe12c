"""Why a limit was decided as it was, or could not be: one sentence for people."""

from __future__ import annotations

from robustness.domain import Polarity
from robustness.judging.limits import LIMITS, Limit
from robustness.results import Estimate, Result

__all__ = ["not_measured", "noun", "told"]


def told(limit: Limit, estimate: Estimate) -> str:
    """Return a measure and its interval in words."""
    form_ = "+.3f" if limit.baseline else ".3f"
    low, high = (format(bound, form_) for bound in (estimate.low or 0.0, estimate.high or 0.0))
    beside = " against the baseline" if limit.baseline else ""
    return f"{noun(limit.kind)} {estimate.value:{form_}}{beside}, interval [{low}, {high}]"


def noun(kind: str) -> str:
    """Return what a kind of limit bounds, in words.

    >>> noun("max_margin_retained")
    'margin retained'
    """
    return LIMITS[kind].replace("_", " ")


def not_measured(found: Result, check: str, estimate: Estimate) -> str:
    """Return why nothing can be decided, or an empty string."""
    if found.invalid:
        parts = ", ".join(f"{count} {status}" for status, count in found.invalid.items())
        total = sum(found.invalid.values())
        return f"{total} of {found.n + found.degraded + total} variants were not measured: {parts}"
    if not found.applicable:
        return "the attack applied to no example"
    if not found.n:
        return f"no variant was scored: all {found.degraded} are degraded"
    if estimate.value is None:
        return _undefined(found, check)
    return ""


def _undefined(found: Result, check: str) -> str:
    if (check == "min_auroc") != (found.polarity is Polarity.ABSTAIN):
        return f"{LIMITS[check]} is not defined for polarity {found.polarity.value}"
    if check == "max_margin_retained":
        return "clean accuracy is not clearly above chance"
    return f"{LIMITS[check]} has nothing to be a share of: no clean answer is right"
