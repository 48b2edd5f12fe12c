"""What can happen in a story: templates and words, read from the two data files beside this module."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

__all__ = ["SLOTS", "SPLITS", "Ask", "Split", "Template", "Words", "allowed", "phrases", "templates", "words"]

Split: TypeAlias = Literal["train", "dev", "test"]

SPLITS: Mapping[Split, tuple[float, float]] = {
    "train": (0.0, 0.5625),
    "dev": (0.5625, 0.75),
    "test": (0.75, 1.0),
}
"""Which part of each template's names, in the template's own order, a split may use."""

SLOTS: Mapping[str, str] = {
    **dict.fromkeys(("A", "B", "C", "she", "he"), "person"),
    **dict.fromkeys("PQR", "place"),
    **dict.fromkeys("OUW", "object"),
    "D": "day",
    "M": "month",
    "X": "reason",
}
"""Slot -> kind of word. `she` and `he` are the woman and the man among A and B."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question about a fact, and the slot that answers it."""

    kind: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of fact: ways to tell it and questions about it."""

    id: str
    says: tuple[str, ...]
    asks: tuple[Ask, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots to fill, sorted."""
        return tuple(sorted(set(re.findall(r"\{(\w+)\}", self.says[0]))))

    @property
    def sentences(self) -> int:
        """How many sentences it takes to tell."""
        return self.says[0].count(".")

    @property
    def gendered(self) -> bool:
        """Whether A and B must be a woman and a man, because a pronoun tells them apart."""
        return any(ask.answer in ("she", "he") for ask in self.asks)


@dataclass(frozen=True, slots=True)
class Words:
    """The lexicon: people by pronoun, and the other lists as the phrases that texts use."""

    she: tuple[str, ...]
    he: tuple[str, ...]
    phrases: Mapping[str, tuple[str, ...]]
    """place, object, day, month -> phrases such as "the park" and "on Monday"."""
    things: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """All names."""
        return self.she + self.he


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("robustness.demo") / name).read_text(encoding="utf-8"))


@cache
def words() -> Words:
    """Return the lexicon.

    >>> words().phrases["day"][0]
    'on Monday'
    """
    table = _table("words.toml")
    return Words(
        she=tuple(table["names"]["she"]),
        he=tuple(table["names"]["he"]),
        phrases={
            kind: tuple(table[kind]["phrase"].format(word) for word in table[kind]["words"])
            for kind in ("place", "object", "day", "month")
        },
        things=tuple(f"the {thing}" for thing in table["thing"]["words"]),
        faults=tuple(table["fault"]["words"]),
    )


def phrases(kind: str) -> tuple[str, ...]:
    """Return every phrase of one kind of slot (a value of `SLOTS`).

    >>> phrases("reason")[0]
    'the bus was old'
    """
    lexicon = words()
    if kind == "person":
        return lexicon.people
    if kind == "reason":
        return tuple(f"{thing} was {fault}" for thing in lexicon.things for fault in lexicon.faults)
    return lexicon.phrases[kind]


@cache
def templates() -> tuple[Template, ...]:
    """Return all templates, in the order of the data file.

    >>> templates()[0].id, templates()[0].slots
    ('went', ('A', 'D', 'P'))
    """
    table = _table("templates.toml")
    return tuple(
        Template(name, tuple(row["says"]), tuple(Ask(**ask) for ask in row["asks"]))
        for name, row in table.items()
    )


@cache
def allowed(template: str, split: Split) -> tuple[str, ...]:
    """Return the names that `split` may use in a template, sorted by gender and hash.

    Each template puts the women and the men in an order of its own, by SHA-256 of name and
    template, and cuts both orders at the same shares: every (name, template) pair belongs to
    exactly one split.

    >>> set(allowed("went", "train")) & set(allowed("went", "test"))
    set()
    """
    low, high = SPLITS[split]
    return tuple(
        name
        for group in (words().she, words().he)
        for rank, name in enumerate(sorted(group, key=lambda name: _digest(name, template)))
        if low <= rank / len(group) < high
    )


def _digest(name: str, template: str) -> bytes:
    return hashlib.sha256(f"{name}\n{template}".encode()).digest()
