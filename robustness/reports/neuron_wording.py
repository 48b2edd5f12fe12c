"""What a neuron analysis says in sentences."""

from __future__ import annotations

from collections.abc import Callable

from robustness.domain import Polarity
from robustness.neurons.findings import CLEAN, HeldOut, LayerCertificate, SetTest
from robustness.neurons.summary import NeuronSummary
from robustness.reports.wording import NONE, count, likelihood, percent
from robustness.results import Estimate

__all__ = ["certified", "change", "headline", "is_supported", "with_ends"]

_ALPHA = 0.05


def headline(summary: NeuronSummary) -> str:
    """Return the finding of the set test in a sentence or two; it promises nothing beyond the test."""
    test = summary.headline
    if test is None:
        return (
            "No set of units was tested: that needs an attack in the suite and passages to choose on and "
            "to judge on."
        )
    if not test.members and not test.steps:
        return "No set of units was tested: the time was over before one could be chosen."
    if not test.members:
        return (
            "No set of units lifts the attacked margins of the half of the passages that chooses: no "
            "shortcut was found that ablation removes."
        )
    attacks = [own for own in test.heldout if own.polarity == Polarity.ATTACK]
    told = "; ".join(_held_out(own) for own in attacks)
    clean = next((own for own in test.heldout if own.condition == CLEAN), None)
    cost = f" Clean accuracy changes by {change(clean.change)}." if clean else ""
    verdict = "helps on passages that had no say in it" if is_supported(test) else "is not shown to help"
    return f"Ablating {count(len(test.members), 'unit')} {verdict}: {told}.{cost}"


def is_supported(test: SetTest) -> bool:
    """Return whether a set beats both no change and its random sets, under some attack and on held-out
    passages, and clean accuracy is not shown to fall."""
    clean = next((own for own in test.heldout if own.condition == CLEAN), None)
    if clean and clean.change.high is not None and clean.change.high < 0:
        return False
    return any(
        own.polarity == Polarity.ATTACK
        and own.change.low is not None
        and own.change.low > 0
        and own.random_p is not None
        and own.random_p <= _ALPHA
        for own in test.heldout
    )


def _held_out(own: HeldOut) -> str:
    now = None if own.change.value is None else own.before + own.change.value
    random = ""
    if own.random is not None:
        low, high = (_points(end) for end in own.random)
        random = f", random sets {low} to {high}, p {likelihood(own.random_p)}"
    return (
        f"{own.condition} {percent(own.before)} to {percent(now)}, {change(own.change)} "
        f"(McNemar p {likelihood(own.p)}{random})"
    )


def change(estimate: Estimate) -> str:
    """Return a change of accuracy in points with its interval.

    >>> change(Estimate(0.125, 0.05, 0.2))
    '+12.5 points [+5.0, +20.0]'
    """
    return with_ends(estimate, _points, unit=" points")


def with_ends(estimate: Estimate, shown: Callable[[float | None], str], *, unit: str = "") -> str:
    """Return a number and the ends of its interval, each as `shown` says it.

    >>> with_ends(Estimate(0.5, 0.25, 0.75), "{:.2f}".format), with_ends(Estimate(None), str)
    ('0.50 [0.25, 0.75]', '–')
    """
    if estimate.value is None:
        return NONE
    ends = "" if estimate.low is None else f" [{shown(estimate.low)}, {shown(estimate.high)}]"
    return f"{shown(estimate.value)}{unit}{ends}"


def _points(value: float | None) -> str:
    return NONE if value is None else f"{100 * value + 0.0:+.1f}"


def certified(summary: NeuronSummary) -> tuple[str, ...]:
    """Return what is exact, what is certified and what is not, in sentences."""
    whole = [c for c in summary.screen if c.status == "exhaustive"]
    sound = [c for c in summary.screen if c.status == "certified"]
    open_ = [c for c in summary.screen if c.status == "not certified"]
    units, done = (sum(getattr(c, name) for c in summary.screen) for name in ("units", "verified"))
    lines = [f"{done:,} of {units:,} units are exact; the others are first-order estimates."]
    if whole:
        lines.append(f"Exact for every unit: {_named(whole)}.")
    if sound:
        lines.append(
            f"Certified: {_named(sound)}; at most {sum(c.missed for c in sound)} units whose effect reaches "
            f"{summary.tolerance:.3g} logits may be missed (95% per layer)."
        )
    if open_:
        lines.append(
            f"Not certified: {_named(open_)}; the screen is poor there or was not calibrated, so units may "
            "be missed without a bound."
        )
    return tuple(lines)


def _named(layers: list[LayerCertificate]) -> str:
    return ", ".join(f"{c.kind}.{c.layer}" for c in layers)
