from __future__ import annotations

import math

import numpy as np
import pytest

from robustness.stats.sequential import Betting, confidence_sequence


def capital_by_hand(values: list[float], mean: float, alpha: float, population: int | None) -> list[float]:
    """The larger of both gamblers' capitals after each passage, one bet at a time."""
    up = down = 1.0
    spread, total = 0.25, 0.0
    sequence: list[float] = []
    for t, x in enumerate(values, 1):
        m = mean if population is None else (population * mean - total) / (population - t + 1)
        bet = math.sqrt(2 * math.log(2 / alpha) / (spread * t * math.log(t + 1)))
        p = min(max(m, 1e-9), 1 - 1e-9)
        up *= 1 + min(bet, 0.5 / p) * (x - p)
        down *= 1 - min(bet, 0.5 / (1 - p)) * (x - p)
        total += x
        centre = (0.5 + total) / (t + 1)
        spread = (spread * t + (x - centre) ** 2) / (t + 1)
        if population is not None and not -1e-9 <= population * mean - total <= population - t + 1e-9:
            return [*sequence, math.inf]
        sequence.append(max(up, down) / 2)
    return sequence


@pytest.mark.parametrize("population", [None, 45])
@pytest.mark.parametrize("seed", range(6))
def test_the_interval_is_the_grid_of_means_never_bet_out(seed, population):
    draw = np.random.default_rng(seed)
    values = (draw.binomial(3, 0.1 + 0.15 * seed, 40) / 3).tolist()
    grid = np.linspace(0.0005, 0.9995, 1000)
    kept = [m for m in grid if max(capital_by_hand(values, m, 0.05, population)) < 1 / 0.05]
    found = confidence_sequence(values, Betting(population=population))
    assert found == pytest.approx((kept[0], kept[-1]), abs=0.0011)


def test_the_interval_is_valid_but_not_much_wider_than_that_of_one_look():
    values = (np.random.default_rng(0).random(1000) < 0.2).astype(float)
    low, high = confidence_sequence(values.tolist(), Betting())
    one_look = 2 * 1.96 * values.std() / math.sqrt(1000)
    assert one_look < high - low < 2.2 * one_look
