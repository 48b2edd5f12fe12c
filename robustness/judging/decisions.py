"""One limit and one result -> one verdict, at a fixed look or at any time."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

from robustness.domain import Status
from robustness.errors import PlanError
from robustness.judging.comparisons import Pair
from robustness.judging.draws import Evidence, foreseen
from robustness.judging.forms import Form, form
from robustness.judging.limits import COUNTS, LIMITS, Limit, refuse_limit
from robustness.judging.reasons import not_measured, noun, told
from robustness.results import MIN_PASSAGES, Estimate, Result, Verdict
from robustness.stats.sequential import Betting, gate, passage_order

__all__ = ["NO_BASELINE", "Rules", "decide", "verdict", "without_baseline"]

_NONE: Final = Estimate(None)

NO_BASELINE: Final = "no baseline"
"""What a limit is held against where none came."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every gate of a run."""

    min_passages: int = MIN_PASSAGES
    seed: int = 0
    """Of the order in which an anytime gate looks at passages."""
    baseline: str = ""
    """The baseline's model; empty without one."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a limit is held against."""

    estimate: Estimate
    n: int
    clusters: int
    missing: str = ""
    """Why nothing can be decided."""


def verdict(found: Result, check: str, limit: float, *, min_passages: int = MIN_PASSAGES) -> Verdict:
    """Return what one limit says of one result, decided on the confidence bound.

    A `max_` limit passes where high <= limit and fails where low > limit; a `min_` limit passes
    where low >= limit and fails where high < limit; anything between is UNDECIDED. Anything
    unmeasured is INVALID, and under `min_passages` passages nothing passes or fails.
    `min_applicable` and `max_truncated` are counts of this very suite and have no interval.

    Raises:
        PlanError: `check` is not one of `LIMITS`, or the limit is no fraction.
    """
    refuse_limit(found.name, check, limit)
    estimate = _bounded(found, check)
    seen = _Finding(estimate, found.n, found.clusters, not_measured(found, check, estimate))
    return _fixed(found, Limit(check, limit), seen, Rules(min_passages))


def decide(
    found: Result, limit: Limit, seen: Evidence | None, *, rules: Rules, pair: Pair | None = None
) -> Verdict:
    """Return the verdict of one limit, absolute or against a baseline, by the gate that it asks for.

    An anytime gate looks at passage means, each passage counting once, in an order that the suite's
    seed fixes; rates are looked at as means (see `forms`). AUROC, counts, differences of ratios and
    limits at the end of their range are always decided by a fixed look.

    Args:
        found: the result.
        limit: the limit.
        seen: the scored outcomes behind the result; None where there are none.
        rules: of the run.
        pair: both runs' outcomes, for a limit against a baseline.

    Raises:
        PlanError: the limit is of an unknown kind or no fraction, or a count is held against a baseline.
    """
    refuse_limit(found.name, limit.kind, limit.value)
    if limit.baseline:
        if limit.kind in COUNTS:
            raise PlanError(
                f"attack {found.name!r}: {limit.kind} cannot be held against a baseline; set a limit"
            )
        if pair is None:
            return without_baseline(found, limit)
        seen = pair.found
        fixed = _fixed(found, limit, _against(found, limit, pair), rules)
    else:
        known = _foretold(found, limit, seen) if seen and seen.unseen else found
        fixed = verdict(known, limit.kind, limit.value, min_passages=rules.min_passages)
    shape = form(limit, seen.drawn, seen.unseen) if seen else None
    if limit.gate == "anytime" and seen and shape and _open(shape):
        return _anytime(fixed, limit, seen, rules)
    return replace(fixed, p_value=_p_value(fixed, limit, seen, pair))


def without_baseline(found: Result, limit: Limit) -> Verdict:
    """Return the verdict of a limit against a baseline where none came: INVALID."""
    reason = "no baseline came to compare with; give --baseline, or --on-missing-baseline skip"
    seen = _Finding(_NONE, found.n, found.clusters, reason)
    return _fixed(found, limit, seen, Rules(baseline=NO_BASELINE))


def _p_value(made: Verdict, limit: Limit, seen: Evidence | None, pair: Pair | None) -> float | None:
    if made.status is Status.INVALID or seen is None:
        return None
    if limit.baseline:
        return pair.p_value_beyond(limit) if pair else None
    shape = form(limit, seen.drawn)
    return shape.p_value(seen.drawn) if shape else None


def _against(found: Result, limit: Limit, pair: Pair) -> _Finding:
    measure = LIMITS[limit.kind]
    missing = not_measured(found, limit.kind, _bounded(found, limit.kind))
    difference = pair.difference(measure) if not missing else None
    estimate = difference(0.95) if difference else _NONE
    if not missing and pair.left_out:
        # What a baseline leaves out may be just where it fails, so the rest is no fair sample.
        total = pair.n + pair.left_out
        missing = f"the baseline did not measure {pair.left_out} of {total} variants; score it anew"
    if not missing and estimate.value is None:
        missing = f"{noun(limit.kind)} is not defined for both models on the items that both measured"
    return _Finding(estimate, pair.n, pair.found.drawn.clusters, missing)


