"""Items and models for searches: a model that counts what it is asked, and one that trips over a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from robustness.domain import Example, Scores

_NAMES = ("Nora", "Leo", "Mia", "Sam", "Ida", "Ben", "Eva")
_THINGS = ("lamp", "tent", "coat", "boat", "kite", "drum", "rope", "bell", "spoon", "ladder", "basket")


class Counting:
    """A model that keeps all that it was asked; `rule` scores one item."""

    def __init__(self, rule: Callable[[Example], Scores]) -> None:
        self.name, self.fingerprint = "counting", "counting/1"
        self.rule = rule
        self.calls: list[tuple[Example, ...]] = []

    def score(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        self.calls.append(tuple(batch))
        return tuple(map(self.rule, batch))

    def asked(self, source: str) -> int:
        return sum(item.id.split("~")[0] == source for call in self.calls for item in call)


def reader_of(*needed: str) -> Callable[[Example], Scores]:
    """Return a rule whose gold score is how many of these words the passage holds, spelt right, less half
    of one: it is wrong from the moment that all are gone."""

    def rule(example: Example) -> Scores:
        there = sum(word in example.passage.replace(".", " ").split() for word in needed)
        return tuple(there - 0.5 if i == example.answer else 0.0 for i in range(len(example.options)))

    return rule


def item(number: int) -> Example:
    name = _NAMES[number % 7]
    things = [_THINGS[(number + step) % 11] for step in (0, 3, 5, 8)]
    gold = number % 4
    options = [f"the old {thing}" for thing in (*things[1:], things[0])]
    options[gold], options[-1] = options[-1], options[gold]
    return Example(
        id=f"trip{number:03d}",
        passage=(
            f"{name} carried the {things[0]} along the quiet river. Several children watched silently. "
            f"They often bought fresh bread together. The weather didn't change before evening."
        ),
        question=f"What did {name} carry along the river?",
        options=tuple(options),
        answer=gold,
        group=f"trip{number:03d}",
    )


def items(count: int) -> tuple[Example, ...]:
    return tuple(map(item, range(count)))
