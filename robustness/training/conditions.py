"""Training conditions: what is done to the training questions before a model learns from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from robustness.attacks.recipes import apply, recipe
from robustness.domain import Example, Variant
from robustness.errors import DataError, UsageError, unknown

__all__ = ["CONDITIONS", "condition_recipe", "under"]

CONDITIONS: Mapping[str, str | None] = MappingProxyType(
    {
        "plain": None,
        "passage-shuffle": "passage-word-shuffle",
        "question-shuffle": "question-word-shuffle",
        "passage-question-shuffle": "both-word-shuffle",
        "passage-remove": "no-passage",
        "question-remove": "no-question",
        "passage-question-remove": "options-only",
    }
)
"""Condition -> recipe that is run over the training questions; None leaves them as they are.

The six un-answerable conditions are those of Si, Wang, Kan and Jiang (2019), section on
un-answerable data. They touch passage and question alone, never an option, and never the
development or test questions: a model that was trained without passages is still tested with them.
"""


def condition_recipe(condition: str) -> str | None:
    """Return the recipe of a condition.

    Raises `UsageError` for a name that is not in `CONDITIONS`.

    >>> condition_recipe("passage-remove")
    'no-passage'
    """
    if condition not in CONDITIONS:
        raise UsageError(f"--condition: {unknown('condition', condition, CONDITIONS)}")
    return CONDITIONS[condition]


def under(condition: str, examples: Sequence[Example], *, seed: int) -> tuple[Example, ...]:
    """Return the training questions as `condition` leaves them, in order, under their own ids.

    A question that the recipe does not apply to, such as one with a passage of a single word, stays
    as it is. `seed` and the id of an example settle its shuffle; their order does not.

    Raises `UsageError` for an unknown condition, `DataError` where it applies to no example.
    """
    name = condition_recipe(condition)
    if name is None:
        return tuple(examples)
    altered = tuple(_altered(name, examples, seed))
    if all(new == old for new, old in zip(altered, examples, strict=True)):
        raise DataError(
            f"--condition {condition!r}: it changes none of the {len(examples)} examples, but a "
            "condition must change what is learned; check that they have passages and questions"
        )
    return altered


def _altered(name: str, examples: Sequence[Example], seed: int) -> Iterator[Example]:
    chosen = recipe(name)
    attack = chosen.attack()
    for example in examples:
        first = next(apply(chosen, attack, example, severity=1, seed=seed))
        if isinstance(first, Variant):
            yield replace(example, passage=first.example.passage, question=first.example.question)
        else:
            yield example
