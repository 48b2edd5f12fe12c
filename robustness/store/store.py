"""The rows that a run may use and the place where its own are kept: what a model's ledger is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from robustness.errors import OutputError
from robustness.store.entry import Loaded, seal
from robustness.store.header import Header
from robustness.store.rows import Table, union
from robustness.store.segments import Memory, Segments

__all__ = ["Store", "Writer"]


class Writer(Protocol):
    """Where the rows of this run go: a journal, segments, or memory alone."""

    mode: str
    """`journal`, `segments` or `read-only`."""
    counters: Callable[[], Mapping[str, int]]
    resumed: int
    dropped: int
    broken_off: tuple[str, ...]

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return the scores of those keys that are here."""
        ...

    def record(self, rows: Mapping[bytes, float]) -> None:
        """Keep the rows; durable when it returns."""
        ...

    def at(self, items: Sequence[str]) -> None:
        """Note the items that are scored next."""
        ...

    def totals(self) -> dict[str, int]:
        """Return what `counters` counted over all attempts."""
        ...

    def table(self) -> Table:
        """Return all rows."""
        ...

    def is_empty(self) -> bool:
        """Tell whether there is no row."""
        ...

    def close(self) -> None:
        """Let the next writer in; what is recorded stays."""
        ...

    def remove(self) -> None:
        """Delete it: its rows are safe elsewhere."""
        ...


class Store:
    """A `Ledger` over the cache: sealed rows of earlier runs, and a writer for those of this one.

    `Cache.open` makes it. Give it to the model, score, `seal`, `close`; without `seal` the rows
    stay in the journal, and the next run of the same header has them.
    """

    def __init__(self, folder: Path, header: Header, loaded: Loaded, writer: Writer) -> None:
        self.header = header
        self.writer = writer
        self.hits = 0
        """Rows that needed no scoring."""
        self.misses = 0
        """Keys that were asked for in vain."""
        self.checkpoint: Callable[[], None] = _go_on
        """Called where nothing is half done; may raise to end the run."""
        self._open = True
        self._folder = folder
        self._sealed = union(loaded.tables)
        self._dropped = loaded.dropped

    @property
    def kept(self) -> bool:
        """Whether rows outlive the process."""
        return self.writer.mode != Memory.mode

    @property
    def broken_off(self) -> tuple[str, ...]:
        """Items that an earlier process of this run was at when it died."""
        return self.writer.broken_off

    def at(self, items: Sequence[str]) -> None:
        """Note the items that are scored next: where the process dies, the next one can name them."""
        self.writer.at(items)

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return the scores of those keys that this or an earlier run has scored."""
        self.checkpoint()
        found = dict(self._sealed.known(keys))
        rest = [key for key in keys if key not in found] if found else keys
        found.update(self.writer.known(rest))
        self.hits += len(found)
        self.misses += len(keys) - len(found)
        return found

    def record(self, rows: Mapping[bytes, float]) -> None:
        """Keep the rows; they are on disk when this returns. Errors: as of the writer."""
        self.writer.record(rows)
        self.checkpoint()

    def counts(self) -> dict[str, int]:
        """Return hits, misses, rows resumed from an interrupted run, and damaged files and rows dropped."""
        return {
            "hits": self.hits,
            "misses": self.misses,
            "resumed": self.writer.resumed,
            "dropped": self._dropped + self.writer.dropped,
        }

    def rows(self, keys: Sequence[bytes] | None = None) -> Table:
        """Return the rows of this run's writer, or those of `keys` from everywhere."""
        if keys is None:
            return self.writer.table()
        return Table.of({**self._sealed.known(keys), **self.writer.known(keys)})

    def seal(self) -> Path | None:
        """Put the rows of this run into the cache for good and return their manifest.

        Nothing is written where nothing new was scored or the cache cannot be written.

        Raises:
            StoreError: a sealed row contradicts one of these; both producers are named.
            OutputError: the disk is full or refuses; the journal stays.
        """
        if not self.kept:
            return None
        instead = tuple(self.writer.sealed) if isinstance(self.writer, Segments) else ()
        try:
            made = seal(self._folder, self.header, self.writer.table(), instead=instead)
            self.writer.remove()
            self._open = False
        except OSError as error:
            raise OutputError(
                f"{self._folder}: {error.strerror or error}, but finished rows are sealed on disk; free "
                f"space and run the same command again: nothing needs to be scored again"
            ) from error
        return made

    def close(self) -> None:
        """Let the next writer in. What was recorded stays, sealed or not."""
        if self._open:
            (self.writer.remove if self.writer.is_empty() else self.writer.close)()
        self._open = False


def _go_on() -> None:
    """Nothing has asked the run to end."""