def _foretold(found: Result, limit: Limit, seen: Evidence) -> Result:
    """Return the result with those rates undefined that will be when the rest is seen, and no others."""
    if limit.gate != "anytime" or limit.kind not in ("max_margin_retained", "max_success_rate"):
        return found
    drawn = foreseen(seen)
    kept = drawn.margin_retained("credit", "clean_credit", chances=("chance", "chance_clean"))
    return replace(found, margin_retained=kept, attack_success_rate=drawn.ratio("lost", "clean_credit"))


def _bounded(found: Result, check: str) -> Estimate:
    if check == "min_applicable":
        examples = found.applicable + sum(found.skipped.values())
        share = found.applicable / examples if examples else 0.0
        return Estimate(share, share, share)
    if check == "max_truncated":
        return Estimate(found.truncated, found.truncated, found.truncated) if found.n else _NONE
    estimate: Estimate = attrgetter(LIMITS[check])(found)
    return estimate


def _fixed(found: Result, limit: Limit, seen: _Finding, rules: Rules) -> Verdict:
    status, reason = _decided(limit, seen)
    if status in (Status.PASS, Status.FAIL) and seen.clusters < rules.min_passages:
        status = Status.UNDECIDED
        reason = f"{seen.clusters} passage(s) were scored, but at least {rules.min_passages} are needed"
    return Verdict(
        check=limit.kind,
        attack=found.name,
        severity=found.severity,
        estimate=seen.estimate.value,
        low=seen.estimate.low,
        high=seen.estimate.high,
        limit=limit.bound,
        n=seen.n,
        clusters=seen.clusters,
        status=status,
        reason=reason,
        baseline=rules.baseline if limit.baseline else "",
    )


def _decided(limit: Limit, seen: _Finding) -> tuple[Status, str]:
    low, high = seen.estimate.low, seen.estimate.high
    if seen.missing or low is None or high is None:
        return Status.INVALID, seen.missing
    bound = limit.bound
    good, bad = (low >= bound, high < bound) if limit.least else (high <= bound, low > bound)
    what = told(limit, seen.estimate)
    if good:
        return Status.PASS, f"{what}, keeps to the limit of {bound:g}"
    if bad:
        side = "below" if limit.least else "above"
        return Status.FAIL, f"{what}, lies wholly {side} the limit of {bound:g}"
    return Status.UNDECIDED, f"{what}, straddles the limit of {bound:g}; score more passages"


def _open(shape: Form) -> bool:
    """Whether a gambler has anything to bet on: items one by one, and room on both sides of the limit."""
    return shape.sequential and shape.bounds[0] < 0 < shape.bounds[1]


def _anytime(fixed: Verdict, limit: Limit, seen: Evidence, rules: Rules) -> Verdict:
    """Return the verdict by betting; what was not measured at a fixed look is not measured here."""
    shape = form(limit, seen.drawn, seen.unseen)
    if fixed.status is Status.INVALID or shape is None:
        return replace(fixed, gate="anytime")
    low, high = shape.bounds
    order = passage_order(seen.groups, seed=rules.seed)
    total = len({*seen.groups, *(row.group for row in seen.unseen)})
    excess = _passage_means(seen, shape.values(seen.drawn).tolist())
    values = [min(high, max(low, excess[name])) for name in order]
    found = gate(values, 0.0, side="max", rules=Betting(low, high, min_passages=rules.min_passages))
    looked = frozenset(order[: found.n])
    base = _passage_means(seen, shape.bases(seen.drawn).tolist())
    estimate = _in_units(
        limit, (found.mean or 0.0, found.low, found.high), [base[p] for p in order[: found.n]]
    )
    if estimate is None:
        return replace(
            fixed,
            gate="anytime",
            status=Status.UNDECIDED,
            reason=_TOO_LITTLE,
            estimate=None,
            low=None,
            high=None,
        )
    reason = f"{told(limit, estimate)}, {_ENDS[found.status]} the limit of {limit.bound:g}"
    where = f" after {found.step} of {total} passages" if found.step else _so_far(len(order), total)
    return replace(
        fixed,
        estimate=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n=sum(group in looked for group in seen.groups),
        clusters=found.n,
        status=found.status,
        reason=reason + where,
        gate="anytime",
        step=found.step,
    )


def _so_far(seen: int, total: int) -> str:
    return f" after all {total} passages" if seen == total else f" after {seen} of {total} passages"


_TOO_LITTLE: Final = "the passages looked at leave nothing to be a share of; score more passages"

_ENDS: Final = {
    Status.PASS: "shown to keep to",
    Status.FAIL: "shown to break",
    Status.UNDECIDED: "not yet shown to keep to or to break",
}


def _passage_means(seen: Evidence, values: list[float]) -> dict[str, float]:
    by_passage: defaultdict[str, list[float]] = defaultdict(list)
    for group, value in zip(seen.groups, values, strict=True):
        by_passage[group].append(value)
    return {group: math.fsum(found) / len(found) for group, found in by_passage.items()}


def _in_units(limit: Limit, excess: tuple[float, float, float], bases: list[float]) -> Estimate | None:
    """Return a mean excess over the limit, and its bounds, as values of the measure itself."""
    base = math.fsum(bases) / len(bases)
    if base <= 0:
        return None
    sign = -1 if limit.least else 1
    value, low, high = (round(limit.bound + sign * bound / base, 12) for bound in excess)
    return Estimate(value, min(low, high), max(low, high))
