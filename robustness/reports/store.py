"""A finished run as a folder that proves what it holds: what lies in it, and how it is read."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from robustness.errors import RobustnessError
from robustness.reports.summary import Summary
from robustness.reports.to_json import from_json

__all__ = ["ITEMS", "MANIFEST", "RENDERED", "SCHEMA", "SUMMARY", "digest", "read_run", "tool_version"]

SCHEMA = 1
MANIFEST = "manifest.json"
ITEMS = "items.parquet"
SUMMARY = "summary.json"
RENDERED = {SUMMARY: "json", "report.md": "md", "report.html": "html", "junit.xml": "junit"}
"""What a summary is rendered to: file -> format."""


def read_run(folder: Path) -> Summary:
    """Return the summary of a finished run whose every file is as it was written.

    Raises:
        RobustnessError: no manifest (the run did not finish), or a file is missing or changed.
    """
    for name, wanted in _manifest(folder).items():
        path = folder / name
        if not path.is_file():
            raise RobustnessError(
                f"run {folder}: {name} is missing, but the manifest lists it; run the check again"
            )
        if digest(path) != wanted:
            raise RobustnessError(
                f"run {folder}: {name} is not the file that was written (digest or size differ), "
                f"but reports are made from unchanged runs only; run the check again"
            )
    path = folder / SUMMARY
    return from_json(path.read_text(encoding="utf-8"), where=str(path))


def _manifest(folder: Path) -> dict[str, dict[str, object]]:
    path = folder / MANIFEST
    if not folder.is_dir():
        raise RobustnessError(f"run {folder}: no such folder is there; run the check first")
    if not path.is_file():
        raise RobustnessError(
            f"run {folder}: there is no {MANIFEST}, so the run did not finish; run the check again"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        schema, listed = manifest["schema"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError):
        raise RobustnessError(f"run {folder}: {MANIFEST} is damaged; run the check again") from None
    if schema != SCHEMA:
        raise RobustnessError(
            f"run {folder}: schema of {MANIFEST} is {schema!r}, but this version reads {SCHEMA}; "
            f"read it with the version that wrote it"
        )
    missing = {*RENDERED, ITEMS} - listed.keys()
    strange = [name for name in listed if Path(name).name != name]
    if missing or strange:
        raise RobustnessError(
            f"run {folder}: {MANIFEST} lists {', '.join(map(repr, sorted(listed)))}, but a run has "
            f"{', '.join(sorted([*RENDERED, ITEMS]))}; run the check again"
        )
    return listed


def digest(path: Path) -> dict[str, object]:
    """Return what the manifest says of a file: its SHA-256 and its size in bytes."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "size": path.stat().st_size}


def tool_version() -> str:
    """Return the version of this tool, or `unknown` where it is not installed."""
    try:
        return version("mcrc-robustness")
    except PackageNotFoundError:
        return "unknown"
