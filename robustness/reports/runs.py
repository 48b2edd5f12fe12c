"""The finished runs of a folder as a list, the oldest first: what there is to compare, and the trend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustness.domain import Status
from robustness.errors import RobustnessError, UsageError, unknown
from robustness.judging.limits import LIMITS, PRIMARY
from robustness.reports.baselines import finished_runs
from robustness.reports.measured import finite_estimate
from robustness.reports.privacy import public_text
from robustness.reports.store import SUMMARY
from robustness.reports.summary import Summary
from robustness.reports.to_json import from_json
from robustness.results import Estimate

__all__ = ["ListedRun", "listed_runs", "trend_names"]

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One finished run."""

    folder: str
    created: str
    """ISO 8601, as the run tells it."""
    tag: str
    commit: str
    model: str
    fingerprint: str
    suite: str
    suite_fingerprint: str
    status: Status
    measure: str
    """What `found` is: accuracy, margin_retained or auroc."""
    found: Estimate
    """Of the condition that was asked for; None throughout where this run has it not."""


def listed_runs(
    reports_folder: Path, *, trend: str = CLEAN, suite: str = "", tag: str = ""
) -> tuple[ListedRun, ...]:
    """Return the finished runs of a folder, the oldest first.

    Manifests and summaries are read; a run whose summary this version cannot read is passed over.

    Args:
        reports_folder: each folder in it may be a run.
        trend: the condition whose measure each run is to show, or `clean`.
        suite: only runs of this suite: its name, or how its fingerprint begins; empty for all.
        tag: only runs with this tag; empty for all.

    Raises:
        UsageError: no run has such a condition.
    """
    found = []
    for moment, folder, manifest in finished_runs(reports_folder):
        summary = _summary(folder)
        if summary and _of(summary, suite) and tag in {"", manifest.get("tag")}:
            found.append((moment, folder.name, manifest, summary))
    found.sort(key=lambda one: one[:2])
    known = trend_names([summary for *_, summary in found])
    if found and trend not in known:
        raise UsageError("--trend: " + unknown("condition of these runs", trend, known))
    return tuple(_listed(name, manifest, summary, trend) for _, name, manifest, summary in found)


def trend_names(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Return the conditions that any of the runs has: `clean`, then the names of the attacks."""
    return tuple(dict.fromkeys((CLEAN, *(a.name for s in summaries for a in s.attacks))))


def _summary(folder: Path) -> Summary | None:
    path = folder / SUMMARY
    try:
        return from_json(path.read_text(encoding="utf-8"), where=str(path))
    except (OSError, UnicodeDecodeError, RobustnessError):
        return None


def _of(summary: Summary, suite: str) -> bool:
    digest = summary.suite.fingerprint
    return not suite or summary.suite.name == suite or digest.removeprefix("sha256:").startswith(suite)


def _listed(name: str, manifest: Mapping[str, Any], summary: Summary, trend: str) -> ListedRun:
    measure, found = next(_found(summary, trend), ("", Estimate(None)))
    return ListedRun(
        folder=public_text(name),
        created=str(manifest["created"]),
        tag=public_text(str(manifest.get("tag") or "")),
        commit=str(manifest.get("commit") or ""),
        model=summary.model.name,
        fingerprint=summary.model.fingerprint,
        suite=summary.suite.name,
        suite_fingerprint=summary.suite.fingerprint,
        status=summary.status,
        measure=measure,
        found=finite_estimate(found),
    )


def _found(summary: Summary, trend: str) -> Iterator[tuple[str, Estimate]]:
    """Yield the measure of a condition, at its first severity first."""
    if trend == CLEAN:
        yield "accuracy", summary.clean.accuracy
    for attack in summary.attacks:
        if attack.name == trend:
            measure = LIMITS[PRIMARY[attack.polarity]]
            yield measure, getattr(attack, measure)
