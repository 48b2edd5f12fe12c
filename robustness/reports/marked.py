"""Where two texts differ, word by word: what a reader is to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from robustness.text import words

__all__ = ["Spans", "differing"]

Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Character spans `(start, end)`, sorted and apart."""


def differing(before: str, after: str) -> tuple[Spans, Spans]:
    """Return what of `before` is gone and what of `after` is new.

    Words are whole: a misspelt word is marked from its first letter to its last. Spans with nothing
    but white space between them are one.

    >>> differing("He left the lamp.", "He left teh old lamp.")
    (((8, 11),), ((8, 15),))
    """
    from rapidfuzz.distance import Indel

    old, new = _pieces(before), _pieces(after)
    gone: list[tuple[int, int]] = []
    added: list[tuple[int, int]] = []
    for change in Indel.opcodes(old, new):
        if change.tag == "delete":
            gone.append(_span(old, change.src_start, change.src_end))
        elif change.tag == "insert":
            added.append(_span(new, change.dest_start, change.dest_end))
    return _joined(gone, before), _joined(added, after)


def _pieces(text: str) -> list[str]:
    """Return words and white space in turn; together they are the text."""
    taken = words(text)
    mixed = [taken.gaps[0]]
    for word, gap in zip(taken.words, taken.gaps[1:], strict=True):
        mixed += [word, gap]
    return [piece for piece in mixed if piece]


def _span(pieces: Sequence[str], start: int, end: int) -> tuple[int, int]:
    first = sum(map(len, pieces[:start]))
    return first, first + sum(map(len, pieces[start:end]))


def _joined(spans: Sequence[tuple[int, int]], text: str) -> Spans:
    return tuple(_merged(spans, text))


def _merged(spans: Sequence[tuple[int, int]], text: str) -> Iterator[tuple[int, int]]:
    open_: tuple[int, int] | None = None
    for start, end in spans:
        if open_ is None:
            open_ = start, end
        elif not text[open_[1] : start].strip():
            open_ = open_[0], end
        else:
            yield open_
            open_ = start, end
    if open_ is not None:
        yield open_
