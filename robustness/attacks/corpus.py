"""The other items: what an attack draws foreign passages, sentences and options from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt
from typing import Protocol, Self, runtime_checkable

from robustness.attacks.likeness import Form, content_set, form
from robustness.domain import Example, NotApplicable
from robustness.rng import Rng
from robustness.text import content_words, fold, is_cjk

__all__ = ["Corpus", "NeedsCorpus"]

_COMMON = 50
"""A word in more options than this says little of any, and would make the search quadratic."""


@runtime_checkable
class NeedsCorpus(Protocol):
    """An attack that draws on other items; the build binds it to all examples of the data set."""

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the corpus to draw from."""
        ...


@dataclass(frozen=True)
class Corpus:
    """The distinct passages and questions of a data set, sorted, so that input order cannot matter.
    It knows no answer, so nothing drawn from it can give one away."""

    passages: tuple[tuple[str, str], ...]
    """(group, passage), each pair once; a group may have several, such as levels of one text."""
    questions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(group, question, options), each once; the options of one question sorted."""

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Corpus:
        """Return the corpus of the non-empty passages, and of the questions, of these examples."""
        return cls(
            tuple(sorted({(e.group, e.passage) for e in examples if e.passage.strip()})),
            tuple(sorted({(e.group, e.question, tuple(sorted(e.options))) for e in examples})),
        )

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

    def siblings(self, example: Example) -> tuple[str, ...]:
        """Return the options of the other questions about the same passage, each once, sorted.

        The same question at another level of the text is not another question.
        """
        own = fold(example.question)
        asked = self._by_group.get(example.group, ())
        return tuple(sorted({o for question, options in asked if fold(question) != own for o in options}))

    def like_options(self, option: str, example: Example, rng: Rng) -> Iterator[str]:
        """Yield options of other groups in the form of this one, of its size first: at most 32 of
        each size, each option of the size as likely as any other."""
        wanted = form(option)
        for size in (wanted.size, wanted.size + 1, wanted.size - 1):
            found = self._by_form.get(Form(wanted.chinese, wanted.kind, wanted.opener, size), ())
            for _ in range(min(len(found), 32)):
                group, text = found[rng.below(len(found))]
                if group != example.group:
                    yield text

    @cached_property
    def stock_options(self) -> tuple[str, ...]:
        """The options that occur in two groups and more, those of most groups first."""
        groups: dict[str, set[str]] = defaultdict(set)
        spelled: dict[str, str] = {}
        for group, text in self._options:
            groups[fold(text)].add(group)
            spelled.setdefault(fold(text), text)
        often = sorted((-len(found), key) for key, found in groups.items() if len(found) > 1)
        return tuple(spelled[key] for _, key in often)

    def overlapping_options(self, example: Example) -> tuple[str, ...]:
        """Return options of other groups that share two content words and more with the passage,
        those that share most first; words of over fifty options are not looked up."""
        shared: Counter[int] = Counter()
        for word in content_set(example.passage):
            shared.update(self._options_by_word.get(word, ()))
        best = sorted((-count, index) for index, count in shared.items() if count > 1)
        found = (self._options[index] for _, index in best)
        return tuple(text for group, text in found if group != example.group)

    @cached_property
    def _options(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted({(group, o) for group, _, options in self.questions for o in options}))

    @cached_property
    def _by_group(self) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
        found: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        for group, question, options in self.questions:
            found[group].append((question, options))
        return {group: tuple(asked) for group, asked in found.items()}

    @cached_property
    def _by_form(self) -> dict[Form, tuple[tuple[str, str], ...]]:
        found: dict[Form, list[tuple[str, str]]] = defaultdict(list)
        for group, text in self._options:
            found[form(text)].append((group, text))
        return {key: tuple(entries) for key, entries in found.items()}

    @cached_property
    def _options_by_word(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = defaultdict(list)
        for index, (_, text) in enumerate(self._options):
            for word in set(content_words(text)):
                found[word].append(index)
        return {word: tuple(indices) for word, indices in found.items() if len(indices) <= _COMMON}
