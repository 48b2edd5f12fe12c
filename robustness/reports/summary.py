"""What any report says, as data: the one thing that every renderer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from robustness.domain import HOW_COMPUTED, Run, Status, Suite
from robustness.judging.groups import ContrastGroups, RoleShares, contrast_groups, role_shares
from robustness.judging.ladders import DoseResponse, dose_responses
from robustness.reports.attacked import AttackSummary, attack_summaries, recipes_of
from robustness.reports.audited import (
    FindingSummary,
    SentinelSummary,
    findings,
    invalid_rows,
    sentinels,
)
from robustness.reports.curves import CurvePoint, clean_curve
from robustness.reports.headline import headline, remarks
from robustness.reports.measured import finite_estimate, finite_number, measured
from robustness.reports.notices import notices
from robustness.reports.privacy import public_environment, public_text
from robustness.results import (
    Calibration,
    Comparison,
    Estimate,
    Judgement,
    PositionBias,
    RobustAccuracy,
    Verdict,
)

__all__ = [
    "SCHEMA",
    "AttackSummary",
    "CleanSummary",
    "ModelSummary",
    "SuiteSummary",
    "Summary",
    "summarise",
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


def summarise(
    suite: Suite, run: Run, judgement: Judgement, *, text: bool = True, created: str = ""
) -> Summary:
    """Return the summary of one run.

    Home paths, credentials and tokens are taken out of names and environment. With `text` off,
    only ids and numbers are left of the data: for corpora whose licence forbids passing them on.
    """
    recipes = recipes_of(suite)
    families = {name: str(recipe.get("family", "")) for name, recipe in recipes.items()}
    rows = invalid_rows(suite.audit)
    return Summary(
        schema=SCHEMA,
        created=created,
        headline=headline(judgement, families),
        remarks=(*notices(run, judgement), *remarks(judgement, families)),
        status=judgement.status,
        model=ModelSummary(public_text(run.model), run.model_fingerprint),
        data=public_text(suite.data),
        suite=_suite(suite),
        clean=_clean(judgement),
        attacks=attack_summaries(suite, run, judgement, text=text),
        verdicts=tuple(_verdict(v) for v in judgement.verdicts),
        robust_accuracy=measured(judgement.robust_accuracy),
        calibration=measured(judgement.calibration),
        risk_coverage=clean_curve(suite, run),
        position_bias=measured(judgement.position_bias),
        correction=judgement.correction,
        baseline=public_text(judgement.baseline),
        comparisons=measured(judgement.comparisons),
        slices=tuple(_verdict(v) for v in judgement.slices),
        dose_responses=measured(dose_responses(suite, judgement.outcomes)),
        contrasts=measured(contrast_groups(suite, run)),
        roles=role_shares(suite, run),
        findings=findings(suite.audit, text=text),
        sentinels=sentinels(suite.audit),
        invalid_rows=rows if text else (),
        invalid_rows_count=len(rows),
        environment=_environment(run),
        text=text,
    )


def _environment(run: Run) -> Mapping[str, str]:
    told = {name: value for name, value in run.environment.items() if name not in HOW_COMPUTED}
    return public_environment(told)


def _verdict(verdict: Verdict) -> Verdict:
    return replace(measured(verdict), baseline=public_text(verdict.baseline))


def _suite(suite: Suite) -> SuiteSummary:
    description = str(suite.plan.get("description", ""))
    return SuiteSummary(suite.name, suite.fingerprint, suite.seed, description)


def _clean(judgement: Judgement) -> CleanSummary:
    return CleanSummary(
        n=judgement.clean_n,
        accuracy=finite_estimate(judgement.clean_accuracy),
        chance=finite_number(judgement.clean_chance),
        passages=judgement.clean_clusters,
        invalid=judgement.clean_invalid,
    )
