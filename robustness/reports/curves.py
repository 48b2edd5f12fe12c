"""What a page draws beside the estimates: flips, spread of margins, risk against coverage."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

from robustness.choices import read
from robustness.domain import Polarity, Run, Suite
from robustness.reports.illustrations import CurvePoint, FlipCounts, MarginSpread
from robustness.results import Outcome

__all__ = ["clean_curve", "flip_counts", "happened", "margin_spread", "outcome_curve", "risk_coverage"]

_POINTS: Final = 40
_AT: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


def happened(outcome: Outcome, polarity: Polarity) -> str:
    """Return what became of an item: `kept`, `lost`, `won`, `missed`; `unanswerable` under abstain.

    Right means that the gold option alone has the top score; a tie is not right.
    """
    if polarity is Polarity.ABSTAIN:
        return "unanswerable"
    before, after = outcome.clean_credit == 1, outcome.credit == 1
    return {(True, True): "kept", (True, False): "lost", (False, True): "won"}.get((before, after), "missed")


def flip_counts(outcomes: Iterable[Outcome], polarity: Polarity) -> FlipCounts | None:
    """Return the flip matrix of one condition; None where no option is right, or nothing was measured."""
    counts = Counter(happened(o, polarity) for o in outcomes if _counts(o))
    if polarity is Polarity.ABSTAIN or not counts:
        return None
    return FlipCounts(counts["kept"], counts["lost"], counts["won"], counts["missed"])


def margin_spread(outcomes: Iterable[Outcome]) -> MarginSpread | None:
    """Return how the change of the gold margin spreads; None where no item has one.

    Points between two items are linear between them, as numpy's quantiles are by default.
    """
    moved = sorted(o.margin_change for o in outcomes if _counts(o) and math.isfinite(o.margin_change))
    return MarginSpread(*(_quantile(moved, share) for share in _AT)) if moved else None


def outcome_curve(outcomes: Iterable[Outcome]) -> tuple[CurvePoint, ...]:
    """Return risk against coverage over the clean items of some outcomes and their variants together."""
    scored = [o for o in outcomes if _counts(o)]
    sure = [o.confidence_clean for o in scored] + [o.confidence for o in scored]
    return risk_coverage(sure, [o.clean_credit for o in scored] + [o.credit for o in scored])


def clean_curve(suite: Suite, run: Run) -> tuple[CurvePoint, ...]:
    """Return risk against coverage over the clean items that were measured."""
    seen = [reading for e in suite.examples if (reading := read(e, run)).status == "ok"]
    return risk_coverage([one.confidence for one in seen], [one.credit for one in seen])


def risk_coverage(confidences: Sequence[float], credits_: Sequence[float]) -> tuple[CurvePoint, ...]:
    """Return at most 41 points of the risk-coverage curve, the least coverage first.

    Items of equal confidence stay together: one threshold cannot tell them apart.

    Args:
        confidences: float[N].
        credits_: float[N], the credit of each answer, in [0, 1].

    Source: El-Yaniv and Wiener 2010 (JMLR 11), section 2.

    >>> risk_coverage((0.9, 0.5), (1.0, 0.0))
    (CurvePoint(coverage=0.5, risk=0.0), CurvePoint(coverage=1.0, risk=0.5))
    """
    ordered = sorted(zip(confidences, credits_, strict=True), key=lambda pair: (-pair[0], pair[1]))
    right = tuple(accumulate(credit for _, credit in ordered))
    ends = [n for n in range(1, len(ordered) + 1) if n == len(ordered) or ordered[n][0] < ordered[n - 1][0]]
    return tuple(CurvePoint(n / len(ordered), 1 - right[n - 1] / n) for n in _thinned(ends))


def _counts(outcome: Outcome) -> bool:
    return outcome.status == "ok" and not outcome.degraded


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def _thinned(places: Sequence[int]) -> Iterator[int]:
    """Yield up to 41 of the places, evenly spread, always the last."""
    step = max(1, math.ceil(len(places) / _POINTS))
    chosen = places[:-1:step] if len(places) > 1 else ()
    yield from chosen
    yield from places[-1:]
