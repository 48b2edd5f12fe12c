"""How much a suite can tell: smallest drop that would show, passages needed, power, design effect.

Everything here is for the paired comparison of clean and attacked answers by McNemar's test.
Items are grouped by passage, so n questions say as much as n / design effect independent ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

__all__ = [
    "DesignEffect",
    "achieved_power",
    "design_effect",
    "items_needed",
    "minimum_detectable_drop",
    "passages_needed",
]


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """What sharing passages costs: n items say as much as n / `effect` independent ones."""

    effect: float
    """1 + (m - 1) rho with the size-weighted m; at least 1."""
    rho: float | None
    """Intra-passage correlation, at most 1; below 0 where items of one passage differ more than
    items of two. None where it cannot be told: one passage, one item each, or all values equal."""
    per_passage: float
    """Items per passage, on average."""


def design_effect(values: Sequence[float], groups: Sequence[str]) -> DesignEffect:
    """Return the design effect of the mean of `values` over items that share passages.

    rho is the one-way analysis-of-variance estimator for unequal sizes, and m = sum(m_i^2) /
    sum(m_i), so that large passages weigh what they do in the mean. A negative rho counts as 0:
    it would promise more items than there are. Where rho cannot be told it counts as 1: passages
    alone are evidence.

    Args:
        values: float[N], such as the drop of each item.
        groups: str[N], the passage of each item.

    Raises:
        ValueError: no values, or not one passage for each.

    Source: Kish 1965, Survey Sampling, section 8.2; Donner 1986, Int. Statistical Review 54, p. 67;
    Eldridge, Ashby and Kerry 2006, Int. J. Epidemiology 35, p. 1292 (unequal sizes).

    >>> found = design_effect((1, 1, 0, 0, 1, 0), ("a", "a", "b", "b", "c", "c"))
    >>> round(found.rho, 3), round(found.effect, 3), found.per_passage
    (0.5, 1.5, 2.0)
    """
    if not values or len(values) != len(groups):
        raise ValueError(
            f"design_effect: {len(values)} values and {len(groups)} passages came, but one passage for "
            f"each of at least 1 value is needed"
        )
    _, cluster = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(cluster).astype(np.float64)
    rho = _anova_correlation(np.asarray(values, dtype=np.float64), cluster.tolist())
    weighted = float((sizes**2).sum() / sizes.sum())
    effect = 1 + (weighted - 1) * (1.0 if rho is None else max(0.0, rho))
    return DesignEffect(effect, rho, len(values) / len(sizes))


def _anova_correlation(values: np.typing.NDArray[np.float64], cluster: Sequence[int]) -> float | None:
    """Return (MSB - MSW) / (MSB + (m0 - 1) MSW) with m0 = (N - sum(m_i^2) / N) / (k - 1)."""
    sizes = np.bincount(cluster).astype(np.float64)
    n, k = len(values), len(sizes)
    if k < 2 or n == k or np.ptp(values) == 0:
        return None
    means = np.bincount(cluster, values) / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (k - 1)
    within = float(((values - means[np.asarray(cluster)]) ** 2).sum()) / (n - k)
    size = (n - float((sizes**2).sum()) / n) / (k - 1)
    return (between - within) / (between + (size - 1) * within)


def items_needed(drop: float, *, p01: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return how many independent items McNemar's test needs to show a drop; not rounded.

    The normal approximation n = (z_a sqrt(s) + z_b sqrt(s - d^2))^2 / d^2, with d the drop and
    s = d + 2 p01 the share of items that move. The exact test reaches a point or two less than
    `power` at this n; `achieved_power` says how much.

    Args:
        drop: share of items, in (0, 1 - 2 p01].
        p01: share of items that go from wrong to right under the attack, in [0, 0.5).
        alpha: two-sided level; divide by the number of gates for a Bonferroni-safe figure.
        power: wanted chance that the drop shows.

    Raises:
        ValueError: a share or a level is out of its range.

    Source: Connor 1987, Biometrics 43, p. 207; for language processing Card et al. 2020 (EMNLP).

    >>> round(items_needed(0.05, p01=0.02), 1)
    280.2
    """
    _check(p01, alpha, power)
    if not 0 < drop <= 1 - 2 * p01:
        raise ValueError(
            f"power: a drop of {drop!r} came, but with p01={p01!r} one in (0, {1 - 2 * p01:g}] is needed"
        )
    normal, moved = NormalDist(), drop + 2 * p01
    root = normal.inv_cdf(1 - alpha / 2) * math.sqrt(moved)
    root += normal.inv_cdf(power) * math.sqrt(moved - drop * drop)
    return (root / drop) ** 2


