"""Ends of a passage-clustered interval: corrected for skew, wider for few and for uneven passages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.closed_form import unseen_share

__all__ = ["Bootstrap", "interval"]

Floats = npt.NDArray[np.float64]

_DIGITS: Final = 12
"""Bounds, ranks and ties are taken to so many: sums may add in another order on another machine."""

_FAR: Final = 8.0
"""Normal quantile beyond any number of draws: its tail is 6e-16."""


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """One statistic with its draws, and what each passage does to it."""

    value: float
    """Over all items."""
    lower: Floats
    """float[draws] for the lower end; a draw that says nothing stands at its lowest."""
    upper: Floats
    """float[draws] for the upper end; a draw that says nothing stands at its highest."""
    influence: Floats
    """float[G]: how far one more passage like this one would move the value, to any scale."""
    effective: float
    """How many passages of equal weight say as much, in [1, G]; see `effective_number`."""
    extremes: tuple[float, float]
    """The value if all passages were of the worst and of the best kind."""
    sides: int = 1
    """Passages that take part in one comparison: 2 for pairs."""


def interval(found: Bootstrap, *, level: float = 0.95) -> Estimate:
    """Return the value with its two-sided interval; it holds the value and grows with the level.

    The bias-corrected and accelerated interval (BCa), which keeps both error rates near their
    nominal ones for skewed statistics such as shares of rare events. Two things that no draw can
    know are added, both in terms of E, the effective number of passages:

    - A bootstrap variance is too small by (E - 1) / E and is itself estimated, so the normal
      quantile z becomes t sqrt(E / (E - 1)), t that of E - 1 degrees of freedom.
    - Passages of a kind that was not seen. The interval reaches at least as far as it would if the
      `unseen_share` of E passages had the extreme value, so 35 equal passages that all stayed
      unmoved leave a drop of 0 within [-0.1, 0.1]. For a rate of 0 or 1 over equal passages this
      is the Wilson interval.

    Args:
        found: the statistic with its draws.
        level: in (0, 1).

    Source: Efron 1987, JASA 82, p. 171 (BCa); Hesterberg 2015, The American Statistician 69, p. 371
    (t and the factor); Carter, Schnepel and Steigerwald 2017, Review of Economics and Statistics
    99, p. 698 (effective number of clusters as degrees of freedom).

    >>> draws = np.linspace(0.4, 0.6, 1001)
    >>> even = Bootstrap(0.5, draws, draws, np.array([1.0, -1.0] * 50), 100.0, (0.0, 1.0))
    >>> found = interval(even)
    >>> (round(found.low, 3), found.value, round(found.high, 3))
    (0.405, 0.5, 0.595)
    """
    z = _quantile(level, found.effective)
    ranks = [_rank(_bias(found), _acceleration(found.influence), end) for end in (-z, z)]
    low = float(np.quantile(found.lower, ranks[0], method="lower"))
    high = float(np.quantile(found.upper, ranks[1], method="higher"))
    reach = 1 - (1 - unseen_share(found.effective, level=level)) ** found.sides
    worst, best = (found.value + reach * (extreme - found.value) for extreme in found.extremes)
    return Estimate(found.value, round(min(low, worst), _DIGITS), round(max(high, best), _DIGITS))


def _quantile(level: float, effective: float) -> float:
    """Return the t quantile with the small-sample factor, at most `_FAR`."""
    from scipy.special import stdtrit

    freedom = effective - 1
    if freedom < 1e-9:  # one passage: nothing is known of how passages differ
        return _FAR
    return min(_FAR, float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(effective / freedom))


def _bias(found: Bootstrap) -> float:
    """Return z0: the normal quantile of the share of draws below the value, ties counting half."""
    slack, draws = 10.0**-_DIGITS, len(found.lower)
    below = sum(
        int(np.count_nonzero(ends < found.value - slack)) + int(np.count_nonzero(ends <= found.value + slack))
        for ends in (found.lower, found.upper)
    )
    share = below / (4 * draws)
    return NormalDist().inv_cdf(min(max(share, 1 / (draws + 1)), draws / (draws + 1)))


def _acceleration(influence: Floats) -> float:
    """Return a: a sixth of the skewness of the influences, in [-1/6, 1/6]."""
    squares = math.fsum(influence**2)
    return math.fsum(influence**3) / (6 * squares**1.5) if squares > 0 else 0.0


def _rank(bias: float, acceleration: float, z: float) -> float:
    """Return which share of the draws lies below the end that a normal statistic has at `z`."""
    moved = bias + z
    room = 1 - acceleration * moved
    if room <= 0:  # past the pole; it lies beyond all draws
        return 1.0 if moved > 0 else 0.0
    return round(NormalDist().cdf(bias + moved / room), _DIGITS)
