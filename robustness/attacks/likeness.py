"""Options beside each other: what form one has, when two say too much of the same, and how a foreign
text takes on the form of the option that it stands in for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from robustness.text import content_words, fold, is_cjk, words

__all__ = ["PREPOSITIONS", "Form", "Kind", "content_set", "dressed", "form", "too_alike", "too_alike_to_any"]

Kind: TypeAlias = Literal["number", "name", "phrase"]

ALIKE = 85.0
"""Ratio of rapidfuzz (normalised indel similarity, 0 to 100) from which two options are near-duplicates."""

_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred|thousand|million|half|noon|midnight)\b"
    r"|[零一二两三四五六七八九十百千万]+(?:点|元|块|个|岁|年|月|天|日|号|小时|分钟|分|次|人|倍|层|楼|斤|公里|米)",
    re.IGNORECASE,
)
PREPOSITIONS = frozenset(
    "by at in on from for with of about near into onto under over behind between through during across "
    "along around without until since against inside outside beside below above towards toward off".split()
)
_OPENERS = PREPOSITIONS | frozenset(
    "to because as if when while after before he she they it we you i his her their its the a an this that "
    "there not no".split()
)
_ENDING = re.compile(r"[\s.!?。！？]*\Z")
_MOST = 12
"""Longer options are alike in length where they are both longer."""


@dataclass(frozen=True, slots=True)
class Form:
    """What can be told of an option without reading it."""

    chinese: bool
    kind: Kind
    opener: str
    """Its first word where that is a function word ("because", "at"); empty elsewhere."""
    size: int
    """Words without punctuation (characters in Chinese), at most 12."""


@lru_cache(maxsize=1 << 14)
def form(text: str) -> Form:
    """Return the form of an option.

    >>> form("At the old mill.")
    Form(chinese=False, kind='phrase', opener='at', size=4)
    """
    taken = [word for word in words(text).words if word[0].isalnum()]
    first = taken[0].lower() if taken else ""
    opener = first if first in _OPENERS else ""
    return Form(is_cjk(text), _kind(text, taken), opener, min(len(taken), _MOST))


def _kind(text: str, taken: list[str]) -> Kind:
    if _NUMBER.search(text):
        return "number"
    content = [word for word in taken if word.lower() not in _OPENERS and word[0].isalpha()]
    named = len(content) > 1 and all(word[0].isupper() for word in content)
    return "name" if named else "phrase"


@lru_cache(maxsize=1 << 14)
def content_set(text: str) -> frozenset[str]:
    """Return the content words of a text as a set, remembered: options are compared many times.

    >>> sorted(content_set("The old lamp."))
    ['lamp', 'old']
    """
    return frozenset(content_words(text))


@lru_cache(maxsize=1 << 14)
def _folded(text: str) -> str:
    return fold(text)


def too_alike(first: str, second: str) -> bool:
    """Tell whether two options may say the same: one within the other once case, spaces and
    punctuation are dropped, or in its content words, or nearly the same characters.

    >>> too_alike("At the cinema.", "In a cinema"), too_alike("The old lamp", "The old tent")
    (True, False)
    """
    from rapidfuzz import fuzz

    one, other = _folded(first), _folded(second)
    if not one or not other or one in other or other in one:
        return True
    mine, theirs = content_set(first), content_set(second)
    if mine and theirs and (mine <= theirs or theirs <= mine):
        return True
    return fuzz.ratio(one, other) >= ALIKE


def too_alike_to_any(text: str, others: Iterable[str]) -> bool:
    """Tell whether an option may say the same as one of the others."""
    return any(too_alike(text, other) for other in others)


def dressed(text: str, own: str) -> str:
    """Return a text with the ending of the option that it replaces, and a capital where that has one,
    so that form does not give it away.

    >>> dressed("near the lake", "The tent."), dressed("Blue.", "a coat")
    ('Near the lake.', 'Blue')
    """
    match = _ENDING.search(own)
    body = _ENDING.sub("", text.strip(), count=1)
    ending = match.group() if match else ""
    start = body[:1].upper() if own.lstrip()[:1].isupper() else body[:1]
    return start + body[1:] + ending
