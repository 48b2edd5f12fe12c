"""Ranks that say how far they can be trusted: ties wherever no difference is shown."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["rank_intervals"]


def rank_intervals(wins: Sequence[Sequence[bool]]) -> tuple[tuple[int, int], ...]:
    """Return the best and the worst rank that each contestant may have; 1 is the best.

    One that nobody beats may be first; one that beats nobody may be last. Where the chance of any
    wrong win is at most alpha (Holm over all pairs), all these intervals hold together with a chance
    of at least 1 - alpha.

    Args:
        wins: bool[K, K]; whether the first is shown to be better than the second.

    Source: Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91, p. 476.

    >>> rank_intervals([[False, False, True], [False, False, True], [False, False, False]])
    ((1, 2), (1, 2), (3, 3))
    """
    number = len(wins)
    if any(len(row) != number for row in wins):
        raise ValueError("rank_intervals: a row and a column are needed for each contestant")
    return tuple((1 + sum(row[i] for row in wins), number - sum(wins[i])) for i in range(number))
