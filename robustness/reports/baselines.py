"""An earlier run of the same suite, to measure a new one against: found by its manifest, read whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from robustness.domain import Run
from robustness.errors import RobustnessError
from robustness.reports.items import read_items
from robustness.reports.privacy import public_text
from robustness.reports.store import ITEMS, MANIFEST, SUMMARY, read_run
from robustness.results import EXPLORATORY

__all__ = [
    "AUTO",
    "Baseline",
    "find_baseline",
    "finished_runs",
    "names_a_folder",
    "read_baseline",
    "read_manifest",
    "read_scores",
]

AUTO: Final = "auto"
"""The newest finished run of the same suite that is not exploratory."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a new run is measured against."""

    run: Run
    told: Mapping[str, object]
    """For the new run's manifest: which run it was, without the place where it lies."""


def names_a_folder(spec: str) -> bool:
    """Tell whether a baseline is meant as a run folder: one that is there, or a path.

    >>> names_a_folder("reports/last"), names_a_folder("release-1"), names_a_folder("auto")
    (True, False, False)
    """
    return spec != AUTO and ("/" in spec or "\\" in spec or Path(spec).is_dir())


def find_baseline(spec: str, reports_folder: Path, suite_fingerprint: str) -> Path | None:
    """Return the run folder that a baseline names, or None where no run of the suite fits.

    Only manifests are read, and for `auto` whether a run is exploratory: such a one is passed over.
    Folders without a manifest, or with one that cannot be read, are no finished runs.

    Args:
        spec: a run folder (returned as it is), a tag (the newest run with it), or `auto`.
        reports_folder: where to look; each folder in it may be a run.
        suite_fingerprint: of the suite that is about to be scored.
    """
    if names_a_folder(spec):
        return Path(spec)
    found = [
        (moment, folder.name, folder)
        for moment, folder, manifest in finished_runs(reports_folder)
        if manifest.get("suite") == suite_fingerprint and spec in {AUTO, manifest.get("tag")}
    ]
    newest_first = (folder for *_, folder in sorted(found, reverse=True))
    return next((one for one in newest_first if spec != AUTO or not _is_exploratory(one)), None)


def _is_exploratory(folder: Path) -> bool:
    """Tell whether a run says of itself that it can carry no verdict; a damaged one is told of when read."""
    try:
        read = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return bool(read["environment"].get(EXPLORATORY))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def read_baseline(folder: Path) -> Baseline:
    """Return a finished run as a baseline, every file of it checked.

    Raises:
        RobustnessError: it is not finished, or a file is missing or changed.
    """
    try:
        run = read_scores(folder)
        manifest = read_manifest(folder)
    except RobustnessError as error:
        raise RobustnessError(f"baseline: {error}, or give another --baseline") from None
    if unfit := run.environment.get(EXPLORATORY):
        raise RobustnessError(
            f"baseline {folder.name!r}: it is exploratory ({unfit}), but a run that can carry a verdict is "
            f"needed; give another --baseline"
        )
    told = {
        "run": public_text(folder.name or folder.resolve().name),
        "created": manifest.get("created"),
        "model": {"name": run.model, "fingerprint": run.model_fingerprint},
        "items": manifest["files"][ITEMS]["sha256"],
    }
    return Baseline(run, told)


def read_scores(folder: Path) -> Run:
    """Return what the model said in a finished run: items.parquet, and the summary for the rest.

    Raises:
        RobustnessError: it is not finished, or a file is missing, changed or not readable.
    """
    summary = read_run(folder)
    rows = read_items(folder / ITEMS).to_pylist()
    return Run(
        model=summary.model.name,
        model_fingerprint=summary.model.fingerprint,
        suite=summary.suite.fingerprint,
        scores={row["id"]: tuple(row["scores"]) for row in rows if row["scores"]},
        visible={row["id"]: seen for row in rows if (seen := _visible(row)) is not None},
        environment=summary.environment,
    )


def _visible(row: Mapping[str, Any]) -> int | None:
    """Return how much of the passage was seen; an older file says no more than "too long"."""
    seen: int | None = row.get("visible")
    return -1 if seen is None and row["status"] == "too-long" else seen


def finished_runs(reports: Path) -> Iterator[tuple[datetime, Path, Mapping[str, Any]]]:
    """Yield time, folder and manifest of each finished run that lies in a folder, by name."""
    for path in sorted(reports.glob(f"*/{MANIFEST}")):
        try:
            manifest = read_manifest(path.parent)
            moment = datetime.fromisoformat(manifest["created"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        yield moment if moment.tzinfo else moment.replace(tzinfo=UTC), path.parent, manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder; the errors of reading and of JSON pass through."""
    return dict(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
