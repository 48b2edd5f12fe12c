from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.stats.ranks import rank_intervals


def test_without_a_win_everybody_is_tied():
    assert rank_intervals([[False] * 3] * 3) == ((1, 3), (1, 3), (1, 3))


def test_a_full_order_leaves_no_tie():
    assert rank_intervals([[False, True, True], [False, False, True], [False] * 3]) == (
        (1, 1),
        (2, 2),
        (3, 3),
    )


@given(st.permutations(range(5)), st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_the_true_rank_lies_in_the_interval_where_no_win_is_wrong(
    order: list[int], shown: set[tuple[int, int]]
):
    """`order[i]` is the true rank of i; only wins that agree with it are shown."""
    wins = [[(i, j) in shown and order[i] < order[j] for j in range(5)] for i in range(5)]
    assert all(best <= order[i] + 1 <= worst for i, (best, worst) in enumerate(rank_intervals(wins)))


def test_a_table_that_is_not_square_is_refused():
    with pytest.raises(ValueError, match="a row and a column"):
        rank_intervals([[False, True], [False]])
