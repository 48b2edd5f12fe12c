from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.choices import chosen
from robustness.models.encoding import Row
from robustness.models.near_ties import EXACT_TIE, contenders, decided
from robustness.models.shadow import difference, near_tie_bound

BOUND = 1e-4
true_scores = st.lists(st.integers(0, 30).map(lambda n: n * 2e-5), min_size=2, max_size=5)
noise = st.floats(-1e-6, 1e-6)


def rows_of(count: int) -> tuple[Row, ...]:
    return tuple(Row((at,), ()) for at in range(count))


@given(true_scores, st.data())
def test_noise_below_the_bound_never_changes_what_is_chosen(scores, data):
    rows = rows_of(len(scores))
    exact = dict(zip(rows, scores, strict=True))
    seen = [score + data.draw(noise) for score in scores]
    close = contenders(rows, seen, bound=BOUND)
    settled = decided(rows, seen, close=close, exact=exact) if close else tuple(seen)
    assert chosen(settled) == chosen(scores)


def test_a_clear_lead_is_left_alone():
    assert contenders(rows_of(3), (0.1, 0.5, 0.4), bound=BOUND) == ()


def test_the_gap_to_the_top_counts_not_the_gap_between_losers():
    assert contenders(rows_of(3), (0.1, 0.1, 0.5), bound=BOUND) == ()


def test_equal_scores_of_different_rows_are_asked_again_even_with_no_bound():
    assert contenders(rows_of(2), (0.5, 0.5), bound=0.0) == (0, 1)


def test_options_that_are_one_row_tie_without_asking():
    row = Row((4, 5), ())
    assert contenders((row, row), (0.5, 0.5), bound=BOUND) == ()


@pytest.mark.parametrize("fault", [math.nan, math.inf, -math.inf])
def test_scores_that_are_no_numbers_are_left_to_the_judge(fault):
    assert contenders(rows_of(3), (0.5, 0.5, fault), bound=BOUND) == ()


def test_an_item_without_rows_has_no_contenders():
    assert contenders((), (), bound=BOUND) == ()


@pytest.mark.parametrize(("apart", "ties"), [(EXACT_TIE / 2, True), (EXACT_TIE * 2, False)])
def test_canonical_scores_tie_below_one_in_a_billion(apart, ties):
    rows = rows_of(2)
    exact = {rows[0]: 0.25, rows[1]: 0.25 + apart}
    first, second = decided(rows, (9.0, 9.0), close=(0, 1), exact=exact)
    assert (first == second) is ties
    assert second == exact[rows[1]]


def test_the_bound_is_a_power_of_two_above_noise_and_spread():
    exact = [0.0, 1.0, 4.0]
    bound = near_tie_bound([0.0, 1.0, 4.0 + 1e-6], exact)
    assert math.frexp(bound)[0] == 0.5
    assert 64e-6 <= bound < 128e-6
    assert near_tie_bound(exact, exact) >= 4e-5


def test_no_bound_follows_from_scores_that_are_no_numbers_or_all_alike():
    assert near_tie_bound([math.nan], [1.0]) == 0.0
    assert near_tie_bound([1.0, 1.0], [1.0, 1.0]) == 0.0


def test_the_difference_is_relative_for_large_scores_and_absolute_for_small_ones():
    assert difference([200.0, 0.5], [100.0, 0.25]) == 1.0
    assert difference([0.5], [0.25]) == 0.25
    assert difference([math.inf], [math.inf]) == 0.0
    assert difference([math.inf], [1.0]) == math.inf
    assert difference([], []) == 0.0
