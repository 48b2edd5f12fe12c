from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import stdtrit

from robustness.stats.student import t_quantile

FREEDOMS = st.floats(-2, 6).map(lambda power: 10.0**power)
SHARES = st.floats(0.5, 1 - 1e-6)


@given(SHARES, FREEDOMS)
@example(0.975, 1.0)
@example(1 - 1e-6, 1e6)
@example(0.5, 3.0)
def test_a_quantile_is_scipys(share, freedom):
    expected = float(stdtrit(freedom, share))
    if expected < 1e6:
        assert t_quantile(share, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(SHARES, FREEDOMS, st.floats(0.1, 20))
def test_what_lies_beyond_the_farthest_that_matters_is_not_looked_for(share, freedom, most):
    found = t_quantile(share, freedom, most=most)
    assert found <= most
    if (expected := float(stdtrit(freedom, share))) < 1e6:
        assert found == pytest.approx(min(most, expected), rel=1e-9, abs=1e-12)


def test_one_degree_of_freedom_is_the_cauchy_distribution():
    assert t_quantile(0.99, 1) == pytest.approx(math.tan(math.pi * 0.49), rel=1e-12)
