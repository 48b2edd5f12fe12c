"""Numbers, limits and polarities in words: one voice for every renderer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from robustness.domain import Polarity, Status
from robustness.results import Estimate, Result, Verdict

__all__ = [
    "CHECKS",
    "NONE",
    "POLARITIES",
    "STATUSES",
    "Wording",
    "amount",
    "asked",
    "between",
    "brief",
    "count",
    "excused",
    "figure",
    "judged",
    "likelihood",
    "listed",
    "percent",
    "points",
    "spread",
    "status_word",
    "together",
    "why",
]

NONE = "–"


@dataclass(frozen=True, slots=True)
class Wording:
    """How one polarity is spoken of."""

    title: str
    meaning: str
    """What a high score under it means."""
    measure: str
    """Field of the result that judges it."""
    label: str


POLARITIES: Mapping[Polarity, Wording] = {
    Polarity.ATTACK: Wording(
        "Attacks",
        "The text is changed, but a careful reader still finds the answer. "
        "A high score is good; a large drop means that the model is led astray.",
        "drop",
        "Drop",
    ),
    Polarity.ABLATION: Wording(
        "Ablations",
        "What a reader needs is taken away. A high score is bad: whatever is still answered "
        "right is answered by a shortcut. 0% of the margin kept is what a reader shows.",
        "margin_retained",
        "Margin kept",
    ),
    Polarity.CONTRAST: Wording(
        "Contrasts",
        "The right answer changes in a known way. A high score is good: the model follows.",
        "drop",
        "Drop",
    ),
    Polarity.ABSTAIN: Wording(
        "Unanswerable questions",
        "No option can be known to be right, so accuracy says nothing. A high AUROC is good: the "
        "model is less sure here than on real questions (1 = always, 0.5 = a coin).",
        "auroc",
        "AUROC",
    ),
}

STATUSES: Mapping[Status, str] = {
    Status.FAIL: "measured, and the whole interval lies beyond the limit",
    Status.INVALID: "not measured: rows missing, scores not finite, or nothing to apply to",
    Status.UNDECIDED: "the interval straddles the limit, or there are too few passages",
    Status.PASS: "the whole interval keeps the limit",
}
"""In order of gravity."""

CHECKS: Mapping[str, str] = {
    "max_drop": "drop at most",
    "min_accuracy": "accuracy at least",
    "max_success_rate": "attack success rate at most",
    "min_consistency": "same choice at least",
    "max_margin_retained": "margin kept at most",
    "min_auroc": "AUROC at least",
    "min_applicable": "share it applies to at least",
    "max_truncated": "share with a cut edit at most",
}

_FIGURES: Final = re.compile(r"^[^\[]*interval \[[^\]]*\], ")
_DIGEST: Final = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24,}\b")
_LIMIT: Final = re.compile(r"\blimit of [-+−]?[\d.]+(?:e[-+]?\d+)?")


def percent(value: float | None) -> str:
    """Return a fraction as a percentage with one decimal.

    >>> percent(0.8125), percent(-0.05), percent(None)
    ('81.2%', '−5.0%', '–')
    """
    return NONE if value is None else f"{points(value)}%"


def points(value: float | None) -> str:
    """Return a difference of fractions in percentage points.

    >>> points(0.123), points(-0.02)
    ('12.3', '−2.0')
    """
    if value is None:
        return NONE
    shown = f"{100 * value:.1f}"
    return "0.0" if shown == "-0.0" else shown.replace("-", "−")


def figure(value: float | None, measure: str) -> str:
    """Return a value as its measure is spoken of: points, a plain AUROC or a percentage.

    >>> figure(0.1, "drop"), figure(0.1, "auroc"), figure(0.1, "accuracy")
    ('10.0', '0.10', '10.0%')
    """
    if "drop" in measure:
        return points(value)
    if "auroc" in measure:
        return NONE if value is None else f"{value:.2f}".replace("-", "−")
    return percent(value)


def spread(estimate: Estimate, measure: str) -> str:
    """Return the 95 % interval of an estimate; empty where there is none.

    >>> spread(Estimate(0.1, 0.05, 0.15), "drop")
    '5.0 to 15.0'
    """
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{figure(estimate.low, measure)} to {figure(estimate.high, measure)}"


def judged(result: Result) -> Estimate:
    """Return the estimate that the result's polarity is judged by."""
    estimate = getattr(result, POLARITIES[result.polarity].measure)
    assert isinstance(estimate, Estimate)
    return estimate


