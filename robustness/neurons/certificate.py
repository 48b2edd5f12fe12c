"""What a screened layer may hide: a conformal radius, and a bound on the units that were missed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

__all__ = ["CALIBRATION", "LEAST_CALIBRATION", "conformal_radius", "correlation", "most_missed"]

CALIBRATION: Final = 64
"""Random units per layer whose exact effect calibrates the screen."""

LEAST_CALIBRATION: Final = 19
"""The fewest that give a radius at 95 %."""


def conformal_radius(residuals: Sequence[float], *, alpha: float = 0.05) -> float | None:
    """Return q so that a further exchangeable residual is at most q with probability 1 - alpha.

    The ceil((r + 1)(1 - alpha))-th smallest of r absolute residuals (split conformal prediction, Vovk
    et al. 2005; Lei et al. 2018); None where r is too small for alpha.

    >>> conformal_radius([0.1 * i for i in range(1, 20)], alpha=0.05)
    1.9000000000000001
    >>> conformal_radius([0.1, 0.2], alpha=0.05) is None
    True
    """
    ranked = sorted(abs(residual) for residual in residuals)
    # Rounded first: 20 * 0.95 is a hair above 19 in binary.
    rank = math.ceil(round((len(ranked) + 1) * (1 - alpha), 9))
    return ranked[rank - 1] if 0 < rank <= len(ranked) else None


def most_missed(remaining: int, audited: int, exceeding: int, *, confidence: float = 0.95) -> int:
    """Return the 95 % upper bound on exceeding units among `remaining`, after a random audit.

    Exact, hypergeometric: the largest number of exceeding units in the whole under which seeing as few
    as `exceeding` among `audited` still has probability above 1 - confidence; those found are taken off.

    Args:
        remaining: units from which the audit drew, the audited included.
        audited: how many of them were drawn without replacement and verified.
        exceeding: how many of those exceeded.
        confidence: of the bound.

    >>> most_missed(1000, 300, 0)
    8
    """
    from scipy.stats import hypergeom

    low, high = exceeding, remaining - (audited - exceeding)
    while low < high:
        middle = (low + high + 1) // 2
        chance = float(hypergeom.cdf(exceeding, remaining, middle, audited))
        low, high = (middle, high) if chance > 1 - confidence else (low, middle - 1)
    return low - exceeding


def correlation(estimates: Sequence[float], exact: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None where either side does not vary or there are fewer than 3."""
    if len(estimates) < 3 or np.ptp(estimates) == 0 or np.ptp(exact) == 0:
        return None
    return float(np.corrcoef(estimates, exact)[0, 1])
