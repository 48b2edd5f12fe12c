"""What was measured: outcomes of one check -> Result, outcomes of all attacks -> robust accuracy."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from robustness.domain import Polarity, Suite
from robustness.errors import SuiteError, unknown
from robustness.results import Estimate, Outcome, Result, RobustAccuracy
from robustness.rng import derive
from robustness.stats import closed_form
from robustness.stats.resampling import Sample, sample

__all__ = ["clustered", "result", "robust_accuracy"]

_COLUMNS: Final = (
    "clean_credit",
    "credit",
    "chance_clean",
    "chance",
    "same_choice",
    "confidence_clean",
    "confidence",
)
_NONE: Final = Estimate(None)


def result(suite: Suite, items: Sequence[Outcome], *, attack: str, severity: int) -> Result:
    """Return everything measured for one recipe at one severity.

    Several variants of one source are several items of one passage; only the McNemar test counts
    each source once. Success and repair rates over fractional credits: credit lost / credit held,
    credit won / credit missing. Under polarity `abstain` nothing that needs a right option is
    given; the clean items are the answerable half of AUROC and risk-coverage.

    Args:
        suite: the suite that the outcomes belong to.
        items: its outcomes; those of other checks are left aside.
        attack: name of the recipe.
        severity: which severity of it.
    """
    rows = [item for item in items if (item.attack, item.severity) == (attack, severity)]
    measured = [row for row in rows if row.status == "ok"]
    scored = [row for row in measured if not row.degraded]
    counted = _counted(suite, rows, attack=attack, severity=severity)
    if not scored:
        return counted
    columns = {name: [float(getattr(row, name)) for row in scored] for name in _COLUMNS}
    pairs = list(zip(columns["clean_credit"], columns["credit"], strict=True))
    columns["drop"] = [before - after for before, after in pairs]
    columns["lost"] = [max(before - after, 0.0) for before, after in pairs]
    columns["won"] = [max(after - before, 0.0) for before, after in pairs]
    columns["missing"] = [1 - before for before, _ in pairs]
    groups = [row.group for row in scored]
    drawn = clustered(suite, columns, groups, attack, str(severity))
    if counted.polarity is Polarity.ABSTAIN:
        return _with_confidence(counted, drawn, scored)
    with_degraded = closed_form.mean([row.credit for row in measured])
    return replace(_with_accuracy(counted, drawn, scored), accuracy_with_degraded=with_degraded)


def _counted(suite: Suite, rows: Sequence[Outcome], *, attack: str, severity: int) -> Result:
    """Return the result with its counts and nothing else filled in."""
    invalid = Counter(row.status for row in rows if row.status != "ok")
    scored = [row for row in rows if row.status == "ok" and not row.degraded]
    degraded = sum(row.degraded for row in rows if row.status == "ok")
    assert len(scored) + invalid.total() + degraded == len(rows), "a variant went uncounted"
    applied = {row.source for row in rows}
    return Result(
        name=attack,
        polarity=_polarity(suite, attack),
        severity=severity,
        n=len(scored),
        clusters=len({row.group for row in scored}),
        applicable=len(applied),
        skipped=_skipped(suite, attack, applied),
        degraded=degraded,
        invalid=dict(sorted(invalid.items())),
        chance_clean=_mean([row.chance_clean for row in scored]),
        chance=_mean([row.chance for row in scored]),
        accuracy_clean=_NONE,
        accuracy=_NONE,
        accuracy_with_degraded=None,
        drop=_NONE,
        relative_drop=None,
        p_value=None,
        attack_success_rate=_NONE,
        repair_rate=_NONE,
        consistency=_NONE,
        margin_retained=_NONE,
        auroc=_NONE,
        aurc=None,
        coverage_at_80=None,
        planted_rate=closed_form.mean([row.planted for row in scored if not math.isnan(row.planted)]),
        visible_share=_mean([row.visible_share for row in scored]) if scored else 1.0,
        truncated=_mean([float(row.visible_share < 1) for row in scored]),
    )


def _with_accuracy(counted: Result, drawn: Sample, scored: Sequence[Outcome]) -> Result:
    clean, drop = drawn.mean("clean_credit"), drawn.mean("drop", lowest=-1.0)
    chances = ("chance", "chance_clean")
    return replace(
        counted,
        accuracy_clean=clean,
        accuracy=drawn.mean("credit"),
        drop=drop,
        relative_drop=drop.value / clean.value if drop.value is not None and clean.value else None,
        p_value=_p_value(scored),
        attack_success_rate=drawn.ratio("lost", "clean_credit"),
        repair_rate=drawn.ratio("won", "missing"),
        consistency=drawn.mean("same_choice"),
        margin_retained=drawn.margin_retained("credit", "clean_credit", chances=chances),
    )


def _with_confidence(counted: Result, drawn: Sample, scored: Sequence[Outcome]) -> Result:
    confidences = [o.confidence_clean for o in scored] + [o.confidence for o in scored]
    # A variant without a right option has credit 0; one whose right option is "none of the
    # above" earns what it earns.
    rights = [o.clean_credit for o in scored] + [o.credit for o in scored]
    return replace(
        counted,
        consistency=drawn.mean("same_choice"),
        auroc=drawn.auroc("confidence_clean", "confidence"),
        aurc=closed_form.aurc(confidences, rights),
        coverage_at_80=closed_form.coverage_at_accuracy(confidences, rights, 0.8),
    )


def _p_value(scored: Sequence[Outcome]) -> float:
    change: defaultdict[str, list[float]] = defaultdict(list)
    for row in scored:
        change[row.source] += [row.credit, -row.clean_credit]
    moves = [math.fsum(steps) for steps in change.values()]
    return closed_form.mcnemar(sum(move < 0 for move in moves), sum(move > 0 for move in moves))


def _skipped(suite: Suite, attack: str, applied: set[str]) -> Mapping[str, int]:
    reasons = {skip.source: skip.reason for skip in suite.skipped if skip.attack == attack}
    absent = (e.id for e in suite.examples if e.id not in applied)
    return dict(sorted(Counter(reasons.get(id_, "no reason recorded") for id_ in absent).items()))


def robust_accuracy(
    suite: Suite,
    clean: Mapping[str, float],
    items: Sequence[Outcome],
    results: Sequence[Result],
) -> RobustAccuracy:
    """Return accuracy where an example counts by the product of its credits, clean included.

    Over the checks of polarity `attack` except the control. An attack that does not apply to an
    example, or is degraded there, counts as a factor of 1 and leaves the null's exponent alone:
    the null is the mean of clean credit x (1 - q)^m with each example's own m. Undefined where no
    attack was measured, or where any variant among them was not.

    Args:
        suite: the suite that the outcomes belong to.
        clean: credit by id of each example measured under clean; no others are counted.
        items: the outcomes of the suite.
        results: its results.
    """
    control = suite.plan.get("control")
    counted = [r for r in results if r.polarity is Polarity.ATTACK and r.name != control and r.n]
    checks = {(r.name, r.severity) for r in counted}
    factors: dict[str, list[float]] = {id_: [] for id_ in clean}
    for row in items:
        if (row.attack, row.severity) in checks and not row.degraded and row.source in factors:
            factors[row.source].append(row.credit)
    rate = next((r.attack_success_rate.value for r in results if r.name == control), None)
    means = {r.name: r.accuracy.value for r in counted if r.accuracy.value is not None}
    lowest = min(sorted(means), key=means.__getitem__, default=None)
    null = [clean[id_] * (1 - (rate or 0.0)) ** len(found) for id_, found in factors.items()]
    return RobustAccuracy(
        worst_case=_worst_case(suite, clean, factors),
        null=closed_form.mean(null) if rate is not None and counted else None,
        control=str(control) if control is not None else None,
        control_rate=rate,
        attacks=len(counted),
        lowest=means[lowest] if lowest is not None else None,
        lowest_attack=lowest,
        mean=closed_form.mean(list(means.values())),
        n=len(clean),
    )


def _worst_case(suite: Suite, clean: Mapping[str, float], factors: Mapping[str, Sequence[float]]) -> Estimate:
    products = [clean[id_] * math.prod(found) for id_, found in factors.items()]
    if not any(factors.values()) or any(map(math.isnan, products)):
        return _NONE
    group = {example.id: example.group for example in suite.examples}
    return clustered(suite, {"all": products}, [group[i] for i in factors], "worst").mean("all")


def _polarity(suite: Suite, attack: str) -> Polarity:
    recipes: Any = suite.plan.get("recipes", {})
    if attack not in recipes:
        raise SuiteError(f"suite {suite.name!r}: {unknown('recipe', attack, recipes)}")
    return Polarity(recipes[attack]["polarity"])


def clustered(
    suite: Suite, columns: Mapping[str, Sequence[float]], groups: Sequence[str], *names: str
) -> Sample:
    """Return a sample whose draws depend on the suite and the check alone."""
    seed = derive(0, suite.fingerprint, "bootstrap", *names).below(2**53)
    return sample(columns, groups, seed=seed)


def _mean(values: Sequence[float]) -> float:
    return closed_form.mean(values) or 0.0
