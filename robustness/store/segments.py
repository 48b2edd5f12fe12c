"""A writer for places where SQLite's log may not be trusted: each commit is a sealed file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from robustness.errors import OutputError
from robustness.store.header import Header
from robustness.store.rows import Table, refuse_unfit
from robustness.store.sealed import write_sealed

__all__ = ["Memory", "Segments"]


class Memory:
    """A writer that forgets, for a cache that can only be read.

    >>> writer = Memory()
    >>> writer.record({b"k" * 16: 0.5})
    >>> writer.known([b"k" * 16])
    {b'kkkkkkkkkkkkkkkk': 0.5}
    """

    mode = "read-only"
    resumed = 0
    dropped = 0
    broken_off: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.counters: Callable[[], Mapping[str, int]] = dict
        self._rows: dict[bytes, float] = {}

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return the scores of those keys that were recorded."""
        return {key: self._rows[key] for key in keys if key in self._rows}

    def record(self, rows: Mapping[bytes, float]) -> None:
        """Remember the rows until the process ends; the first score of a row stays."""
        refuse_unfit(rows)
        self._rows.update({key: score for key, score in rows.items() if key not in self._rows})

    def at(self, items: Sequence[str]) -> None:
        """Nothing is noted: there is no journal that the next process would find."""

    def totals(self) -> dict[str, int]:
        """Return what `counters` counts; earlier attempts are not known."""
        return dict(self.counters())

    def table(self) -> Table:
        """Return all rows."""
        return Table.of(self._rows)

    def is_empty(self) -> bool:
        """Tell whether there is no row."""
        return not self._rows

    def close(self) -> None:
        """Nothing is open."""

    def remove(self) -> None:
        """Nothing is on disk."""


class Segments(Memory):
    """A writer whose every `record` is one immutable sealed file: draft, fsync, rename, fsync.

    The files are in the cache from the start; `sealed` names them, so that the end of the run can
    put one file in their place. Slower than a journal by a file a commit, safe on any file system.
    """

    mode = "segments"

    def __init__(self, folder: Path, header: Header) -> None:
        super().__init__()
        self.sealed: list[Path] = []
        self._folder = folder
        self._header = header

    def record(self, rows: Mapping[bytes, float]) -> None:
        """Write the rows; they are on disk when this returns.

        Raises:
            OutputError: the disk is full or refuses.
        """
        refuse_unfit(rows)
        if not rows:
            return
        try:
            self.sealed.append(write_sealed(self._folder, self._header, Table.of(rows)))
        except OSError as error:
            raise OutputError(
                f"{self._folder}: {error.strerror or error}, but scored rows must be on disk before the run "
                f"goes on; free space or choose another --cache, then run the same command again"
            ) from error
        super().record(rows)
