"""What a report says of each condition: its result, its recipe, and the items worth looking at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, cast

from robustness.domain import Polarity, Run, Status, Suite
from robustness.reports.curves import flip_counts, margin_spread, outcome_curve
from robustness.reports.measured import finite_value
from robustness.reports.privacy import without_quotes
from robustness.reports.summary import AttackSummary
from robustness.reports.telling import further, index, telling, told
from robustness.reports.wording import excused
from robustness.reports.worked import worked_example, worked_options
from robustness.results import Judgement, Outcome, Result, Verdict

__all__ = ["attack_summaries", "recipes_of"]

_FURTHER: Final = 5
"""So many items a condition shows beside its examples, at most."""
_FURTHER_IN_ALL: Final = 90
"""So many all conditions together: a page of many conditions stays small."""

_GRAVITY = (
    (Status.FAIL, False),
    (Status.INVALID, False),
    (Status.UNDECIDED, False),
    (Status.FAIL, True),
    (Status.UNDECIDED, True),
    (Status.PASS, False),
)
"""Status and whether a known failure excuses it; what decides something comes before what does not."""


def attack_summaries(
    suite: Suite, run: Run, judgement: Judgement, *, text: bool
) -> tuple[AttackSummary, ...]:
    """Return one summary per result of the judgement, in its order; `text` as in `summarise`."""
    items = index(suite)
    recipes = recipes_of(suite)
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
        more = further(result, outcomes[key], beside=examples, most=_share(len(judgement.results)))
        shown = result if text else _quiet(result)
        made = _attack(shown, recipes.get(result.name, {}), verdicts[key], outcomes[key])
        attacks.append(
            replace(
                made,
                limits_reason=reasons.get(result.name, ""),
                examples=examples,
                items=told(result, more, run=run, items=items, text=text),
            )
        )
    return tuple(attacks)


def _share(conditions: int) -> int:
    """Return how many further items each condition shows: fewer where there are many conditions."""
    return min(_FURTHER, _FURTHER_IN_ALL // max(1, conditions))


def _reasons(suite: Suite) -> Mapping[str, str]:
    """Return why the plan sets the limits of each attack, by its name."""
    checks = suite.plan.get("checks")
    entries = checks if isinstance(checks, list | tuple) else ()
    return {str(entry.get("attack")): str(entry.get("reason", "")) for entry in entries}


def _attack(
    result: Result,
    recipe: Mapping[str, object],
    verdicts: Sequence[Verdict],
    outcomes: Sequence[Outcome],
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
        examples=(),
        items=(),
        worked=worked_example(recipe),
        worked_options=worked_options(recipe),
        flips=flip_counts(outcomes, result.polarity),
        margins=margin_spread(outcomes),
        risk_coverage=outcome_curve(outcomes) if result.polarity is Polarity.ABSTAIN else (),
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


def recipes_of(suite: Suite) -> Mapping[str, Mapping[str, object]]:
    """Return the recipes that the suite was built with, by name, as they were read."""
    value = suite.plan.get("recipes")
    return cast("Mapping[str, Mapping[str, object]]", value) if isinstance(value, Mapping) else {}
