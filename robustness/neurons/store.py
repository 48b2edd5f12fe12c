"""A finished analysis as a folder: summary, cube, and a manifest with digests, written last."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from robustness.errors import OutputError, RobustnessError, UsageError
from robustness.neurons.summary import NeuronSummary, from_json, to_json

__all__ = [
    "CUBE",
    "PARTS",
    "PORTRAIT",
    "check_folder",
    "read_analysis",
    "refuse_changed",
    "unwritable",
    "write_analysis",
]

SCHEMA: Final = 1
PARTS: Final = "parts"
"""Finished pieces of an analysis in the making."""

CUBE: Final = "cube.npz"
"""File of all logits: `stored_cube`."""
PORTRAIT: Final = "portrait.npz"
"""File of what another checkpoint can be laid beside: `portrait`."""

_BINARY: Final = (CUBE, PORTRAIT)
_SUMMARY: Final = "neurons.json"
_MANIFEST: Final = "manifest.json"


def check_folder(folder: Path) -> None:
    """Return if an analysis can be written to a folder: a new or empty one, or one that did not finish.

    Raises:
        UsageError: something else is there.
        OutputError: it cannot be written.
    """
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if (folder.exists() and not folder.is_dir()) or _MANIFEST in names or names - {PARTS, *_BINARY}:
        raise UsageError(
            f"-o {folder}: something stands there, but analyses are never rewritten; choose another -o"
        )
    try:
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def write_analysis(
    folder: Path, summary: NeuronSummary, *, rendered: Mapping[str, str] | None = None
) -> Path:
    """Write the summary beside the cube that `analyse` left in `folder`, then the manifest.

    A portrait that lies there (`portrait.write_portrait`) becomes part of it.

    Args:
        folder: the one that `analyse` was given; finished parts in it are taken away.
        summary: what to write.
        rendered: further files by name, such as `report.md`.

    Raises:
        RobustnessError: there is no cube in the folder.
        OutputError: it cannot be written.
    """
    if not (folder / CUBE).is_file():
        raise RobustnessError(f"neurons {folder}: there is no {CUBE}; give `analyse` this folder first")
    files = {_SUMMARY: to_json(summary), **(rendered or {})}
    try:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        there = [name for name in _BINARY if (folder / name).is_file()]
        listed = {name: _digest(folder / name) for name in (*there, *files)}
        manifest = json.dumps({"schema": SCHEMA, "files": listed}, indent=2) + "\n"
        (folder / _MANIFEST).write_text(manifest, encoding="utf-8")
        shutil.rmtree(folder / PARTS, ignore_errors=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def read_analysis(folder: Path) -> NeuronSummary:
    """Return the summary of a finished analysis whose files are as they were written.

    Raises `RobustnessError` where the manifest is missing, or a file is missing or changed.
    """
    refuse_changed(folder)
    return from_json((folder / _SUMMARY).read_text(encoding="utf-8"), where=str(folder / _SUMMARY))


def refuse_changed(folder: Path) -> None:
    """Return if an analysis is finished and its files are as they were written.

    Raises `RobustnessError` where the manifest is missing, or a file is missing or changed.
    """
    path = folder / _MANIFEST
    if not folder.is_dir():
        raise RobustnessError(
            f"neurons {folder}: there is no such folder, but a finished analysis is needed; check the path"
        )
    if not path.is_file():
        raise RobustnessError(
            f"neurons {folder}: there is no {_MANIFEST}, so the analysis did not finish; run it again"
        )
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        schema, listed = read["schema"], dict(read["files"])
    except (ValueError, KeyError, TypeError):
        raise RobustnessError(f"neurons {folder}: {_MANIFEST} is damaged; run the analysis again") from None
    if not {CUBE, _SUMMARY} <= listed.keys():
        raise RobustnessError(
            f"neurons {folder}: something else than an analysis of neurons lies there, but one is needed; "
            "name the -o of robustness neurons"
        )
    if schema != SCHEMA:
        raise RobustnessError(
            f"neurons {folder}: schema {schema!r} came, but this version reads {SCHEMA}; run it again"
        )
    for name in sorted({CUBE, _SUMMARY, *listed}):
        if not (folder / name).is_file() or _digest(folder / name) != listed.get(name):
            raise RobustnessError(
                f"neurons {folder}: {name} is missing or not what was written; run the analysis again"
            )


def _digest(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return {
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "size": path.stat().st_size,
        }


def unwritable(folder: Path, error: OSError) -> OutputError:
    """Return what to raise where a folder cannot be written."""
    return OutputError(
        f"neurons {folder}: {error.strerror or error}, but an analysis needs a writable place; choose "
        "another folder or free it"
    )
