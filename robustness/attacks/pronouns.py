"""Pronouns replaced by the one name that they can mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from robustness.attacks.altered import name_kinds
from robustness.attacks.draft import Draft
from robustness.attacks.naming import opens_sentence
from robustness.attacks.wordlists import word_list
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, words

__all__ = ["PronounsResolved"]

_DIRECT = re.compile(r"[\"“”]|^\s*[A-Z][\w .'’-]{0,30}:", re.MULTILINE)
_FORMS = {"he": {"he": "", "him": "", "his": "'s"}, "she": {"she": ""}}


@dataclass(frozen=True, slots=True, kw_only=True)
class PronounsResolved:
    """He, him, his or she written as the name, behind its first mention, where the passage names one
    person of that gender and speaks of nobody else who could be meant.

    "her" and "hers" stay: two words each. Dialogues and quotations are left alone.
    """

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with pronouns resolved."""
        if _DIRECT.search(example.passage):
            raise NotApplicable("a dialogue or quotation")
        taken = words(example.passage)
        resolved, changed = taken, 0
        for gender in ("he", "she"):
            first = _only_name(taken, gender)
            if first is not None:
                resolved, count = _resolved(resolved, first, gender)
                changed += count
        if not changed:
            raise NotApplicable("no pronoun that can mean one name only")
        draft = Draft.of(example).with_field("passage", resolved.text)
        yield draft.noting(pronouns=changed).variant(self, severity)


def _only_name(taken: Words, gender: str) -> int | None:
    """Return the index of the first mention of the only person of this gender; `None` where there may be
    another, named or not."""
    first: int | None = None
    for i, word in enumerate(taken.words):
        if word.lower() in _others(gender) or _unknown_name(taken, i):
            return None
        if name_kinds().get(word) == gender:
            if first is not None and taken.words[first] != word:
                return None
            first = i if first is None else first
    return first


def _unknown_name(taken: Words, at: int) -> bool:
    word = taken.words[at]
    if opens_sentence(taken, at) or not word[0].isupper() or not word.isalpha():
        return False
    return word not in name_kinds() and word not in word_list("names")["kept"]


def _resolved(taken: Words, first: int, gender: str) -> tuple[Words, int]:
    name, forms, changed = taken.words[first], _FORMS[gender], 0
    tokens = list(taken.words)
    for i in range(first + 1, len(tokens)):
        word = tokens[i].lower()
        if word not in forms or (word == "his" and not _before_word(taken, i)):
            continue
        tokens[i] = name + forms[word]
        changed += 1
    return replace(taken, words=tuple(tokens)), changed


def _before_word(taken: Words, at: int) -> bool:
    """Tell whether a word follows that "his" belongs to."""
    follower = taken.words[at + 1 : at + 2]
    return bool(follower) and follower[0][0].isalnum()


@cache
def _others(gender: str) -> frozenset[str]:
    lists = word_list("names")
    return frozenset((*lists[f"{gender}_words"], *lists["anyone"]))
