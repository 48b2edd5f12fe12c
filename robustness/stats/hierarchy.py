"""Several training seeds as one model, several attack seeds as one attack: seeds x passages.

One checkpoint says how good that checkpoint is. How good the recipe is that trained it has two
sources of luck, the seeds and the passages, and an interval must hold both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.resampling import DRAWS, sample

__all__ = ["SeededMean", "seeded_mean"]

Floats = npt.NDArray[np.float64]

_BLOCK: Final = 2**18
"""Numbers held at once per array while drawing: 2 MiB, so that a block stays in the cache."""


@dataclass(frozen=True, slots=True)
class SeededMean:
    """A mean over seeds and passages, and how far single seeds are from it."""

    estimate: Estimate
    """Over all seeds and items, with the 95 % interval for new seeds and new passages."""
    bootstrap: tuple[float, float]
    """The percentile interval of the hierarchical bootstrap alone: too narrow for under 10 seeds."""
    by_seed: tuple[tuple[float, ...], ...]
    """Per level of seeds, the mean of each seed, in the order they came."""
    spread: tuple[float | None, ...]
    """Per level, the sample standard deviation of these means; None for a single seed."""


def seeded_mean(
    values: npt.ArrayLike, groups: Sequence[str], *, seed: int, draws: int = DRAWS, lowest: float = 0.0
) -> SeededMean:
    """Return the mean over seeds and items, its 95 % interval and the spread between seeds.

    The interval is the wider, end by end, of two. (1) The hierarchical bootstrap: each level of
    seeds and the passages are drawn anew, independently, and a draw takes every drawn seed on
    every drawn passage. Of S seeds, S - 1 are drawn, which makes the variance right for few.
    (2) The passages' own interval and a t interval over seed means (S - 1 degrees of freedom),
    added in squares. A percentile cannot reach beyond the best and the worst seed seen, and three
    seeds lie all on one side of the truth one time in four; the t interval knows that.
    With one seed a level cannot vary; where none does, the interval is that of the one checkpoint.

    Args:
        values: float[S, N] for one level of seeds, float[S, A, N] for training x attack seeds, and
            so on; N items, the same for each seed. For a drop, clean minus attacked per item.
        groups: str[N], the passage of each item.
        seed: of the draws; equal seeds give equal draws on any machine.
        draws: bootstrap draws.
        lowest: the least that a passage mean can be, -1 for a drop; the most is 1.

    Raises:
        ValueError: no items, no seeds, a value that is not finite, or not one passage per item.

    Source: Owen 2007, Annals of Applied Statistics 1, p. 386 (crossed draws err on the wide side);
    Rao and Wu 1988, JASA 83, p. 231 (S - 1 draws); Zou and Donner 2008, Statistics in Medicine 27,
    p. 1693 (intervals added in squares); Agarwal et al. 2021 (NeurIPS) for runs as a level.

    >>> right = [[1, 0, 1, 1], [1, 1, 1, 0], [1, 0, 1, 0]]
    >>> found = seeded_mean(right, ("a", "a", "b", "b"), seed=0)
    >>> round(found.estimate.value, 3), found.by_seed
    (0.667, ((0.75, 0.75, 0.5),))
    """
    table = _checked(values, groups)
    by_item = table.reshape(-1, table.shape[-1]).mean(axis=0).tolist()
    passages = sample({"mean": by_item}, groups, seed=seed, draws=draws)
    flat = passages.mean("mean", lowest=lowest)
    assert flat.value is not None and flat.low is not None and flat.high is not None  # noqa: PT018
    levels = tuple(_level_means(table, axis) for axis in range(table.ndim - 1))
    seeds = math.fsum(_t_half_width(means) ** 2 for means in levels)
    low, high = np.quantile(_draw(table, passages.cluster, seed, draws), (0.025, 0.975)).tolist()
    down = flat.value - math.sqrt((flat.value - flat.low) ** 2 + seeds)
    up = flat.value + math.sqrt((flat.high - flat.value) ** 2 + seeds)
    down, up = (min(low, down), max(high, up)) if seeds else (down, up)
    return SeededMean(
        estimate=Estimate(flat.value, round(max(lowest, down), 12), round(min(1.0, up), 12)),
        bootstrap=(round(low, 12), round(high, 12)),
        by_seed=levels,
        spread=tuple(float(np.std(m, ddof=1)) if len(m) > 1 else None for m in levels),
    )


def _checked(values: npt.ArrayLike, groups: Sequence[str]) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim < 2 or 0 in table.shape or table.shape[-1] != len(groups):
        raise ValueError(
            f"seeded_mean: values of shape {table.shape} and {len(groups)} passages came, but "
            f"[seeds, items] with a passage for each item is needed; at least one of each"
        )
    if not np.isfinite(table).all():
        raise ValueError(
            f"seeded_mean: {int((~np.isfinite(table)).sum())} of {table.size} values are not finite, but "
            f"every seed must be measured on every item; leave out items that one of them lacks"
        )
    return table


def _level_means(table: Floats, axis: int) -> tuple[float, ...]:
    others = tuple(i for i in range(table.ndim) if i != axis)
    return tuple(table.mean(axis=others).tolist())


def _t_half_width(means: Sequence[float]) -> float:
    """Return half the 95 % t interval of the mean of seeds; 0 for one seed."""
    if len(means) < 2:
        return 0.0
    from scipy.stats import t

    quantile = float(t.ppf(0.975, len(means) - 1))
    return quantile * float(np.std(means, ddof=1)) / math.sqrt(len(means))


def _draw(table: Floats, cluster: npt.NDArray[np.int64], seed: int, draws: int) -> Floats:
    """Return float[draws]: the mean of each draw of seeds, level by level, and of passages."""
    sizes = np.bincount(cluster)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    sums = np.add.reduceat(table[..., np.argsort(cluster, kind="stable")], starts, axis=-1)
    bits, block = np.random.PCG64(seed), max(1, _BLOCK // len(sizes))
    blocks = (min(block, draws - start) for start in range(0, draws, block))
    return np.concatenate([_block(sums, sizes, bits, size) for size in blocks])


def _block(sums: Floats, sizes: npt.NDArray[np.int64], bits: np.random.PCG64, size: int) -> Floats:
    weights = [_weights(bits, units, max(1, units - 1), size=size) for units in sums.shape[:-1]]
    passages = _weights(bits, len(sizes), len(sizes), size=size)
    # float[B, S, ...]: the passages first, then one level of seeds at a time.
    drawn = np.moveaxis(sums @ passages.T, -1, 0)
    for weight in weights:
        drawn = np.einsum("bs,bs...->b...", weight / weight.sum(axis=1, keepdims=True), drawn)
    return np.asarray(drawn / (passages @ sizes))


def _weights(bits: np.random.PCG64, units: int, picks: int, *, size: int) -> Floats:
    """Return float[B, U]: how often each unit is among the picks of each draw.

    On the raw bits of PCG64, whose stream numpy promises to keep.
    """
    raw = bits.random_raw(size * picks) >> np.uint64(32)
    chosen = ((raw * np.uint64(units)) >> np.uint64(32)).astype(np.int64).reshape(size, picks)
    cells = chosen + units * np.arange(size)[:, None]
    return np.bincount(cells.ravel(), minlength=size * units).reshape(size, units).astype(np.float64)
