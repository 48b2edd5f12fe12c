from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.stats.multiplicity import benjamini_hochberg, holm

FAMILIES = st.lists(st.none() | st.floats(0, 1), max_size=12)
ADJUSTMENTS = pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])


@ADJUSTMENTS
@given(family=FAMILIES)
def test_what_was_not_measured_counts_for_nothing(adjust, family):
    found = adjust(family)
    assert [p is None for p in found] == [p is None for p in family]
    assert tuple(p for p in found if p is not None) == adjust([p for p in family if p is not None])


@ADJUSTMENTS
@given(family=st.lists(st.floats(0, 1), max_size=12))
def test_an_adjusted_value_is_never_smaller_and_keeps_the_order(adjust, family):
    found = adjust(family)
    assert all(p <= adjusted <= 1 for p, adjusted in zip(family, found, strict=True))
    pairs = sorted(zip(family, found, strict=True))
    assert [adjusted for _, adjusted in pairs] == sorted(found)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_is_at_least_as_strict_as_benjamini_hochberg(family):
    for strict, weak in zip(holm(family), benjamini_hochberg(family), strict=True):
        assert strict is not None
        assert weak is not None
        assert strict >= weak - 1e-12


@ADJUSTMENTS
@given(p=st.floats(0, 1))
def test_a_family_of_one_needs_no_adjustment(adjust, p):
    assert adjust((None, p)) == (None, p)


@ADJUSTMENTS
@given(family=st.lists(st.floats(0, 1), max_size=8), shuffler=st.randoms(use_true_random=False))
def test_the_order_of_the_gates_does_not_matter(adjust, family, shuffler):
    order = list(range(len(family)))
    shuffler.shuffle(order)
    found = adjust(family)
    assert adjust([family[i] for i in order]) == tuple(found[i] for i in order)


@ADJUSTMENTS
@pytest.mark.parametrize("p", [math.nan, -0.1, 1.1])
def test_a_value_that_is_no_probability_is_refused(adjust, p):
    with pytest.raises(ValueError, match=r"p-value 1: .* but a number in \[0, 1\] is needed"):
        adjust((0.5, p))
