"""A finished run written as a folder that is whole or not there."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from robustness.domain import HOW_COMPUTED, Run, Suite
from robustness.errors import OutputError, UsageError
from robustness.reports.privacy import public_text
from robustness.reports.renderers import rendered
from robustness.reports.store import ITEMS, MANIFEST, RENDERED, SCHEMA, digest, tool_version
from robustness.reports.summarise import summarise
from robustness.reports.write_items import write_items
from robustness.results import Judgement

if TYPE_CHECKING:
    from robustness.neurons.summary import NeuronSummary

__all__ = ["check_writable", "run_name", "write_run"]

_OURS = {*RENDERED, ITEMS, MANIFEST, "neurons"}


def write_run(  # noqa: PLR0913 - three stages hand over, and each of three choices is the caller's
    folder: Path,
    suite: Suite,
    run: Run,
    judgement: Judgement,
    *,
    created: str,
    text: bool,
    overwrite: bool = False,
    about: Mapping[str, object] | None = None,
    neurons: NeuronSummary | None = None,
) -> Path:
    """Write a run folder and return it: all files, the manifest last, then one rename.

    `about` (tag, commit, baseline) goes into the manifest, so that a run is found without reading more.
    `neurons` becomes a section of the reports for people.

    Everything is written beside `folder` first, so an interruption leaves nothing at `folder`.
    A finished run is never rewritten; `overwrite` (for the demo) replaces a run, nothing else.

    Raises:
        UsageError: `folder` holds something already.
        OutputError: it cannot be written.
    """
    _refuse_taken(folder, overwrite=overwrite)
    summary = summarise(suite, run, judgement, text=text, created=created)
    with _unwritable_is_told(folder), _draft(folder) as draft:
        for name, style in RENDERED.items():
            text_of = rendered(style, summary, neurons=neurons)
            (draft / name).write_text(text_of, encoding="utf-8", newline="\n")
        write_items(draft / ITEMS, suite, run, judgement, text=text)
        _write_manifest(draft, _head(suite, run, created) | dict(about or {}))
        _put_in_place(draft, folder)
    return folder


def check_writable(folder: Path, *, overwrite: bool = False) -> None:
    """Return if a run can be written to `folder`; ask before scoring, not after.

    Raises:
        UsageError: `folder` holds something already.
        OutputError: it cannot be written.
    """
    _refuse_taken(folder, overwrite=overwrite)
    near = folder.absolute().parent
    while not near.exists() and near != near.parent:
        near = near.parent
    probe = near / f".{token_hex(8)}"
    with _unwritable_is_told(folder):
        probe.mkdir()
        probe.rmdir()


def run_name(created: str, digest: str, tag: str) -> str:
    """Return `TIME-DIGEST-TAG`: names of runs sort by time, whatever zone `created` is in.

    >>> run_name("2026-03-01T10:00:00+02:00", "sha256:0123456789", "My Model!")
    '20260301T080000Z-01234567-my-model'
    """
    moment = datetime.fromisoformat(created)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    slug = re.sub(r"[^\w.]+", "-", tag.lower()).strip("-._")[:60]
    return f"{moment:%Y%m%dT%H%M%SZ}-{digest.rpartition(':')[2][:8]}-{slug or 'run'}"


def _refuse_taken(folder: Path, *, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"-o {folder}: a file is there, but a folder is needed; choose another -o")
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not names:
        return
    if MANIFEST in names and not overwrite:
        raise UsageError(
            f"-o {folder}: a finished run is there, and runs are never rewritten; choose another -o"
        )
    if not (overwrite and names <= _OURS):
        raise UsageError(
            f"-o {folder}: other files are there, but an empty or new folder is needed; choose another -o"
        )


@contextmanager
def _unwritable_is_told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"-o {folder}: {error.strerror or error}, but a run needs a writable place; "
            f"choose another -o or free it"
        ) from error


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside `folder` that is gone afterwards unless it was moved."""
    draft = folder.absolute().with_name(f".{folder.absolute().name}.{token_hex(4)}")
    draft.mkdir(parents=True)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _head(suite: Suite, run: Run, created: str) -> dict[str, object]:
    return {
        "created": created,
        "suite": suite.fingerprint,
        "model": {"name": public_text(run.model), "fingerprint": run.model_fingerprint},
        "computed": {name: run.environment[name] for name in HOW_COMPUTED if name in run.environment},
        "tag": "",
        "commit": "",
        "baseline": None,
    }


def _write_manifest(draft: Path, head: Mapping[str, object]) -> None:
    manifest = {
        "schema": SCHEMA,
        **head,
        "tool": {"name": "mcrc-robustness", "version": tool_version()},
        "files": {path.name: digest(path) for path in sorted(draft.iterdir())},
    }
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _put_in_place(draft: Path, folder: Path) -> None:
    """Move the draft to `folder`, and what stood there out of the way, on disk before we return."""
    for path in (*draft.iterdir(), draft):
        _sync(path)
    if folder.is_dir():
        old = draft.with_name(f"{draft.name}.old")
        folder.replace(old)
        draft.replace(folder)
        shutil.rmtree(old)
    else:
        draft.replace(folder)
    _sync(folder.absolute().parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
