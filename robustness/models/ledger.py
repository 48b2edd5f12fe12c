"""Where the scores of rows are kept, so that no row is forwarded twice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Protocol, runtime_checkable

__all__ = ["Ledger", "Memory", "finite_rows"]


@runtime_checkable
class Ledger(Protocol):
    """Scores by row key (16 bytes, see `RowKeys`). It may outlive the process, or not."""

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return the scores of those rows that were scored before, by key."""
        ...

    def record(self, rows: Mapping[bytes, float]) -> None:
        """Keep scores; durable, as far as this ledger can be, when it returns."""
        ...


class Memory:
    """A ledger that ends with the process and holds the last `limit` rows recorded.

    >>> ledger = Memory(limit=2)
    >>> ledger.record({b"a": 0.5}), ledger.record({b"b": 1.5, b"c": 2.5})
    (None, None)
    >>> dict(ledger.known([b"a", b"b", b"x"])), len(ledger)
    ({b'b': 1.5}, 2)
    """

    __slots__ = ("_limit", "_rows")

    def __init__(self, *, limit: int = 1_000_000) -> None:
        self._limit = limit
        self._rows: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Return the scores that are still held, by key."""
        return {key: self._rows[key] for key in keys if key in self._rows}

    def record(self, rows: Mapping[bytes, float]) -> None:
        """Keep scores; the oldest go where there are more than `limit`."""
        self._rows.update(rows)
        for key in list(islice(self._rows, max(0, len(self._rows) - self._limit))):
            del self._rows[key]


def finite_rows(rows: Mapping[bytes, float]) -> dict[bytes, float]:
    """Return the rows that may be recorded: a NaN or an infinity is a fault, to be tried again.

    >>> finite_rows({b"a": 0.5, b"b": float("nan"), b"c": float("inf")})
    {b'a': 0.5}
    """
    return {key: score for key, score in rows.items() if math.isfinite(score)}
