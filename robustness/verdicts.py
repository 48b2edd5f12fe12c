"""A suite and a run, judged: outcomes per variant, results per check, verdicts per limit."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

from robustness import stats
from robustness.choices import Reading, outcome, read
from robustness.domain import Polarity, Run, Status, Suite
from robustness.errors import PlanError, ScoreError, SuiteError, unknown
from robustness.results import Estimate, Judgement, Outcome, Result, RobustAccuracy, Verdict
from robustness.rng import derive

__all__ = ["LIMITS", "judge", "outcomes", "overall", "result", "robust_accuracy", "verdict"]

LIMITS: Final[Mapping[str, str]] = {
    "max_drop": "drop",
    "min_accuracy": "accuracy",
    "max_success_rate": "attack_success_rate",
    "min_consistency": "consistency",
    "max_margin_retained": "margin_retained",
    "min_auroc": "auroc",
    "min_applicable": "share of examples that the attack applies to",
    "max_truncated": "truncated",
}
"""Every kind of limit, and what of a `Result` it bounds. Shares, not percent."""

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
_ORDER: Final = (Status.FAIL, Status.INVALID, Status.UNDECIDED, Status.PASS)


@dataclass(frozen=True, slots=True)
class _Check:
    """One attack at one severity, with the limits that the plan sets on it."""

    attack: str
    severity: int
    limits: Mapping[str, float]


def judge(suite: Suite, run: Run) -> Judgement:
    """Return everything that one run says about one suite, down to a single status.

    Raises:
        ScoreError: the run belongs to another suite, or a row has the wrong number of scores.
        SuiteError: a variant's source, or a check's recipe, is not in the suite.
        PlanError: the plan sets a limit of an unknown kind.
    """
    if run.suite != suite.fingerprint:
        raise ScoreError(
            f"run of {run.model!r}: it was made for suite {run.suite!r}, but suite "
            f"{suite.fingerprint!r} came; score this suite, or judge the run with its own"
        )
    clean = {example.id: read(example, run) for example in suite.examples}
    items = _outcomes(suite, run, clean)
    results, verdicts = _judged_checks(suite, items)
    measured = [e for e in suite.examples if clean[e.id].status == "ok"]
    earned = {e.id: clean[e.id].credit for e in measured}
    accuracy = _sample(suite, {"clean": list(earned.values())}, [e.group for e in measured])
    unmeasured = len(suite.examples) - len(measured)
    return Judgement(
        clean_accuracy=accuracy.mean("clean"),
        clean_chance=_mean([e.chance for e in measured]),
        clean_n=len(measured),
        clean_clusters=accuracy.clusters,
        clean_invalid=unmeasured,
        outcomes=items,
        results=results,
        verdicts=verdicts,
        robust_accuracy=robust_accuracy(suite, earned, items, results),
        status=overall(verdicts, unmeasured=unmeasured),
    )


def _judged_checks(suite: Suite, items: Sequence[Outcome]) -> tuple[tuple[Result, ...], tuple[Verdict, ...]]:
    by_check: defaultdict[tuple[str, int], list[Outcome]] = defaultdict(list)
    for item in items:
        by_check[item.attack, item.severity].append(item)
    results: list[Result] = []
    verdicts: list[Verdict] = []
    for check in _checks(suite):
        rows = by_check[check.attack, check.severity]
        found = result(suite, rows, attack=check.attack, severity=check.severity)
        results.append(found)
        verdicts += [
            verdict(found, kind, limit, min_passages=_min_passages(suite))
            for kind, limit in check.limits.items()
        ]
    return tuple(results), tuple(verdicts)


def outcomes(suite: Suite, run: Run) -> tuple[Outcome, ...]:
    """Return one outcome per variant, in the suite's order, beside its clean source.

    A variant is `ok` only where its source was measured too; else it carries the reason. What was
    not measured is NaN. A passage whose visible length is not recorded counts as seen in full.

    Raises:
        ScoreError: a row has the wrong number of scores.
        SuiteError: a variant's source is not in the suite.
    """
    return _outcomes(suite, run, {example.id: read(example, run) for example in suite.examples})


def _outcomes(suite: Suite, run: Run, clean: Mapping[str, Reading]) -> tuple[Outcome, ...]:
    sources = {example.id: example for example in suite.examples}
    for variant in suite.variants:
        if variant.source not in sources:
            raise SuiteError(
                f"suite {suite.name!r}: variant {variant.id!r} was made from {variant.source!r}, "
                f"but no example has that id; freeze the suite again"
            )
    return tuple(outcome(v, sources[v.source], clean[v.source], run) for v in suite.variants)


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
    sample = _sample(suite, columns, groups, attack, str(severity))
    if counted.polarity is Polarity.ABSTAIN:
        return _with_confidence(counted, sample, scored)
    with_degraded = stats.mean([row.credit for row in measured])
    return replace(_with_accuracy(counted, sample, scored), accuracy_with_degraded=with_degraded)


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
        planted_rate=stats.mean([row.planted for row in scored if not math.isnan(row.planted)]),
        visible_share=_mean([row.visible_share for row in scored]) if scored else 1.0,
        truncated=_mean([float(row.visible_share < 1) for row in scored]),
    )


def _with_accuracy(counted: Result, sample: stats.Sample, scored: Sequence[Outcome]) -> Result:
    clean, drop = sample.mean("clean_credit"), sample.mean("drop", lowest=-1.0)
    chances = ("chance", "chance_clean")
    return replace(
        counted,
        accuracy_clean=clean,
        accuracy=sample.mean("credit"),
        drop=drop,
        relative_drop=drop.value / clean.value if drop.value is not None and clean.value else None,
        p_value=_p_value(scored),
        attack_success_rate=sample.ratio("lost", "clean_credit"),
        repair_rate=sample.ratio("won", "missing"),
        consistency=sample.mean("same_choice"),
        margin_retained=sample.margin_retained("credit", "clean_credit", chances=chances),
    )


def _with_confidence(counted: Result, sample: stats.Sample, scored: Sequence[Outcome]) -> Result:
    confidences = [o.confidence_clean for o in scored] + [o.confidence for o in scored]
    # A variant without a right option has credit 0; one whose right option is "none of the
    # above" earns what it earns.
    rights = [o.clean_credit for o in scored] + [o.credit for o in scored]
    return replace(
        counted,
        consistency=sample.mean("same_choice"),
        auroc=sample.auroc("confidence_clean", "confidence"),
        aurc=stats.aurc(confidences, rights),
        coverage_at_80=stats.coverage_at_accuracy(confidences, rights, 0.8),
    )


def _p_value(scored: Sequence[Outcome]) -> float:
    change: defaultdict[str, list[float]] = defaultdict(list)
    for row in scored:
        change[row.source] += [row.credit, -row.clean_credit]
    moves = [math.fsum(steps) for steps in change.values()]
    return stats.mcnemar(sum(move < 0 for move in moves), sum(move > 0 for move in moves))


def _skipped(suite: Suite, attack: str, applied: set[str]) -> Mapping[str, int]:
    reasons = {skip.source: skip.reason for skip in suite.skipped if skip.attack == attack}
    absent = (e.id for e in suite.examples if e.id not in applied)
    return dict(sorted(Counter(reasons.get(id_, "no reason recorded") for id_ in absent).items()))


def verdict(found: Result, check: str, limit: float, *, min_passages: int = 30) -> Verdict:
    """Return what one limit says of one result, decided on the confidence bound.

    A `max_` limit passes where high <= limit and fails where low > limit; a `min_` limit passes
    where low >= limit and fails where high < limit; anything between is UNDECIDED. Anything
    unmeasured is INVALID, and under `min_passages` passages nothing passes or fails.
    `min_applicable` and `max_truncated` are counts of this very suite and have no interval.

    Raises:
        PlanError: `check` is not one of `LIMITS`.
    """
    if check not in LIMITS:
        raise PlanError(f"attack {found.name!r}: {unknown('limit', check, LIMITS)}")
    estimate = _bounded(found, check)
    status, reason = _decided(found, check, limit, estimate)
    if status in (Status.PASS, Status.FAIL) and found.clusters < min_passages:
        status = Status.UNDECIDED
        reason = f"{found.clusters} passage(s) were scored, but at least {min_passages} are needed"
    return Verdict(
        check=check,
        attack=found.name,
        severity=found.severity,
        estimate=estimate.value,
        low=estimate.low,
        high=estimate.high,
        limit=limit,
        n=found.n,
        clusters=found.clusters,
        status=status,
        reason=reason,
    )


def _bounded(found: Result, check: str) -> Estimate:
    if check == "min_applicable":
        examples = found.applicable + sum(found.skipped.values())
        share = found.applicable / examples if examples else 0.0
        return Estimate(share, share, share)
    if check == "max_truncated":
        return Estimate(found.truncated, found.truncated, found.truncated) if found.n else _NONE
    estimate: Estimate = attrgetter(LIMITS[check])(found)
    return estimate


def _decided(found: Result, check: str, limit: float, estimate: Estimate) -> tuple[Status, str]:
    reason = _not_measured(found, check, estimate)
    low, high = estimate.low, estimate.high
    if reason or low is None or high is None:
        return Status.INVALID, reason
    least = check.startswith("min_")
    good, bad = (low >= limit, high < limit) if least else (high <= limit, low > limit)
    what = f"{LIMITS[check]} {estimate.value:.3f} [{low:.3f}, {high:.3f}]"
    if good:
        return Status.PASS, f"{what} keeps to {check} {limit:g}"
    if bad:
        return Status.FAIL, f"{what} is clearly {'below' if least else 'above'} {check} {limit:g}"
    return Status.UNDECIDED, f"{what} lies on both sides of {check} {limit:g}; score more passages"


def _not_measured(found: Result, check: str, estimate: Estimate) -> str:
    """Return why nothing can be decided, or an empty string."""
    if found.invalid:
        parts = ", ".join(f"{count} {status}" for status, count in found.invalid.items())
        total = sum(found.invalid.values())
        return f"{total} of {found.n + found.degraded + total} variants were not measured: {parts}"
    if not found.applicable:
        return "the attack applied to no example"
    if not found.n:
        return f"no variant was scored: all {found.degraded} are degraded"
    if estimate.value is None:
        return _undefined(found, check)
    return ""


def _undefined(found: Result, check: str) -> str:
    if (check == "min_auroc") != (found.polarity is Polarity.ABSTAIN):
        return f"{LIMITS[check]} is not defined for polarity {found.polarity.value}"
    if check == "max_margin_retained":
        return "clean accuracy is not clearly above chance"
    return f"{LIMITS[check]} has nothing to be a share of: no clean answer is right"


def overall(verdicts: Sequence[Verdict], *, unmeasured: int = 0) -> Status:
    """Return the gravest status: FAIL, then INVALID, UNDECIDED, PASS; no verdict is INVALID.

    Args:
        verdicts: all verdicts of a run.
        unmeasured: clean examples without a usable row; any is as grave as an INVALID verdict.

    >>> overall(())
    <Status.INVALID: 'invalid'>
    """
    found = {verdict.status for verdict in verdicts}
    if unmeasured or not found:
        found.add(Status.INVALID)
    return min(found, key=_ORDER.index)


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
        null=stats.mean(null) if rate is not None and counted else None,
        control=str(control) if control is not None else None,
        control_rate=rate,
        attacks=len(counted),
        lowest=means[lowest] if lowest is not None else None,
        lowest_attack=lowest,
        mean=stats.mean(list(means.values())),
        n=len(clean),
    )


def _worst_case(suite: Suite, clean: Mapping[str, float], factors: Mapping[str, Sequence[float]]) -> Estimate:
    products = [clean[id_] * math.prod(found) for id_, found in factors.items()]
    if not any(factors.values()) or any(map(math.isnan, products)):
        return _NONE
    group = {example.id: example.group for example in suite.examples}
    return _sample(suite, {"all": products}, [group[i] for i in factors], "worst").mean("all")


def _checks(suite: Suite) -> Iterator[_Check]:
    plan: Any = suite.plan
    for entry in plan.get("checks", ()):
        for severity in entry.get("severities", (1,)):
            yield _Check(entry["attack"], severity, entry.get("limits", {}))


def _min_passages(suite: Suite) -> int:
    plan: Any = suite.plan
    return int(plan.get("min_passages", 30))


def _polarity(suite: Suite, attack: str) -> Polarity:
    recipes: Any = suite.plan.get("recipes", {})
    if attack not in recipes:
        raise SuiteError(f"suite {suite.name!r}: {unknown('recipe', attack, recipes)}")
    return Polarity(recipes[attack]["polarity"])


def _sample(
    suite: Suite, columns: Mapping[str, Sequence[float]], groups: Sequence[str], *names: str
) -> stats.Sample:
    """Return a sample whose draws depend on the suite and the check alone."""
    seed = derive(0, suite.fingerprint, "bootstrap", *names).below(2**53)
    return stats.sample(columns, groups, seed=seed)


def _mean(values: Sequence[float]) -> float:
    return stats.mean(values) or 0.0
