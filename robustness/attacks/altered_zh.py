"""The altering rules for Chinese: numbers, one opposite, else a negation. The lists are ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from robustness.attacks.altered import Rules
from robustness.attacks.wordlists import word_list
from robustness.rng import Rng

__all__ = ["altered_chinese"]

_NUMBER = re.compile(r"(?<![\d.:：])\d+(?![\d.:：])", re.ASCII)


def altered_chinese(text: str, rng: Rng) -> Rules:
    """Return a Chinese question altered; unchanged (no rule applied) where no rule has a hold.

    >>> from robustness.rng import derive
    >>> altered_chinese("男的喜欢什么？", derive(0, "x"))
    Rules(text='女的喜欢什么？', applied=('opposite',))
    """
    applied = []
    changed = _NUMBER.sub(lambda match: str(int(match.group()) + 10 + rng.below(91)), text)
    if changed != text:
        applied.append("number")
    opposed = _first(changed, _opposites(), kept=word_list("antonyms", "zh")["kept"])
    if opposed != changed:
        applied.append("opposite")
    if not applied:
        opposed = _first(text, _negations(), kept=())
        applied += ["negation"] * (opposed != text)
    return Rules(opposed, tuple(applied))


def _first(text: str, table: Mapping[str, str], *, kept: Sequence[str]) -> str:
    """Replace the first word of the table in the text, the longest where several start there."""
    by_length = sorted((*table, *kept), key=len, reverse=True)
    for match in re.finditer("|".join(map(re.escape, by_length)), text):
        word = match.group()
        if word not in kept:
            return text[: match.start()] + table[word] + text[match.end() :]
    return text


@cache
def _opposites() -> Mapping[str, str]:
    pairs: list[list[str]] = word_list("antonyms", "zh")["pairs"]
    return {one: other for a, b in pairs for one, other in ((a, b), (b, a))}


@cache
def _negations() -> Mapping[str, str]:
    return dict(word_list("antonyms", "zh")["negated"])
