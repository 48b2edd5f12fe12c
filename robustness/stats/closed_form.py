"""Intervals, tests and areas under curves: pure functions over numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "aurc",
    "auroc",
    "coverage_at_accuracy",
    "effective_number",
    "mcnemar",
    "mean",
    "unseen_share",
    "wilson",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


_Z: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, rounded once, so that no order of `values` can move it; None for none.

    >>> mean((1.0, 0.5)), mean(())
    (0.75, None)
    """
    return math.fsum(values) / len(values) if values else None


def wilson(successes: float, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion, within [0, 1].

    `successes` may be a sum of fractional credits. Nothing is known of 0 trials: (0, 1).

    Source: Wilson 1927, JASA 22, p. 209.

    >>> [round(bound, 3) for bound in wilson(70, 100)]
    [0.604, 0.781]
    """
    if not 0 <= successes <= n:
        raise ValueError(f"wilson: {successes!r} successes of {n!r}, but 0 <= successes <= n is needed")
    if n == 0:
        return 0.0, 1.0
    share, z2 = successes / n, _Z * _Z
    centre = (successes + z2 / 2) / (n + z2)
    half = _Z * math.sqrt(n * share * (1 - share) + z2 / 4) / (n + z2)
    return max(0.0, centre - half), min(1.0, centre + half)


def effective_number(weights: Floats) -> float:
    """Return how many equal weights say as much as these, in [1, N]: (sum w)^2 / sum w^2; 0 for none.

    Where a passage weighs what it holds, few large ones decide, and many small ones add little.

    Source: Kish 1965, Survey Sampling, section 11.7.

    >>> effective_number(np.array([4.0, 4.0])), round(effective_number(np.array([1.0, 3.0, 4.0, 8.0])), 2)
    (2.0, 2.84)
    """
    squares = math.fsum(weights**2)
    return math.fsum(weights) ** 2 / squares if squares > 0 else 0.0


def unseen_share(passages: float, *, level: float = 0.95) -> float:
    """Return how large a share of all passages may be of a kind that none of these shows.

    It is the upper Wilson bound of 0 in so many: z^2 / (passages + z^2), the rule of three in its
    two-sided form. Where passages are of unequal size, `passages` is their `effective_number`.

    >>> round(unseen_share(5), 3), round(unseen_share(100), 3), round(unseen_share(100, level=0.9), 3)
    (0.434, 0.037, 0.026)
    """
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    return z2 / (passages + z2)


def mcnemar(b: int, c: int) -> float:
    """Return the two-sided p-value of McNemar's exact test, in [0, 1].

    Args:
        b: items that fell (right before, wrong after).
        c: items that rose. Items that did not move take no part.

    With fractional credits it is the exact sign test: an item falls or rises by its credit.
    Computed in whole numbers, rounded once. Source: McNemar 1947, in its binomial form.

    >>> mcnemar(6, 0), mcnemar(3, 3)
    (0.03125, 1.0)
    """
    if b < 0 or c < 0:
        raise ValueError(f"mcnemar: b={b!r}, c={c!r}, but counts of at least 0 are needed")
    n, term, tail = b + c, 1, 1
    for i in range(1, min(b, c) + 1):
        term = term * (n - i + 1) // i
        tail += term
    return min(1.0, 2 * tail / (1 << n))


def auroc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """Return the probability that one of `higher` exceeds one of `lower`; a tie counts 1/2.

    >>> auroc((0.9, 0.5), (0.5, 0.1))
    0.875
    """
    if not higher or not lower:
        raise ValueError(f"auroc: {len(higher)} and {len(lower)} scores came, but at least 1 each is needed")
    ordered = np.sort(np.asarray(lower, dtype=np.float64))
    wins = int(np.searchsorted(ordered, higher, "left").sum())
    wins_and_ties = int(np.searchsorted(ordered, higher, "right").sum())
    return (wins + wins_and_ties) / (2 * len(higher) * len(lower))


def _tie_groups(confidences: Sequence[float], rights: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Yield (size, summed credit) of items of equal confidence, the most confident first."""
    pairs = sorted(zip(confidences, rights, strict=True), reverse=True)
    for _, tied in groupby(pairs, key=lambda pair: pair[0]):
        earned = [right for _, right in tied]
        yield len(earned), math.fsum(earned)


def aurc(confidences: Sequence[float], rights: Sequence[float]) -> float:
    """Return the area under the risk-coverage curve, in [0, 1]; lower is better.

    The mean over k of the error among the k most confident answers. Among answers of equal
    confidence the errors are spread evenly, which is the expectation over all orders of a tie.

    Args:
        confidences: float[N].
        rights: float[N], the credit of each answer in [0, 1].

    Source: Geifman, Uziel and El-Yaniv 2019 (ICLR), section 2.

    >>> aurc((0.9, 0.5), (1.0, 0.0)), aurc((0.5, 0.5), (1.0, 0.0))
    (0.25, 0.5)
    """
    risks: list[float] = []
    errors = 0.0
    for size, right in _tie_groups(confidences, rights):
        before, each = len(risks), (size - right) / size
        risks.extend((errors + each * i) / (before + i) for i in range(1, size + 1))
        errors += size - right
    return math.fsum(risks) / len(risks)


def coverage_at_accuracy(confidences: Sequence[float], rights: Sequence[float], target: float) -> float:
    """Return the largest share that can be answered with at least `target` of it right.

    One threshold on confidence answers all items at or above it, so ties stay together. 0 where
    no threshold reaches the target. The threshold is chosen on the very labels it is judged by:
    an oracle value, to be read as an upper bound. Source: Kamath, Jia and Liang 2020 (ACL).

    >>> coverage_at_accuracy((0.9, 0.8, 0.7, 0.6), (1.0, 1.0, 0.0, 0.0), 0.6)
    0.75
    """
    groups = tuple(_tie_groups(confidences, rights))
    answered = accumulate(size for size, _ in groups)
    right = accumulate(earned for _, earned in groups)
    slack = 1e-9  # credits of 1/3 that add up to a whole number may miss it in the last digit
    reached = [n for n, sum_ in zip(answered, right, strict=True) if sum_ >= target * n - slack]
    return max(reached, default=0) / len(confidences)
