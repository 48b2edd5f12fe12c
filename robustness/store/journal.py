"""What one run has scored so far, on disk before anyone is told: an SQLite file with one writer.

WAL with `synchronous=FULL` syncs at each commit, and a killed writer loses nothing that was
acknowledged. The exclusive lock spares SQLite its shared-memory file.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from robustness.errors import StoreError
from robustness.store import at_hand
from robustness.store.header import Header
from robustness.store.locks import hold
from robustness.store.rows import Table, agree, checksum, packed, refuse_unfit, unpacked
from robustness.store.salvage import mend, unlink_all
from robustness.store.tables import FAULTS, Line, connect, is_whole, lay_out, lines, told

__all__ = ["Journal"]

_AT_ONCE = 500
"""Keys in one query: SQLite before 3.32 takes 999."""


class Journal:
    """A `Ledger` on disk: opened anew after a crash, it holds all that was acknowledged.

    Rows are kept by 16-byte key with a checksum that covers key, score and header. A row that is
    not as it was written is dropped and counted, never used.

    >>> from tempfile import TemporaryDirectory
    >>> header = Header(suite="5a", model="c0", numeric="fp32/cpu")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.sqlite"
    ...     with Journal(path, header) as journal:
    ...         journal.record({b"k" * 16: 0.5})
    ...     with Journal(path, header) as journal:
    ...         journal.resumed, journal.known([b"k" * 16])
    (1, {b'kkkkkkkkkkkkkkkk': 0.5})
    """

    mode = "journal"

    def __init__(self, path: Path, header: Header) -> None:
        """Open or create the journal at `path`, whose folder exists.

        Raises:
            StoreError: it is another run's (each field that differs is named), of another schema,
                or another process writes it (process id and host are named).
            OutputError: the disk is full or refuses.
        """
        self.path = path
        self.header = header
        self.counters: Callable[[], Mapping[str, int]] = dict
        """What is to be counted over all attempts of the run; written with each `record`."""
        self.dropped = 0
        """Rows that were damaged: found on opening, on reading or on writing."""
        self._noted = False
        self._held = hold(path)
        self.broken_off = at_hand.left(path)
        """Items that an earlier writer was at when its process died."""
        try:
            with told(path):
                self.dropped = mend(path, header)
                self._connection = connect(path)
                self._begin(header)
        except BaseException:
            self._held.release()
            raise

    def _begin(self, header: Header) -> None:
        try:
            lay_out(self._connection, header)
            (self.resumed,) = self._connection.execute("SELECT count(*) FROM rows").fetchone()
            (last,) = self._connection.execute("SELECT max(attempt) FROM counts").fetchone()
        except BaseException:
            self._connection.close()
            raise
        self._attempt = int(last or 0) + 1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return the scores of those keys that are here, each checked as it is read."""
        with told(self.path):
            return dict(self._checked(self._stored(keys)))

    def record(self, rows: Mapping[bytes, float]) -> None:
        """Keep the rows; they are on disk when this returns, all or none of them.

        A row that is here already stays as it is.

        Raises:
            StoreError: a row is here with a score that cannot be of the same model.
            OutputError: the disk is full or refuses; what was recorded earlier is untouched.
            ValueError: a key of another length, or a score that is no finite number.
        """
        refuse_unfit(rows)
        stored = self._lines(rows)
        with told(self.path), self._transaction():
            written = self._connection.executemany("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", stored)
            if written.rowcount < len(stored):
                self._settle(rows)
            self._connection.executemany("REPLACE INTO counts VALUES (?, ?, ?, ?)", self._counts())

    def totals(self) -> dict[str, int]:
        """Return what `counters` counted, summed over all attempts, this one as last recorded."""
        sums: dict[str, int] = {}
        with told(self.path):
            read = self._connection.execute("SELECT attempt, name, value, crc FROM counts").fetchall()
        for attempt, name, value, crc in read:
            if crc == _count_checksum(attempt, name, value):
                sums[name.decode()] = sums.get(name.decode(), 0) + value
        return sums

    def table(self) -> Table:
        """Return all rows, each checked as it is read."""
        with told(self.path):
            return Table.of(dict(self._checked(lines(self._connection))))

    def is_empty(self) -> bool:
        """Tell whether there is no row; False where that cannot be told."""
        with suppress(*FAULTS):
            return not self._connection.execute("SELECT 1 FROM rows LIMIT 1").fetchall()
        return False

    def at(self, items: Sequence[str]) -> None:
        """Note the items that are scored next, for whoever comes after a death of this process."""
        self._noted = True
        at_hand.note(self.path, items)

    def close(self) -> None:
        """Close the file and let the next writer in; what is recorded stays."""
        with suppress(*FAULTS):
            self._connection.close()
        if self._noted:  # who scored nothing leaves the note of an earlier death
            at_hand.clear(self.path)
        self._held.release()

    def remove(self) -> None:
        """Close and delete the journal: its rows are safe elsewhere."""
        with suppress(*FAULTS):
            self._connection.close()
        at_hand.clear(self.path)
        unlink_all(self.path)
        self._held.release()
        self._held.forget()

    def _stored(self, keys: Sequence[bytes]) -> Iterator[Line]:
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            yield from self._connection.execute(
                f"SELECT key, score, crc FROM rows WHERE key IN ({marks})",  # noqa: S608 - marks alone
                part,
            )

    def _checked(self, stored: Iterable[Line]) -> Iterator[tuple[bytes, float]]:
        for line in stored:
            if is_whole(line, self.header.seed):
                yield line[0], unpacked(line[1])
            else:
                self.dropped += 1

    def _lines(self, rows: Mapping[bytes, float]) -> list[Line]:
        seed = self.header.seed
        raws = ((key, packed(score)) for key, score in rows.items())
        return [(key, raw, checksum(seed, key, raw)) for key, raw in raws]

    def _settle(self, rows: Mapping[bytes, float]) -> None:
        """Compare with the rows that stood there; write those anew that were damaged."""
        here = dict(self._checked(self._stored(list(rows))))
        for key, score in here.items():
            if not agree(score, rows[key]):
                raise StoreError(
                    f"{self.path}: row {key.hex()} has the score {score!r}, and now {rows[key]!r} came "
                    f"from the model, but one model gives one row one score; find out why, or "
                    f"remove the journal"
                )
        again = self._lines({key: score for key, score in rows.items() if key not in here})
        self._connection.executemany("REPLACE INTO rows VALUES (?, ?, ?)", again)

    def _counts(self) -> list[tuple[int, str, int, int]]:
        return [
            (self._attempt, name, value, _count_checksum(self._attempt, name.encode(), value))
            for name, value in self.counters().items()
        ]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(*FAULTS):  # a full disk has rolled it back by itself
                self._connection.execute("ROLLBACK")
            raise


def _count_checksum(attempt: object, name: object, value: object) -> int:
    return zlib.crc32(repr((attempt, name, value)).encode())
