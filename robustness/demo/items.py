"""Questions about a story: which are asked, and which wrong options stand beside the gold one."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.demo.story import Fact, Story
from robustness.demo.templates import SLOTS, Ask, Split, allowed, phrases
from robustness.rng import Rng

__all__ = ["Item", "items"]


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its gold answer, before any distractor is chosen."""

    story: Story
    fact: Fact
    ask: Ask
    inside: tuple[str, ...]
    """Wrong options that the passage mentions: those of the same fact first."""
    outside: tuple[str, ...]
    """Wrong options that share no word with the passage, but for "the" and "was"."""

    @property
    def gold(self) -> str:
        """The right option."""
        return self.fact.values[self.ask.answer]

    @property
    def question(self) -> str:
        """The question as it is asked."""
        text = self.ask.question.format(**self.fact.values)
        return f"{text[:1].upper()}{text[1:]}"

    def offers(self, count: int, *, overlap: bool) -> bool:
        """Whether `count` distractors come from where they should."""
        return len(self.outside if overlap else self.inside) >= count

    def distractors(self, count: int, rng: Rng, *, overlap: bool) -> tuple[str, ...]:
        """Return at most `count` wrong options, in random order.

        They come from the passage, or with `overlap` from outside it, so that the gold option is
        then the only one whose words the passage holds. Where an item offers too few, the other
        ones fill up.
        """
        pool = self.outside if overlap else self.inside
        if not self.offers(2, overlap=overlap):
            pool = (*pool, *(self.inside if overlap else self.outside))
        return _shuffled(pool[:count], rng)


def items(story: Story, split: Split, rng: Rng) -> list[Item]:
    """Return all questions about `story`, in random order."""
    pairs = [(fact, ask) for fact in story.facts for ask in fact.template.asks]
    rng.shuffle(pairs)
    return [_item(story, fact, ask, split, rng) for fact, ask in pairs]


def _item(story: Story, fact: Fact, ask: Ask, split: Split, rng: Rng) -> Item:
    """Return one item. Names that `split` may not use in the fact's template are no options either:
    otherwise a model would learn in training that just the names of the test are never right."""
    kind = SLOTS[ask.answer]
    gold = fact.values[ask.answer]
    told = _crossed(story.mentioned(kind)) if kind == "reason" else story.mentioned(kind)
    apart = _apart(told, kind)
    if kind == "person":
        told, apart = (
            tuple(name for name in names if name in allowed(fact.template.id, split))
            for names in (told, apart)
        )
    return Item(story, fact, ask, _near_first(told, fact, gold, rng), _shuffled(apart, rng))


def _near_first(told: tuple[str, ...], fact: Fact, gold: str, rng: Rng) -> tuple[str, ...]:
    own = set(fact.values.values())
    wrong = _shuffled(tuple(phrase for phrase in told if phrase != gold), rng)
    return tuple(sorted(wrong, key=lambda phrase: phrase not in own))


def _shuffled(values: tuple[str, ...], rng: Rng) -> tuple[str, ...]:
    mixed = list(values)
    rng.shuffle(mixed)
    return tuple(mixed)


def _crossed(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """The reasons told and their crossings: "the bus was late" x "the car was old"."""
    parts = [reason.split(" was ") for reason in reasons]
    return tuple(f"{thing[0]} was {fault[1]}" for thing in parts for fault in parts)


def _apart(told: tuple[str, ...], kind: str) -> tuple[str, ...]:
    spent = {part for phrase in told for part in phrase.split(" was ")}
    return tuple(phrase for phrase in phrases(kind) if spent.isdisjoint(phrase.split(" was ")))
