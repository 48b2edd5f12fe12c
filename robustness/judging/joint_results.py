"""What several answers together tell, as plain data: contrast sets, kinds of options chosen, ladders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from robustness.domain import Polarity
from robustness.results import Estimate

__all__ = ["ContrastGroups", "DosePoint", "DoseResponse", "RoleShares"]


@dataclass(frozen=True, slots=True)
class ContrastGroups:
    """Contrast consistency under one attack (Gardner et al. 2020)."""

    attack: str
    sets: int
    """Items with their variants: one set each."""
    clusters: int
    """Passages among them."""
    consistency: Estimate
    """Share of the sets with every member right, in [0, 1]; None where a member was not measured."""


@dataclass(frozen=True, slots=True)
class RoleShares:
    """Which kinds of option were chosen under one condition (STARC, Berzak et al. 2020)."""

    attack: str
    """`clean` for the unchanged questions."""
    severity: int
    """0 for clean."""
    n: int
    chosen: Mapping[str, float]
    """Role a (right), b (misreads the evidence), c (from the distractor span), d (no support) -> share
    of the items, in [0, 1]; sums to 1."""
    errors: Mapping[str, float | None]
    """Role b, c, d -> share of the errors; None without an error."""


@dataclass(frozen=True, slots=True)
class DosePoint:
    """One severity of a ladder."""

    severity: int
    """0 for clean."""
    dose: float
    """The rate that the recipe gives this severity, or the severity itself; 0 for clean."""
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class DoseResponse:
    """One attack from clean to its harshest severity, over the items measured at every one of them."""

    attack: str
    polarity: Polarity
    dose: Literal["rate", "severity"]
    """What the doses count: the share of words, or the levels of the recipe."""
    n: int
    """Items: sources with a variant at every severity, none degraded."""
    clusters: int
    points: tuple[DosePoint, ...]
    """Clean first."""
    area: Estimate
    """Mean accuracy over all doses from clean to the harshest, in [0, 1] (trapezoids): under an attack
    higher is better, under an ablation it is more of a shortcut."""
    area_lost: Estimate
    """Clean accuracy minus `area`: the mean drop over all doses, in [-1, 1]."""
