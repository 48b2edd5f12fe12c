"""People and places renamed by one mapping in passage, question and all options.

Yan et al. 2022 (arXiv 2110.08555): a reader does not mind what people are called; every model that they
tested did. Also CheckList's tests of changed names and locations (Ribeiro et al. 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

from robustness.attacks.corpus import Corpus
from robustness.attacks.draft import Draft
from robustness.attacks.naming import chinese_surnames, named, renamed, renamed_chinese
from robustness.attacks.wordlists import word_list
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import is_cjk, words

__all__ = ["RenameFromData", "RenameNames"]

Texts: TypeAlias = tuple[str, ...]

_KINDS: Mapping[str, tuple[str, ...]] = {"people": ("she", "he", "surname"), "places": ("city",)}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameNames:
    """Names replaced by others of their kind, one for one, whole words, possessives and plurals too.

    A name stays where it is part of a longer one (a full name, "London Bridge"), is also a plain word
    of the item, or stands inside a hyphenated word. Chinese: family names in forms of address.
    """

    name: str
    polarity: Polarity
    kind: Literal["people", "places"] = "people"
    source: Literal["everyday", "random"] = "everyday"
    """Where new names come from: a list, or random letters of the same number."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with its names replaced."""
        texts = (example.passage, example.question, *example.options)
        if is_cjk(example.passage or example.question):
            mapping, rename = self._chinese(texts, rng)
        else:
            mapping, rename = self._english(texts, rng)
        draft = replace(
            Draft.of(example),
            passage=rename(example.passage, mapping),
            question=rename(example.question, mapping),
            options=tuple(rename(option, mapping) for option in example.options),
        )
        in_options = draft.options != example.options
        yield draft.noting(names=len(mapping), in_options=in_options).variant(self, severity)

    def _english(self, texts: Texts, rng: Rng) -> tuple[dict[str, str], Callable[..., str]]:
        found = named(texts, _KINDS[self.kind])
        if not found:
            raise NotApplicable("no name that can be replaced everywhere")
        known = {word.lower() for text in texts for word in words(text).words}
        mapping: dict[str, str] = {}
        for name, kind in found.items():
            new = self._new(name, kind, known, rng)
            mapping[name] = new
            known.add(new.lower())
        return mapping, renamed

    def _new(self, name: str, kind: str, known: set[str], rng: Rng) -> str:
        if self.source == "random":
            return _random_name(len(name), known, rng)
        names = [new for new in self._names(kind) if new.lower() not in known]
        if not names:
            raise NotApplicable("no other name to take")
        return rng.choice(names)

    def _names(self, kind: str) -> Sequence[str]:
        names: list[str] = word_list("names")[kind]
        return names

    def _chinese(self, texts: Texts, rng: Rng) -> tuple[dict[str, str], Callable[..., str]]:
        found = chinese_surnames(texts) if self.kind == "people" and self.source == "everyday" else ()
        held = "".join(texts)
        free = [name for name in word_list("names", "zh")["surname"] if name not in held]
        if not found or len(free) < len(found):
            raise NotApplicable("no name that can be replaced everywhere")
        order = rng.permutation(len(free))
        return {name: free[order[i]] for i, name in enumerate(found)}, renamed_chinese


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameFromData(RenameNames):
    """As `RenameNames`, with everyday names that the data set has elsewhere."""

    corpus: Corpus = Corpus(())

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the data set whose names it may take."""
        return replace(self, corpus=corpus)

    def _names(self, kind: str) -> Sequence[str]:
        return [name for name in word_list("names")[kind] if self.corpus.has_word(name.lower())]


def _random_name(length: int, known: set[str], rng: Rng) -> str:
    """Return random letters with a capital first one; longer where all short ones are words here."""
    while True:
        made = "".join(rng.choice(_LETTERS) for _ in range(length))
        if made not in known:
            return made.capitalize()
