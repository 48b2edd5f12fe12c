"""Windows of changed texts, as they were and as an attack left them, with its own words marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Final

from robustness.domain import Example, Place, Variant, edited_spans
from robustness.reports.illustrations import Excerpt

__all__ = ["excerpts", "opening", "rewritten", "spans_apart"]

_WINDOW: Final = 320
_BEFORE: Final = 80
_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")


def excerpts(variant: Variant, source: Example) -> tuple[Excerpt, ...]:
    """Return a window of every text that the attack changed, in the order of its edits."""
    return tuple(_excerpts(variant, source))


def opening(variant: Variant) -> str:
    """Return the start of the passage; empty where an edit touched it, and `excerpts` show it."""
    if any(edit.place == "passage" for edit in variant.edits):
        return ""
    return _window(variant.example.passage, 0, _WINDOW + _BEFORE)


def rewritten(where: tuple[Place, int], before: str, after: str) -> Excerpt:
    """Return two whole texts beside each other, what stands in the second alone marked, word by word.

    >>> rewritten(("passage", 0), "It rains here.", "It snows here.").marks
    ((3, 8),)
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    ends = (0, *accumulate(map(len, new)))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    written = [(ends[low], ends[high]) for tag, _, _, low, high in steps if tag in {"insert", "replace"}]
    return Excerpt(*where, before, after, tuple(spans_apart(written)))


def _excerpts(variant: Variant, source: Example) -> Iterator[Excerpt]:
    for place, position in dict.fromkeys((e.place, e.index) for e in variant.edits):
        spans = spans_apart(edited_spans(variant.edits, place, position))
        origin = _origin(variant, source, position) if place == "option" else 0
        before = _field(source, place, origin)
        yield _excerpt((place, position), before, _field(variant.example, place, position), spans)


def _excerpt(where: tuple[Place, int], before: str, after: str, spans: Sequence[tuple[int, int]]) -> Excerpt:
    # Where the text ends soon after the edit, the window reaches further back.
    start = max(0, min(spans[0][0] - _BEFORE, len(after) - _WINDOW))
    end = start + _WINDOW
    lead = "…" if start else ""
    moved = len(lead) - start
    return Excerpt(
        place=where[0],
        index=where[1],
        before=_window(before, start, end),
        after=_window(after, start, end),
        marks=tuple((low + moved, min(high, end) + moved) for low, high in spans if low < end),
    )


def _window(text: str, start: int, end: int) -> str:
    if start and start >= len(text):
        return "…" + text[-_BEFORE:]
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def spans_apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans sorted and merged where they touch; later edits may have written over.

    >>> spans_apart([(4, 6), (0, 2), (2, 3)])
    [(0, 3), (4, 6)]
    """
    merged: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def _origin(variant: Variant, source: Example, position: int) -> int:
    """Return which option of the source an option came from; for a new one, which it stands in for."""
    if variant.option_map[position] >= 0:
        return variant.option_map[position]
    gone = [place for place in range(len(source.options)) if place not in variant.option_map]
    if position in gone:
        return position
    new = [place for place, origin in enumerate(variant.option_map) if origin < 0 and place not in gone]
    left = [place for place in gone if place >= len(variant.option_map) or variant.option_map[place] >= 0]
    return dict(zip(new, left, strict=False)).get(position, -1)


def _field(example: Example, place: Place, position: int) -> str:
    if place == "option":
        return example.options[position] if position >= 0 else ""
    return example.passage if place == "passage" else example.question
