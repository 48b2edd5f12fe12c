"""One folder of the cache: the sealed rows and unfinished journals of one model in one numeric class."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from robustness.errors import RobustnessError, StoreError
from robustness.store.header import Header
from robustness.store.journal import Journal
from robustness.store.locks import waiting
from robustness.store.rows import Table, union
from robustness.store.sealed import read_sealed, write_sealed

__all__ = ["JOURNALS", "Loaded", "begin", "discard", "interrupted", "load", "seal"]

JOURNALS = "journal-*.sqlite"
_MOST_FILES = 8
"""Sealed files of one entry; one more, and they become one."""
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Loaded:
    """The sealed files of an entry that are as they were written."""

    tables: tuple[tuple[str, Table], ...]
    """By the name of the producer."""
    manifests: tuple[Path, ...]
    dropped: int
    """Files that were not, now removed where that is allowed."""


def load(folder: Path, header: Header) -> Loaded:
    """Return the sealed rows of a folder, wholly in memory: pruning it later changes nothing."""
    tables, manifests, dropped = [], [], 0
    for manifest in sorted(folder.glob("*.json")):
        try:
            table = read_sealed(manifest, header)
        except FileNotFoundError:
            continue  # pruned since it was listed
        except (StoreError, OSError):
            dropped += 1
            discard(manifest)
            continue
        tables.append((f"sealed file {manifest.stem}", table))
        manifests.append(manifest)
        with suppress(OSError):
            os.utime(manifest)  # pruning takes the longest unused
    return Loaded(tuple(tables), tuple(manifests), dropped)


def begin(folder: Path, header: Header) -> Journal:
    """Return the journal that this run writes: an interrupted one of the same header, else a new one.

    Further interrupted ones are taken in. A journal that another process writes is left alone.

    Raises:
        OutputError: the disk is full or refuses.
        StoreError: two interrupted runs contradict each other.
    """
    found = interrupted(folder, header)
    if not found:
        return Journal(folder / _name(header, token_hex(4)), header)
    first, *others = found
    try:
        for other in others:
            rows = list(other.table().rows().items())
            for start in range(0, len(rows), _AT_ONCE):
                first.record(dict(rows[start : start + _AT_ONCE]))
            first.resumed += other.resumed
            first.broken_off += other.broken_off
            first.dropped += other.dropped
            other.remove()
    except BaseException:
        for journal in found:
            journal.close()
        raise
    return first


def seal(folder: Path, header: Header, rows: Table, *, instead: tuple[Path, ...] = ()) -> Path | None:
    """Add rows to the sealed ones and return the manifest; the manifests of `instead` give way to it.

    Raises:
        StoreError: a sealed row contradicts one of these; both producers are named.
    """
    with waiting(folder / "seal"):
        there = load(folder, header)
        whole = union((*there.tables, (f"the run of suite {header.suite}", rows)))
        if not len(rows):
            return None
        if len(there.manifests) < _MOST_FILES and not instead:
            return write_sealed(folder, header, rows)
        made = write_sealed(folder, header, whole)
        for manifest in {*there.manifests, *instead} - {made}:
            discard(manifest)
        return made


def discard(manifest: Path) -> None:
    """Remove a sealed pair, the manifest first: without it the rest is not sealed."""
    with suppress(OSError):
        manifest.unlink(missing_ok=True)
        manifest.with_suffix(".parquet").unlink(missing_ok=True)


def interrupted(folder: Path, header: Header) -> list[Journal]:
    """Return the journals that interrupted runs of this header have left; the caller closes them."""
    journals = []
    for path in sorted(folder.glob(_name(header, "*"))):
        with suppress(RobustnessError):  # in use, or another user's
            journals.append(Journal(path, header))
    return journals


def _name(header: Header, token: str) -> str:
    return f"journal-{header.digest[:16]}-{token}.sqlite"
