"""Marked spans of a passage, as `Example.meta` holds them: read, cut out, or alone kept."""

from __future__ import annotations

import re

from robustness.domain import NotApplicable
from robustness.text import join, sentences

__all__ = ["kept_sentences", "marked_spans", "without"]


def marked_spans(marked: str, length: int) -> list[tuple[int, int]]:
    """Return merged, sorted `(start, end)` pairs from `"0:12,40:52"`.

    Raises `NotApplicable` where the marks are not such offsets into a passage of `length` characters.

    >>> marked_spans("5:9,0:6", 20)
    [(0, 9)]
    """
    if not re.fullmatch(r"\d+:\d+(?:,\d+:\d+)*", marked, re.ASCII):
        raise NotApplicable("the evidence is not marked as start:end offsets")
    pairs = sorted((int(a), int(b)) for a, b in (span.split(":") for span in marked.split(",")))
    if any(not start < end <= length for start, end in pairs):
        raise NotApplicable("the evidence is marked outside the passage")
    merged: list[tuple[int, int]] = []
    for start, end in pairs:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def without(text: str, start: int, end: int) -> str:
    """Return the text without one span, and without the second of two spaces left behind.

    >>> without("He left the lamp at home.", 8, 16)
    'He left at home.'
    """
    left, right = text[:start].rstrip(" "), text[end:].lstrip(" ")
    wants_space = left and right and not left.endswith("\n") and not right.startswith("\n")
    return left + join([left[-1], right[0]])[1:-1] + right if wants_space else left + right


def kept_sentences(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the sentences that overlap a span, in order, with the white space behind each.

    >>> kept_sentences("He left. She stayed. It rained.", [(3, 5), (22, 24)])
    'He left. It rained.'
    """
    found = sentences(text)
    pieces = []
    for number, (start, end) in enumerate(found):
        if any(low < end and start < high for low, high in spans):
            upto = found[number + 1][0] if number + 1 < len(found) else len(text)
            pieces.append(text[start:upto])
    return "".join(pieces).strip()
