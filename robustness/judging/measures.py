"""What was measured: the outcomes of one check -> its result, and the draws behind it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from robustness.choices import NOT_NEEDED
from robustness.domain import Polarity, Suite
from robustness.errors import SuiteError, unknown
from robustness.judging.draws import Evidence, evidence
from robustness.results import Calibration, Estimate, Outcome, Result
from robustness.stats import closed_form
from robustness.stats.calibration import calibration_error, reliability
from robustness.stats.equivalence import p_value_of_none
from robustness.stats.intervals import at_level
from robustness.stats.power import achieved_power, design_effect, minimum_detectable_drop
from robustness.stats.resampling import Sample

__all__ = ["calibration", "measured", "result"]

_NONE: Final = Estimate(None)


def result(
    suite: Suite, items: Sequence[Outcome], *, attack: str, severity: int, max_drop: float | None = None
) -> Result:
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
        max_drop: the drop that matters, for the power to show it.
    """
    return measured(suite, items, attack=attack, severity=severity, max_drop=max_drop)[0]


def measured(
    suite: Suite, items: Sequence[Outcome], *, attack: str, severity: int, max_drop: float | None = None
) -> tuple[Result, Evidence | None]:
    """Return what `result` does, and the scored outcomes with their draws; None where there are none."""
    rows = [item for item in items if (item.attack, item.severity) == (attack, severity)]
    seen = [row for row in rows if row.status == "ok"]
    unseen = tuple(row for row in rows if row.status == NOT_NEEDED and not row.degraded)
    # Sorted, so that sums of floats come out alike whatever the order of the outcomes.
    scored = sorted((row for row in seen if not row.degraded), key=lambda row: row.id)
    counted = _counted(suite, rows, attack=attack, severity=severity)
    if not scored:
        return counted, None
    found = replace(evidence(suite, scored), unseen=unseen)
    counted = replace(_with_margins(counted, scored), calibration=_calibration(scored))
    if counted.polarity is Polarity.ABSTAIN:
        return _with_confidence(counted, found.drawn, scored), found
    with_degraded = closed_form.mean([row.credit for row in seen])
    whole = replace(_with_accuracy(counted, found.drawn, scored), accuracy_with_degraded=with_degraded)
    return _with_power(whole, found, max_drop), found


def calibration(tops: Sequence[float], credits_: Sequence[float], briers: Sequence[float]) -> Calibration:
    """Return how far the softmax can be believed, over the items whose Brier score is defined.

    Args:
        tops: float[N], the largest softmax probability of each item.
        credits_: float[N], the credit of each answer.
        briers: float[N], NaN where no option is right.
    """
    rows = [row for row in zip(tops, credits_, briers, strict=True) if not math.isnan(row[2])]
    sure, right, squared = ([row[column] for row in rows] for column in range(3))
    sure = [min(1.0, share) for share in sure]
    return Calibration(
        n=len(rows),
        ece=calibration_error(sure, right),
        brier=closed_form.mean(squared),
        bins=reliability(sure, right),
    )


def _calibration(scored: Sequence[Outcome]) -> Calibration | None:
    columns = [[getattr(row, name) for row in scored] for name in ("top", "credit", "brier")]
    found = calibration(*columns)
    return found if found.n else None


def _with_margins(counted: Result, scored: Sequence[Outcome]) -> Result:
    changes = [row.margin_change for row in scored if not math.isnan(row.margin_change)]
    if not changes:
        return counted
    with np.errstate(over="ignore", invalid="ignore"):  # scores may be as large as floats can be
        shift = float(np.mean(changes))
    lower = closed_form.mean([float(change < 0) for change in changes])
    return replace(counted, margin_shift=shift if math.isfinite(shift) else None, margin_lower=lower)


def _with_power(found: Result, seen: Evidence, max_drop: float | None) -> Result:
    drops = seen.drawn.values["drop"].tolist()
    effect = design_effect(drops, seen.groups).effect
    p01 = closed_form.mean(seen.drawn.values["won"].tolist()) or 0.0
    told = p01 < 0.5  # else clean answers are worse than a coin's: nothing can be said of a drop
    possible = max_drop is not None and told and max_drop <= 1 - 2 * p01
    drop = seen.drawn.bootstrap("drop", lowest=-1.0)
    return replace(
        found,
        p_drop=p_value_of_none(at_level(drop)) if drop else None,
        design_effect=effect,
        detectable_drop=minimum_detectable_drop(found.n, p01=p01, effect=effect) if told else None,
        power=achieved_power(found.n, max_drop or 0.0, p01=p01, effect=effect) if possible else None,
    )


def _counted(suite: Suite, rows: Sequence[Outcome], *, attack: str, severity: int) -> Result:
    """Return the result with its counts and nothing else filled in."""
    status = Counter(row.status for row in rows)
    not_needed = status.pop(NOT_NEEDED, 0)
    invalid = Counter({name: number for name, number in status.items() if name != "ok"})
    scored = [row for row in rows if row.status == "ok" and not row.degraded]
    degraded = sum(row.degraded for row in rows if row.status == "ok")
    uncounted = len(rows) - len(scored) - invalid.total() - degraded - not_needed
    assert not uncounted, "a variant went uncounted"
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
        not_needed=not_needed,
        chance_clean=_mean([row.chance_clean for row in scored]),
        chance=_mean([row.chance for row in scored]),
        accuracy_clean=_NONE,
        accuracy=_NONE,
        accuracy_with_degraded=None,
        drop=_NONE,
        relative_drop=None,
        p_value=None,
        p_drop=None,
        p_drop_adjusted=None,
        design_effect=None,
        detectable_drop=None,
        power=None,
        attack_success_rate=_NONE,
        repair_rate=_NONE,
        consistency=_NONE,
        margin_retained=_NONE,
        margin_shift=None,
        margin_lower=None,
        calibration=None,
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


def _polarity(suite: Suite, attack: str) -> Polarity:
    recipes: Any = suite.plan.get("recipes", {})
    if attack not in recipes:
        raise SuiteError(f"suite {suite.name!r}: {unknown('recipe', attack, recipes)}")
    return Polarity(recipes[attack]["polarity"])


def _mean(values: Sequence[float]) -> float:
    return closed_form.mean(values) or 0.0
