"""What any report says, as data: the one thing that every renderer reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from robustness.domain import Run, Status, Suite
from robustness.reports.audited import (
    FindingSummary,
    SentinelSummary,
    findings,
    invalid_rows,
    sentinels,
)
from robustness.reports.headline import headline, remarks
from robustness.reports.measured import finite_estimate, finite_number, finite_value, measured
from robustness.reports.privacy import public_environment, public_text, without_quotes
from robustness.reports.telling import Telling, index, telling
from robustness.results import Estimate, Judgement, Outcome, Result, RobustAccuracy, Verdict

__all__ = [
    "SCHEMA",
    "AttackSummary",
    "CleanSummary",
    "ModelSummary",
    "SuiteSummary",
    "Summary",
    "summarise",
]

SCHEMA = 1

_GRAVITY = (Status.FAIL, Status.INVALID, Status.UNDECIDED, Status.PASS)


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
    status: Status | None
    """The gravest of its verdicts; None where no limit was set."""
    reason: str
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
        remarks=remarks(judgement, families),
        status=judgement.status,
        model=ModelSummary(public_text(run.model), run.model_fingerprint),
        data=public_text(suite.data),
        suite=_suite(suite),
        clean=_clean(judgement),
        attacks=_attacks(suite, run, judgement, text=text),
        verdicts=tuple(measured(v) for v in judgement.verdicts),
        robust_accuracy=measured(judgement.robust_accuracy),
        findings=findings(suite.audit, text=text),
        sentinels=sentinels(suite.audit),
        invalid_rows=rows if text else (),
        invalid_rows_count=len(rows),
        environment=public_environment(run.environment),
        text=text,
    )


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
    attacks: list[AttackSummary] = []
    for result in judgement.results:
        key = result.name, result.severity
        examples = telling(result, outcomes[key], run=run, items=items, text=text)
        shown = result if text else _quiet(result)
        attacks.append(_attack(shown, recipes.get(result.name, {}), verdicts[key], examples))
    return tuple(attacks)


def _attack(
    result: Result,
    recipe: Mapping[str, object],
    verdicts: Sequence[Verdict],
    examples: tuple[Telling, ...],
) -> AttackSummary:
    gravest = min(verdicts, key=lambda v: _GRAVITY.index(v.status), default=None)
    numbers = {f.name: finite_value(getattr(result, f.name)) for f in fields(Result)}
    return AttackSummary(
        **cast("dict[str, Any]", numbers),
        title=str(recipe.get("title", result.name)),
        family=str(recipe.get("family", "")),
        source=str(recipe.get("source", "")),
        claim=str(recipe.get("claim", "")),
        known_limits=_known_limits(recipe),
        limits={v.check: v.limit for v in verdicts},
        status=gravest.status if gravest else None,
        reason=gravest.reason if gravest else "",
        examples=examples,
    )


def _known_limits(recipe: Mapping[str, object]) -> tuple[str, ...]:
    known = recipe.get("known_limits", recipe.get("limits_known"))
    return tuple(map(str, known)) if isinstance(known, list | tuple) else ()


def _quiet(result: Result) -> Result:
    """Return the result with quotations cut from its reasons: an attack may quote the passage."""
    skipped: dict[str, int] = defaultdict(int)
    for reason, number in result.skipped.items():
        skipped[without_quotes(reason)] += number
    return replace(result, skipped=dict(skipped))


def _mappings(value: object) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", value) if isinstance(value, Mapping) else {}
