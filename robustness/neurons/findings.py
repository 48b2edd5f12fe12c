"""What an analysis finds, as plain data: units, sets on held-out items, certificates, what is patched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from robustness.results import Estimate

__all__ = ["CLEAN", "HeldOut", "LayerCertificate", "Patched", "Quadrant", "SetTest", "UnitEffects"]

CLEAN: Final = "clean"
"""Name of the condition without an attack."""


class Quadrant(StrEnum):
    """What ablating a unit does to the margins: under attack (lift) and on clean items (cost)."""

    SHORTCUT = "shortcut"
    """It lifts attacked margins more than clean ones, and the clean cost is below the tolerance."""
    GUARDIAN = "guardian"
    """It lowers attacked margins more than clean ones, whose cost is below the tolerance."""
    ESSENTIAL = "essential"
    """It lowers both."""
    INERT = "inert"
    """Both intervals lie within the tolerance."""
    UNDECIDED = "undecided"
    """The intervals do not tell."""
    ESTIMATED = "estimated"
    """Screened only: no exact effect, so no judgement."""


@dataclass(frozen=True, slots=True)
class UnitEffects:
    """One unit (or head) under all conditions."""

    id: str
    verified: bool
    effects: tuple[tuple[str, Estimate, int, int], ...]
    """Condition, change of the mean margin, items turned right, items turned wrong. Without an
    interval where the unit was only screened."""
    lift: Estimate
    """Change of the mean margin over all attacked items."""
    cost: Estimate
    """Loss of the mean margin on clean items; negative where ablation helps."""
    specific: Estimate
    """Lift beyond the change on the same items when clean: what sets the attack apart. A unit that
    merely widens all margins has none."""
    p: float | None
    """Sign-flip test of `specific`, passages flipped as wholes: as if clean and attacked were swapped."""
    q: float | None
    """Benjamini-Hochberg over all units of the analysis, unverified ones counted as 1."""
    q_clean: float | None
    """The same for the clean cost."""
    quadrant: Quadrant
    traits: tuple[str, ...] = ()
    """`artefact`, `order`, `keyword`: see `traits`."""

    @property
    def discovered(self) -> bool:
        """Whether it is a shortcut or a guardian: material, and beyond chance for so many units."""
        return self.quadrant in (Quadrant.SHORTCUT, Quadrant.GUARDIAN)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One condition on the half that did not choose the set."""

    condition: str
    polarity: str | None
    """None for clean."""
    n: int
    before: float
    """Accuracy of the model as it is."""
    change: Estimate
    """Change of accuracy with the set ablated, interval over passages."""
    margin: float
    """Change of the mean margin."""
    p: float
    """Exact McNemar, two-sided."""
    random: tuple[float, float] | None
    """2.5 and 97.5 % points of the change of accuracy under matched random sets."""
    random_p: float | None
    """(1 + random sets with at least this change) / (1 + random sets)."""


@dataclass(frozen=True, slots=True)
class SetTest:
    """A set chosen on one half of the passages and judged on the other."""

    selection: str
    """The condition whose margins it was chosen to lift; `attacked` for all attacks together."""
    members: tuple[str, ...]
    synergy: float
    """Joint lift minus the sum of the members' single lifts, on the half that chose."""
    heldout: tuple[HeldOut, ...]
    random_sets: int
    steps: int
    """Sizes of sets that were tried in choosing; 0 where there was no time to choose."""


@dataclass(frozen=True, slots=True)
class LayerCertificate:
    """How far the screen of one kind and layer can be trusted."""

    kind: str
    layer: int
    units: int
    verified: int
    """Units with an exact effect; `units` where the layer is exhaustive."""
    radius: float | None
    """With probability 0.95 over the random draw a further unit's exact effect lies this near to its
    estimate; 0 where the layer is exhaustive, None where the draw is too small to say."""
    correlation: float | None
    """Between estimates and exact effects of the calibration units."""
    audited: int
    """Random units beyond the verified top that were verified too."""
    exceeding: int
    """Of the audited, those at or above the threshold."""
    missed: int
    """95 % upper bound on units at or above the threshold among those never verified."""
    threshold: float
    status: str
    """`exhaustive`, `certified`, or `not certified`: correlation below 0.8 or radius above the
    threshold, and no budget to verify the layer."""


@dataclass(frozen=True, slots=True)
class Patched:
    """One unit under one attack; means over items, with intervals over passages."""

    unit: str
    condition: str
    n: int
    total: Estimate
    """m(x') - m(x): what the attack does."""
    indirect: Estimate
    """m(x; values from x') - m(x): what it does through this unit alone."""
    restored: Estimate
    """m(x'; values from x) - m(x'): what the unit's clean values give back."""
    share: float | None
    """Mean indirect effect / mean total effect; None where the attack does nothing."""
    tokens: float
    """Share of the attacked tokens that have a partner; inserted ones are not patched."""
