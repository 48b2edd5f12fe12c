"""What any report says, as data: the one thing that every renderer reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from robustness.domain import HOW_COMPUTED, Run, Status, Suite
from robustness.reports.audited import (
    FindingSummary,
    SentinelSummary,
    findings,
    invalid_rows,
    sentinels,
)
from robustness.reports.headline import headline, remarks
from robustness.reports.measured import finite_estimate, finite_number, finite_value, measured
from robustness.reports.notices import notices
from robustness.reports.privacy import public_environment, public_text, without_quotes
from robustness.reports.telling import Telling, index, telling
from robustness.reports.wording import excused
from robustness.results import (
    Calibration,
    Comparison,
    Estimate,
    Judgement,
    Outcome,
    PositionBias,
    Result,
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

SCHEMA = 2

_GRAVITY = (
    (Status.FAIL, False),
    (Status.INVALID, False),
    (Status.UNDECIDED, False),
    (Status.FAIL, True),
    (Status.UNDECIDED, True),
    (Status.PASS, False),
)
"""Status and whether a known failure excuses it; what decides something comes before what does not."""


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
    position_bias: PositionBias | None
    """Over the clean questions; None in reports of schema 1."""
    correction: str
    """`none`, or `holm`: then a FAIL had to hold after Holm over all gates."""
    baseline: str
    """Name and fingerprint of the baseline's model; empty without one."""
    comparisons: tuple[Comparison, ...]
    """With the baseline: clean accuracy first, then one per check; empty without one."""
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
    recipes = _mappings(suite.plan.get("recipes"))
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
        attacks=_attacks(suite, run, judgement, text=text),
        verdicts=tuple(_verdict(v) for v in judgement.verdicts),
        robust_accuracy=measured(judgement.robust_accuracy),
        calibration=measured(judgement.calibration),
        position_bias=measured(judgement.position_bias),
        correction=judgement.correction,
        baseline=public_text(judgement.baseline),
        comparisons=measured(judgement.comparisons),
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


def _attacks(suite: Suite, run: Run, judgement: Judgement, *, text: bool) -> tuple[AttackSummary, ...]:
    items = index(suite)
    recipes = _mappings(suite.plan.get("recipes"))
    outcomes: dict[tuple[str, int], list[Outcome]] = defaultdict(list)
    for outcome in judgement.outcomes:
        outcomes[outcome.attack, outcome.severity].append(outcome)
    verdicts: dict[tuple[str, int], list[Verdict]] = defaultdict(list)
    for verdict in judgement.verdicts:
        verdicts[verdict.attack, verdict.severity].append(verdict)
    reasons = _reasons(suite)
    attacks: list[AttackSummary] = []
    for result in judgement.results:
        key = result.name, result.severity
        examples = telling(result, outcomes[key], run=run, items=items, text=text)
        shown = result if text else _quiet(result)
        made = _attack(shown, recipes.get(result.name, {}), verdicts[key], examples)
        attacks.append(replace(made, limits_reason=reasons.get(result.name, "")))
    return tuple(attacks)


def _reasons(suite: Suite) -> Mapping[str, str]:
    """Return why the plan sets the limits of each attack, by its name."""
    checks = suite.plan.get("checks")
    entries = checks if isinstance(checks, list | tuple) else ()
    return {str(entry.get("attack")): str(entry.get("reason", "")) for entry in entries}


def _attack(
    result: Result,
    recipe: Mapping[str, object],
    verdicts: Sequence[Verdict],
    examples: tuple[Telling, ...],
) -> AttackSummary:
    gravest = min(verdicts, key=lambda v: _GRAVITY.index((v.status, excused(v))), default=None)
    numbers = {f.name: finite_value(getattr(result, f.name)) for f in fields(Result)}
    return AttackSummary(
        **cast("dict[str, Any]", numbers),
        title=str(recipe.get("title", result.name)),
        family=str(recipe.get("family", "")),
        source=str(recipe.get("source", "")),
        claim=str(recipe.get("claim", "")),
        known_limits=_known_limits(recipe),
        limits={v.check: v.limit for v in verdicts if not v.baseline},
        baseline_limits={v.check: v.limit for v in verdicts if v.baseline},
        limits_reason="",
        status=gravest.status if gravest else None,
        reason=gravest.reason if gravest else "",
        known_failure=gravest.known_failure if gravest and excused(gravest) else "",
        examples=examples,
    )


def _known_limits(recipe: Mapping[str, object]) -> tuple[str, ...]:
    known = recipe.get("known_limits")
    return tuple(map(str, known)) if isinstance(known, list | tuple) else ()


def _quiet(result: Result) -> Result:
    """Return the result with quotations cut from its reasons: an attack may quote the passage."""
    skipped: dict[str, int] = defaultdict(int)
    for reason, number in result.skipped.items():
        skipped[without_quotes(reason)] += number
    return replace(result, skipped=dict(skipped))


def _mappings(value: object) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", value) if isinstance(value, Mapping) else {}
