from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.stats.hierarchy import SeededMean, seeded_mean
from robustness.stats.resampling import sample


def groups(n: int, each: int = 1) -> list[str]:
    return [f"p{i // each}" for i in range(n)]


def bounds(found: SeededMean) -> tuple[float, float]:
    assert found.estimate.low is not None
    assert found.estimate.high is not None
    return found.estimate.low, found.estimate.high


def test_one_seed_is_that_one_checkpoint():
    right = (np.random.default_rng(0).random(200) < 0.7).astype(float)
    found = seeded_mean([right], groups(200, 4), seed=1)
    low, high = bounds(found)
    plain = sample({"x": right.tolist()}, groups(200, 4), seed=1).mean("x")
    assert found.estimate.value == plain.value
    assert (low, high) == pytest.approx((plain.low, plain.high), abs=1e-11)
    assert found.spread == (None,)


def test_seeds_that_agree_leave_the_luck_of_the_passages():
    right = (np.random.default_rng(0).random(200) < 0.7).astype(float)
    one, five = (seeded_mean([right] * seeds, groups(200), seed=1, draws=2000) for seeds in (1, 5))
    assert bounds(five) == pytest.approx(bounds(one), abs=0.01)
    assert five.spread[0] == pytest.approx(0.0)


def test_seeds_that_differ_are_wider_than_any_number_of_passages_would_show():
    right = np.repeat([[0.6], [0.7], [0.8]], 5000, axis=1)
    found = seeded_mean(right, groups(5000), seed=1, draws=500)
    low, high = bounds(found)
    assert low < 0.6
    assert high > 0.8
    assert found.bootstrap == pytest.approx((0.6, 0.8))
    assert found.by_seed[0] == pytest.approx((0.6, 0.7, 0.8))
    assert found.spread[0] == pytest.approx(0.1)


def test_training_seeds_and_attack_seeds_are_told_apart():
    training, attack = np.array([0.0, 0.2])[:, None, None], np.array([0.3, 0.5, 0.4])[None, :, None]
    found = seeded_mean(training + attack + np.zeros((2, 3, 40)), groups(40), seed=0, draws=200)
    assert found.by_seed[0] == pytest.approx((0.4, 0.6))
    assert found.by_seed[1] == pytest.approx((0.4, 0.6, 0.5))
    assert found.estimate.value == pytest.approx(0.5)


def test_a_drop_may_be_negative():
    drops = np.tile([0.0, -1.0, 0.0, 0.0], (3, 20))
    found = seeded_mean(drops, groups(80), seed=0, draws=500, lowest=-1.0)
    assert found.estimate.value == -0.25
    assert bounds(found)[0] < -0.25


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 2**31))
def test_the_interval_holds_the_mean_and_stays_in_range(seeds, items, seed):
    right = np.random.default_rng(seed).integers(0, 2, (seeds, items))
    found = seeded_mean(right, groups(items, 2), seed=seed, draws=100)
    low, high = bounds(found)
    assert found.estimate.value is not None
    assert 0 <= low <= found.estimate.value + 1e-9
    assert found.estimate.value - 1e-9 <= high <= 1


def test_equal_seeds_give_equal_draws():
    right = np.random.default_rng(0).random((3, 50))
    first, again, other = (seeded_mean(right, groups(50), seed=s, draws=700) for s in (4, 4, 5))
    assert first == again
    assert first.bootstrap != other.bootstrap


@pytest.mark.parametrize(
    ("values", "names", "said"),
    [
        ([1.0, 0.0], ["a", "b"], r"shape \(2,\)"),
        ([[1.0, 0.0]], ["a"], "1 passages came"),
        (np.zeros((0, 2)), ["a", "b"], "at least one of each"),
        (np.zeros((2, 0)), [], "at least one of each"),
        ([[1.0, math.nan]], ["a", "b"], "1 of 2 values are not finite"),
    ],
)
def test_every_seed_must_be_measured_on_every_item(values, names, said):
    with pytest.raises(ValueError, match=said):
        seeded_mean(values, names, seed=0)
