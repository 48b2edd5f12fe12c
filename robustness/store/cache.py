"""Scores that outlive a run: a folder of rows by model, numeric class and row key."""

from __future__ import annotations

import errno
import warnings
from dataclasses import dataclass
from pathlib import Path

from robustness.errors import OutputError
from robustness.store import at_hand
from robustness.store.durable import write_durably
from robustness.store.entry import Loaded, begin, interrupted, load, seal
from robustness.store.header import SCHEMA, Header
from robustness.store.locks import waiting
from robustness.store.network import is_remote
from robustness.store.pruning import prune
from robustness.store.segments import Memory, Segments
from robustness.store.store import Store, Writer

__all__ = ["LIMIT", "Cache"]

LIMIT = 2 * 2**30
"""Bytes that a cache may grow to; some 18 to 40 bytes a row."""

_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n"
"""What tells backup programs that a folder is a cache (bford.info/cachedir)."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of scored rows that any number of runs may use at once.

    Each run writes a journal of its own and reads what others have sealed. Nothing is in a key but
    what can change a score, so another batch size, suite or machine of the same numeric class hits.

    >>> from tempfile import TemporaryDirectory
    >>> header = Header(suite="5a", model="c0", numeric="fp32/cpu")
    >>> with TemporaryDirectory() as folder:
    ...     store = Cache(Path(folder)).open(header)
    ...     store.record({b"k" * 16: 0.5})
    ...     sealed = store.seal()
    ...     other = Cache(Path(folder)).open(Header(suite="77", model="c0", numeric="fp32/cpu"))
    ...     other.known([b"k" * 16])
    ...     other.close()
    {b'kkkkkkkkkkkkkkkk': 0.5}
    """

    root: Path
    limit: int = LIMIT

    def open(self, header: Header) -> Store:
        """Return the store of one run; close it, and seal it first where the run is whole.

        An interrupted run of the same header is resumed. A cache that cannot be written is used as
        it is, with one warning; on a network file system each commit is a file of its own.

        Raises:
            OutputError: there is no room on the disk.
            StoreError: rows in the cache contradict each other.
        """
        folder = self._versioned / header.entry
        reason = self._unwritable(folder)
        loaded = load(folder, header)
        writer: Writer
        if reason:
            warnings.warn(
                f"cache {self.root}: it cannot be written ({reason}), so its rows are used, none is added, "
                f"and an interrupted run begins anew; choose a writable --cache",
                stacklevel=2,
            )
            writer = Memory()
        else:
            prune(self._versioned, self.limit)
            writer = Segments(folder, header) if is_remote(folder) else begin(folder, header)
        at_hand.tell(writer.broken_off)
        try:
            return Store(folder, header, loaded, writer)
        except BaseException:
            writer.close()
            raise

    def peek(self, header: Header) -> Store:
        """Return a store of what a run of this header would find; what it is told is forgotten.

        Raises:
            StoreError: rows in the cache contradict each other.
        """
        folder = self._versioned / header.entry
        if not folder.is_dir():
            return Store(folder, header, Loaded((), (), 0), Memory())
        tables = list(load(folder, header).tables)
        for journal in interrupted(folder, header):
            tables.append((f"journal {journal.path.name}", journal.table()))
            journal.close()
        return Store(folder, header, Loaded(tuple(tables), (), 0), Memory())

    def settle(self, header: Header) -> None:
        """Seal what interrupted runs of this header have left, before several processes start at once:
        each finds it there, whichever was first. Nothing where the cache cannot be written.

        Raises:
            StoreError: rows in the cache contradict each other.
        """
        folder = self._versioned / header.entry
        if self._unwritable(folder) or is_remote(folder):
            return
        with waiting(folder / "settle"):
            journal = begin(folder, header)
            at_hand.tell(journal.broken_off)
            try:
                seal(folder, header, journal.table())
            except BaseException:
                journal.close()
                raise
            journal.remove()

    @property
    def _versioned(self) -> Path:
        return self.root / f"v{SCHEMA}"

    def _unwritable(self, folder: Path) -> str:
        """Return why a folder cannot be written; empty where it can: asked before anything is scored."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tag = self.root / "CACHEDIR.TAG"
            if not tag.exists():
                write_durably(tag, _TAG)
            write_durably(folder / ".probe", b"").unlink(missing_ok=True)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise OutputError(
                    f"cache {self.root}: {error.strerror}, but scored rows must be on disk; free space, "
                    f"choose another --cache, or go on with --no-cache"
                ) from error
            return error.strerror or str(error)
        return ""
