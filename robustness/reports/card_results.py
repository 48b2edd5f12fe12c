"""Which numbers of a run a model card may claim, and on which data set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from robustness.domain import Polarity, Status
from robustness.reports.escape import log_text
from robustness.reports.sheet import named
from robustness.reports.summary import AttackSummary, Summary
from robustness.results import Estimate

if TYPE_CHECKING:
    from robustness.readers.hub import Request

__all__ = ["CardResult", "dataset_of", "hub_request", "results", "shown_attacks"]

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")

_KINDS: Final[Mapping[Polarity, tuple[str, str, str]]] = {
    Polarity.ATTACK: ("accuracy", "accuracy_under_attack", "Accuracy under {}"),
    Polarity.CONTRAST: ("accuracy", "accuracy_under_contrast", "Accuracy under {}"),
    Polarity.ABLATION: ("margin_retained", "margin_retained", "Margin kept under {} (lower is better)"),
    Polarity.ABSTAIN: ("auroc", "auroc_unanswerable", "AUROC, real questions beside {}"),
}
"""Field of the result, type of the metric, its name. `accuracy` alone is kept for unchanged questions: a
reader of the metadata must never take an attacked score for the score on the data set, or the other way."""


@dataclass(frozen=True, slots=True)
class CardResult:
    """One number that was measured."""

    kind: str
    """Type of the metric."""
    name: str
    value: float
    about: Mapping[str, Any]
    """Interval, counts, condition, and the verdict on each limit."""


def results(summary: Summary) -> Iterator[CardResult]:
    """Yield what was measured: accuracy on unchanged questions, then one number per condition."""
    clean = summary.clean
    if clean.n and clean.accuracy.value is not None:
        about = {"questions": clean.n, "passages": clean.passages, "chance": clean.chance}
        name = "Accuracy on unchanged questions"
        yield CardResult("accuracy", name, clean.accuracy.value, _ends(clean.accuracy) | about)
    for attack in shown_attacks(summary):
        field, kind, name = _KINDS[attack.polarity]
        found: Estimate = getattr(attack, field)
        if found.value is not None:
            shown = name.format(log_text(named(attack.name, attack.severity)))
            yield CardResult(kind, shown, found.value, _ends(found) | _about(summary, attack))


def shown_attacks(summary: Summary) -> Iterator[AttackSummary]:
    """Yield the conditions that were measured: with items, a value, and no limit that is INVALID."""
    invalid = {(v.attack, v.severity) for v in summary.verdicts if v.status is Status.INVALID}
    for attack in summary.attacks:
        found: Estimate = getattr(attack, _KINDS[attack.polarity][0])
        if attack.n and found.value is not None and (attack.name, attack.severity) not in invalid:
            yield attack


def dataset_of(data: str) -> dict[str, Any]:
    """Return what the metadata say of a data set, by the names of `huggingface_hub.EvalResult`.

    >>> dataset_of("dream:test.json")
    {'dataset_type': 'dream', 'dataset_name': 'dream:test.json'}
    """
    asked = hub_request(data)
    if asked is None:
        return {
            "dataset_type": log_text(data.partition(":")[0]) or "unknown",
            "dataset_name": log_text(data),
        }
    found = {"dataset_type": asked.id, "dataset_name": asked.id, "dataset_config": asked.config}
    found |= {"dataset_split": asked.split}
    if _COMMIT.fullmatch(asked.revision):
        found["dataset_revision"] = asked.revision
    return {name: log_text(value) for name, value in found.items()}


def hub_request(data: str) -> Request | None:
    """Return what was asked of the Hub; None for data from elsewhere."""
    kind, _, argument = data.partition(":")
    if kind != "hub" or argument.partition("?")[0].count("/") < 2:
        return None
    from robustness.readers.hub import parse

    return parse(argument)


def _ends(found: Estimate) -> dict[str, Any]:
    return {"low_95": found.low, "high_95": found.high}


def _about(summary: Summary, attack: AttackSummary) -> dict[str, Any]:
    own = [v for v in summary.verdicts if (v.attack, v.severity) == (attack.name, attack.severity)]
    about: dict[str, Any] = {
        "attack": log_text(attack.name),
        "severity": attack.severity,
        "polarity": str(attack.polarity),
        "items": attack.n,
        "passages": attack.clusters,
    }
    if own:
        about["verdicts"] = [
            {"limit": log_text(v.check), "value": v.limit, "verdict": str(v.status)}
            | ({"against": log_text(v.baseline)} if v.baseline else {})
            for v in own
        ]
    return about
