"""CharSwap of AdvRACE (Si et al. 2021, arXiv 2004.14004): letters swapped in the words that link passage,
question and options, so that nothing in the passage matches them any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

from robustness.attacks.draft import Draft
from robustness.attacks.noise import swapped
from robustness.attacks.word_edits import CHOICES, WordEdits, word_edit
from robustness.attacks.wordlists import word_list
from robustness.domain import Edit, Example, NotApplicable, Place, Polarity, Variant
from robustness.rng import Rng
from robustness.text import words

__all__ = ["CharSwap"]

_SHORTEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CharSwap:
    """One swap of neighbouring letters in every eligible word of the question and in every eligible word
    of the passage that holds, itself or by its Lancaster stem, a word or stem of question or options.

    Eligible: four characters and more, no stop word. Two equal letters are drawn once more; a digit
    or punctuation mark ends the try. First and last character never move.
    """

    name: str
    polarity: Polarity
    edits_words: ClassVar[bool] = True

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with swapped letters in linked words."""
        links = _links(example)
        question, in_question = _swapped(example.question, None, rng)
        passage, in_passage = _swapped(example.passage, links, rng)
        if not in_question + in_passage:
            raise NotApplicable("no word that can be swapped")
        draft = replace(Draft.of(example), passage=passage, question=question)
        yield draft.noting(words_in_passage=in_passage, words_in_question=in_question).variant(self, severity)

    def word_edits(self, example: Example, rng: Rng) -> WordEdits:
        """Return a few swaps of every eligible word; all of them may be taken."""
        found: list[Edit] = []
        limits: dict[Place, int] = {}
        fields: tuple[tuple[Place, str, tuple[str, ...] | None], ...] = (
            ("question", example.question, None),
            ("passage", example.passage, _links(example)),
        )
        for place, text, links in fields:
            taken = words(text)
            at = [i for i, word in enumerate(taken.words) if _taken(word, links)]
            limits[place] = len(at)
            for i in at:
                swaps = _swaps(taken.words[i])
                rng.shuffle(swaps)
                found += [word_edit(place, taken, i, other) for other in swaps[:CHOICES]]
        return WordEdits(tuple(found), limits)


def _swaps(word: str) -> list[str]:
    """Return every other word that one swap can make of this one."""
    pairs = ((at, word[at], word[at + 1]) for at in range(1, len(word) - 2))
    return [swapped(word, at) for at, a, b in pairs if a != b and a.isalpha() and b.isalpha()]


def _taken(word: str, links: tuple[str, ...] | None) -> bool:
    return _eligible(word) and (links is None or _linked(word.lower(), links))


def _links(example: Example) -> tuple[str, ...]:
    """Return the words of question and options, and their stems, that a passage word may hold."""
    found: set[str] = set()
    for text in (example.question, *example.options):
        for word in filter(_eligible, words(text).words):
            found |= {word.lower(), _stem(word.lower())}
    return tuple(sorted(found))


def _swapped(text: str, links: tuple[str, ...] | None, rng: Rng) -> tuple[str, int]:
    taken = words(text)
    tokens, changed = list(taken.words), 0
    for i, word in enumerate(tokens):
        if _taken(word, links):
            tokens[i] = _swap(word, rng)
            changed += tokens[i] != word
    return replace(taken, words=tuple(tokens)).text, changed


def _swap(word: str, rng: Rng) -> str:
    at = 1 + rng.below(len(word) - 3)
    if word[at] == word[at + 1]:
        at = 1 + rng.below(len(word) - 3)
    return swapped(word, at) if word[at].isalpha() and word[at + 1].isalpha() else word


def _linked(word: str, links: tuple[str, ...]) -> bool:
    stem = _stem(word)
    return any(link in word or link in stem for link in links)


def _eligible(word: str) -> bool:
    return len(word) >= _SHORTEST and word.lower() not in _stop_words() and any(c.isalpha() for c in word)


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    return frozenset(word_list("closed-class")["stop"])


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from nltk.stem.lancaster import LancasterStemmer

    return LancasterStemmer()
