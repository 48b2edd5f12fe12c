"""Charts with axes, as places in a drawing: renderers only put them down. No library draws them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Chart", "Curve", "Dot", "Panel", "Tick", "chart", "ticks"]

_WIDTH: Final = 320.0
_HEIGHT: Final = 214.0
_LEFT: Final = 44.0
_RIGHT: Final = 10.0
_TOP: Final = 10.0
_BOTTOM: Final = 40.0
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark of an axis: where it stands, in the drawing's units, and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One measured point, in the data's units."""

    x: float
    y: float
    low: float | None = None
    """Ends of its interval; None for none."""
    high: float | None = None
    size: float = 3.5
    """Radius in the drawing's units."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line with its dots; in a `Chart` placed in the drawing."""

    name: str
    dots: tuple[Dot, ...]
    marked: bool = True
    """Whether each dot is drawn as well as the line."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What to draw, in the data's units."""

    id: str
    title: str
    said: str
    """What it shows, for those who do not see it."""
    x_name: str
    y_name: str
    x: tuple[float, float]
    """Ends of the axis."""
    y: tuple[float, float]
    curves: tuple[Curve, ...]
    x_labels: tuple[tuple[float, str], ...] = ()
    """Marks of the x-axis; empty for percentages."""
    diagonal: bool = False
    """Whether to draw the line on which y equals x."""
    level: tuple[float, str] | None = None
    """A horizontal line and what it stands for."""
    percent: bool = True
    """Whether y is a share, and its marks percentages."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A panel with every place worked out: `width` by `height` units, the origin at the top left."""

    panel: Panel
    width: float
    height: float
    box: tuple[float, float, float, float]
    """Left, top, right and bottom of the plotted field."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    paths: tuple[str, ...]
    """The line of each curve, as points of a polyline."""
    diagonal: tuple[float, float, float, float] | None
    level: float | None


def ticks(low: float, high: float, *, most: int = 6) -> tuple[float, ...]:
    """Return round numbers from `low` to `high`, at most `most`, evenly apart.

    >>> ticks(0.0, 1.0), ticks(-0.07, 0.31)
    ((0.0, 0.2, 0.4, 0.6, 0.8, 1.0), (0.0, 0.1, 0.2, 0.3))
    """
    if not high > low:
        return (low,)
    rough = (high - low) / max(1, most - 1)
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * s for s in _STEPS if scale * s >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(n * step, 10) + 0.0 for n in range(first, last + 1))


def chart(panel: Panel) -> Chart:
    """Return the panel with its places worked out, to a tenth of a unit."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    curves = tuple(
        Curve(c.name, tuple(_placed(panel, dot) for dot in c.dots), c.marked) for c in panel.curves
    )
    x_marks = panel.x_labels or tuple((x, _percent(x)) for x in ticks(*panel.x))
    y_marks = [(y, _percent(y) if panel.percent else f"{y:g}".replace("-", "−")) for y in ticks(*panel.y)]
    low, high = max(panel.x[0], panel.y[0]), min(panel.x[1], panel.y[1])
    return Chart(
        panel=panel,
        width=_WIDTH,
        height=_HEIGHT,
        box=(_LEFT, _TOP, right, bottom),
        x_ticks=tuple(Tick(_across(panel, x), label) for x, label in x_marks),
        y_ticks=tuple(Tick(_down(panel, y), label) for y, label in y_marks),
        curves=curves,
        paths=tuple(_path(curve.dots) for curve in curves),
        diagonal=(_across(panel, low), _down(panel, low), _across(panel, high), _down(panel, high))
        if panel.diagonal
        else None,
        level=_down(panel, panel.level[0]) if panel.level else None,
    )


def _placed(panel: Panel, dot: Dot) -> Dot:
    return Dot(
        x=_across(panel, dot.x),
        y=_down(panel, dot.y),
        low=None if dot.low is None else _down(panel, dot.low),
        high=None if dot.high is None else _down(panel, dot.high),
        size=dot.size,
    )


def _across(panel: Panel, x: float) -> float:
    return _between(x, panel.x, (_LEFT, _WIDTH - _RIGHT))


def _down(panel: Panel, y: float) -> float:
    return _between(y, panel.y, (_HEIGHT - _BOTTOM, _TOP))


def _between(value: float, ends: tuple[float, float], places: tuple[float, float]) -> float:
    share = (value - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.5
    return round(places[0] + min(1.0, max(0.0, share)) * (places[1] - places[0]), 1)


def _path(dots: Iterable[Dot]) -> str:
    return " ".join(f"{dot.x:g},{dot.y:g}" for dot in dots)


def _percent(share: float) -> str:
    return f"{100 * share:g}%".replace("-", "−")
