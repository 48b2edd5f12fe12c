"""A row's name in a ledger: a digest of all that decides its score, and of nothing else."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

from robustness.models.encoding import Row

__all__ = ["RowKeys"]

_SCHEMA = "mcrc-robustness row 1"
_SIZE = 16


class RowKeys:
    """Keys of the rows of one model, read in one way, computed in one numeric class.

    Batch, device number, threads, suite, item, path and time are not in a key. The token ids are
    those after truncation: rows that differ in cut text alone share a key, and a score.

    >>> keys = RowKeys("9f3c", adapter="multiple-choice/1", numeric="fp32/cpu")
    >>> row = Row((2, 7, 3), (0, 0, 1))
    >>> len(keys.of(row)), keys.of(row) == keys.of(Row((2, 7, 3), (0, 0, 1)))
    (16, True)
    >>> len({keys.of(row), keys.canonical(row), keys.of(Row((2, 7, 3), ())), keys.note("x")})
    4
    """

    __slots__ = ("_canonical", "_fast", "_notes")

    def __init__(self, fingerprint: str, *, adapter: str, numeric: str, machine: str = "") -> None:
        self._fast = _begun((_SCHEMA, fingerprint, adapter, numeric, "fast"))
        # The canonical score is of one definition, so it outlives the way the fast one was computed.
        self._canonical = _begun((_SCHEMA, fingerprint, adapter.partition("@")[0], "fp64", "canonical"))
        # What was measured on one machine says nothing of another.
        self._notes = _begun((_SCHEMA, fingerprint, adapter, numeric, machine, "note"))

    def of(self, row: Row) -> bytes:
        """Return the key of a row's fast score."""
        return _ended(self._fast, row)

    def canonical(self, row: Row) -> bytes:
        """Return the key of a row's canonical score (fp64, alone, one thread)."""
        return _ended(self._canonical, row)

    def note(self, name: str) -> bytes:
        """Return the key of what was measured of the model on this machine, such as its near-tie bound."""
        digest = self._notes.copy()
        digest.update(name.encode())
        return digest.digest()


def _begun(parts: Iterable[str]) -> hashlib.blake2b:
    digest = hashlib.blake2b(digest_size=_SIZE)
    for part in parts:
        coded = part.encode()
        digest.update(len(coded).to_bytes(8, "little"))
        digest.update(coded)
    return digest


def _ended(begun: hashlib.blake2b, row: Row) -> bytes:
    digest = begun.copy()
    digest.update(len(row.ids).to_bytes(8, "little"))
    digest.update(array("q", row.ids))
    digest.update(array("q", row.types))
    return digest.digest()