def asked(verdict: Verdict) -> str:
    """Return the limit of a verdict in words; a limit of a later version by its own name.

    >>> v = Verdict("max_drop", "a", 1, None, None, None, 0.1, 5, 5, Status.INVALID, "")
    >>> asked(v)
    'drop at most 10.0 points'
    >>> from dataclasses import replace
    >>> asked(replace(v, check="min_accuracy", limit=-0.02, baseline="stub:oracle"))
    'accuracy at most 2.0 points below the baseline'
    """
    words = CHECKS.get(verdict.check, verdict.check.replace("_", " "))
    if not verdict.baseline:
        return f"{words} {amount(verdict, verdict.limit)}"
    side = "below" if verdict.check.startswith("min") else "above"
    allowed = amount(verdict, abs(verdict.limit)).lstrip("+")
    return f"{words.replace(' at least', ' at most')} {allowed} {side} the baseline"


def amount(verdict: Verdict, value: float | None) -> str:
    """Return a value of a verdict with its unit; what is measured against a baseline has its sign.

    >>> v = Verdict("max_drop", "a", 1, None, None, None, 0.1, 5, 5, Status.INVALID, "")
    >>> amount(v, 0.25), amount(v, None)
    ('25.0 points', '–')
    """
    if value is None:
        return NONE
    sign = "+" if verdict.baseline and value > 0 else ""
    if "auroc" in verdict.check:
        return sign + figure(value, verdict.check)
    if verdict.baseline or "drop" in verdict.check:
        return f"{sign}{points(value)} points"
    return percent(value)


def between(verdict: Verdict) -> str:
    """Return the 95 % interval of a verdict, with its unit once; empty where there is none.

    >>> between(Verdict("max_drop", "a", 1, 0.2, 0.1, 0.3, 0.1, 5, 5, Status.UNDECIDED, ""))
    '10.0 to 30.0 points'
    """
    if verdict.low is None or verdict.high is None:
        return ""
    return f"{amount(verdict, verdict.low).removesuffix(' points')} to {amount(verdict, verdict.high)}"


def why(verdict: Verdict) -> str:
    """Return the reason of a verdict without the figures that stand beside it, in another unit.

    >>> why(Verdict("max_drop", "a", 1, 0.2, 0.1, 0.3, 0.1, 5, 5, Status.UNDECIDED,
    ...     "drop 0.200, interval [0.100, 0.300], straddles the limit of 0.1; score more passages"))
    'the interval straddles the limit; score more passages'
    """
    subject = "" if verdict.gate == "anytime" else "the interval "
    said, found = _FIGURES.subn(subject, verdict.reason)
    return _LIMIT.sub("limit", said) if found else verdict.reason


def brief(text: str) -> str:
    """Return text with digests cut to what tells them apart.

    >>> brief("stub:oracle (sha256:0123456789abcdef0123456789abcdef)")
    'stub:oracle (sha256:01234567…)'
    """
    return _DIGEST.sub(r"\1…", text)


def excused(verdict: Verdict) -> bool:
    """Tell whether a verdict is a known failure, which decides nothing; INVALID never is.

    >>> v = Verdict("max_drop", "a", 1, None, None, None, 0.1, 5, 5, Status.FAIL, "")
    >>> excused(v)
    False
    """
    return bool(verdict.known_failure) and verdict.status in {Status.FAIL, Status.UNDECIDED}


def status_word(status: Status | None, known_failure: str = "") -> str:
    """Return a status as tables show it.

    >>> status_word(Status.FAIL, "until 2027-03-31"), status_word(None)
    ('FAIL (known)', 'no limit')
    """
    if status is None:
        return "no limit"
    known = known_failure and status in {Status.FAIL, Status.UNDECIDED}
    return f"{status.upper()} (known)" if known else status.upper()


def likelihood(p: float | None) -> str:
    """Return a p-value.

    >>> likelihood(0.0312), likelihood(0.0), likelihood(None)
    ('0.031', '<0.001', '–')
    """
    if p is None:
        return NONE
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it needs one.

    >>> count(1, "check"), count(1200, "passage")
    ('1 check', '1,200 passages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], *, total: int | None = None, most: int = 6) -> str:
    """Return the first names, and how many there are beside them.

    >>> listed(("a", "b")), listed(("a", "b", "c"), most=2), listed(("a", "b"), total=9, most=2)
    ('a, b', 'a, b and 1 more', 'a, b and 7 more')
    """
    rest = (len(names) if total is None else total) - most
    return f"{', '.join(names[:most])}{f' and {rest} more' if rest > 0 else ''}"


def together(attacks: int) -> str:
    """Return how a number of attacks stands at once.

    >>> together(1), together(7)
    ('the one attack', 'all 7 attacks at once')
    """
    return "the one attack" if attacks == 1 else f"all {attacks} attacks at once"
