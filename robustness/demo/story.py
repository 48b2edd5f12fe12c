"""One story: a passage, the facts it tells, and where each fact stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from robustness.demo.templates import SLOTS, Split, Template, allowed, phrases, templates, words
from robustness.rng import Rng

__all__ = ["Fact", "Story", "tell"]

_RIVALS = 0.2
"""Share of facts that have a rival: the same thing happens to other people in the same passage."""

_FAMILIAR = 0.7
"""Share of places for a person that go to someone already met in the story, where one may."""


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One filled template. Facts compare by identity: a story tells each once."""

    template: Template
    values: Mapping[str, str]
    """Slot -> phrase, such as `{"A": "Anna", "P": "the park"}`."""
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A passage and the facts in the order in which it tells them."""

    passage: str
    facts: tuple[Fact, ...]
    spans: Mapping[Fact, tuple[tuple[int, int], ...]]
    """Fact -> character offsets `(start, end)` of its sentences in the passage."""

    def mentioned(self, kind: str) -> tuple[str, ...]:
        """Return the phrases of one kind that the passage tells, each once, in order."""
        return tuple(
            dict.fromkeys(
                value for fact in self.facts for slot, value in fact.values.items() if SLOTS[slot] == kind
            )
        )


def tell(split: Split, rng: Rng, *, sentences: tuple[int, int] = (5, 9)) -> Story:
    """Return a story whose (name, template) pairs all belong to `split`.

    It takes templates in random order, fills each once or, for a rival of the same kind, twice,
    and shuffles the facts.

    >>> from robustness.rng import derive
    >>> tell("train", derive(0, "doctest")).facts[0].sentences
    ('Ada was angry because the bell was new.',)
    """
    order = list(templates())
    rng.shuffle(order)
    room = sentences[0] + rng.below(sentences[1] - sentences[0] + 1)
    teller = _Teller(split, rng)
    for template in order:
        for _ in range(2 if rng.uniform() < _RIVALS else 1):
            if template.sentences <= room:
                teller.add(template)
                room -= template.sentences
    rng.shuffle(teller.facts)
    return _laid_out(teller.facts)


@dataclass(slots=True)
class _Teller:
    """The state of one story while it is made up: nobody does the same thing twice in it, and
    no place, object or reason occurs twice."""

    split: Split
    rng: Rng
    facts: list[Fact] = field(default_factory=list)
    cast: dict[str, None] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)

    def add(self, template: Template) -> None:
        values: dict[str, str] = {}
        for slot in template.slots:
            if SLOTS[slot] == "person":
                values[slot] = self._person(template, slot, values)
            else:
                values[slot] = self._phrase(SLOTS[slot])
        if template.gendered:
            a, b = values["A"], values["B"]
            values["she"], values["he"] = (a, b) if a in words().she else (b, a)
        text = self.rng.choice(template.says).format(**values)
        parts = text.removesuffix(".").split(". ")
        self.facts.append(Fact(template, values, tuple(f"{part[:1].upper()}{part[1:]}." for part in parts)))

    def _person(self, template: Template, slot: str, values: Mapping[str, str]) -> str:
        free = [
            name
            for name in allowed(template.id, self.split)
            if (f"{template.id}.{slot}", name) not in self.taken and name not in values.values()
        ]
        if template.gendered and "A" in values:
            first_is_she = values["A"] in words().she
            free = [name for name in free if (name in words().she) != first_is_she]
        known = [name for name in free if name in self.cast]
        name = self.rng.choice(known if known and self.rng.uniform() < _FAMILIAR else free)
        self.taken.add((f"{template.id}.{slot}", name))
        self.cast[name] = None
        return name

    def _phrase(self, kind: str) -> str:
        if kind == "reason":
            thing, fault = self._unused("thing", words().things), self._unused("fault", words().faults)
            return f"{thing} was {fault}"
        if kind in ("day", "month"):
            return self.rng.choice(phrases(kind))
        return self._unused(kind, phrases(kind))

    def _unused(self, kind: str, options: Sequence[str]) -> str:
        word = self.rng.choice([option for option in options if (kind, option) not in self.taken])
        self.taken.add((kind, word))
        return word


def _laid_out(facts: Sequence[Fact]) -> Story:
    passage = ""
    spans: dict[Fact, tuple[tuple[int, int], ...]] = {}
    for fact in facts:
        found: list[tuple[int, int]] = []
        for sentence in fact.sentences:
            start = len(passage) + 1 if passage else 0
            passage = f"{passage} {sentence}".lstrip()
            found.append((start, len(passage)))
        spans[fact] = tuple(found)
    return Story(passage, tuple(facts), spans)
