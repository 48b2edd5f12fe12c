"""Gates that may stop at any passage: confidence sequences by betting, valid whenever one looks.

A fixed-sample interval that is looked at after every passage crosses its limit by luck sooner or
later. Here a gambler bets, passage by passage, that the mean is not m. If it is, the capital grows
beyond 2 / alpha with a chance of at most alpha / 2, however long the game and whenever one looks
(Ville's inequality). The means that have never been bet out of the game are the interval.

Source: Waudby-Smith and Ramdas 2024, JRSS B 86, p. 1: hedged capital with predictable plug-in bets
(theorem 3, equation 26), and section 5 for passages drawn without replacement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from robustness.domain import Status
from robustness.errors import unknown
from robustness.rng import derive

__all__ = ["Betting", "Decision", "Side", "confidence_sequence", "gate", "passage_order"]

Floats = npt.NDArray[np.float64]
Side: TypeAlias = Literal["max", "min"]

_SHARE: Final = 0.5
"""Largest share of the capital that a single passage may cost."""

_SLACK: Final = 1e-9
"""Sums of thirds may miss a whole number in the last digit."""

_HALVINGS: Final = 40
"""Of the search for a bound: 2**-40 of the range."""


@dataclass(frozen=True, slots=True)
class Betting:
    """The rules of one anytime-valid gate, all set before the first passage."""

    lowest: float = 0.0
    """The least that a passage mean can be; -1 for a drop."""
    highest: float = 1.0
    """The most."""
    alpha: float = 0.05
    """Chance that the interval ever misses the mean; a wrong PASS, and a wrong FAIL, has half of it."""
    population: int | None = None
    """None: the mean of all passages of this kind, of which these are a random draw. A number: the
    mean over just so many passages, of which these come in random order without replacement."""
    min_passages: int = 30
    """No decision before this many, as for fixed gates; the error rate needs no such number."""

    def __post_init__(self) -> None:
        if not -math.inf < self.lowest < self.highest < math.inf or not 0 < self.alpha < 1:
            raise ValueError(
                f"betting: lowest={self.lowest!r}, highest={self.highest!r}, alpha={self.alpha!r} came, "
                f"but finite lowest < highest and 0 < alpha < 1 are needed"
            )
        if self.min_passages < 1 or (self.population is not None and self.population < 1):
            raise ValueError(
                f"betting: population={self.population!r}, min_passages={self.min_passages!r} came, but "
                f"at least 1 passage is needed"
            )


@dataclass(frozen=True, slots=True)
class Decision:
    """How an anytime-valid gate ended."""

    status: Status
    """PASS, FAIL or UNDECIDED; INVALID where no passage came."""
    step: int | None
    """Passages seen when it was decided; None where it was not."""
    n: int
    """Passages that the interval is from: `step`, or all of them."""
    mean: float | None
    """Of these passages, each counting once."""
    low: float
    """The confidence sequence after `n` passages, the intersection of all up to there."""
    high: float


def passage_order(groups: Iterable[str], *, seed: int) -> tuple[str, ...]:
    """Return the passages in a random order that depends on their names and the seed alone.

    The order must be fixed before anything is scored: an order by length or difficulty makes the
    first passages unlike the rest and voids the promise. Which of two passages comes first does not
    depend on the others, so checks that do not apply to all passages still look at the same ones.

    >>> passage_order(("b", "a", "c", "a"), seed=0), passage_order(("c", "a"), seed=0)
    (('b', 'a', 'c'), ('a', 'c'))
    """
    place = {name: derive(seed, "passage-order", name).uniform() for name in groups}
    return tuple(sorted(place, key=lambda name: (place[name], name)))


def gate(values: Sequence[float], limit: float, *, side: Side, rules: Betting) -> Decision:
    """Return the decision on a limit, and the passage at which it came.

    A `max` limit passes once the mean is shown to be below it and fails once it is shown to be
    above; a `min` limit the other way round. The first of the two to happen stands. Passages after
    it are not looked at, so they need not have been scored.

    Args:
        values: float[T], one mean per passage, in the fixed order of `passage_order`; a passage
            counts once, whatever its number of questions.
        limit: in the open range (lowest, highest).
        side: `max` or `min`, as in `max_drop` and `min_accuracy`.
        rules: range of the values, error rate, population, least number of passages.

    Raises:
        ValueError: a value or the limit is out of range, or there are more values than passages.

    >>> found = gate((0.0, 0.1, -0.1) * 60, 0.1, side="max", rules=Betting(lowest=-1))
    >>> found.status, found.step
    (<Status.PASS: 'pass'>, 70)
    """
    if side not in ("max", "min"):
        raise ValueError(f"gate: {unknown('side', side, ('max', 'min'))}")
    if not rules.lowest < limit < rules.highest:
        raise ValueError(
            f"gate: a limit of {limit!r} came, but one between {rules.lowest:g} and {rules.highest:g} is "
            f"needed; at the ends there is nothing to show"
        )
    x = _scaled(values, rules)
    if not len(x):
        return Decision(Status.INVALID, None, 0, None, rules.lowest, rules.highest)
    mean = (limit - rules.lowest) / (rules.highest - rules.lowest)
    above, below = _first_win(x, mean, rules), _first_win(1 - x, 1 - mean, rules)
    first = min(above, below)
    if first > len(x):
        return Decision(Status.UNDECIDED, None, len(x), *_seen(values, rules))
    step = max(first, rules.min_passages)
    good = (above < below) == (side == "min")
    status = Status.PASS if good else Status.FAIL
    return Decision(status, step, step, *_seen(values[:step], rules))


def confidence_sequence(values: Sequence[float], rules: Betting) -> tuple[float, float]:
    """Return the interval after the last of `values`, the intersection of all intervals before.

    It holds the mean at every step at once with a chance of at least 1 - alpha.

    Args:
        values: float[T], one mean per passage, in a fixed random order.
        rules: range of the values, error rate, population.

    Raises:
        ValueError: a value is out of range, or there are more values than passages.

    >>> low, high = confidence_sequence((1.0, 0.0, 1.0, 1.0) * 50, Betting())
    >>> round(low, 2), round(high, 2)
    (0.64, 0.84)
    """
    x = _scaled(values, rules)
    low, high = _lower_bound(x, rules), 1 - _lower_bound(1 - x, rules)
    width = rules.highest - rules.lowest
    # Bets on both sides won, which happens with a chance below alpha: no mean is left.
    low, high = min(low, high), max(low, high)
    return rules.lowest + width * low, rules.lowest + width * high


def _seen(values: Sequence[float], rules: Betting) -> tuple[float, float, float]:
    return (math.fsum(values) / len(values), *confidence_sequence(values, rules))


def _scaled(values: Sequence[float], rules: Betting) -> Floats:
    """Return the values in [0, 1]."""
    x = (np.asarray(values, dtype=np.float64) - rules.lowest) / (rules.highest - rules.lowest)
    if not np.all((x >= 0) & (x <= 1)):
        raise ValueError(
            f"sequential: values outside [{rules.lowest:g}, {rules.highest:g}] came, but finite passage "
            f"means within are needed; count a passage that was not measured as INVALID, do not bet on it"
        )
    if rules.population is not None and len(x) > rules.population:
        raise ValueError(
            f"sequential: {len(x)} passages came, but the population is said to be {rules.population}"
        )
    return x


def _bets(x: Floats, alpha: float) -> Floats:
    """Return the predictable plug-in bets, float[T]: each from the passages before it alone."""
    t = np.arange(1, len(x) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    variances = (0.25 + np.cumsum((x - means) ** 2)) / (t + 1)
    before = np.concatenate(([0.25], variances[:-1]))
    return np.asarray(np.sqrt(2 * math.log(2 / alpha) / (before * t * np.log(t + 1))))


def _log_capital(x: Floats, bets: Floats, mean: float, population: int | None) -> Floats:
    """Return the log capital, float[T], of betting that the mean is above `mean`.

    Infinite from where the passages seen leave no way for the population to have that mean.
    """
    expected, excluded = np.full(len(x), mean), np.zeros(len(x), dtype=bool)
    if population is not None:
        seen = np.cumsum(x)
        expected = (population * mean - seen + x) / (population - np.arange(len(x)))
        excluded = seen > population * mean + _SLACK
    possible = np.maximum(expected, _SLACK)
    gains = np.log1p(np.minimum(bets, _SHARE / possible) * (x - possible))
    return np.where(excluded, np.inf, np.cumsum(gains))


def _first_win(x: Floats, mean: float, rules: Betting) -> int:
    """Return after how many passages the mean is shown to be above; more than there are if never."""
    capital = _log_capital(x, _bets(x, rules.alpha), mean, rules.population)
    # Half of the stake is on each side, hence 2 / alpha.
    wins = np.flatnonzero(capital >= math.log(2 / rules.alpha))
    if not len(wins) or len(x) < rules.min_passages:
        return len(x) + 1
    return int(wins[0]) + 1


def _lower_bound(x: Floats, rules: Betting) -> float:
    """Return the smallest mean never bet out; capital falls as the mean rises, so halve."""
    bets, enough = _bets(x, rules.alpha), math.log(2 / rules.alpha)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        won = bool((_log_capital(x, bets, middle, rules.population) >= enough).any())
        low, high = (middle, high) if won else (low, middle)
    return low
