"""Synonyms: words of the passage changed for equal ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar, Literal

from robustness.attacks.draft import Draft
from robustness.attacks.noise import Rate, sampled, share_of
from robustness.attacks.word_edits import CHOICES, WordEdits, word_edit
from robustness.attacks.wordlists import aligned, cased, word_list
from robustness.domain import Edit, Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, words

__all__ = ["SynonymSwap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymSwap:
    """A share of the passage's words that have a synonym replaced by one, case and inflection kept.

    A word that an option holds stays, and none becomes a word of an option: no option gains or loses
    a match. "a" and "an" follow their word.
    """

    name: str
    polarity: Polarity
    rate: Rate = 1.0
    """Share of the words that can be replaced; at least one is."""
    lexicon: Literal["words", "wordnet"] = "words"
    edits_words: ClassVar[bool] = True

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with synonyms in its passage."""
        taken = words(example.passage)
        places = self._places(example, taken)
        if not places:
            raise NotApplicable("no word with a synonym outside the options")
        tokens = list(taken.words)
        chosen = sampled(len(places), self.rate, rng)
        for number in chosen:
            i, found = places[number]
            tokens[i] = cased(rng.choice(found), tokens[i])
            _mend_article(tokens, i, taken.words[i])
        draft = Draft.of(example).with_field("passage", replace(taken, words=tuple(tokens)).text)
        yield draft.noting(words_changed=len(chosen), words_eligible=len(places)).variant(self, severity)

    def word_edits(self, example: Example, rng: Rng) -> WordEdits:
        """Return the synonyms of every word that can be replaced, and as many words as are replaced."""
        taken = words(example.passage)
        places = self._places(example, taken)
        found = [_edit(taken, i, other) for i, others in places for other in others[:CHOICES]]
        return WordEdits(tuple(found), {"passage": share_of(len(places), self.rate)})

    def _places(self, example: Example, taken: Words) -> list[tuple[int, tuple[str, ...]]]:
        kept = frozenset(word.lower() for option in example.options for word in words(option).words)
        places = ((i, self._synonyms(word, kept)) for i, word in enumerate(taken.words))
        return [(i, found) for i, found in places if found]

    def _synonyms(self, word: str, kept: frozenset[str]) -> tuple[str, ...]:
        lowered = word.lower()
        # A capital inside a sentence may be a name; an opening one is rare enough to leave too.
        if lowered in kept or not word.isalpha() or word != lowered:
            return ()
        return tuple(other for other in self._lookup(lowered) if other not in kept)

    def _lookup(self, word: str) -> tuple[str, ...]:
        from robustness.attacks.wordnet import wordnet_synonyms

        if self.lexicon == "words":
            return _listed().get(word, ())
        return () if word in _stop_words() or len(word) < 3 else wordnet_synonyms(word)


def _edit(taken: Words, at: int, other: str) -> Edit:
    """Return the edit of a word, with the article before it where that has to follow."""
    tokens = list(taken.words)
    tokens[at] = cased(other, tokens[at])
    _mend_article(tokens, at, taken.words[at])
    if at and tokens[at - 1] != taken.words[at - 1]:
        return word_edit("passage", taken, at - 1, tokens[at - 1] + taken.gaps[at] + tokens[at], size=2)
    return word_edit("passage", taken, at, tokens[at])


def _mend_article(tokens: list[str], at: int, before: str) -> None:
    if at == 0 or tokens[at - 1].lower() not in {"a", "an"}:
        return
    was, now = before[0].lower() in "aeiou", tokens[at][0].lower() in "aeiou"
    if was != now:
        tokens[at - 1] = cased("an" if now else "a", tokens[at - 1])


@cache
def _listed() -> Mapping[str, tuple[str, ...]]:
    lists: Mapping[str, Sequence[Sequence[str]]] = word_list("synonyms")
    found = aligned(lists["both_ways"])
    for form, others in aligned(lists["one_way"], both_ways=False).items():
        found[form] = (*found.get(form, ()), *others)
    return found


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(word_list("closed-class")["stop"])
