"""Attacks that are made of independent edits of words: what a search may combine as it likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from robustness.domain import Edit, Example, Place
from robustness.rng import Rng
from robustness.text import Words

__all__ = ["CHOICES", "EditsWords", "WordEdits", "edits_words", "word_edit"]

CHOICES = 4
"""Edits that are offered for one word, at most."""


@dataclass(frozen=True, slots=True)
class WordEdits:
    """Every edit that an attack could make of one example, and how many of them at once."""

    edits: tuple[Edit, ...]
    """Each against the example as it is; those whose spans overlap exclude each other."""
    limits: Mapping[Place, int]
    """Most edits per field: as many as the attack itself makes at this severity."""


@runtime_checkable
class EditsWords(Protocol):
    """An attack of which any subset of edits is as fair as all of them."""

    @property
    def edits_words(self) -> bool:
        """Whether this holds for its parameters."""
        ...

    def word_edits(self, example: Example, rng: Rng) -> WordEdits:
        """Return the edits to choose from; words that the attack protects have none."""
        ...


def edits_words(attack: object) -> bool:
    """Tell whether an attack is made of independent edits of words.

    >>> from robustness.attacks.recipes import recipe
    >>> edits_words(recipe("swap-letters").attack()), edits_words(recipe("rename-people").attack())
    (True, False)
    """
    return isinstance(attack, EditsWords) and attack.edits_words


def word_edit(place: Place, taken: Words, at: int, after: str, *, size: int = 1) -> Edit:
    """Return the edit that turns `size` words of a text, from the word `at` on, into `after`.

    >>> from robustness.text import words
    >>> edit = word_edit("passage", words("Is a lamp there?"), 1, "an axe", size=2)
    >>> edit.start, edit.before
    (3, 'a lamp')
    """
    pieces = [part for pair in zip(taken.gaps, taken.words, strict=False) for part in pair]
    start = sum(map(len, pieces[: 2 * at + 1]))
    return Edit(place, 0, start, "".join(pieces[2 * at + 1 : 2 * (at + size)]), after)
