"""Rows to numbers: what is known is looked up, the rest is checked, computed once and recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from robustness.models.arithmetic import plain_arithmetic
from robustness.models.encoding import Row
from robustness.models.keys import RowKeys
from robustness.models.ledger import Ledger, Memory, finite_rows
from robustness.models.memory import attempted
from robustness.models.quiet import quiet
from robustness.models.shadow import refuse_chance

__all__ = ["LARGEST_DIFFERENCE", "CheckedScorer", "Forward", "Paths"]

LARGEST_DIFFERENCE = 1e-4
"""Between fast and plain numbers, relative to the larger of 1 and the number."""

_PORTION = 512
"""Rows between two records in the ledger; neighbours in token order, which share the most."""
_LEAST_BUDGET = 32
_NAN = float("nan")


class Forward(Protocol):
    """Rows to log-likelihoods in nats."""

    def __call__(self, rows: Sequence[Row], *, budget: int) -> list[float]:
        """Return one per row, in order, with at most about `budget` tokens a pass."""
        ...


@dataclass(frozen=True, slots=True)
class Paths:
    """The ways in which one network computes the same numbers."""

    fast: Forward
    plain: Forward
    """Hugging Face without sharing: what `fast` is held against, and what stands in for it."""
    canonical: Callable[[], Forward]
    """Makes the plain way in fp64, when it is first needed."""


class CheckedScorer:
    """The numbers of token rows, each computed once for as long as its ledger keeps it.

    Before anything is computed, the fast way is held against the plain one on up to four of the rows
    to come. Where they differ by more than `LARGEST_DIFFERENCE`, the plain way is taken and `warning`
    says so.
    """

    __slots__ = (
        "_canonical", "_device", "_fast", "_keys", "_paths", "_threads", "budget", "counts", "difference",
        "ledger", "warning",
    )  # fmt: skip

    def __init__(
        self, paths: Paths, *, keys: RowKeys, device: str, threads: int, counts: Counter[str]
    ) -> None:
        self.budget = 512 if device == "cpu" else 8_192
        """Tokens a pass."""
        self.counts = counts
        self.ledger: Ledger = Memory()
        """Where numbers are kept; set another at any time between two calls."""
        self.difference: float | None = None
        """Largest difference that the check saw, as `LARGEST_DIFFERENCE` counts it; None before."""
        self.warning = ""
        self._paths = paths
        self._fast = paths.fast
        self._canonical: Forward | None = None
        self._keys = keys
        self._device, self._threads = device, threads

    def scores(self, rows: Sequence[Row]) -> Mapping[Row, float]:
        """Return the number of each distinct row; NaN for one that does not fit into memory."""
        keys = {row: self._keys.of(row) for row in dict.fromkeys(rows)}
        known = self.ledger.known(tuple(keys.values()))
        values = {row: known[key] for row, key in keys.items() if key in known}
        missing = sorted((row for row in keys if row not in values), key=lambda row: (row.ids, row.types))
        self.counts["rows_forwarded"] += len(missing)
        with plain_arithmetic(self._device, threads=self._threads), quiet():
            if missing and self.difference is None:
                self._check(missing)
            for portion in _portions(missing):
                made = dict(zip(portion, self._fitted(self._fast, portion, self.budget), strict=True))
                self.ledger.record(finite_rows({keys[row]: value for row, value in made.items()}))
                values.update(made)
        return values

    def canonical(self, rows: Sequence[Row]) -> Mapping[Row, float]:
        """Return numbers in fp64, each row by itself, on one thread of the CPU."""
        keys = {row: self._keys.canonical(row) for row in dict.fromkeys(rows)}
        known = self.ledger.known(tuple(keys.values()))
        values = {row: known[key] for row, key in keys.items() if key in known}
        for row in (row for row in keys if row not in values):
            self._canonical = self._canonical or self._paths.canonical()
            with plain_arithmetic("cpu", threads=1), quiet():
                values[row] = self._canonical([row], budget=1)[0]
            self.counts["canonical_rows"] += 1
            self.ledger.record(finite_rows({keys[row]: values[row]}))
        return values

    def _check(self, rows: Sequence[Row]) -> None:
        order = sorted(rows, key=lambda row: len(row.ids))
        # Neighbours of the longest row share its beginning, so that something is shared here too.
        at = rows.index(order[-1])
        sample = dict.fromkeys((order[0], *rows[max(0, at - 1) : at + 2], order[len(order) // 2]))
        picked = tuple(sample)
        self.counts["shadow_rows"] += len(picked)
        fast = self._fitted(self._paths.fast, picked, self.budget)
        self.difference = max(map(_apart, fast, self._singly(picked)))
        if not self.difference <= LARGEST_DIFFERENCE:
            refuse_chance(picked, self._singly)
            self._fast = _alone(self._paths.plain)
            self.warning = (
                f"the shared forward pass differs from the plain one by {self.difference:.1e}; the plain "
                "one is used"
            )

    def _singly(self, rows: Sequence[Row]) -> list[float]:
        return [self._fitted(self._paths.plain, [row], 1)[0] for row in rows]

    def _fitted(self, forward: Forward, rows: Sequence[Row], budget: int) -> list[float]:
        """Return the values; where memory runs out with half the budget, then with half the rows."""
        while (values := attempted(partial(forward, rows, budget=budget))) is None:
            if budget > _LEAST_BUDGET:
                budget //= 2
            elif len(rows) > 1:
                half = len(rows) // 2
                parts = (rows[:half], rows[half:])
                return [value for part in parts for value in self._fitted(forward, part, budget)]
            else:
                self.counts["out_of_memory_rows"] += 1
                return [_NAN]
        return values


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), _PORTION):
        yield rows[start : start + _PORTION]


def _alone(forward: Forward) -> Forward:
    def each(rows: Sequence[Row], *, budget: int) -> list[float]:
        return [forward([row], budget=budget)[0] for row in rows]

    return each


def _apart(a: float, b: float) -> float:
    if a == b or (a != a and b != b):
        return 0.0
    return abs(a - b) / max(1.0, abs(b))
