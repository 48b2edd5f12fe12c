from __future__ import annotations

import numpy as np
import pytest

from robustness.stats.group_sequential import boundaries, spent


def test_five_even_looks_give_the_published_boundaries():
    # Two-sided 5 %, O'Brien-Fleming spending: the standard table for five even looks.
    published = (4.877, 3.357, 2.680, 2.290, 2.031)
    assert boundaries((0.2, 0.4, 0.6, 0.8, 1.0)) == pytest.approx(published, abs=1e-3)


@pytest.mark.parametrize("shares", [(0.5, 1.0), (0.3, 0.7, 1.0), (0.25, 0.4, 0.8)])
def test_the_chance_to_stay_inside_agrees_with_the_multivariate_normal(shares):
    from scipy.stats import multivariate_normal

    edges = np.array(boundaries(shares))
    for k in range(1, len(shares) + 1):
        s = np.array(shares[:k])
        correlation = np.sqrt(np.minimum.outer(s, s) / np.maximum.outer(s, s))
        inside = multivariate_normal.cdf(
            edges[:k], np.zeros(k), correlation, abseps=1e-7, releps=1e-7, lower_limit=-edges[:k]
        )
        assert 1 - inside == pytest.approx(spent(shares[k - 1]), abs=2e-5)


def test_simulated_walks_cross_as_often_as_promised():
    shares = np.array([0.2, 0.5, 1.0])
    steps = np.random.default_rng(1).normal(size=(200_000, 3)) * np.sqrt(np.diff(shares, prepend=0))
    z = np.cumsum(steps, axis=1) / np.sqrt(shares)
    assert np.mean((np.abs(z) >= boundaries(shares.tolist())).any(axis=1)) == pytest.approx(0.05, abs=0.002)
