"""What a run says about the model beside its verdicts: power, calibration, favour for places."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.reports.sheet import Sheet, named, terms
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.wording import NONE, likelihood, percent, points
from robustness.results import Calibration

__all__ = ["calibration", "positions", "sensitivity"]


def sensitivity(attacks: Sequence[AttackSummary]) -> Sheet | None:
    """Return what drops the run could show at all; None where no drop was tested."""
    rows = [a for a in attacks if a.p_drop is not None or a.detectable_drop is not None]
    if not rows:
        return None
    return Sheet(
        id="sensitivity",
        title="Drops: significance and power",
        caption="Whether accuracy changed at all, and how small a drop this many passages could have shown.",
        heads=(
            "Condition",
            "Drop",
            "p",
            "p (BH)",
            "McNemar p",
            "Design effect",
            "Smallest drop that shows",
            "Power at the limit",
        ),
        rows=tuple(map(_sensitivity, rows)),
        notes=(
            "p: two-sided, resampled by passage, of no drop. p (BH): after Benjamini-Hochberg over all "
            "checks, for looking around; no verdict uses it. McNemar p takes questions as independent, as "
            "the literature has it; no verdict uses it either.",
            "Design effect: what sharing passages costs; n questions say as much as n divided by this many "
            "independent ones.",
            "Smallest drop that shows, in points: the true drop that so many passages show with chance 80%. "
            "Power at the limit: the chance that a drop as large as the limit would have shown.",
        ),
    )


def _sensitivity(one: AttackSummary) -> tuple[str, ...]:
    return (
        named(one.name, one.severity),
        points(one.drop.value),
        likelihood(one.p_drop),
        likelihood(one.p_drop_adjusted),
        likelihood(one.p_value),
        _plain(one.design_effect, 2),
        points(one.detectable_drop),
        percent(one.power),
    )


def calibration(summary: Summary) -> Sheet | None:
    """Return how far the model's probabilities can be believed, clean and attacked."""
    if summary.calibration is None:
        return None
    attacked = [a for a in summary.attacks if a.calibration is not None or a.margin_shift is not None]
    clean = _calibrated("clean", summary.calibration, NONE, NONE)
    return Sheet(
        id="calibration",
        title="Calibration and margins",
        caption="How far the model's own probabilities can be believed, and how far the gold option moved.",
        heads=("Condition", "n", "ECE", "Brier", "Margin shift", "Gold lost ground"),
        rows=(
            clean,
            *(
                _calibrated(
                    named(a.name, a.severity),
                    a.calibration,
                    _plain(a.margin_shift, 2),
                    percent(a.margin_lower),
                )
                for a in attacked
            ),
        ),
        notes=terms("ECE", "Brier", "Margin shift", "Gold lost ground"),
    )


def _calibrated(name: str, found: Calibration | None, *moved: str) -> tuple[str, ...]:
    if found is None:
        return (name, NONE, NONE, NONE, *moved)
    return (name, str(found.n), percent(found.ece), _plain(found.brier, 3), *moved)


def positions(summary: Summary) -> Sheet | None:
    """Return the favour shown to places among the options; None where nothing was measured."""
    bias = summary.position_bias
    if bias is None or not bias.table:
        return None
    verdict = "the spread of the last column is not defined"
    if bias.rstd is not None and bias.by_chance is not None:
        verdict = (
            f"RStd {points(bias.rstd)} points; a model of this accuracy that favours no place would show "
            f"about {points(bias.by_chance)} at these counts"
        )
    return Sheet(
        id="positions",
        title="Favour for a place among the options",
        caption=f"Clean questions, by place: {verdict}.",
        heads=("Place", "Offered", "Chosen", "By guessing", "Gold here", "Right of these"),
        rows=tuple(
            (
                f"option {row.position}",
                str(row.offered),
                percent(row.chosen),
                percent(row.expected),
                str(row.gold),
                percent(row.recall),
            )
            for row in bias.table
        ),
        notes=terms("RStd"),
    )


def _plain(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:.{digits}f}".replace("-", "−")
