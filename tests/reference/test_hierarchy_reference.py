from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from robustness.stats.hierarchy import _draw, seeded_mean
from robustness.stats.resampling import sample


@pytest.fixture(scope="module")
def crossed():
    draw = np.random.default_rng(0)
    group = np.sort(draw.integers(0, 30, 100))
    ability = 0.5 + 0.2 * draw.normal(size=30)[group]
    training, attack = 0.1 * draw.normal(size=(4, 1, 1)), 0.05 * draw.normal(size=(1, 5, 1))
    return group, (draw.random((4, 5, 100)) < ability + training + attack).astype(float)


def loop(group: Any, values: Any, draws: int = 4000) -> Any:
    """Seeds and passages drawn one by one, every drawn item of every drawn seed laid end to end."""
    draw = np.random.default_rng(1)
    members = [np.flatnonzero(group == g) for g in np.unique(group)]
    found = []
    for _ in range(draws):
        items = np.concatenate([members[i] for i in draw.integers(0, len(members), len(members))])
        training = draw.integers(0, 4, 3)
        attack = draw.integers(0, 5, 4)
        found.append(values[np.ix_(training, attack, items)].mean())
    return np.quantile(found, (0.025, 0.975))


def test_the_hierarchical_bootstrap_agrees_with_a_loop_over_seeds_and_passages(crossed):
    group, values = crossed
    low, high = loop(group, values)
    found = seeded_mean(values, [f"p{g}" for g in group], seed=2)
    assert found.estimate.value == pytest.approx(values.mean())
    assert found.bootstrap == pytest.approx((low, high), abs=0.06 * (high - low))


def test_the_bootstrap_variance_over_seeds_alone_is_the_unbiased_one():
    means = np.array([0.5, 0.6, 0.85])
    values = np.repeat(means[:, None], 4, axis=1)
    drawn = _draw(values, sample({}, list("abcd"), seed=0, draws=40_000))
    assert np.var(drawn) == pytest.approx(means.var(ddof=1) / 3, rel=0.02)


def test_three_seeds_without_passage_luck_give_the_t_interval():
    from scipy.stats import t

    means = np.array([0.5, 0.52, 0.57])
    values = np.repeat(means[:, None], 100_000, axis=1)
    found = seeded_mean(values, [str(i) for i in range(100_000)], seed=0, draws=20)
    expected = t.interval(0.95, 2, loc=means.mean(), scale=means.std(ddof=1) / 3**0.5)
    assert (found.estimate.low, found.estimate.high) == pytest.approx(expected, abs=1e-4)


def test_with_one_seed_the_passages_are_those_of_the_plain_bootstrap():
    right = (np.random.default_rng(3).random(400) < 0.6).astype(float)
    names = [str(i // 4) for i in range(400)]
    plain = sample({"x": right.tolist()}, names, seed=0).mean("x")
    found = seeded_mean([right], names, seed=1)
    assert found.bootstrap == pytest.approx((plain.low, plain.high), abs=0.01)
