"""What a report draws with axes: dose and response, reliability, risk against coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from robustness.domain import Polarity
from robustness.reports.charts import Chart, Curve, Dot, Panel, chart
from robustness.reports.illustrations import CurvePoint
from robustness.reports.sheet import Sheet, named
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.wording import figure, percent
from robustness.results import Calibration, Estimate

__all__ = ["dose_response", "reliability", "reliability_numbers", "risk_coverage", "risk_coverage_numbers"]

_CURVES: Final = 6
"""As many as have a colour and a dash of their own."""
_COVERAGES: Final = (0.2, 0.4, 0.6, 0.8, 1.0)


def dose_response(attacks: Sequence[AttackSummary]) -> tuple[Chart, ...]:
    """Return a chart for each recipe that was measured at more than one severity.

    Accuracy against severity, from the clean items of severity 1 on; AUROC under abstain, which has
    no clean value. Intervals of 95 %.
    """
    doses: dict[str, list[AttackSummary]] = {}
    for attack in sorted(attacks, key=lambda a: a.severity):
        doses.setdefault(attack.name, []).append(attack)
    # The order of the plan, which `attacks` have, not that of severities.
    names = dict.fromkeys(attack.name for attack in attacks)
    return tuple(chart(_dose(doses[name])) for name in names if len(_responses(doses[name])) > 1)


def _responses(doses: Sequence[AttackSummary]) -> list[tuple[int, Estimate]]:
    abstain = doses[0].polarity is Polarity.ABSTAIN
    pairs = [(a.severity, a.auroc if abstain else a.accuracy) for a in doses]
    return [(severity, estimate) for severity, estimate in pairs if estimate.value is not None]


def _dose(doses: Sequence[AttackSummary]) -> Panel:
    first, responses = doses[0], _responses(doses)
    abstain = first.polarity is Polarity.ABSTAIN
    if not abstain and first.accuracy_clean.value is not None:
        responses = [(0, first.accuracy_clean), *responses]
    measure = "auroc" if abstain else "accuracy"
    told = "; ".join(f"{_severity(n)} {figure(estimate.value, measure)}" for n, estimate in responses)
    dots = tuple(Dot(float(n), e.value or 0.0, e.low, e.high) for n, e in responses)
    ends = (float(responses[0][0]), float(responses[-1][0]))
    level = (0.5, "a coin") if abstain else None if first.chance is None else (first.chance, "chance")
    return Panel(
        id=f"dose-{first.name}",
        title=f"{first.title}: {'AUROC' if abstain else 'accuracy'} by severity",
        said=f"{first.name}, {'AUROC' if abstain else 'accuracy'}: {told}",
        x_name="severity",
        y_name="AUROC" if abstain else "accuracy",
        x=(ends[0] - 0.15, ends[1] + 0.15),
        y=(0.0, 1.0),
        curves=(Curve(first.name, dots),),
        x_labels=tuple((float(n), _severity(n)) for n, _ in responses),
        level=level,
        percent=not abstain,
    )


def _severity(severity: int) -> str:
    return str(severity) if severity else "clean"


def reliability(summary: Summary) -> Chart | None:
    """Return how often the model is right by how sure it is, clean and where it is worst off."""
    curves = [
        Curve(name, tuple(Dot(b.confidence, b.accuracy, size=_radius(b.n, found.n)) for b in found.bins))
        for name, found in _calibrations(summary)
    ]
    if not curves:
        return None
    told = "; ".join(f"{name}: ECE {percent(found.ece)}" for name, found in _calibrations(summary))
    return chart(
        Panel(
            id="reliability",
            title="Reliability",
            said=f"Share right against the model's own probability. {told}.",
            x_name="probability of the answer",
            y_name="share right",
            x=(0.0, 1.0),
            y=(0.0, 1.0),
            curves=tuple(curves),
            diagonal=True,
        )
    )


def reliability_numbers(summary: Summary) -> Sheet | None:
    """Return the bins of the reliability chart in numbers."""
    rows = tuple(
        (name, str(b.n), percent(b.confidence), percent(b.accuracy))
        for name, found in _calibrations(summary)
        for b in found.bins
    )
    if not rows:
        return None
    return Sheet(
        id="reliability-numbers",
        title="Reliability in numbers",
        caption="Items by the probability of the model's answer, in bins of equal width.",
        heads=("Condition", "n", "Mean probability", "Share right"),
        rows=rows,
    )


def _calibrations(summary: Summary) -> list[tuple[str, Calibration]]:
    """Return the clean calibration and the worst attacked one, named; bins only where there are any."""
    clean = [("clean", summary.calibration)] if summary.calibration is not None else []
    attacked = [
        (named(a.name, a.severity), a.calibration)
        for a in summary.attacks
        if a.polarity is Polarity.ATTACK and a.calibration is not None and a.calibration.ece is not None
    ]
    worst = sorted(attacked, key=lambda pair: -(pair[1].ece or 0.0))[:1]
    return [(name, found) for name, found in (*clean, *worst) if found.bins]


def _radius(n: int, total: int) -> float:
    return round(2.0 + 6.0 * math.sqrt(n / max(1, total)), 1)


def risk_coverage(summary: Summary) -> Chart | None:
    """Return the share of wrong answers by how many are given, clean and with unanswerable items."""
    found = _risk_curves(summary)
    if not found:
        return None
    told = "; ".join(f"{name} {percent(_risk(points, 0.8))}" for name, points in found)
    return chart(
        Panel(
            id="risk-coverage",
            title="Risk and coverage",
            said=f"Share of wrong answers against the share answered. Answering 80%: {told}.",
            x_name="share answered, the surest first",
            y_name="share of these wrong",
            x=(0.0, 1.0),
            y=(0.0, 1.0),
            curves=tuple(
                Curve(name, tuple(Dot(p.coverage, p.risk) for p in points), marked=False)
                for name, points in found
            ),
        )
    )


def risk_coverage_numbers(summary: Summary) -> Sheet | None:
    """Return the risk-coverage chart in numbers, at a few coverages."""
    found = _risk_curves(summary)
    if not found:
        return None
    return Sheet(
        id="risk-coverage-numbers",
        title="Risk and coverage in numbers",
        caption="Share of wrong answers where so many are answered: the nearest point of the curve.",
        heads=("Condition", *(f"{100 * at:g}% answered" for at in _COVERAGES)),
        rows=tuple((name, *(percent(_risk(points, at)) for at in _COVERAGES)) for name, points in found),
    )


def _risk_curves(summary: Summary) -> list[tuple[str, Sequence[CurvePoint]]]:
    clean: list[tuple[str, Sequence[CurvePoint]]] = [("clean", summary.risk_coverage)]
    attacked = [(named(a.name, a.severity), a.risk_coverage) for a in summary.attacks]
    return [(name, points) for name, points in (*clean, *attacked) if points][:_CURVES]


def _risk(points: Sequence[CurvePoint], coverage: float) -> float | None:
    nearest = min(points, key=lambda p: abs(p.coverage - coverage), default=None)
    return None if nearest is None else nearest.risk
