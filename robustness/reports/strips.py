"""Drawings that fit into a row of a table: flips, spreads of margins, places; in percent of a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from robustness.reports.charts import Tick, ticks
from robustness.reports.illustrations import FlipCounts, MarginSpread
from robustness.reports.summary import AttackSummary
from robustness.reports.wording import figure
from robustness.results import Position

__all__ = ["Box", "Part", "PlaceBar", "axis", "flip_parts", "margin_axis", "margin_boxes", "place_bars"]

_MARKS: Final = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a stacked line."""

    kind: str
    """`kept`, `lost`, `won` or `missed`."""
    n: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Box:
    """A spread on a line: outer points, quartiles, median, and where nought lies."""

    low: float
    lower: float
    median: float
    upper: float
    high: float
    zero: float


@dataclass(frozen=True, slots=True)
class PlaceBar:
    """How often a place was chosen, and how often guessing would choose it."""

    place: Position
    chosen: float
    expected: float


def axis(reach: tuple[float, float], measure: str) -> tuple[Tick, ...]:
    """Return round marks of a line from one end of `reach` to the other, as its measure is spoken of.

    >>> [(tick.at, tick.label) for tick in axis((-0.25, 0.75), "drop")]
    [(0.0, '−25'), (25.0, '0'), (50.0, '25'), (75.0, '50'), (100.0, '75')]
    """
    return _marks(reach, lambda value: _short(figure(value, measure)))


def flip_parts(flips: FlipCounts) -> tuple[Part, ...]:
    """Return the four counts as stretches of one line, those that flipped between those that did not.

    >>> [(p.kind, p.start, p.width) for p in flip_parts(FlipCounts(kept=2, lost=1, won=0, missed=1))]
    [('kept', 0.0, 50.0), ('lost', 50.0, 25.0), ('missed', 75.0, 25.0)]
    """
    counts = {"kept": flips.kept, "lost": flips.lost, "won": flips.won, "missed": flips.missed}
    total = sum(counts.values()) or 1
    parts, start = [], 0
    for kind, n in counts.items():
        if n:
            parts.append(Part(kind, n, round(100 * start / total, 2), round(100 * n / total, 2)))
        start += n
    return tuple(parts)


def margin_axis(attacks: Sequence[AttackSummary]) -> tuple[Tick, ...]:
    """Return the marks of the line that `margin_boxes` lie on, in score units."""
    return _marks(_reach(attacks), lambda value: f"{value:g}".replace("-", "−"))


def margin_boxes(attacks: Sequence[AttackSummary]) -> tuple[tuple[AttackSummary, Box], ...]:
    """Return the spread of the margin's change for each condition that has one, all on one line."""
    reach = _reach(attacks)
    return tuple((a, _box(a.margins, reach)) for a in attacks if a.margins is not None)


def place_bars(table: Sequence[Position]) -> tuple[PlaceBar, ...]:
    """Return a bar per place, on a line as long as the largest share."""
    far = max((share for row in table for share in (row.chosen, row.expected)), default=0.0) or 1.0
    return tuple(
        PlaceBar(row, _place(row.chosen, (0.0, far)), _place(row.expected, (0.0, far))) for row in table
    )


def _box(spread: MarginSpread, reach: tuple[float, float]) -> Box:
    points = (spread.low, spread.lower, spread.median, spread.upper, spread.high, 0.0)
    return Box(*(_place(point, reach) for point in points))


def _reach(attacks: Sequence[AttackSummary]) -> tuple[float, float]:
    spreads = [a.margins for a in attacks if a.margins is not None]
    low = min((0.0, *(s.low for s in spreads)))
    high = max((0.0, *(s.high for s in spreads)))
    return (low, high) if high > low else (-1.0, 1.0)


def _marks(reach: tuple[float, float], word: Callable[[float], str]) -> tuple[Tick, ...]:
    return tuple(Tick(_place(value, reach), word(value)) for value in ticks(*reach, most=_MARKS))


def _place(value: float, reach: tuple[float, float]) -> float:
    share = (value - reach[0]) / (reach[1] - reach[0])
    return round(100 * min(1.0, max(0.0, share)), 2)


def _short(shown: str) -> str:
    return shown.replace(".0%", "%").removesuffix(".0")
