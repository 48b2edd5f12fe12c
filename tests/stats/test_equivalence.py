from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Status
from robustness.results import Estimate
from robustness.stats.equivalence import (
    equivalence,
    mean_at,
    non_inferiority,
    p_value_beyond,
    p_value_of_none,
    p_value_within,
)
from robustness.stats.intervals import at_level
from robustness.stats.resampling import Sample, sample

CLAIMS = pytest.mark.parametrize("claim", [equivalence, non_inferiority])


@pytest.mark.parametrize(
    ("low", "high", "no_worse", "no_different"),
    [
        (-0.01, 0.02, Status.PASS, Status.PASS),
        (-0.03, 0.03, Status.PASS, Status.PASS),
        (-0.20, 0.02, Status.PASS, Status.UNDECIDED),
        (-0.20, -0.10, Status.PASS, Status.FAIL),
        (0.01, 0.05, Status.UNDECIDED, Status.UNDECIDED),
        (0.03, 0.05, Status.UNDECIDED, Status.UNDECIDED),
        (0.04, 0.05, Status.FAIL, Status.FAIL),
        (-0.20, 0.20, Status.UNDECIDED, Status.UNDECIDED),
    ],
)
def test_a_claim_holds_only_where_the_whole_interval_keeps_to_the_margin(low, high, no_worse, no_different):
    found = Estimate((low + high) / 2, low, high)
    assert non_inferiority(found, 0.03).status is no_worse
    assert equivalence(found, 0.03).status is no_different


@CLAIMS
def test_what_was_not_measured_is_never_shown(claim):
    assert claim(Estimate(None), 0.05).status is Status.INVALID


@CLAIMS
@given(middle=st.floats(-1, 1), half=st.floats(0, 1), margin=st.floats(0.001, 1), more=st.floats(0, 1))
def test_a_wider_margin_never_takes_a_claim_back(claim, middle, half, margin, more):
    found = Estimate(middle, middle - half, middle + half)
    if claim(found, margin).status is Status.PASS:
        assert claim(found, margin + more).status is Status.PASS


@given(middle=st.floats(-1, 1), half=st.floats(0, 1), margin=st.floats(0.001, 1))
def test_no_different_is_no_worse_in_both_directions(middle, half, margin):
    found = Estimate(middle, middle - half, middle + half)
    turned = Estimate(-middle, -middle - half, -middle + half)
    both = {non_inferiority(side, margin).status for side in (found, turned)}
    assert (equivalence(found, margin).status is Status.PASS) == (both == {Status.PASS})


def test_a_claim_says_at_what_level_it_was_tested():
    found = equivalence(Estimate(0.0, -0.01, 0.01), 0.02)
    assert (found.level, found.alpha, found.margin) == (0.9, 0.05, 0.02)
    assert "90 % interval [-0.010, 0.010], lies within the margin of 0.02" in found.reason
    assert non_inferiority(Estimate(0.0, -0.01, 0.01), 0.02).alpha == 0.025


@CLAIMS
@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan])
def test_a_margin_of_nothing_can_never_be_shown(claim, margin):
    with pytest.raises(ValueError, match="above 0 is needed"):
        claim(Estimate(0.0, 0.0, 0.0), margin)


@pytest.mark.parametrize("level", [0.0, 1.0, 95, math.nan])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match=r"one in \(0, 1\) is needed"):
        equivalence(Estimate(0.0, 0.0, 0.0), 0.1, level=level)


