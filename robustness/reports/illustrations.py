"""What a summary shows beside its numbers, as plain data: items, changed texts, flips, spreads, curves."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.domain import Place

__all__ = ["CurvePoint", "Excerpt", "FlipCounts", "MarginSpread", "Telling"]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One changed text: a window of it as it was and as the attack left it."""

    place: Place
    index: int
    """Position of the option in the variant; 0 for passage and question."""
    before: str
    """For a new option the one that it stands in for; empty where nothing stood there."""
    after: str
    marks: tuple[tuple[int, int], ...]
    """Spans of `after` that the attack wrote, sorted and apart."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One item worth looking at. Positions are those of the variant unless a name says clean."""

    id: str
    source: str
    gold: int | None
    gold_clean: int | None
    chosen: tuple[int, ...]
    """More than one where scores tie."""
    chosen_clean: tuple[int, ...]
    probabilities: tuple[float, ...]
    """Softmax of the scores, in [0, 1], in the variant's order."""
    probabilities_clean: tuple[float, ...]
    option_map: tuple[int, ...]
    """Position in the variant -> position in the clean item; -1 where the option is new."""
    question: str = ""
    options: tuple[str, ...] = ()
    options_clean: tuple[str, ...] = ()
    edits: tuple[Excerpt, ...] = ()
    happened: str = ""
    """`kept`, `lost`, `won`, `missed` or `unanswerable`; empty in reports before schema 3."""
    passage: str = ""
    """The start of the passage where no edit touched it: what an edited question or option is read
    beside. Empty where `edits` show the passage."""


@dataclass(frozen=True, slots=True)
class FlipCounts:
    """A flip matrix: items by whether the gold option alone had the top score, clean and changed."""

    kept: int
    """Right on both sides."""
    lost: int
    """Right when clean, wrong when changed."""
    won: int
    """Wrong when clean, right when changed."""
    missed: int
    """Wrong on both sides."""


@dataclass(frozen=True, slots=True)
class MarginSpread:
    """How the change of the gold margin spreads over items, in score units; below 0 it lost."""

    low: float
    """The 5 % point."""
    lower: float
    """The first quartile."""
    median: float
    upper: float
    """The third quartile."""
    high: float
    """The 95 % point."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of a risk-coverage curve, both in [0, 1]."""

    coverage: float
    """Share of the items that is answered, the surest first."""
    risk: float
    """Share of these answers that is wrong."""
