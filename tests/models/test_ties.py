from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.models.ties import EXACT_TIE, NEAR_TIE, close_calls, decided

scores = st.lists(st.floats(-50, 0), min_size=2, max_size=6)


@given(scores)
def test_who_could_be_first_is_close_and_nobody_else(made):
    close = close_calls(range(len(made)), made)
    top = max(made)
    room = NEAR_TIE * max(1.0, abs(top))
    near = tuple(at for at, score in enumerate(made) if top - score <= room)
    assert close == (near if len(near) > 1 else ())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_measured_is_not_decided(bad):
    assert close_calls("ab", (bad, -1.0)) == ()


def test_one_option_alone_is_no_call():
    assert close_calls("a", (-1.0,)) == ()
    assert close_calls("", ()) == ()


@given(scores)
def test_exact_scores_take_their_places_and_exact_ties_are_equal(made):
    exact = {0: -1.0, 1: -1.0 - EXACT_TIE / 2}
    settled = decided(made, exact)
    assert settled[:2] == (-1.0, -1.0)
    assert settled[2:] == tuple(made[2:])
    assert decided(made, {0: -1.0, 1: -1.1})[:2] == (-1.0, -1.1)
