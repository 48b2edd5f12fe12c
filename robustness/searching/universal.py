"""Attacks that are looked for once and then used on every item: what they share.

They are prepared on the questions of one half of the passages and measured on the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from robustness.domain import Attack, Example, Model, Skip
from robustness.errors import DataError
from robustness.rng import derive
from robustness.searching.lockstep import margin_of, scored
from robustness.searching.proposals import Family, Proposal, Search, Step, Strategy, drawn

__all__ = ["PROBED", "Prepared", "halves", "probed", "right_alone", "using"]

PROBED = 64
"""Items that an attack is prepared on, at most."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An attack that was looked for once."""

    attack: Attack
    found: str
    """What was found, in words."""
    queries: int
    """Texts scored to find it, gradients included."""
    items: int
    """Items that it was prepared on."""


def halves(examples: Sequence[Example], seed: int) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Return the examples of a random half of the passages, to prepare on, and those of the rest.

    Raises `DataError` for fewer than two passages.
    """
    groups = sorted({example.group for example in examples})
    if len(groups) < 2:
        raise DataError(
            f"search: {len(groups)} passage came, but at least 2 are needed, one to prepare the attack on "
            f"and one to measure it on; give more data"
        )
    order = derive(seed, "search", "halves").permutation(len(groups))
    first = {groups[at] for at in order[: len(groups) // 2]}
    return (
        tuple(example for example in examples if example.group in first),
        tuple(example for example in examples if example.group not in first),
    )


def probed(examples: Sequence[Example], seed: int) -> tuple[Example, ...]:
    """Return a random sample of at most `PROBED` examples, sorted by id."""
    order = derive(seed, "search", "probed").permutation(len(examples))[:PROBED]
    return tuple(examples[at] for at in sorted(order))


def right_alone(model: Model, examples: Sequence[Example]) -> tuple[Example, ...]:
    """Return the examples in which the model prefers the gold option to every other one."""
    rows = scored(model, examples)
    return tuple(e for e, row in zip(examples, rows, strict=True) if margin_of(e, row) > 0)


def using(attack: Attack) -> Strategy:
    """Return the strategy that proposes what one attack makes of an item, and nothing else."""
    return partial(_using, attack=attack)


def _using(family: Family, example: Example, *, attack: Attack) -> Search:
    made = drawn(replace(family, attack=attack), example, 0)
    yield Step(() if isinstance(made, Skip) else tuple(map(Proposal, made)))
