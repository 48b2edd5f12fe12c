from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.stats.group_sequential import boundaries, spent


def test_a_single_look_is_the_fixed_test():
    assert boundaries((1.0,)) == pytest.approx((1.959964,), abs=1e-5)


def test_the_last_look_spends_all_that_is_left():
    assert spent(1.0) == pytest.approx(0.05)
    assert spent(1.0, alpha=0.01) == pytest.approx(0.01)


@given(st.floats(0.01, 0.99), st.floats(0.001, 0.2))
def test_spending_rises_with_the_passages_seen(share, alpha):
    assert 0 <= spent(share, alpha=alpha) < spent((share + 1) / 2, alpha=alpha) < alpha


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 6))
def test_early_looks_need_more_than_late_ones(looks):
    found = boundaries([i / looks for i in range(1, looks + 1)])
    assert list(found) == sorted(found, reverse=True)
    assert found[-1] >= 1.959


def test_a_look_at_almost_nothing_can_hardly_stop():
    assert boundaries((0.001, 1.0)) == pytest.approx((8.5, 1.96), abs=1e-3)


@pytest.mark.parametrize("shares", [(), (0.5, 0.5), (0.6, 0.5), (0.0, 1.0), (0.5, 1.2), (math.nan,)])
def test_looks_must_rise_within_the_run(shares):
    with pytest.raises(ValueError, match="group_sequential: "):
        boundaries(shares)
