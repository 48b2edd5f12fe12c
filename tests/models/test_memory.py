from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.models.encoding import Row
from robustness.models.memory import within_memory


def holding(most: int):
    """Return a forward pass that scores a row by its first id and holds at most so many rows."""

    def forward(rows):
        if len(rows) > most:
            raise MemoryError
        return [float(row.ids[0]) for row in rows]

    return forward


@given(st.integers(1, 60), st.integers(1, 60))
def test_every_row_is_scored_once_in_order_where_single_rows_fit(count, most):
    fitted = within_memory([Row((at,), ()) for at in range(count)], holding(most))
    assert fitted.scores == tuple(map(float, range(count)))
    assert fitted.failed == 0
    parts = math.ceil(count / max(1, most // 2)) if most < count else 1
    assert len(fitted.passes) <= parts + math.log2(count) + 1


@given(st.integers(1, 60))
def test_where_nothing_fits_every_row_is_not_a_number_and_the_tries_are_bounded(count):
    fitted = within_memory([Row((at,), ()) for at in range(count)], holding(0))
    assert all(map(math.isnan, fitted.scores))
    assert fitted.failed == count == len(fitted.scores)
    assert len(fitted.passes) <= count + math.log2(count) + 2


def test_other_errors_are_not_taken_for_memory():
    def forward(rows):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        within_memory([Row((1,), ())], forward)
