"""A summary as CSV: one row per condition and measure, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from robustness.judging.limits import LIMITS
from robustness.reports.spreadsheet import Cell, spreadsheet
from robustness.reports.summary import AttackSummary, Summary
from robustness.results import Comparison, Estimate, Verdict

__all__ = ["HEADS", "to_csv"]

Row: TypeAlias = dict[str, Cell]

HEADS: Final = (
    "model", "model_fingerprint", "suite", "suite_fingerprint", "data", "attack", "severity", "polarity",
    "measure", "value", "low", "high", "n", "passages", "against", "limit_kind", "limit", "status",
    "p_value", "p_adjusted", "known_failure",
)  # fmt: skip
"""The columns, in order."""

_INTERVALS: Final = (
    "accuracy_clean",
    "accuracy",
    "drop",
    "attack_success_rate",
    "repair_rate",
    "consistency",
    "margin_retained",
    "auroc",
)
_NUMBERS: Final = (
    "chance_clean",
    "chance",
    "accuracy_with_degraded",
    "relative_drop",
    "p_drop",
    "p_drop_adjusted",
    "design_effect",
    "detectable_drop",
    "power",
    "margin_shift",
    "margin_lower",
    "aurc",
    "coverage_at_80",
    "planted_rate",
    "visible_share",
    "truncated",
)
_COUNTS: Final = ("applicable", "degraded")


def to_csv(summary: Summary) -> str:
    """Return the summary as CSV: shares, never percent; an empty cell is "not measured".

    Unchanged questions are the attack `clean`, all attacks at once `robust-accuracy`. A row whose
    `against` names a model is a difference to that baseline. `limit_kind`, `limit`, `status` and both
    p-values stand where a verdict is about the measure of the row; p-values of no drop are measures.
    Equal summaries give equal text.
    """
    about: Row = {
        "model": summary.model.name,
        "model_fingerprint": summary.model.fingerprint,
        "suite": summary.suite.name,
        "suite_fingerprint": summary.suite.fingerprint,
        "data": summary.data,
    }
    return spreadsheet(HEADS, (about | row for row in _rows(summary)))


def _rows(summary: Summary) -> Iterator[Row]:
    yield from _clean(summary)
    for attack in summary.attacks:
        key = attack.name, attack.severity
        own = [v for v in summary.verdicts if (v.attack, v.severity) == key]
        yield from _attack(attack, {LIMITS.get(v.check, v.check): v for v in own if not v.baseline})
        yield from (_against_baseline(verdict, attack) for verdict in own if verdict.baseline)
    yield from _robust(summary)
    yield from (_comparison(one, summary.baseline) for one in summary.comparisons)


def _clean(summary: Summary) -> Iterator[Row]:
    clean = summary.clean
    about: Row = {"attack": "clean", "severity": 0, "n": clean.n, "passages": clean.passages}
    yield about | {"measure": "accuracy"} | _ends(clean.accuracy)
    told: dict[str, Cell] = {"chance": clean.chance, "invalid": clean.invalid}
    if summary.calibration is not None:
        told |= {"ece": summary.calibration.ece, "brier": summary.calibration.brier}
    if summary.position_bias is not None:
        told |= {"rstd": summary.position_bias.rstd, "rstd_by_chance": summary.position_bias.by_chance}
    yield from (about | {"measure": name, "value": value} for name, value in told.items())


def _attack(attack: AttackSummary, verdicts: Mapping[str, Verdict]) -> Iterator[Row]:
    about = _about(attack)
    left = dict(verdicts)
    for name in _INTERVALS:
        yield about | {"measure": name} | _ends(getattr(attack, name)) | _judged(left.pop(name, None))
    numbers: dict[str, Cell] = {name: getattr(attack, name) for name in (*_NUMBERS, *_COUNTS)}
    numbers |= {
        "p_mcnemar": attack.p_value,
        "skipped": sum(attack.skipped.values()),
        "invalid": sum(attack.invalid.values()),
    }
    if attack.calibration is not None:
        numbers |= {"ece": attack.calibration.ece, "brier": attack.calibration.brier}
    for name, value in numbers.items():
        yield about | {"measure": name, "value": value} | _judged(left.pop(name, None))
    for verdict in left.values():
        yield about | {"measure": verdict.check, "value": verdict.estimate} | _judged(verdict)


def _about(attack: AttackSummary) -> Row:
    return {
        "attack": attack.name,
        "severity": attack.severity,
        "polarity": str(attack.polarity),
        "n": attack.n,
        "passages": attack.clusters,
    }


def _judged(verdict: Verdict | None) -> Row:
    if verdict is None:
        return {}
    return {
        "limit_kind": verdict.check,
        "limit": verdict.limit,
        "status": str(verdict.status),
        "p_value": verdict.p_value,
        "p_adjusted": verdict.p_adjusted,
        "known_failure": verdict.known_failure,
    }


def _against_baseline(verdict: Verdict, attack: AttackSummary) -> Row:
    found = Estimate(verdict.estimate, verdict.low, verdict.high)
    measure = LIMITS.get(verdict.check, verdict.check)
    about = _about(attack) | {"n": verdict.n, "passages": verdict.clusters}
    return about | {"measure": measure, "against": verdict.baseline} | _ends(found) | _judged(verdict)


def _robust(summary: Summary) -> Iterator[Row]:
    robust = summary.robust_accuracy
    about: Row = {"attack": "robust-accuracy", "polarity": "attack", "n": robust.n}
    yield about | {"measure": "worst_case"} | _ends(robust.worst_case)
    yield from (
        about | {"measure": name, "value": getattr(robust, name)} for name in ("null", "lowest", "mean")
    )


def _comparison(one: Comparison, baseline: str) -> Row:
    return {
        "attack": one.attack,
        "severity": one.severity,
        "measure": one.measure,
        "n": one.n,
        "passages": one.clusters,
        "against": baseline,
        "p_value": one.p_value,
        "p_adjusted": one.p_adjusted,
        **_ends(one.difference),
    }


def _ends(found: Estimate) -> Row:
    return {"value": found.value, "low": found.low, "high": found.high}