@given(st.lists(st.sampled_from((-1.0, 0.0, 1.0)), min_size=1, max_size=40))
def test_at_95_percent_the_interval_is_that_of_the_sample(drops):
    drawn = sample({"drop": drops}, [str(i // 2) for i in range(len(drops))], seed=0, draws=200)
    assert mean_at(drawn, "drop", level=0.95) == drawn.mean("drop", lowest=-1.0)


@given(st.lists(st.sampled_from((-1.0, 0.0, 1.0)), min_size=1, max_size=40))
def test_a_higher_level_holds_the_lower_one(drops):
    drawn = sample({"drop": drops}, [str(i) for i in range(len(drops))], seed=0, draws=200)
    inner, outer = (mean_at(drawn, "drop", level=level) for level in (0.9, 0.99))
    assert None not in (inner.low, inner.high, outer.low, outer.high)
    assert outer.low <= inner.low <= inner.high <= outer.high  # type: ignore[operator]


def p_value(drawn: Sample, limit: float, finest: float = 1 / 501) -> float:
    found = drawn.bootstrap("drop", lowest=-1.0)
    assert found is not None
    return p_value_beyond(at_level(found), limit, finest=finest)


@settings(deadline=None)
@given(st.lists(st.sampled_from((-1.0, 0.0, 1.0)), min_size=1, max_size=40), st.floats(-0.9, 0.9))
def test_a_p_value_below_a_fortieth_is_a_gate_that_fails(drops, limit):
    drawn = sample({"drop": drops}, [str(i) for i in range(len(drops))], seed=0, draws=300)
    found, interval = p_value(drawn, limit, finest=1 / 301), mean_at(drawn, "drop", level=0.95)
    assert interval.low is not None
    assert 1 / 301 <= found <= 1
    assert (found < 0.025 - 1e-6) <= (interval.low > limit) <= (found < 0.025 + 1e-6)


def test_a_p_value_grows_with_the_limit():
    drawn = sample({"drop": (0.0, 0.0, 1.0) * 40}, [str(i) for i in range(120)], seed=0, draws=500)
    found = [p_value(drawn, limit) for limit in (0.0, 0.2, 0.25, 0.3, 0.4)]
    assert found == sorted(found)
    assert found[0] < 0.01
    assert found[-1] == 1.0


def test_ten_unmoved_passages_do_not_show_equivalence():
    drawn = sample({"drop": (0.0,) * 10}, [str(i) for i in range(10)], seed=0)
    assert equivalence(mean_at(drawn, "drop", level=0.9), 0.05).status is Status.UNDECIDED


def test_an_empty_sample_is_invalid():
    drawn = sample({"drop": ()}, (), seed=0)
    assert equivalence(mean_at(drawn, "drop", level=0.9), 0.05).status is Status.INVALID


def test_inversion_finds_the_level_at_which_an_interval_leaves_the_limit():
    def interval(level: float) -> Estimate:
        return Estimate(1.0, 1.0 - level, 1.0 + level)

    # At level 1 - 2 alpha the lower end is 2 alpha: it passes 0.2 at alpha = 0.1.
    assert p_value_beyond(interval, 0.2, finest=1e-4) == pytest.approx(0.1, abs=1e-6)
    assert p_value_beyond(interval, 1.0, finest=1e-4) == 1.0
    assert p_value_beyond(lambda _: Estimate(None), 0.0, finest=1e-4) == 1.0


@given(st.lists(st.sampled_from((-1.0, 0.0, 0.5, 1.0)), min_size=2, max_size=40))
def test_the_sign_of_a_difference_cannot_move_its_two_sided_p_value(changes):
    names = [str(i // 2) for i in range(len(changes))]
    drawn = sample({"a": changes, "b": [-x for x in changes]}, names, seed=0, draws=300)
    there, back = (drawn.bootstrap(name, lowest=-1.0) for name in "ab")
    assert there is not None
    assert back is not None
    assert p_value_of_none(at_level(there)) == pytest.approx(p_value_of_none(at_level(back)), abs=1e-9)


@given(st.floats(-0.3, 0.3), st.floats(0.01, 0.2), st.floats(0.01, 0.4))
def test_two_are_alike_at_the_level_whose_interval_lies_within_the_margin(value, far, margin):
    def interval(level: float) -> Estimate:
        return Estimate(value, value - far * level, value + far * level)

    found = p_value_within(interval, margin)
    inside = [interval(1 - 2 * alpha) for alpha in (found + 1e-6,) if found < 0.499]
    assert all(-margin <= (one.low or 0.0) and (one.high or 0.0) <= margin for one in inside)
    assert found == 1.0 or abs(value) < margin


def test_what_was_not_measured_is_shown_nowhere():
    assert p_value_of_none(lambda _: Estimate(None)) == p_value_within(lambda _: Estimate(None), 0.1) == 1.0
