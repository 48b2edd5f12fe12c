"""What a comparison of two neuron analyses says, as plain data: the one thing that its renderers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from robustness.neurons.findings import Quadrant
from robustness.results import Estimate

__all__ = [
    "SCHEMA",
    "Agreement",
    "Fate",
    "LayerBeside",
    "LayerLikeness",
    "NeuronsCompared",
    "Side",
    "Turned",
    "UnitBeside",
]

SCHEMA: Final = 1


class Fate(StrEnum):
    """What became of a unit of A in B, in order of what is read first."""

    KEPT = "kept"
    """A shortcut in both, or a guardian in both."""
    GONE = "gone"
    """A shortcut or guardian of A alone, and its lift is shown to be weaker in B, or to be turned."""
    NEW = "new"
    """A shortcut or guardian of B alone, and its lift is shown to be weaker in A, or to be turned."""
    OPEN = "open"
    """A shortcut or guardian of one alone, but that its lift is weaker in the other is not shown."""
    MOVED = "moved"
    """Its effect is shown to differ, and it is neither in either, or one in A and the other in B."""
    ALIKE = "alike"
    """No difference of a tenth of a spread is shown; that is no proof that there is none."""
    ESTIMATED = "estimated"
    """Not exact in both, so not judged."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two checkpoints."""

    label: str
    """Its model's name, with the folder's where both have one name."""
    folder: str
    """Its last part."""
    fingerprint: str
    spread: float
    """Standard deviation of its clean margins in logits: the unit of all effects here."""
    baseline: Mapping[str, tuple[float, float, int]]
    """Condition -> accuracy, mean margin in logits, items."""
    members: tuple[str, ...]
    """The set that its analysis tested; addresses of its own."""


@dataclass(frozen=True, slots=True)
class UnitBeside:
    """One unit in both. Effects are in spreads: shares of the checkpoint's own spread of clean margins."""

    id: str
    """Address in A."""
    partner: str
    """Address in B; the same where addresses are compared."""
    fate: Fate
    quadrant_a: Quadrant
    quadrant_b: Quadrant
    lift_a: Estimate
    lift_b: Estimate
    lift_change: Estimate
    """B minus A, paired by item, interval over passages."""
    q_lift: float | None
    """Sign-flip test by passage, Benjamini-Hochberg over all units exact in both."""
    cost_a: Estimate
    cost_b: Estimate
    cost_change: Estimate
    q_cost: float | None
    likeness: float | None
    """|Correlation| of activations on the same tokens; of heads, linear CKA."""
    weight_change: float | None
    """Norm of the change of its weights, relative to the median of its layer."""
    sets: str
    """Whose tested set it is of: `A`, `B`, `A, B` or empty."""


@dataclass(frozen=True, slots=True)
class Turned:
    """Units by what they are in A and in B."""

    kind: str
    quadrant_a: Quadrant
    quadrant_b: Quadrant
    units: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the two agree on which units have which effect, over one kind."""

    kind: str
    effect: str
    """`lift` or `clean cost`."""
    units: int
    exact: bool
    """Whether all of them are exact in both; else estimates take part."""
    spearman: Estimate
    top: int
    shared: tuple[str, ...]
    """Addresses, in A, of the units that are top units in both."""
    expected: float
    """Shared by chance, layer by layer."""
    p: float


@dataclass(frozen=True, slots=True)
class LayerLikeness:
    """How alike one kind and layer of two checkpoints are, on the same tokens."""

    kind: str
    layer: int
    same_place: float | None
    """Median |correlation| (heads: linear CKA) of units with one address; None where all are constant."""
    at_home: float | None
    """Share of units of A whose most alike unit in B has their own address."""
    matched: float
    """Share of units of A that have a partner in B at all."""
    cka: float
    """Linear CKA of the whole layer, in [0, 1] (Kornblith et al. 2019, section 3)."""
    cka_floor: float
    """What 95 % of 20 shuffles of the tokens stay below."""
    svcca: float
    """Mean canonical correlation of the directions that hold 99 % of the variance, at most a tenth as many
    as tokens (Raghu et al. 2017, section 2)."""
    svcca_floor: float
    weight_change: float | None
    """Median over units of the norm of the change of a unit's weights, relative to their norm in A."""


@dataclass(frozen=True, slots=True)
class LayerBeside:
    """One kind and layer in both."""

    likeness: LayerLikeness
    units: int
    exact: int
    """Exact in both."""
    size_a: float
    """Mean |lift| over its units, in spreads."""
    size_b: float


@dataclass(frozen=True, slots=True)
class NeuronsCompared:
    """Everything that a comparison of two analyses says."""

    schema: int
    a: Side
    b: Side
    suite: str
    suite_fingerprint: str
    items: int
    passages: int
    conditions: tuple[str, ...]
    attacked: bool
    """Whether the suite has an attack; without one lifts are of clean margins."""
    value: str
    """What units were set to."""
    by_address: bool
    """Whether the two began alike, so that an address means the same unit in both."""
    at_home: float
    """Share of units of A whose most alike unit in B has their own address."""
    unmatched: float
    """Share of units of A without a partner in B."""
    exact: int
    """Pairs of units that are exact in both: those that are judged."""
    fates: Mapping[str, int]
    """Fate -> pairs of units; none left out."""
    units: tuple[UnitBeside, ...]
    """All that are not alike, then members of the tested sets, then the largest changes; at most 100."""
    quadrants: tuple[Turned, ...]
    """Of units exact in both."""
    agreement: tuple[Agreement, ...]
    layers: tuple[LayerBeside, ...]
    notes: tuple[str, ...]

    def of(self, fate: Fate) -> tuple[UnitBeside, ...]:
        """Return the listed units of a fate."""
        return tuple(unit for unit in self.units if unit.fate is fate)
