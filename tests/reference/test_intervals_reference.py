from __future__ import annotations

import numpy as np
import pytest

from robustness.stats.closed_form import effective_number
from robustness.stats.resampling import sample


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("statistic", ["mean", "ratio"])
def test_skewed_passages_of_unequal_size_have_the_farther_ends_of_scipy_and_of_t(statistic, seed):
    from scipy.stats import bootstrap, norm, t

    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(80), np.resize((2, 3, 4), 80))
    held = (draw.random(len(group)) < 0.8).astype(float)
    lost = held * (draw.gamma(0.15, 1.0, 80)[group] > 0.5)
    rows = {"lost": lost.tolist(), "held": held.tolist()}
    drawn = sample(rows, [f"p{g:02d}" for g in group], seed=seed)
    found = drawn.mean("lost") if statistic == "mean" else drawn.ratio("lost", "held")
    weights = np.bincount(group, held if statistic == "ratio" else None).astype(float)
    effective = effective_number(weights)
    z = t.ppf(0.975, effective - 1) * np.sqrt(effective / (effective - 1))
    expected = bootstrap(
        (np.bincount(group, lost), weights),
        lambda top, bottom, axis=-1: top.sum(axis) / bottom.sum(axis),
        paired=True,
        n_resamples=20_000,
        confidence_level=2 * norm.cdf(z) - 1,
        method="BCa",
        rng=np.random.default_rng(9),
    ).confidence_interval
    width = expected.high - expected.low
    value = lost.sum() / weights.sum()
    residuals = np.bincount(group, lost) - value * weights
    half = z * np.sqrt(residuals @ residuals) / weights.sum()
    ends = (min(expected.low, value - half), max(expected.high, value + half))
    assert (found.low, found.high) == pytest.approx(ends, abs=0.03 * width)
