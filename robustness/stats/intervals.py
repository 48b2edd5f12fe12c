"""Ends of a passage-clustered interval: corrected for skew, wider for few and for uneven passages."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate
from robustness.stats.closed_form import effective_number, unseen_share
from robustness.stats.student import t_quantile

__all__ = ["Bootstrap", "at_level", "interval"]

Floats = npt.NDArray[np.float64]

_DIGITS: Final = 12
"""Bounds, ranks and ties are taken to so many: sums may add in another order on another machine."""

_FAR: Final = 8.0
"""Normal quantile beyond any number of draws: its tail is 6e-16."""

_PRIOR: Final = 0.5
"""How many whole passages the possible extreme counts for, beside those that were seen to move.

Of 2, 1 and 0.5, which all keep the level in the simulations, the one with the shortest intervals.
"""


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
    """float[G]: `value + influence / weights` is what passages all like this one would give."""
    weights: Floats
    """float[G], at least 0: what each passage adds to what the value is divided by."""
    extremes: tuple[float, float]
    """The value if all passages were of the worst and of the best kind."""
    sides: int = 1
    """Passages that take part in one comparison: 2 for pairs."""

    @property
    def effective(self) -> float:
        """How many passages of equal weight say as much, in [1, G]; see `effective_number`."""
        return effective_number(self.weights)


def interval(found: Bootstrap, *, level: float = 0.95) -> Estimate:
    """Return the value with its two-sided interval; it holds the value and grows with the level.

    Each end is the farthest of three.

    - The bias-corrected and accelerated one (BCa), which follows the skew of rare events. A bootstrap
      variance is too small by (E - 1) / E and is itself estimated, with E the effective number of
      passages, so the normal quantile z becomes t sqrt(E / (E - 1)), t that of E - 1 degrees of freedom.
    - The symmetric one, that quantile times the standard error. Where few passages rise and few fall,
      which of them prevail is chance, and with them goes the skew that BCa trusts.
    - Passages of a kind that was not seen, which no draw knows: as far as it would be if the
      `unseen_share` of E passages lay at an extreme. That is the possible one where nothing moved, so
      35 equal passages that all stayed leave a drop of 0 within [-0.1, 0.1] (for a rate of 0 or 1
      over equal passages, the Wilson interval); else the nearer to the furthest that was seen, the
      more was seen to move, see `_extreme`.

    Args:
        found: the statistic with its draws.
        level: in (0, 1).

    Source: Efron 1987, JASA 82, p. 171 (BCa); Hesterberg 2015, The American Statistician 69, p. 371
    (t and the factor); Carter, Schnepel and Steigerwald 2017, Review of Economics and Statistics
    99, p. 698 (effective number of clusters as degrees of freedom). How far unseen passages reach and
    the union are ours; `docs/statistics.md` has what they hold.

    >>> draws = np.linspace(0.4, 0.6, 1001)
    >>> even = Bootstrap(0.5, draws, draws, np.array([1.0, -1.0] * 50) / 2, np.ones(100), (0.0, 1.0))
    >>> found = interval(even)
    >>> (round(found.low, 3), found.value, round(found.high, 3))
    (0.4, 0.5, 0.6)
    """
    return at_level(found)(level)


def at_level(found: Bootstrap) -> Callable[[float], Estimate]:
    """Return `interval` as a function of its level; what no level changes is worked out once."""
    effective, bias, acceleration = found.effective, _bias(found), _acceleration(found.influence)
    error = found.sides * math.sqrt(math.fsum(found.influence**2)) / math.fsum(found.weights)
    unseen = tuple(_extreme(found, end) for end in found.extremes)
    lower = np.sort(found.lower)
    upper = lower if found.upper is found.lower else np.sort(found.upper)

    def ends(level: float) -> Estimate:
        z = _quantile(level, effective)
        low = _drawn(lower, _rank(bias, acceleration, -z), math.floor)
        high = _drawn(upper, _rank(bias, acceleration, z), math.ceil)
        down, up = _symmetric(found, z * error)
        reach = 1 - (1 - unseen_share(effective, level=level)) ** found.sides
        worst, best = (found.value + reach * (end - found.value) for end in unseen)
        farthest = min(low, down, worst), max(high, up, best)
        return Estimate(found.value, *(round(end, _DIGITS) for end in farthest))

    return ends


def _drawn(draws: Floats, rank: float, whole: Callable[[float], int]) -> float:
    """Return, of sorted draws, the one below which this share of them lies; of two the one `whole` takes."""
    return float(draws[whole(rank * (len(draws) - 1))])


def _symmetric(found: Bootstrap, far: float) -> tuple[float, float]:
    """Return the value less and plus so much, as far as it can be at all."""
    worst, best = found.extremes
    return max(worst, found.value - far), min(best, found.value + far)


def _extreme(found: Bootstrap, possible: float) -> float:
    """Return what unseen passages may be like at worst, between the furthest seen and the possible.

    The more was seen to move towards this end, the more is known of how far a passage moves: where
    all passages together moved as far as k whole ones, the furthest seen counts k times and the
    possible extreme `_PRIOR` times. A passage of less than average weight, which reaches an extreme
    by chance, has moved by as much less.
    """
    room = abs(possible - found.value)
    if room <= 0:
        return possible
    sign, average = math.copysign(1.0, possible - found.value), float(found.weights.mean())
    moved = np.maximum(sign * found.influence / average, 0.0)
    furthest = min(room, float((moved / np.maximum(found.weights / average, 1.0)).max()))
    if furthest <= 10.0**-_DIGITS:
        return possible
    known = math.fsum(moved) / room
    return found.value + sign * (known * furthest + _PRIOR * room) / (known + _PRIOR)


def _quantile(level: float, effective: float) -> float:
    """Return the t quantile with the small-sample factor, at most `_FAR`."""
    freedom = effective - 1
    if freedom < 1e-9:  # one passage: nothing is known of how passages differ
        return _FAR
    return min(_FAR, t_quantile((1 + level) / 2, freedom, most=_FAR) * math.sqrt(effective / freedom))


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
    far = float(np.abs(influence).max())
    if far <= 0:
        return 0.0
    unit = influence / far  # it has no scale, and powers of a tiny one would be 0
    squares = math.fsum(unit**2)
    return math.fsum(unit**3) / (6 * squares * math.sqrt(squares))


def _rank(bias: float, acceleration: float, z: float) -> float:
    """Return which share of the draws lies below the end that a normal statistic has at `z`."""
    moved = bias + z
    room = 1 - acceleration * moved
    if room <= 0:  # past the pole; it lies beyond all draws
        return 1.0 if moved > 0 else 0.0
    return round(NormalDist().cdf(bias + moved / room), _DIGITS)
