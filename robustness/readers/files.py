"""Files as text, JSON and CSV, with a place for every fault and a limit on every size."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from robustness.errors import DataError
from robustness.readers.rows import MAX_ROW, Fault, InvalidRow, Item, RowReader

__all__ = [
    "MAX_FILE",
    "Origin",
    "below",
    "csv_rows",
    "digest_of",
    "file_origin",
    "json_list",
    "json_rows",
    "parse_json",
    "read_json_rows",
    "read_text",
    "require",
    "shorten",
]

MAX_FILE = 2 << 30
"""Bytes (2 GiB)."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a data set comes from, fixed before it is read."""

    argument: str
    """What the format's `read` is given; a Hub revision is resolved in it."""
    label: str
    """What reports show behind the format's name: no home folder, no user name."""
    files: tuple[tuple[str, Path], ...] = ()
    """(name relative to the argument, path) of each file that is read."""
    revision: str = ""
    """Commit of a Hub data set."""


def file_origin(argument: str) -> Origin:
    """Return the origin of a single file."""
    path = require(argument)
    return Origin(argument, shorten(argument), ((path.name, path),))


def below(argument: str, *suffixes: str) -> tuple[tuple[str, Path], ...]:
    """Return (relative name, path) of the files with these endings in a folder, sorted by name.

    A path to one file stands for that file.
    """
    root = Path(argument)
    if not root.is_dir():
        return ((root.name, require(argument)),)
    found = (p for p in root.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
    return tuple(sorted((path.relative_to(root).as_posix(), path) for path in found))


def shorten(argument: str) -> str:
    """Return at most the last two parts of a path, none of them the user's home.

    >>> shorten("../shared/data/dream/test.json")
    'dream/test.json'
    """
    given = [part for part in PurePath(argument).parts if part not in ("..", os.sep)]
    parts = PurePath(os.path.relpath(argument, Path.home())).parts
    if ".." in parts:  # not below this user's home, but perhaps below another's
        parts = PurePath(os.path.normpath(Path(argument).absolute())).parts[1:]
        parts = parts[2:] if parts[:1] in (("home",), ("Users",)) else parts
    return "/".join(parts[-max(1, min(2, len(given))) :]) or "."


def digest_of(files: Sequence[tuple[str, Path]]) -> str:
    """Return the sha256 over relative names and bytes, in sorted order, as 64 hex digits."""
    digest = hashlib.sha256()
    for name, path in sorted(files):
        digest.update(f"{len(name.encode())}:{name}:{path.stat().st_size}:".encode())
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def require(argument: str) -> Path:
    """Return the path of a file that is there, not empty and not over the limit."""
    path = Path(argument)
    if path.is_dir():
        raise DataError(f"{argument}: a folder came, but this format needs a file; name the file")
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as fault:
        raise DataError(f"{argument}: the file cannot be found; check the path") from fault
    if not os.access(path, os.R_OK):
        raise DataError(f"{argument}: the file may not be read; check its permissions")
    if size == 0:
        raise DataError(f"{argument}: the file is empty, but questions are needed; get it again")
    if size > MAX_FILE:
        raise DataError(
            f"{argument}: the file has {size:,} bytes, but at most {MAX_FILE:,} are read; split it"
        )
    return path


def read_text(argument: str) -> str:
    """Return the whole of a UTF-8 file, without byte order mark, line ends as they are."""
    raw = require(argument).read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise DataError(f"{argument}:{line}: {_not_utf8(raw, fault)}; save it as UTF-8") from None


def _not_utf8(raw: bytes, fault: UnicodeDecodeError) -> str:
    return f"byte 0x{raw[fault.start]:02x} came, but the text must be UTF-8"


def parse_json(text: str) -> object:
    """Return the value of a JSON text; a `Fault` names the line within the text.

    Stricter than `json`: a key that comes twice in one object is refused, since only one of the
    two values would be read.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as fault:
        raise Fault(f"not JSON: {fault.msg} (column {fault.colno})", line=fault.lineno) from None
    except RecursionError:
        raise Fault("the JSON is nested too deeply to be a question") from None
    except ValueError as fault:  # an integer of more than 4,300 digits
        raise Fault(f"not usable JSON: {fault}") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Fault(f"key {twice!r} comes twice in one object; keep one")
    return whole


def json_list(argument: str) -> list[object]:
    """Return the list that a JSON file holds; anything else is a `DataError` for the whole file."""
    try:
        value = parse_json(read_text(argument))
    except Fault as fault:
        raise DataError(f"{argument}:{fault.line}: {fault}; get the file again") from None
    if not isinstance(value, list):
        came = type(value).__name__
        raise DataError(f"{argument}:1: {came} came, but a JSON list is needed; is it this format?")
    return value


def json_rows(argument: str) -> Iterator[tuple[str, object]]:
    """Yield (where, value) for each line of JSON lines, or for each entry of one JSON list.

    A line that is not JSON comes as its `InvalidRow`. Blank lines are passed over.
    """
    with require(argument).open("rb") as file:
        start = file.read(4096).removeprefix(_BOM).lstrip()
    if start.startswith(b"["):
        for number, value in enumerate(json_list(argument), 1):
            yield f"{argument}:entry {number}", value
        return
    for number, raw in _lines(argument):
        where = f"{argument}:{number}"
        if isinstance(raw, InvalidRow):
            yield where, raw
        elif raw.strip():
            yield where, _json_line(where, raw)


def _lines(argument: str) -> Iterator[tuple[int, bytes | InvalidRow]]:
    with Path(argument).open("rb") as file:
        number = 0
        while line := file.readline(MAX_ROW + 1):
            number += 1
            if len(line) > MAX_ROW:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_ROW)
                yield number, InvalidRow(f"{argument}:{number}", f"over {MAX_ROW:,} bytes")
            else:
                yield number, line.removeprefix(_BOM) if number == 1 else line


def _json_line(where: str, raw: bytes) -> object:
    try:
        return parse_json(raw.decode())
    except UnicodeDecodeError as fault:
        return InvalidRow(where, _not_utf8(raw, fault))
    except Fault as fault:
        return InvalidRow(where, str(fault))


def read_json_rows(argument: str, rows: RowReader) -> Iterator[Item]:
    """Yield the items of each JSON row of a file."""
    for where, value in json_rows(argument):
        if isinstance(value, InvalidRow):
            yield value
        else:
            yield from rows(value, where)


def csv_rows(argument: str, *, needed: Sequence[str]) -> Iterator[tuple[str, object]]:
    """Yield (where, row by column name) of a CSV file with a header; where is a row's first line.

    A row of another width comes as its `InvalidRow`. Broken quoting ends the file with a
    `DataError`, since every later row would be guesswork; so does a cell over 131,072 characters.
    """
    import csv
    import io

    reader = csv.reader(io.StringIO(read_text(argument), newline=""), strict=True)
    line = 1
    try:
        header = next(reader, [])
        _check_header(argument, header, needed)
        line = reader.line_num + 1
        for cells in reader:
            where, line = f"{argument}:{line}", reader.line_num + 1
            if cells:
                yield where, _csv_row(where, header, cells)
    except csv.Error as fault:
        raise DataError(f"{argument}:{line}: broken CSV: {fault}; mend the quoting") from None


def _check_header(argument: str, header: list[str], needed: Sequence[str]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{argument}:1: column {twice[0]!r} comes twice in the header; keep one")
    for name in needed:
        if name not in header:
            raise DataError(
                f"{argument}:1: the header has {', '.join(header)!r:.200}, but a column {name!r} "
                "is needed; is it this format?"
            )


def _csv_row(where: str, header: list[str], cells: list[str]) -> object:
    if len(cells) != len(header):
        return InvalidRow(where, f"{len(cells)} cells came, but the header has {len(header)}")
    return dict(zip(header, cells, strict=True))
