"""Areas under dose-response curves against numpy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import auc

from robustness.stats.dose_response import area_under

CURVES = st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0.0, 1.0)), min_size=2, max_size=8).map(
    lambda steps: (np.cumsum([step for step, _ in steps]).tolist(), [rate for _, rate in steps])
)


@given(curve=CURVES)
def test_the_area_is_numpy_s_trapezoid_over_the_range(curve):
    doses, rates = curve
    assert area_under(doses, rates) == pytest.approx(np.trapezoid(rates, doses) / (doses[-1] - doses[0]))


@given(curve=CURVES)
def test_the_area_is_scikit_learn_s_over_the_range(curve):
    doses, rates = curve
    assert area_under(doses, rates) == pytest.approx(auc(doses, rates) / (doses[-1] - doses[0]))


@given(curve=CURVES)
def test_the_area_lies_between_the_lowest_and_the_highest_response(curve):
    doses, rates = curve
    assert min(rates) - 1e-12 <= area_under(doses, rates) <= max(rates) + 1e-12
