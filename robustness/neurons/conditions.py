"""Items by condition (clean, each attack), and margins of any cube of logits over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.domain import Example, Polarity, Suite, Variant
from robustness.neurons.findings import CLEAN
from robustness.neurons.sequences import Sequences

__all__ = ["Condition", "conditions", "flips", "margins", "rights", "settled"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


_NOTHING: Final = 1e-5
"""A change of a logit below this counts as none: rounding depends on the shape of a batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """E items under one condition, with options as rows of the cube."""

    name: str
    """`clean`, or the recipe, with `.SEVERITY` behind it where it has several."""
    polarity: Polarity | None
    """None for clean."""
    sources: tuple[str, ...]
    """str[E], ids of the clean examples: items are paired through them."""
    groups: tuple[str, ...]
    """str[E], passages: the unit of resampling."""
    options: Ints
    """int[E, K], rows of the cube; -1 behind items with fewer options."""
    gold: Ints
    """int[E], position of the right option."""

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def rows(self) -> tuple[int, ...]:
        """All rows that its items need, ascending."""
        return tuple(int(row) for row in np.unique(self.options[self.options >= 0]))

    def where(self, chosen: npt.NDArray[np.bool_]) -> Condition:
        """Return the condition with the chosen items alone."""
        places = np.flatnonzero(chosen)
        return replace(
            self,
            sources=tuple(self.sources[at] for at in places),
            groups=tuple(self.groups[at] for at in places),
            options=self.options[places],
            gold=self.gold[places],
        )


def conditions(suite: Suite, data: Sequences) -> tuple[Condition, ...]:
    """Return clean and each attack of a suite, clean first, then in the suite's order.

    Left out are items that do not fit into the model, degraded variants, and items without a right
    option: their margin is not defined.
    """
    by_name: dict[str, list[tuple[Example, Variant | None]]] = {CLEAN: []}
    by_name[CLEAN] = [(example, None) for example in suite.examples]
    severities: dict[str, set[int]] = {}
    for variant in suite.variants:
        severities.setdefault(variant.attack, set()).add(variant.severity)
    for variant in suite.variants:
        name = variant.attack
        if len(severities[name]) > 1:
            name = f"{name}.{variant.severity}"
        by_name.setdefault(name, []).append((variant.example, variant))
    polarities = _polarities(suite)
    found = (_condition(name, items, data, polarities) for name, items in by_name.items())
    return tuple(condition for condition in found if condition is not None)


def _polarities(suite: Suite) -> Mapping[str, Polarity]:
    recipes = suite.plan.get("recipes", {})
    assert isinstance(recipes, Mapping)
    return {name: Polarity(recipe["polarity"]) for name, recipe in recipes.items()}


def _condition(
    name: str,
    items: list[tuple[Example, Variant | None]],
    data: Sequences,
    polarities: Mapping[str, Polarity],
) -> Condition | None:
    kept = [(example, variant) for example, variant in items if _is_measured(example, variant, data)]
    if not kept:
        return None
    rows = [data.options[example.id] for example, _ in kept]
    width = max(map(len, rows))
    first = kept[0][1]
    return Condition(
        name=name,
        polarity=None if first is None else polarities.get(first.attack, Polarity.ATTACK),
        sources=tuple(example.id if variant is None else variant.source for example, variant in kept),
        groups=tuple(example.group for example, _ in kept),
        options=np.array([[*row, *[-1] * (width - len(row))] for row in rows], dtype=np.int64),
        gold=np.array([example.answer for example, _ in kept], dtype=np.int64),
    )


def _is_measured(example: Example, variant: Variant | None, data: Sequences) -> bool:
    degraded = variant is not None and variant.degraded
    return example.answer is not None and not degraded and bool(data.options.get(example.id))


def settled(cube: npt.NDArray[np.floating], base: npt.NDArray[np.floating]) -> Floats:
    """Return float64[U, N], the cube with changes below 1e-5 taken back.

    Args:
        cube: float[U, N], logits under ablation.
        base: float[N], logits of the model as it is.
    """
    wide, own = np.asarray(cube, np.float64), np.asarray(base, np.float64)
    return np.where(np.abs(wide - own) < _NOTHING, own, wide)


def margins(logits: Floats, condition: Condition, *, block: int = 256) -> Floats:
    """Return float[U, E]: the gold option's logit minus the best other one's.

    Args:
        logits: float[U, N].
        condition: the items.
        block: units at a time.
    """
    parts = [_margins(part, condition) for part in _blocks(logits, block)]
    return np.concatenate(parts) if parts else np.zeros((0, len(condition)))


def _blocks(values: Floats, size: int) -> Iterator[Floats]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _margins(logits: Floats, condition: Condition) -> Floats:
    scores = logits[:, condition.options]  # float[U, E, K]
    scores = np.where(condition.options >= 0, scores, -np.inf)
    at = condition.gold[None, :, None]
    gold = np.take_along_axis(scores, at, 2)[:, :, 0]
    np.put_along_axis(scores, np.broadcast_to(at, (*gold.shape, 1)), -np.inf, 2)
    found: Floats = gold - scores.max(2)
    return found


def rights(margin: Floats) -> Floats:
    """Return 1 where the gold option leads, 1/2 where it ties with another, else 0."""
    return np.where(margin > 0, 1.0, np.where(margin == 0, 0.5, 0.0))


def flips(before: Floats, after: Floats) -> tuple[Ints, Ints]:
    """Return int[U], items turned right, and int[U], items turned wrong, by ablation.

    Args:
        before: float[E], margins of the model as it is.
        after: float[U, E], margins under ablation.
    """
    up = ((before <= 0) & (after > 0)).sum(1)
    down = ((before > 0) & (after <= 0)).sum(1)
    return up, down
