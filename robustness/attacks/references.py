"""Options that speak of other options: what moving, adding or taking away an option would change.

The detection is generous on purpose. An option held for a reference in error is pinned or its item
skipped, and counted; a reference that is missed makes a wrong label.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from robustness.domain import Example, NotApplicable
from robustness.text import refers_to_options

__all__ = ["Dependence", "dependence", "lettered", "refuse_references", "segments"]

Dependence: TypeAlias = Literal["", "set", "order"]
"""What an option's meaning rests on besides its own words: nothing, which other options there are
(or stand above it), or at which place they stand."""

_LETTERS = re.compile(r"(?<![A-Za-z])[A-F]{1,4}(?![A-Za-z])")
_BY_PLACE = re.compile(
    r"""
      \A\W*(?:(?:both|all|only|either|neither|none)\s+)?(?:of\s+)?the\s+
        (?:first|last|previous|preceding|following)\s+(?:two|three|four|ones?)
        (?:\s+(?:options|choices|answers|ones))?(?:\s+(?:is|are)\b.{0,20})?\W*\Z
    | \b(?:options?|choices?|answers?)\s+\(?(?:(?-i:[A-F])|[1-6]|one|two|three|four)\b
    | \b(?:first|second|third|fourth|last|previous|next)\s+(?:(?:two|three)\s+)?(?:option|choice|answer)s?\b
    | \A\W*[前后][两二三2-3](?:个|项|种|者)?(?:选项|答案)?(?:都\w{0,3})?\W*\Z
    | 第[一二三四1-4][个项种]?[和与及、]第[一二三四1-4]
    | \A\W*[①-⑥](?:\W*[①-⑥])+\W*\Z
    | 选项\s*[A-F]  |  (?<![A-Za-z])[A-F]\s*(?:项|选项)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BY_SET = re.compile(
    r"""
      \A\W*(?:all|none|any|both|neither|either)\s+of\s+(?:them|the\s+(?:others?|rest))\W*\Z
    | \b(?:all|any|none|neither)\s+(?:of\s+)?(?:the\s+)?other\s+(?:options?|choices?|answers?)\b
    | \A\W*(?:两者|二者|三者|两个|两种|其他|其余)?(?:全|都)(?:对|错|是|不是|有|可以|可能|没有)\W*\Z
    | \A\W*(?:其他|其余)(?:选项|答案|[两三]项)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:options?|choices?|answers?)\s+\(?(?:(?-i:[A-F])\b|above\b|below\b)|选项\s*[A-F]", re.IGNORECASE
)
_LABEL = re.compile(r"\s*[(（]?([A-F])(?:[).:：、．）]|\s*\Z)")


def dependence(option: str) -> Dependence:
    """Return what an option's meaning rests on besides its own words.

    >>> dependence("None of the above."), dependence("Both A and B"), dependence("Ann and Bob")
    ('set', 'order', '')
    >>> dependence("以上都对"), dependence("前两项"), dependence("都在公园")
    ('set', 'order', '')
    """
    if _BY_PLACE.search(option):
        return "order"
    if refers_to_options(option):
        return "order" if _LETTERS.search(option) else "set"
    return "set" if _BY_SET.search(option) else ""


def lettered(example: Example) -> bool:
    """Tell whether the options carry the letters of their places ("A. Paris", "B. Rome").

    >>> lettered(Example("i", "", "Where?", ("A. Paris", "B. Rome"), 0, "g"))
    True
    """
    labels = [match.group(1) if (match := _LABEL.match(text)) else "" for text in example.options]
    return labels == list("ABCDEF"[: len(labels)])


def refuse_references(example: Example) -> None:
    """Raise `NotApplicable` where an option, or the question, speaks of other options at all: none
    of them can be replaced, added or taken away without a change of meaning."""
    if any(map(dependence, example.options)):
        raise NotApplicable("an option refers to other options")
    _refuse_letters(example)


def segments(example: Example) -> tuple[tuple[int, ...], ...]:
    """Return the runs of places whose options may change places among themselves.

    An option like "none of the above" is pinned: it stays where it stands and the others keep to
    their side of it, so that what stands above it is the same set. Raises `NotApplicable` where an
    option or the question names options by letter or place.

    >>> segments(Example("i", "", "Who?", ("Ann", "Bob", "All of the above", "Lee"), 0, "g"))
    ((0, 1), (3,))
    """
    kinds = [dependence(option) for option in example.options]
    if "order" in kinds:
        raise NotApplicable("an option names others by letter or place")
    _refuse_letters(example)
    runs: list[list[int]] = [[]]
    for place, kind in enumerate(kinds):
        if kind:
            runs.append([])
        else:
            runs[-1].append(place)
    return tuple(tuple(run) for run in runs if run)


def _refuse_letters(example: Example) -> None:
    if lettered(example):
        raise NotApplicable("the options carry the letters of their places")
    if _ASKED.search(example.question):
        raise NotApplicable("the question names an option by letter or place")
