"""What a search asks a model: candidates that may be kept, and probes that may not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from robustness.attacks.draft import Draft
from robustness.attacks.recipes import Recipe, apply
from robustness.attacks.spans import without
from robustness.domain import Attack, Edit, Example, Place, Skip, Variant
from robustness.errors import UsageError
from robustness.rng import derive

__all__ = [
    "PREFIX",
    "Family",
    "Proposal",
    "Search",
    "Step",
    "Strategy",
    "candidate",
    "clean",
    "drawn",
    "edited",
    "left_out",
    "renamed",
    "text_of",
]

PREFIX = "search:"
"""A recipe that was searched over is called this and its name, in suites and results."""


@dataclass(frozen=True, slots=True)
class Family:
    """What a search may do to an item: whatever one recipe could do at one severity."""

    recipe: Recipe
    attack: Attack
    severity: int
    seed: int

    @property
    def name(self) -> str:
        """Name of the recipe when it is searched over."""
        return PREFIX + self.recipe.name


@dataclass(frozen=True, slots=True)
class Proposal:
    """One variant to be scored."""

    variant: Variant
    probe: bool = False
    """Asked only to learn from (a word left out): never a result."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one item asks at once."""

    proposals: tuple[Proposal, ...]
    spent: int = 0
    """Further queries that this step costs, such as a forward pass for a gradient."""


Search: TypeAlias = Generator[Step, Sequence[float], None]
"""Yields steps and is sent the gold margin of each of their proposals; closed when it is over."""

Strategy: TypeAlias = Callable[[Family, Example], Search]


def drawn(family: Family, example: Example, number: int) -> tuple[Variant, ...] | Skip:
    """Return what the recipe makes of an example under the search's seed (0) or a further one of it."""
    name, version = family.recipe.name, str(family.recipe.version)
    seed = family.seed
    if number:
        seed = derive(seed, "search", name, version, example.id, str(number)).below(1 << 53)
    made = list(apply(family.recipe, family.attack, example, severity=family.severity, seed=seed))
    skips = [one for one in made if isinstance(one, Skip)]
    if skips:
        return replace(skips[0], attack=family.name)
    return tuple(renamed(one, family.name) for one in made if isinstance(one, Variant))


def renamed(variant: Variant, name: str) -> Variant:
    """Return the variant as the one variant of its source under another attack's name."""
    identity = f"{variant.source}~{name}.{variant.severity}"
    return replace(variant, id=identity, attack=name, example=replace(variant.example, id=identity))


def candidate(family: Family, draft: Draft) -> Variant:
    """Return a finished draft as a variant of this family."""
    return renamed(draft.variant(family.attack, family.severity), family.name)


def edited(family: Family, example: Example, edits: Sequence[Edit]) -> Variant:
    """Return the variant that edits of passage and question make; none overlaps another.

    Each edit speaks of the example as it is. In the variant they stand from the end of the text to its
    start, so that none moves another.
    """
    order = sorted(edits, key=lambda edit: (edit.place, -edit.start))
    draft = Draft.of(example)
    for edit in order:
        text = draft.passage if edit.place == "passage" else draft.question
        if text[edit.start : edit.start + len(edit.before)] != edit.before:
            raise UsageError(
                f"attack {family.recipe.name!r}: its word edit expects {edit.before!r} at {edit.start} of "
                f"the {edit.place}, which is not there; give edits of the example as it is"
            )
        text = text[: edit.start] + edit.after + text[edit.start + len(edit.before) :]
        draft = draft.with_field(edit.place, text)
    return replace(candidate(family, draft), edits=tuple(order))


def clean(family: Family, example: Example) -> Proposal:
    """Return the example as it is, to be asked and never kept."""
    return Proposal(candidate(family, Draft.of(example)), probe=True)


def left_out(family: Family, example: Example, span: tuple[Place, int, int]) -> Variant:
    """Return the example without one span of passage or question."""
    place, start, end = span
    text = example.passage if place == "passage" else example.question
    return candidate(family, Draft.of(example).with_field(place, without(text, start, end)))


def text_of(example: Example) -> tuple[str, str, tuple[str, ...]]:
    """Return all that a model reads of an item: equal texts are asked once."""
    return example.passage, example.question, example.options