def passages_needed(
    drop: float, shape: DesignEffect, *, p01: float, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return how many passages of a known shape are needed to show a drop.

    Args:
        drop: share of items, in (0, 1 - 2 p01].
        shape: items per passage and design effect, from `design_effect` over an earlier run.
        p01: share of items that go from wrong to right under the attack.
        alpha: two-sided level.
        power: wanted chance that the drop shows.

    Raises:
        ValueError: a share or a level is out of its range.

    >>> passages_needed(0.05, DesignEffect(effect=1.6, rho=0.2, per_passage=4.0), p01=0.02)
    113
    """
    items = items_needed(drop, p01=p01, alpha=alpha, power=power) * shape.effect
    return math.ceil(items / shape.per_passage)


def minimum_detectable_drop(
    n: int, *, p01: float, alpha: float = 0.05, power: float = 0.8, effect: float = 1.0
) -> float | None:
    """Return the smallest drop that a suite of n items shows with chance `power`; None for none.

    A share of items in (0, 1 - 2 p01]; solves `items_needed` for the drop. None where even the
    largest drop that p01 leaves room for would go unseen.

    Args:
        n: items scored under both conditions, before the design effect.
        p01: share of items that go from wrong to right under the attack: the noise of the pair.
        alpha: two-sided level.
        power: wanted chance that the drop shows.
        effect: design effect of passages shared by items, at least 1.

    Raises:
        ValueError: a share, a level or the design effect is out of its range.

    >>> round(100 * minimum_detectable_drop(1000, p01=0.02), 1)
    2.2
    >>> round(100 * minimum_detectable_drop(1000, p01=0.02, effect=2), 1)
    3.4
    """
    _check(p01, alpha, power)
    independent = _independent(n, effect)
    low, high = 0.0, 1 - 2 * p01
    if independent <= 0 or items_needed(high, p01=p01, alpha=alpha, power=power) > independent:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        enough = items_needed(middle, p01=p01, alpha=alpha, power=power) <= independent
        low, high = (low, middle) if enough else (middle, high)
    return high


def achieved_power(n: int, drop: float, *, p01: float, alpha: float = 0.05, effect: float = 1.0) -> float:
    """Return the chance that the exact McNemar test shows a drop of this size, in [0, 1].

    By enumeration over the number of items that move and over how many of them fall; a design
    effect shrinks n, rounded down. Give the drop that matters (the limit) with the p01 that the
    run showed. Power at the observed drop is the p-value in other clothes: Hoenig and Heisey 2001,
    The American Statistician 55, p. 19.

    Args:
        n: items scored under both conditions, before the design effect.
        drop: share of items, in [0, 1 - 2 p01]; at 0 it is the true level of the test.
        p01: share of items that go from wrong to right under the attack.
        alpha: two-sided level.
        effect: design effect of passages shared by items, at least 1.

    Raises:
        ValueError: a share, a level or the design effect is out of its range.

    >>> round(achieved_power(1000, 0.022, p01=0.02), 2)
    0.77
    """
    from scipy.stats import binom

    _check(p01, alpha, power=0.5)
    if not 0 <= drop <= 1 - 2 * p01:
        raise ValueError(
            f"power: a drop of {drop!r} came, but with p01={p01!r} one in [0, {1 - 2 * p01:g}] is needed"
        )
    moved = drop + 2 * p01
    if moved < 1e-12:  # scipy overflows on shares near the smallest float
        return 0.0
    counts = np.arange(math.floor(_independent(n, effect)) + 1)
    # The test rejects where 2 P(Bin(d, 1/2) <= k) <= alpha; the slack lets a tail of exactly alpha in.
    quantile = np.asarray(binom.ppf(alpha / 2, counts, 0.5))
    largest = quantile - (binom.cdf(quantile, counts, 0.5) > alpha / 2 * (1 + 1e-12))
    falls = (drop + p01) / moved
    rejected = binom.cdf(largest, counts, falls) + binom.sf(counts - largest - 1, counts, falls)
    return min(1.0, float((binom.pmf(counts, len(counts) - 1, moved) * rejected).sum()))


def _check(p01: float, alpha: float, power: float) -> None:
    if not 0 <= p01 < 0.5:
        raise ValueError(f"power: p01={p01!r} came, but a share in [0, 0.5) is needed")
    if not 0 < alpha < 1 or not alpha < power < 1:
        raise ValueError(f"power: alpha={alpha!r}, power={power!r} came, but 0 < alpha < power < 1 is needed")


def _independent(n: int, effect: float) -> float:
    if n < 0 or not effect >= 1:
        raise ValueError(f"power: n={n!r}, effect={effect!r} came, but n >= 0 and an effect >= 1 are needed")
    return n / effect
