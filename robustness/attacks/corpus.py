"""The other items: what an attack draws foreign passages and sentences from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt
from typing import Protocol, Self, runtime_checkable

from robustness.domain import Example, NotApplicable
from robustness.rng import Rng
from robustness.text import content_words, is_cjk

__all__ = ["Corpus", "NeedsCorpus"]


@runtime_checkable
class NeedsCorpus(Protocol):
    """An attack that draws on other items; the build binds it to all examples of the data set."""

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the corpus to draw from."""
        ...


@dataclass(frozen=True)
class Corpus:
    """The distinct passages of a data set, sorted, so that input order cannot matter."""

    passages: tuple[tuple[str, str], ...]
    """(group, passage), each pair once; a group may have several, such as levels of one text."""

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Corpus:
        """Return the corpus of the non-empty passages of these examples."""
        return cls(tuple(sorted({(e.group, e.passage) for e in examples if e.passage.strip()})))

    def random_other(self, example: Example, rng: Rng) -> str:
        """Return a passage of another group and in the same script, each as likely as any other.

        Raises `NotApplicable` where there is none.
        """
        count, own = len(self.passages), is_cjk(example.passage or example.question)
        for index in self._order_from(rng):
            group, passage = self.passages[index % count]
            if group != example.group and passage != example.passage and is_cjk(passage) == own:
                return passage
        raise NotApplicable("no other passage to draw from")

    def has_word(self, word: str) -> bool:
        """Tell whether any passage holds this content word, lower-cased."""
        return word in self._document_frequency

    def _order_from(self, rng: Rng) -> list[int]:
        # Independent draws first: a permutation of the whole corpus per item would be quadratic.
        count = len(self.passages)
        draws = [rng.below(count) for _ in range(32)] if count else []
        first = rng.below(count) if count else 0
        return [*draws, *range(first, first + count)]

    def nearest_other(self, example: Example) -> str:
        """Return the passage of another group with the highest cosine of log-weighted content words.

        Ties go to the first in sorted order. Raises `NotApplicable` where none shares a word.
        """
        vector = self._weighted(example.passage)
        dots: dict[int, float] = defaultdict(float)
        for word in sorted(vector):
            for index, weight in self._postings.get(word, ()):
                dots[index] += vector[word] * weight
        near = sorted(dots, key=lambda index: (-round(dots[index], 12), index))
        for index in near:
            group, passage = self.passages[index]
            if group != example.group and passage != example.passage:
                return passage
        raise NotApplicable("no other passage shares a content word")

    @cached_property
    def _document_frequency(self) -> Counter[str]:
        return Counter(w for _, passage in self.passages for w in set(content_words(passage)))

    def _weighted(self, passage: str) -> dict[str, float]:
        count = len(self.passages)
        frequency = self._document_frequency
        # Words in over a tenth of the passages decide nothing and would make the search quadratic.
        ceiling = max(5, count // 10)
        weights = {
            word: log(1 + count / frequency[word])
            for word in set(content_words(passage))
            if 0 < frequency[word] <= ceiling
        }
        norm = sqrt(sum(weights[word] ** 2 for word in sorted(weights))) or 1.0
        return {word: weight / norm for word, weight in weights.items()}

    @cached_property
    def _postings(self) -> dict[str, tuple[tuple[int, float], ...]]:
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for index, (_, passage) in enumerate(self.passages):
            for word, weight in self._weighted(passage).items():
                postings[word].append((index, weight))
        return {word: tuple(entries) for word, entries in postings.items()}
