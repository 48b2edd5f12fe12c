"""The SQLite file of a journal: its layout, and what each of its faults means for the user."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from math import isfinite
from pathlib import Path

from robustness.errors import OutputError, StoreError
from robustness.store.header import SCHEMA, Header
from robustness.store.rows import KEY_BYTES, checksum, unpacked

__all__ = ["FAULTS", "Line", "connect", "is_damage", "is_whole", "lay_out", "lines", "refuse_foreign", "told"]

Line = tuple[bytes, bytes, int]
"""Key, packed score, checksum: one row as it is stored."""

_LAYOUT = (
    "CREATE TABLE header (json TEXT NOT NULL, crc INTEGER NOT NULL)",
    "CREATE TABLE rows (key BLOB PRIMARY KEY, score BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE counts (attempt INTEGER, name TEXT, value INTEGER NOT NULL, crc INTEGER NOT NULL, "
    "PRIMARY KEY (attempt, name)) WITHOUT ROWID",
)
FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""What reading may raise: a message that quotes a damaged table's name cannot always be decoded."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT}
_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def connect(path: Path) -> sqlite3.Connection:
    """Return the one connection to a journal, made so that a commit is on disk when it returns."""
    connection = sqlite3.connect(path, timeout=0.2, isolation_level=None)
    # Bytes, so that text which a flipped bit made undecodable is data to check and not an exception.
    connection.text_factory = bytes
    try:
        for pragma in (
            "locking_mode=EXCLUSIVE",
            "journal_mode=WAL",
            "synchronous=FULL",
            "cell_size_check=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def lay_out(connection: sqlite3.Connection, header: Header) -> None:
    """Create the tables and the header of a new journal, all at once; nothing for an old one."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _tables(connection):
            for table in _LAYOUT:
                connection.execute(table)
            text = json.dumps({"schema": SCHEMA, **asdict(header)}, sort_keys=True)
            connection.execute("INSERT INTO header VALUES (?, ?)", (text, zlib.crc32(text.encode())))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def refuse_foreign(connection: sqlite3.Connection, header: Header, *, where: Path) -> bool:
    """Return whether the header can be read; it is then this one.

    Raises:
        StoreError: it is another's, or of another schema; each field that differs is named.
    """
    if not _tables(connection):
        return True
    read = connection.execute("SELECT json, crc FROM header").fetchall()
    if len(read) != 1 or not isinstance(read[0][0], bytes) or zlib.crc32(read[0][0]) != read[0][1]:
        return False
    fields = json.loads(read[0][0])
    schema = fields.pop("schema")
    if schema != SCHEMA:
        raise StoreError(
            f"{where}: schema {schema!r} came, but this version reads {SCHEMA}; "
            f"read it with the version that wrote it, or remove it to score anew"
        )
    wrote = Header(**fields)
    if wrote != header:
        raise StoreError(
            f"{where}: it is of another run ({header.differences(wrote)}), but only the same run is "
            f"resumed; repeat the command that began it, or start a new run elsewhere"
        )
    return True


def lines(connection: sqlite3.Connection, *, backwards: bool = False) -> Iterator[Line]:
    """Yield all rows as they are stored, by key, unchecked."""
    order = "DESC" if backwards else "ASC"
    yield from connection.execute(f"SELECT key, score, crc FROM rows ORDER BY key {order}")  # noqa: S608


def is_whole(line: Line, seed: int) -> bool:
    """Tell whether a stored row is as it was written, and by a journal of this seed."""
    key, raw, crc = line
    if not (isinstance(key, bytes) and isinstance(raw, bytes) and len(key) == KEY_BYTES and len(raw) == 8):
        return False
    return checksum(seed, key, raw) == crc and isfinite(unpacked(raw))


def is_damage(error: Exception) -> bool:
    """Tell damage in the file from a disk that is full, gone or in use."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF in _DAMAGE


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's faults into sentences."""
    try:
        yield
    except FAULTS as error:
        if is_damage(error):
            raise StoreError(
                f"{path}: {error}, but a whole journal is needed; run the same command again: "
                f"it keeps every row that is proven and scores the rest anew"
            ) from error
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _IN_USE:
            raise StoreError(
                f"{path}: another process is writing it; wait for that run or stop it"
            ) from error
        raise OutputError(
            f"{path}: {error}, but scored rows must be on disk before the run goes on; free space or choose "
            f"another --cache, then run the same command again: what was scored before is kept"
        ) from error


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
