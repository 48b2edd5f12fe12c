"""Several training seeds as one model, several attack seeds as one attack: seeds x passages.

One checkpoint says how good that checkpoint is. How good the recipe is that trained it has two
sources of luck, the seeds and the passages, and an interval must hold both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.counts import DRAWS, counts, picks
from robustness.stats.resampling import Sample, sample
from robustness.stats.student import t_quantile

__all__ = ["SeededMean", "SeededSample", "seeded_mean", "seeded_sample"]

Floats = npt.NDArray[np.float64]


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


@dataclass(frozen=True, slots=True, eq=False)
class SeededSample:
    """A mean over seeds and passages, drawn once, for intervals of any level."""

    passages: Sample
    """The means over seeds of each item, as the column `mean`."""
    by_seed: tuple[tuple[float, ...], ...]
    drawn: Floats
    """float[draws]: the mean in each draw of seeds and of passages."""
    lowest: float

    def bootstrap(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return the percentile interval of the hierarchical bootstrap alone."""
        low, high = np.quantile(self.drawn, ((1 - level) / 2, (1 + level) / 2)).tolist()
        return round(low, 12), round(high, 12)

    def mean(self, *, level: float = 0.95) -> Estimate:
        """Return the mean with its interval, as `seeded_mean` says."""
        flat = self.passages.mean("mean", lowest=self.lowest, level=level)
        assert flat.value is not None and flat.low is not None and flat.high is not None  # noqa: PT018
        seeds = math.fsum(_t_half_width(means, level) ** 2 for means in self.by_seed)
        if not seeds:
            return self._within(flat.value, flat.low, flat.high)
        low, high = self.bootstrap(level=level)
        down = flat.value - math.sqrt((flat.value - flat.low) ** 2 + seeds)
        up = flat.value + math.sqrt((flat.high - flat.value) ** 2 + seeds)
        return self._within(flat.value, min(low, down), max(high, up))

    def _within(self, value: float, low: float, high: float) -> Estimate:
        return Estimate(value, round(max(self.lowest, low), 12), round(min(1.0, high), 12))


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
    drawn = seeded_sample(values, groups, seed=seed, draws=draws, lowest=lowest)
    return SeededMean(
        estimate=drawn.mean(),
        bootstrap=drawn.bootstrap(),
        by_seed=drawn.by_seed,
        spread=tuple(float(np.std(m, ddof=1)) if len(m) > 1 else None for m in drawn.by_seed),
    )


def seeded_sample(
    values: npt.ArrayLike, groups: Sequence[str], *, seed: int, draws: int = DRAWS, lowest: float = 0.0
) -> SeededSample:
    """Return what `seeded_mean` draws, for intervals of any level; arguments and errors are the same."""
    table = _checked(values, groups)
    by_item = table.reshape(-1, table.shape[-1]).mean(axis=0).tolist()
    passages = sample({"mean": by_item}, groups, seed=seed, draws=draws)
    levels = tuple(_level_means(table, axis) for axis in range(table.ndim - 1))
    return SeededSample(passages, levels, _draw(table, passages), lowest)


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


def _t_half_width(means: Sequence[float], level: float) -> float:
    """Return half the t interval of the mean of seeds; 0 for one seed."""
    if len(means) < 2:
        return 0.0
    return t_quantile((1 + level) / 2, len(means) - 1) * float(np.std(means, ddof=1)) / math.sqrt(len(means))


def _draw(table: Floats, passages: Sample) -> Floats:
    """Return float[draws]: the mean of each draw of seeds, level by level, and of passages."""
    cluster, draws = passages.cluster, len(passages.items)
    sizes = np.bincount(cluster)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    sums = np.add.reduceat(table[..., np.argsort(cluster, kind="stable")], starts, axis=-1)
    # A stream of its own: that of the seed alone draws the passages.
    bits = np.random.PCG64((passages.seed, 1))
    blocks = counts(len(sizes), seed=passages.seed, draws=draws)
    return np.concatenate([_block(sums, sizes, block, bits) for block in blocks])


def _block(sums: Floats, sizes: npt.NDArray[np.int64], passages: Floats, bits: np.random.PCG64) -> Floats:
    draws = passages.shape[1]
    weights = [_weights(bits, units, draws) for units in sums.shape[:-1]]
    # float[B, S, ...]: the passages first, then one level of seeds at a time.
    drawn = np.moveaxis(sums @ passages, -1, 0)
    for weight in weights:
        drawn = np.einsum("bs,bs...->b...", weight, drawn)
    return np.asarray(drawn / (sizes @ passages))


def _weights(bits: np.random.PCG64, units: int, draws: int) -> Floats:
    """Return float[B, U]: the share of each unit in the U - 1 picks of a draw; 1 for a single unit."""
    many = max(1, units - 1)
    cells = picks(bits, units, (draws, many)) + units * np.arange(draws)[:, None]
    return np.bincount(cells.ravel(), minlength=draws * units).reshape(draws, units) / many
