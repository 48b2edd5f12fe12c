"""Favour shown to a position: recall and choice by place among the options, and RStd.

A model that scores each option by itself cannot have any; one that reads all options at once can.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from robustness.results import Position
from robustness.stats.closed_form import mean

__all__ = ["position_table", "rstd", "rstd_by_chance"]


def position_table(
    gold: Sequence[int], picks: Sequence[frozenset[int]], sizes: Sequence[int]
) -> tuple[Position, ...]:
    """Return the position table: how often each place is chosen and how often it is found.

    Args:
        gold: int[N], the position of the gold option.
        picks: the positions chosen for each item: one, or more where the top scores tie.
        sizes: int[N], how many options each item has.

    Raises:
        ValueError: the lengths differ, or an item has no pick or one outside its options.

    Source: Zheng, Zhou, Meng, Zhou and Huang 2024 (ICLR), section 2.

    >>> always_first = position_table((0, 1, 1), (frozenset({0}),) * 3, (2, 2, 2))
    >>> [(row.chosen, row.expected, row.gold, row.recall) for row in always_first]
    [(1.0, 0.5, 1, 1.0), (0.0, 0.5, 2, 0.0)]
    """
    if not len(gold) == len(picks) == len(sizes):
        raise ValueError(
            f"position_table: {len(gold)} gold positions, {len(picks)} picks and {len(sizes)} option counts "
            f"came, but one each is needed"
        )
    items = list(zip(gold, picks, sizes, strict=True))
    for item in items:
        right, picked, size = item
        if not picked or not {right, *picked} <= set(range(size)):
            raise ValueError(
                f"position_table: (gold, picks, options) is {item!r}, but a gold option and at least one "
                f"pick among the options are needed; leave out items without"
            )
    return tuple(_position(items, place) for place in range(max(sizes, default=0)))


def _position(items: Sequence[tuple[int, frozenset[int], int]], place: int) -> Position:
    shares = [(place in picked) / len(picked) for _, picked, size in items if size > place]
    found = [(place in picked) / len(picked) for right, picked, _ in items if right == place]
    expected = [1 / size for _, _, size in items if size > place]
    chosen, by_chance = mean(shares) or 0.0, mean(expected) or 0.0
    return Position(place, len(shares), chosen, by_chance, len(found), mean(found))


def rstd(table: Sequence[Position]) -> float | None:
    """Return the standard deviation of recall over positions, in [0, 0.5]; 0 is no favour shown.

    The population formula; times 100 it is the figure in points of the source. None with fewer
    than two positions that hold a gold option. Read it beside `rstd_by_chance`: it is above 0 for
    a fair model too, the more so the fewer items a position has.

    Source: Zheng, Zhou, Meng, Zhou and Huang 2024 (ICLR), section 2.3 (RStd).

    >>> rstd(position_table((0, 1, 1), (frozenset({0}),) * 3, (2, 2, 2)))
    0.5
    """
    recalls = [row.recall for row in table if row.recall is not None]
    return float(np.std(recalls)) if len(recalls) > 1 else None


def rstd_by_chance(table: Sequence[Position]) -> float | None:
    """Return the RStd (root mean square) of a model of this accuracy that favours no position.

    With recall r everywhere and n_i gold options at position i of J, the population variance of
    recall has the mean (1 - 1/J) x mean of r (1 - r) / n_i. None where `rstd` is None.

    >>> round(rstd_by_chance(position_table((0, 1, 1), (frozenset({0}),) * 3, (2, 2, 2))), 3)
    0.289
    """
    rows = [(row.recall, row.gold) for row in table if row.recall is not None]
    if len(rows) < 2:
        return None
    rate = math.fsum(recall * n for recall, n in rows) / sum(n for _, n in rows)
    noise = math.fsum(rate * (1 - rate) / n for _, n in rows) / len(rows)
    return math.sqrt((1 - 1 / len(rows)) * noise)
