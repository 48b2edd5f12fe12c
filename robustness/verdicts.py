"""A suite and a run, judged: outcomes per variant, results per check, verdicts per limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from robustness.choices import Reading, outcome, read
from robustness.domain import Polarity, Run, Status, Suite
from robustness.errors import PlanError, ScoreError, SuiteError, unknown
from robustness.measures import clustered, result, robust_accuracy
from robustness.results import Estimate, Judgement, Outcome, Result, Verdict
from robustness.stats.closed_form import mean

__all__ = ["LIMITS", "judge", "outcomes", "overall", "verdict"]

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
    accuracy = clustered(suite, {"clean": list(earned.values())}, [e.group for e in measured])
    unmeasured = len(suite.examples) - len(measured)
    return Judgement(
        clean_accuracy=accuracy.mean("clean"),
        clean_chance=mean([e.chance for e in measured]) or 0.0,
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
    what = f"{LIMITS[check].replace('_', ' ')} {estimate.value:.3f}, interval [{low:.3f}, {high:.3f}]"
    if good:
        return Status.PASS, f"{what}, keeps to the limit of {limit:g}"
    if bad:
        side = "below" if least else "above"
        return Status.FAIL, f"{what}, lies wholly {side} the limit of {limit:g}"
    return Status.UNDECIDED, f"{what}, straddles the limit of {limit:g}; score more passages"


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


def _checks(suite: Suite) -> Iterator[_Check]:
    plan: Any = suite.plan
    for entry in plan.get("checks", ()):
        for severity in entry.get("severities", (1,)):
            yield _Check(entry["attack"], severity, entry.get("limits", {}))


def _min_passages(suite: Suite) -> int:
    plan: Any = suite.plan
    return int(plan.get("min_passages", 30))
