"""What any report says, as plain data: the one thing that every renderer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robustness.domain import Status
from robustness.judging.joint_results import ContrastGroups, DoseResponse, RoleShares
from robustness.reports.illustrations import CurvePoint, Excerpt, FlipCounts, MarginSpread, Telling
from robustness.results import (
    Calibration,
    Comparison,
    Estimate,
    PositionBias,
    Result,
    RobustAccuracy,
    Verdict,
)

__all__ = [
    "SCHEMA",
    "AttackSummary",
    "CleanSummary",
    "FindingSummary",
    "ModelSummary",
    "SentinelSummary",
    "SuiteSummary",
    "Summary",
]


SCHEMA = 3


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """Which model was asked."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SuiteSummary:
    """Which frozen suite it was asked with."""

    name: str
    fingerprint: str
    seed: int
    description: str


@dataclass(frozen=True, slots=True)
class CleanSummary:
    """How the model does on unchanged questions."""

    n: int
    accuracy: Estimate
    chance: float | None
    passages: int
    invalid: int


@dataclass(frozen=True, slots=True)
class AttackSummary(Result):
    """One result with what a reader needs to understand it."""

    # A check without items has no chance level and no mean: there the summary says None.
    chance_clean: float | None  # type: ignore[assignment]
    chance: float | None  # type: ignore[assignment]
    visible_share: float | None  # type: ignore[assignment]
    truncated: float | None  # type: ignore[assignment]
    title: str
    family: str
    source: str
    """Paper and section."""
    claim: str
    """What the recipe holds to be true of a careful reader."""
    known_limits: tuple[str, ...]
    limits: Mapping[str, float]
    """Absolute ones, by kind."""
    baseline_limits: Mapping[str, float]
    """By how much each measure may be worse than the baseline's."""
    limits_reason: str
    """Why the plan sets these limits."""
    status: Status | None
    """The gravest of its verdicts; None where no limit was set."""
    reason: str
    """Of the gravest verdict."""
    known_failure: str
    """Until when, whose and why, where the gravest verdict is a known failure; else empty."""
    examples: tuple[Telling, ...]
    """Up to three, the most telling first."""
    items: tuple[Telling, ...]
    """A few more to look at: what broke and what held take turns."""
    worked: tuple[Excerpt, ...]
    """The recipe's own worked example: every text that it changes, before and after."""
    worked_options: tuple[tuple[str, ...], tuple[str, ...]]
    """Its options before and after, where their number or order changes; else both empty."""
    flips: FlipCounts | None
    """None where no option is right, or nothing was measured."""
    margins: MarginSpread | None
    """None where no item has a gold margin on both sides."""
    risk_coverage: tuple[CurvePoint, ...]
    """Under abstain, over the clean items and their variants together; else empty."""


@dataclass(frozen=True, slots=True)
class FindingSummary:
    """Something that a check of the data found."""

    kind: str
    count: int
    ids: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class SentinelSummary:
    """A model that cannot read, and how well it does under one attack."""

    attack: str
    severity: int
    sentinel: str
    accuracy_clean: float | None
    accuracy: float | None
    leak: bool
    """It does better than chance can explain: the attack gives the answer away."""
    declared: bool
    """The recipe says so itself."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report of one run says. Fractions, never percent; `created` alone is volatile."""

    schema: int
    created: str
    """ISO 8601 time, handed in."""
    headline: str
    remarks: tuple[str, ...]
    status: Status
    model: ModelSummary
    data: str
    suite: SuiteSummary
    clean: CleanSummary
    attacks: tuple[AttackSummary, ...]
    verdicts: tuple[Verdict, ...]
    robust_accuracy: RobustAccuracy
    calibration: Calibration | None
    """Of the clean questions; None in reports of schema 1."""
    risk_coverage: tuple[CurvePoint, ...]
    """Of the clean questions; empty in reports before schema 3."""
    position_bias: PositionBias | None
    """Over the clean questions; None in reports of schema 1."""
    correction: str
    """`none`, or `holm`: then a FAIL had to hold after Holm over all gates."""
    baseline: str
    """Name and fingerprint of the baseline's model; empty without one."""
    comparisons: tuple[Comparison, ...]
    """With the baseline: clean accuracy first, then one per check; empty without one."""
    slices: tuple[Verdict, ...]
    """The limits again on each kind of question that was asked for; one that fails fails the run."""
    dose_responses: tuple[DoseResponse, ...]
    contrasts: tuple[ContrastGroups, ...]
    roles: tuple[RoleShares, ...]
    """Kinds of options chosen; empty, as are the two above, in reports of schema 1."""
    findings: tuple[FindingSummary, ...]
    sentinels: tuple[SentinelSummary, ...]
    invalid_rows: tuple[str, ...]
    """Where and why; left out, but counted, where no text may appear."""
    invalid_rows_count: int
    environment: Mapping[str, str]
    text: bool
    """Whether passages, questions and options may appear."""
