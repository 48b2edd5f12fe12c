"""How the gates of a run were decided: p-values, known failures, the baseline beside it."""

from __future__ import annotations

from collections.abc import Mapping

from robustness.reports.sheet import Sheet, named
from robustness.reports.summary import Summary
from robustness.reports.wording import (
    NONE,
    STATUSES,
    amount,
    asked,
    between,
    brief,
    count,
    excused,
    figure,
    likelihood,
    spread,
    status_word,
)
from robustness.results import Comparison, Verdict

__all__ = ["CORRECTIONS", "comparisons", "gates", "known_failures"]

CORRECTIONS: Mapping[str, str] = {
    "none": "No correction over gates: each gate errs by itself, in at most 1 of 40 samples, so that "
    "among many gates one may fail by accident. The p-values after Holm say which would still fail.",
    "holm": "Corrected over gates (Holm): a gate with a p-value fails only if that holds after Holm, so that "
    "all of these together err in at most 1 of 40 samples. What fails alone is UNDECIDED. Anytime gates have "
    "none: each errs by itself, in at most 1 of 40.",
}
"""What guards a run against failures by accident, by the plan's `correction`."""


def gates(summary: Summary) -> Sheet | None:
    """Return the p-value and the kind of every gate; None where no gate has a p-value or a step."""
    if all(v.p_value is None and v.gate == "fixed" for v in summary.verdicts):
        return None
    notes = [
        CORRECTIONS.get(summary.correction, f"Correction over gates: {summary.correction}."),
        "The interval decides. p: one-sided, resampled by passage, of the limit being kept; small "
        "where it is shown to be broken. p (Holm): over all gates of this run.",
    ]
    if any(v.gate == "anytime" for v in summary.verdicts):
        notes.append(
            "An anytime gate holds however often one looks; it was decided after so many passages, in an "
            "order drawn from the seed of the suite, or left open by all of them (no number). It has no "
            "p-value."
        )
    return Sheet(
        id="gates",
        title="Gates and p-values",
        caption="How each gate was decided, and how surely.",
        heads=("Check", "Asked", "Status", "Gate", "Decided after", "p", "p (Holm)"),
        rows=tuple(map(_gate, summary.verdicts)),
        words=4,
        notes=tuple(notes),
    )


def _gate(verdict: Verdict) -> tuple[str, ...]:
    return (
        named(verdict.attack, verdict.severity),
        asked(verdict),
        status_word(verdict.status, verdict.known_failure),
        verdict.gate,
        NONE if verdict.step is None else count(verdict.step, "passage"),
        likelihood(verdict.p_value),
        likelihood(verdict.p_adjusted),
    )


def known_failures(summary: Summary) -> Sheet | None:
    """Return the failures that are expected, until when and whose; None where there are none."""
    known = [v for v in summary.verdicts if excused(v)]
    if not known:
        return None
    return Sheet(
        id="known",
        title="Known failures",
        caption="Expected until the day named, by the owner named, and left out of the verdict until then.",
        heads=("Check", "Asked", "Status", "Expected", "Measured"),
        rows=tuple(
            (
                named(v.attack, v.severity),
                asked(v),
                v.status.upper(),
                v.known_failure,
                amount(v, v.estimate),
            )
            for v in known
        ),
        words=4,
    )


def slices(summary: Summary) -> Sheet | None:
    """Return each limit on each kind of question; None where no slices were asked for."""
    if not summary.slices:
        return None
    order = list(STATUSES)
    worst = sorted(summary.slices, key=lambda v: order.index(v.status))
    return Sheet(
        id="slices",
        title="Slices",
        caption="Every limit again on one kind of question at a time, the gravest first.",
        heads=("Check", "Questions", "Asked", "Status", "Measured", "95% interval", "n", "Passages"),
        rows=tuple(map(_slice, worst)),
        words=4,
        notes=(
            "A slice that fails fails the run. One that is undecided or not measured leaves it as it "
            "is: small parts can rarely tell.",
        ),
    )


def _slice(verdict: Verdict) -> tuple[str, ...]:
    return (
        named(verdict.attack, verdict.severity),
        verdict.slice,
        asked(verdict),
        status_word(verdict.status, verdict.known_failure),
        amount(verdict, verdict.estimate),
        between(verdict) or NONE,
        str(verdict.n),
        str(verdict.clusters),
    )


def comparisons(summary: Summary) -> Sheet | None:
    """Return each measure beside the baseline's; None without a baseline."""
    if not summary.comparisons:
        return None
    return Sheet(
        id="baseline",
        title="Beside the baseline",
        caption=f"Baseline: {brief(summary.baseline)}. Both on the items that both measured; difference: "
        "this model minus the baseline.",
        heads=(
            "Condition",
            "Measure",
            "This model",
            "Baseline",
            "Difference",
            "95% interval",
            "p",
            "p (Holm)",
            "n",
            "Passages",
        ),
        rows=tuple(map(_comparison, summary.comparisons)),
        words=2,
        notes=(
            "p: two-sided, paired, resampled by passage, of no difference. p (Holm): over all rows of "
            "this table.",
        ),
    )


def _comparison(one: Comparison) -> tuple[str, ...]:
    unit = "auroc" if one.measure == "auroc" else "drop"
    return (
        named(one.attack, one.severity),
        _MEASURES.get(one.measure, one.measure.replace("_", " ")),
        figure(one.value, one.measure),
        figure(one.baseline, one.measure),
        figure(one.difference.value, unit),
        spread(one.difference, unit) or NONE,
        likelihood(one.p_value),
        likelihood(one.p_adjusted),
        str(one.n),
        str(one.clusters),
    )


_MEASURES: Mapping[str, str] = {
    "accuracy": "accuracy, difference in points",
    "margin_retained": "margin kept, difference in points",
    "auroc": "AUROC",
}
