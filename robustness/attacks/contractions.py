"""Contractions written out, and long forms contracted (CheckList, Ribeiro et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from robustness.attacks.draft import Draft
from robustness.attacks.wordlists import cased, word_list
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, sentences, words

__all__ = ["Contractions"]

Found: TypeAlias = tuple[int, Sequence[str], bool]
"""(index of the first of two words, what becomes of the two, whether a space stands between)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contractions:
    """All unambiguous contractions written out, or made. 's and 'd stay: they are two words each. So does
    "n't" in questions, where writing it out would change the word order."""

    name: str
    polarity: Polarity
    direction: Literal["expand", "contract"]
    fields: Annotated[tuple[Literal["passage", "question"], ...], Field(min_length=1)] = (
        "passage",
        "question",
    )

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with the other form."""
        draft, changed = Draft.of(example), 0
        for place in self.fields:
            text, count = self._rewritten(example.passage if place == "passage" else example.question)
            draft = draft.with_field(place, text)
            changed += count
        if not changed:
            raise NotApplicable("no contraction that can be rewritten without a doubt")
        yield draft.noting(changed=changed).variant(self, severity)

    def _rewritten(self, text: str) -> tuple[str, int]:
        pieces, end, changed = [], 0, 0
        find = _expansion if self.direction == "expand" else _contraction
        for start, stop in sentences(text):
            taken = words(text[start:stop])
            asks = taken.words[-1] in {"?", "？"}
            found = [hit for i in range(len(taken.words) - 1) if (hit := find(taken, i, asks=asks))]
            pieces += [text[end:start], _applied(taken, found)]
            changed += len(found)
            end = stop
        return "".join([*pieces, text[end:]]), changed


def _applied(taken: Words, found: Sequence[Found]) -> str:
    tokens, gaps = list(taken.words), list(taken.gaps)
    for i, pair, apart in found:
        tokens[i], tokens[i + 1] = pair
        gaps[i + 1] = " " if apart else ""
    return replace(taken, words=tuple(tokens), gaps=tuple(gaps)).text


def _expansion(taken: Words, at: int, *, asks: bool) -> Found | None:
    first, second = taken.words[at], taken.words[at + 1].lower().replace("’", "'")
    lists = word_list("contractions")
    irregular: Mapping[str, str] = lists["irregular"]
    if taken.gaps[at + 1] or not first.isalpha():
        return None
    if second == "n't":
        whole = irregular.get(first.lower()) or (first if first.lower() in lists["not"] else "")
        if asks or not whole or _lower(taken, at + 2) in _subjects():
            return None
        return at, (cased(whole, first), cased("not", taken.words[at + 1])), True
    long: Mapping[str, str] = lists["clitics"]
    if second not in long or first.lower() not in lists[long[second]]:
        return None
    return at, (first, long[second]), True


def _contraction(taken: Words, at: int, *, asks: bool) -> Found | None:
    first, second = taken.words[at], taken.words[at + 1]
    lists = word_list("contractions")
    # A stressed last word has no short form: "I think I am." A negation takes its word along.
    if taken.gaps[at + 1] != " " or not _lower(taken, at + 2).isalpha():
        return None
    if second == "not" and first.lower() in lists["not"] and not asks:
        return at, (first, "n't"), False
    short = _short().get(second)
    # "They have a car" is no "They've a car": the auxiliary shows in what follows.
    if not short or asks or first.lower() not in lists[second] or not _helps(taken, at + 1):
        return None
    return at, (first, short), False


def _helps(taken: Words, at: int) -> bool:
    """Tell whether "have" is an auxiliary here; the other words always are."""
    follower = _lower(taken, at + 1)
    if follower == "not":
        return False
    return taken.words[at] != "have" or follower == "been" or follower.endswith("ed")


def _lower(taken: Words, at: int) -> str:
    return taken.words[at].lower() if at < len(taken.words) else ""


@cache
def _short() -> Mapping[str, str]:
    clitics: Mapping[str, str] = word_list("contractions")["clitics"]
    return {long: short for short, long in clitics.items()}


@cache
def _subjects() -> frozenset[str]:
    return frozenset(word_list("contractions")["subjects"])
