"""A few planned looks at a growing run: O'Brien-Fleming boundaries by alpha spending.

Between the fixed gate (one look) and the betting gate (a look at every passage): looks are planned
as shares of the suite, early ones need overwhelming evidence and the last costs next to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["boundaries", "spent"]

Floats = npt.NDArray[np.float64]

_NORMAL: Final = NormalDist()
_REACH: Final = 8.5
"""No boundary lies beyond; 2e-17 of the normal distribution does."""
_POINTS: Final = 1201
"""Of the grid that densities are carried on from look to look."""


def spent(share: float, *, alpha: float = 0.05) -> float:
    """Return the part of alpha that may be spent once `share` of the passages has been seen.

    On each side 2 - 2 Phi(z / sqrt(share)) with z the upper alpha / 4 point of the normal
    distribution: the O'Brien-Fleming kind.

    Source: Lan and DeMets 1983, Biometrika 70, p. 659 (alpha*_1).

    >>> round(spent(0.5), 4), round(spent(1.0), 4)
    (0.0031, 0.05)
    """
    if not 0 < share <= 1 or not 0 < alpha < 1:
        raise ValueError(
            f"group_sequential: share={share!r}, alpha={alpha!r} came, but 0 < share <= 1 and "
            f"0 < alpha < 1 are needed"
        )
    return 4 * _tail(-_NORMAL.inv_cdf(alpha / 4) / math.sqrt(share))


def boundaries(shares: Sequence[float], *, alpha: float = 0.05) -> tuple[float, ...]:
    """Return the critical |z| of each look, which keep the two-sided error at alpha over all looks.

    At look k, (estimate - limit) / standard error is compared with the k-th boundary; the number
    of looks may change on the way, the shares already used may not. The estimate is taken to be
    normal, so a look needs some 30 passages; clustered standard errors are the caller's.

    Args:
        shares: share of the planned passages seen at each look, rising, in (0, 1].
        alpha: two-sided error over all looks.

    Raises:
        ValueError: the shares do not rise within (0, 1], or alpha is out of range.

    Source: Lan and DeMets 1983; recursion of Armitage, McPherson and Rowe 1969, JRSS A 132, p. 235.

    >>> [round(z, 2) for z in boundaries((0.5, 1.0))]
    [2.96, 1.97]
    """
    if not shares or any(b <= a for a, b in pairwise(shares)):
        raise ValueError(
            f"group_sequential: looks at {tuple(shares)!r} came, but at least one share is needed, each "
            f"above the last"
        )
    totals = [spent(share, alpha=alpha) for share in shares]
    first = totals[0] / 2
    found = [min(_REACH, -_NORMAL.inv_cdf(first)) if first else _REACH]
    grid = np.linspace(-found[0], found[0], _POINTS) * math.sqrt(shares[0])
    density = _bell(grid, shares[0])
    for (before, share), new in zip(pairwise(shares), np.diff(totals), strict=True):
        found.append(_boundary(grid, density, (before, share), float(new)))
        edge = found[-1] * math.sqrt(share)
        wider = np.linspace(-edge, edge, _POINTS)
        density = _carried(grid, density, wider, share - before)
        grid = wider
    return tuple(found)


def _bell(x: Floats, variance: float) -> Floats:
    return np.asarray(np.exp(-x * x / (2 * variance)) / math.sqrt(2 * math.pi * variance))


def _carried(grid: Floats, density: Floats, to: Floats, variance: float) -> Floats:
    """Return the density, at `to`, of the walk that was inside the last boundary and moved on."""
    steps = _bell(to[:, None] - grid[None, :], variance)
    return np.asarray(steps @ (density * _weights(grid)))


def _boundary(grid: Floats, density: Floats, shares: tuple[float, float], target: float) -> float:
    """Return the |z| that the walk first crosses at this look with a chance of `target`."""
    before, share = shares
    spread = math.sqrt(share - before)
    mass = density * _weights(grid)
    low, high = 0.0, _REACH
    for _ in range(60):
        middle = (low + high) / 2
        edge = middle * math.sqrt(share)
        outside = np.asarray([_tail((edge - x) / spread) + _tail((edge + x) / spread) for x in grid])
        crossed = float(outside @ mass)
        low, high = (middle, high) if crossed > target else (low, middle)
    return high


def _weights(grid: Floats) -> Floats:
    """Return the weights of the trapezoidal rule."""
    weights = np.full(len(grid), grid[1] - grid[0])
    weights[[0, -1]] /= 2
    return weights


def _tail(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2
