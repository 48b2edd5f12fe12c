"""A neuron analysis as every report shows it: sentences, tables and two plots in per cent of their width."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.neurons.summary import NeuronSummary
from robustness.reports.neuron_sheets import sheets
from robustness.reports.neuron_wording import certified, headline, is_supported
from robustness.reports.sheet import Sheet

__all__ = ["Column", "NeuronView", "Point", "view"]


@dataclass(frozen=True, slots=True)
class Column:
    """One layer of the profile."""

    label: str
    height: float
    """Per cent of the largest mean."""
    exact: bool
    """Whether every unit of the layer is exact."""


@dataclass(frozen=True, slots=True)
class Point:
    """One exact unit: clean cost to the right, attacked lift upwards."""

    label: str
    x: float
    y: float
    quadrant: str


@dataclass(frozen=True, slots=True)
class NeuronView:
    """What a page shows."""

    model: str
    headline: str
    supported: bool
    facts: tuple[tuple[str, str], ...]
    certified: tuple[str, ...]
    columns: tuple[Column, ...]
    points: tuple[Point, ...]
    reach: float
    """Logits at the edges of the plot of points."""
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...]


def view(summary: NeuronSummary) -> NeuronView:
    """Return what a page shows of an analysis."""
    reach, points = _points(summary)
    return NeuronView(
        model=str(summary.model["name"]),
        headline=headline(summary),
        supported=bool(summary.headline and summary.headline.members and is_supported(summary.headline)),
        facts=_facts(summary),
        certified=certified(summary),
        columns=_columns(summary),
        points=points,
        reach=reach,
        sheets=sheets(summary),
        notes=summary.notes,
    )


def _facts(summary: NeuronSummary) -> tuple[tuple[str, str], ...]:
    model, data, ablation = summary.model, summary.data, summary.ablation
    accuracy = "; ".join(f"{name} {100 * own[0]:.1f}% of {own[2]}" for name, own in summary.baseline.items())
    return (
        (
            "Network",
            f"{model['family']}, {model['layers']} layers, {model['hidden']} wide, FFN {model['ffn']}",
        ),
        ("Suite", f"{data['suite']}, {data['n_items']} items, {data['n_sequences']:,} distinct sequences"),
        ("Accuracy", accuracy),
        ("Units are set to", f"{ablation['value']}, at {ablation['positions']}"),
        ("Discoveries", f"{summary.discoveries} shortcuts and guardians among exact units"),
    )


def _columns(summary: NeuronSummary) -> tuple[Column, ...]:
    top = max((own.mean_size for own in summary.layers), default=0.0) or 1.0
    return tuple(
        Column(f"{own.kind}.{own.layer}", round(100 * own.mean_size / top, 1), own.verified == own.units)
        for own in summary.layers
    )


def _points(summary: NeuronSummary) -> tuple[float, tuple[Point, ...]]:
    known = [
        (unit, unit.cost.value, unit.lift.value)
        for unit in (*summary.units, *summary.heads)
        if unit.verified and unit.cost.value is not None and unit.lift.value is not None
    ]
    reach = max((max(abs(cost), abs(lift)) for _, cost, lift in known), default=0.0) or 1.0
    points = (
        Point(unit.id, round(50 + 46 * cost / reach, 1), round(50 - 46 * lift / reach, 1), str(unit.quadrant))
        for unit, cost, lift in known
    )
    return reach, tuple(points)
