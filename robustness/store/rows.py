"""Scored rows in memory: a checksum for each, a sorted table, and the union of several."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from robustness.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "KEY_BYTES",
    "TOLERANCE",
    "Table",
    "agree",
    "checksum",
    "packed",
    "refuse_unfit",
    "union",
    "unpacked",
]

KEY_BYTES = 16
TOLERANCE = 1e-4
"""Largest difference, relative to the larger score or 1, between two scorings of one row in one
numeric class. Batches differ by some 1e-7 in fp32; more than this is another model or a broken one."""

_DOUBLE = struct.Struct("<d")


def packed(score: float) -> bytes:
    """Return the eight bytes of a score: SQLite would lose the sign of -0.0 in a number of its own."""
    return _DOUBLE.pack(score)


def unpacked(raw: bytes) -> float:
    """Return the score that `packed` wrote."""
    return float(_DOUBLE.unpack(raw)[0])


def checksum(seed: int, key: bytes, raw: bytes) -> int:
    """Return the CRC-32 of a row, key and score together, started from its header's seed.

    SQLite checks no values: after one flipped bit its own integrity check lets most wrong scores pass.
    """
    return zlib.crc32(key + raw, seed)


def agree(one: float, other: float) -> bool:
    """Tell whether two scores can be one row's, scored twice.

    >>> agree(0.25, 0.2500001), agree(0.25, 0.26)
    (True, False)
    """
    return abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))


def refuse_unfit(rows: Mapping[bytes, float]) -> None:
    """Raise `ValueError` for a key of another length and for a score that is no finite number.

    What could not be scored is not kept: the next run has to try it again.
    """
    for key, score in rows.items():
        if len(key) != KEY_BYTES or not isfinite(score):
            raise ValueError(
                f"row {key.hex()}: {len(key)} bytes and score {score} came, but a row is kept by "
                f"{KEY_BYTES} bytes and with a finite score"
            )


class Table:
    """Rows sorted by key, 24 bytes each, for looking up many keys at once.

    >>> table = Table.of({b"a" * 16: 1.5, b"b" * 16: -2.0})
    >>> table.known([b"b" * 16, b"c" * 16])
    {b'bbbbbbbbbbbbbbbb': -2.0}
    """

    __slots__ = ("keys", "scores")

    def __init__(self, keys: npt.NDArray[np.bytes_], scores: npt.NDArray[np.float64]) -> None:
        self.keys = keys
        self.scores = scores

    @classmethod
    def of(cls, rows: Mapping[bytes, float]) -> Table:
        """Return the table of a mapping."""
        return cls.joined(b"".join(rows), list(rows.values()))

    @classmethod
    def joined(cls, keys: bytes, scores: Sequence[float] | npt.NDArray[np.float64]) -> Table:
        """Return the table of keys written one after the other and their scores, in any order.

        Where a key comes twice, the smaller score stays: the choice must not depend on the order.
        """
        import numpy as np

        # Fixed-length strings compare as bytes; only single elements would lose trailing NULs.
        flat = np.frombuffer(keys, dtype=f"S{KEY_BYTES}")
        values = np.asarray(scores, dtype=np.float64)
        order = np.lexsort((values, flat))
        flat, values = flat[order], values[order]
        first = np.ones(len(flat), dtype=bool)
        first[1:] = flat[1:] != flat[:-1]
        return cls(flat[first], values[first])

    def __len__(self) -> int:
        return len(self.keys)

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return the scores of those keys that are here."""
        import numpy as np

        if not keys or not len(self):
            return {}
        wanted = np.frombuffer(b"".join(keys), dtype=f"S{KEY_BYTES}")
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self) - 1)
        (found,) = np.nonzero(self.keys[at] == wanted)
        return dict(zip((keys[i] for i in found.tolist()), self.scores[at[found]].tolist(), strict=True))

    def rows(self) -> dict[bytes, float]:
        """Return all rows as a mapping, sorted by key."""
        raw = self.keys.tobytes()
        keys = (raw[at : at + KEY_BYTES] for at in range(0, len(raw), KEY_BYTES))
        return dict(zip(keys, self.scores.tolist(), strict=True))


def union(tables: Iterable[tuple[str, Table]]) -> Table:
    """Return the rows of all tables, the same for any order of the tables.

    Each comes with the name of its producer.

    Raises:
        StoreError: two tables have scores for one row that cannot both be true; it names both.
    """
    import numpy as np

    named = tuple(tables)
    if not named:
        return Table.of({})
    keys = np.concatenate([table.keys for _, table in named])
    scores = np.concatenate([table.scores for _, table in named])
    order = np.lexsort((scores, keys))
    first = np.ones(len(keys), dtype=bool)
    first[1:] = keys[order][1:] != keys[order][:-1]
    lowest, highest = order[first], order[np.append(first[1:], True)[: len(keys)]]
    scale = np.maximum(1.0, np.maximum(np.abs(scores[lowest]), np.abs(scores[highest])))
    (apart,) = np.nonzero(scores[highest] - scores[lowest] > TOLERANCE * scale)
    if len(apart):
        owners = np.repeat(np.arange(len(named)), [len(table) for _, table in named])
        low, high = int(lowest[apart[0]]), int(highest[apart[0]])
        raise StoreError(
            f"row {keys[low : low + 1].tobytes().hex()}: {named[owners[low]][0]} has the score "
            f"{float(scores[low])!r}, {named[owners[high]][0]} has {float(scores[high])!r} ({len(apart)} "
            f"such rows), but one model gives one row one score; find out which machine or library is wrong, "
            f"remove what it made, or go on with --no-cache"
        )
    return Table(keys[lowest], scores[lowest])
