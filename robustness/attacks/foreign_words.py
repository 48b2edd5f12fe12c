"""Words that do not belong: a few of the passage's exchanged, or a few planted before it, at random.

They are what gradient searches (HotFlip, universal triggers) search over, and the control beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import ClassVar, Literal, Self

from pydantic import PositiveInt

from robustness.attacks.corpus import Corpus
from robustness.attacks.draft import Draft
from robustness.attacks.noise import sampled
from robustness.attacks.spans import marked_spans
from robustness.attacks.word_edits import CHOICES, WordEdits, word_edit
from robustness.attacks.wordlists import word_list
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, words

__all__ = ["WordsPlanted", "WordsReplaced", "asked_words", "plain", "replaceable"]

_SHORTEST = 3
_DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsReplaced:
    """A few words of the passage replaced by words of other passages.

    Left alone: words of question and options, marked evidence, capitals, numbers, negations, function
    words. None becomes a word of question or options.
    """

    name: str
    polarity: Polarity
    count: PositiveInt = 2
    """How many, or as many as there are."""
    corpus: Corpus = Corpus(())
    edits_words: ClassVar[bool] = True

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the passages to draw words from."""
        return replace(self, corpus=corpus)

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with foreign words in its passage."""
        taken = words(example.passage)
        places = replaceable(example, taken)
        tokens = list(taken.words)
        chosen = sampled(len(places), min(1.0, self.count / max(1, len(places))), rng)
        for number in chosen:
            tokens[places[number]] = _foreign(example, self.corpus, rng)
        if not chosen:
            raise NotApplicable("no word that can be replaced")
        draft = Draft.of(example).with_field("passage", replace(taken, words=tuple(tokens)).text)
        yield draft.noting(words_replaced=len(chosen)).variant(self, severity)

    def word_edits(self, example: Example, rng: Rng) -> WordEdits:
        """Return a few random words for every place that can be replaced."""
        taken = words(example.passage)
        drawn = {
            at: dict.fromkeys(_foreign(example, self.corpus, rng) for _ in range(CHOICES))
            for at in replaceable(example, taken)
        }
        edits = (word_edit("passage", taken, at, word) for at, found in drawn.items() for word in found)
        return WordEdits(tuple(edits), {"passage": self.count})


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsPlanted:
    """A few words that say nothing, before or behind the passage: the place of a universal trigger
    (Wallace et al. 2019, section 2).

    Not where an option or the question holds one of them: that would be a keyword, and another attack.
    """

    name: str
    polarity: Polarity
    count: PositiveInt = 3
    position: Literal["start", "end"] = "start"
    words: tuple[str, ...] = ()
    """The same words for every item; drawn from other passages where there are none."""
    corpus: Corpus = Corpus(())

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the passages to draw words from."""
        return replace(self, corpus=corpus)

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with planted words."""
        if not example.passage.strip():
            raise NotApplicable("empty passage")
        planted = self.words or self._drawn(example, rng)
        if not asked_words(example).isdisjoint(planted):
            raise NotApplicable("question or options hold a planted word")
        text = self.beside(example.passage, planted)
        yield Draft.of(example).with_field("passage", text).variant(self, severity)

    def beside(self, passage: str, planted: Sequence[str]) -> str:
        """Return the passage with words planted."""
        parts = (*planted, passage) if self.position == "start" else (passage, *planted)
        return " ".join(parts)

    def offset(self, passage: str, planted: Sequence[str], at: int) -> int:
        """Return where the planted word number `at` stands in the passage that `beside` returns."""
        before = sum(len(word) + 1 for word in planted[:at])
        return before if self.position == "start" else len(passage) + 1 + before

    def _drawn(self, example: Example, rng: Rng) -> tuple[str, ...]:
        draws = (_foreign(example, self.corpus, rng) for _ in range(_DRAWS * self.count))
        return tuple(islice(dict.fromkeys(draws), self.count))


def plain(word: str) -> bool:
    """Tell whether a word is one of lower-case letters that carries no function: none of the stop words,
    negations, numerals, interrogatives and logical words.

    >>> plain("lamp"), plain("Leo"), plain("nothing"), plain("seven"), plain("to")
    (True, False, False, False, False)
    """
    letters = word.isascii() and word.isalpha() and word.islower()
    return letters and len(word) >= _SHORTEST and word not in _kept()


def asked_words(example: Example) -> frozenset[str]:
    """Return the words of question and options, lower-cased: what an answer may hang on."""
    texts = (example.question, *example.options)
    return frozenset(word.lower() for text in texts for word in words(text).words)


def replaceable(example: Example, taken: Words) -> list[int]:
    """Return which words of the passage may be exchanged, by index in `taken`."""
    asked = asked_words(example)
    marked = example.meta.get("evidence", "")
    evidence = marked_spans(marked, len(example.passage)) if marked else []
    spans = _spans(taken)
    return [
        at
        for at, word in enumerate(taken.words)
        if plain(word)
        and word not in asked
        and not any(spans[at][0] < end and start < spans[at][1] for start, end in evidence)
    ]


def _spans(taken: Words) -> list[tuple[int, int]]:
    edits = (word_edit("passage", taken, at, "") for at in range(len(taken.words)))
    return [(edit.start, edit.start + len(edit.before)) for edit in edits]


def _foreign(example: Example, corpus: Corpus, rng: Rng) -> str:
    """Return a random plain word of another passage that this item does not have."""
    own = asked_words(example) | {word.lower() for word in words(example.passage).words}
    for _ in range(_DRAWS):
        found = words(corpus.random_other(example, rng)).words
        fitting: Sequence[str] = [word for word in found if plain(word) and word not in own]
        if fitting:
            return rng.choice(fitting)
    raise NotApplicable("no foreign word in other passages")


@cache
def _kept() -> frozenset[str]:
    closed = word_list("closed-class")
    lists = ("interrogatives", "logical", "causal", "pronouns", "numerals", "stop")
    return frozenset(word for name in lists for word in closed[name]) | {*word_list("antonyms")["negations"]}
