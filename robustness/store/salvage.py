"""What is still proven in a damaged journal, in a new one that takes its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from robustness.store.durable import sync_folder
from robustness.store.header import Header
from robustness.store.tables import FAULTS, Line, connect, is_damage, is_whole, lay_out, lines, refuse_foreign

__all__ = ["mend", "unlink_all"]

_ENDINGS = ("-wal", "-shm", "-journal")


def mend(path: Path, header: Header) -> int:
    """Return how many rows were lost to damage, at least 1 where there was any; leave a whole journal.

    Raises:
        StoreError: the journal is of another run or schema.
        sqlite3.Error: the disk, not the content, is at fault.
    """
    _finish(path)
    if not path.exists() or not path.stat().st_size:
        unlink_all(path, but_main=True)
        return 0
    try:
        with closing(connect(path)) as connection:
            if refuse_foreign(connection, header, where=path) and _is_sound(connection, header):
                return 0
    except FAULTS as error:
        if not is_damage(error):
            raise
    kept, lost = _rescue(path, header)
    _replace(path, header, kept)
    return max(lost, 1)


def unlink_all(path: Path, *, but_main: bool = False) -> None:
    """Remove a journal: the main file first, so that a log without its file tells it is a rest."""
    for name in ([] if but_main else [path]) + [path.with_name(path.name + ending) for ending in _ENDINGS]:
        name.unlink(missing_ok=True)


def _is_sound(connection: sqlite3.Connection, header: Header) -> bool:
    if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != b"ok":
        return False
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return True
    return all(is_whole(line, header.seed) for line in lines(connection))


def _rescue(path: Path, header: Header) -> tuple[dict[bytes, Line], int]:
    """Return the proven rows, read from both ends up to where reading stops, and how many were not."""
    kept: dict[bytes, Line] = {}
    lost: set[object] = set()
    try:
        with closing(connect(path)) as connection:
            for backwards in (False, True):
                with suppress(*FAULTS):
                    for line in lines(connection, backwards=backwards):
                        if is_whole(line, header.seed):
                            kept[line[0]] = line
                        else:
                            lost.add(line[0])
    except FAULTS as error:
        if not is_damage(error):
            raise
    return kept, len(lost)


def _replace(path: Path, header: Header, kept: dict[bytes, Line]) -> None:
    draft, ready = path.with_name(f"{path.name}.salvaging"), path.with_name(f"{path.name}.salvaged")
    unlink_all(draft)
    with closing(connect(draft)) as connection:
        lay_out(connection, header)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", kept.values())
        connection.execute("COMMIT")
    # Closing has folded the log into the file, so that the one rename moves all of it.
    draft.replace(ready)
    sync_folder(path.parent)
    _finish(path)


def _finish(path: Path) -> None:
    """Put a salvaged journal in place, also one that a kill has left; never beside the old one's log."""
    ready = path.with_name(f"{path.name}.salvaged")
    if ready.exists():
        unlink_all(path)
        ready.replace(path)
        sync_folder(path.parent)
