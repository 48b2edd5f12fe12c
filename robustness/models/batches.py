"""Rows to batches: longest first, filled to a token budget, padded little or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.models.encoding import Row

__all__ = ["MOST_PADDING", "plan", "plan_alone", "plan_packed"]

MOST_PADDING = 1.05
"""Most padded tokens per real token in one batch; sorted rows stay below by themselves."""


def plan(rows: Sequence[Row], *, budget: int, may_pad: bool) -> tuple[tuple[int, ...], ...]:
    """Return batches of positions in `rows`; each position is in one batch.

    The batches hold the same rows for any order of `rows`: they are sorted by length, longest
    first, so that memory runs out at the start or never, and then by content. A batch costs at
    most `budget` tokens (rows x longest row) or holds a single row. Without `may_pad` all rows of
    a batch are equally long.

    >>> rows = [Row((1,) * n, ()) for n in (4, 20, 20, 21)]
    >>> plan(rows, budget=42, may_pad=True)
    ((3, 1), (2,), (0,))
    >>> plan(rows, budget=42, may_pad=False)
    ((3,), (1, 2), (0,))
    """
    order = _longest_first(rows)
    most = MOST_PADDING if may_pad else 1.0
    batches: list[tuple[int, ...]] = []
    batch: list[int] = []
    longest = real = 0
    for at in order:
        length = len(rows[at].ids)
        cost = longest * (len(batch) + 1)
        if batch and (cost > budget or cost > most * (real + length)):
            batches.append(tuple(batch))
            batch, real = [], 0
        if not batch:
            longest = length
        batch.append(at)
        real += length
    return (*batches, tuple(batch)) if batch else ()


def plan_packed(rows: Sequence[Row], *, budget: int) -> tuple[tuple[int, ...], ...]:
    """Return batches as `plan` does, for a forward pass without padding: a batch holds at most
    `budget` tokens, or a single row.

    >>> rows = [Row((1,) * n, ()) for n in (4, 20, 20, 21)]
    >>> plan_packed(rows, budget=41)
    ((3, 1), (2, 0))
    """
    batches: list[list[int]] = []
    filled = budget
    for at in _longest_first(rows):
        length = len(rows[at].ids)
        if not batches or filled + length > budget:
            batches.append([])
            filled = 0
        batches[-1].append(at)
        filled += length
    return tuple(map(tuple, batches))


def plan_alone(rows: Sequence[Row]) -> tuple[tuple[int, ...], ...]:
    """Return batches of one row each, longest first.

    >>> plan_alone([Row((1,) * n, ()) for n in (4, 20)])
    ((1,), (0,))
    """
    return tuple((at,) for at in _longest_first(rows))


def _longest_first(rows: Sequence[Row]) -> list[int]:
    return sorted(range(len(rows)), key=lambda at: (-len(rows[at].ids), rows[at].ids, rows[at].types, at))
