from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.stats.power import (
    DesignEffect,
    achieved_power,
    design_effect,
    items_needed,
    minimum_detectable_drop,
    passages_needed,
)

# Minimum detectable drop in points at 80 % power, by suite size, for (p01, alpha) in turn.
SETTINGS = ((0.0, 0.05), (0.02, 0.05), (0.05, 0.05), (0.02, 0.005), (0.05, 0.005))
TABLE = {
    100: (7.7, 10.6, 13.4, 16.1, 19.5),
    240: (3.2, 5.6, 7.5, 8.2, 10.6),
    600: (1.3, 3.0, 4.3, 4.3, 5.9),
    1000: (0.8, 2.2, 3.2, 3.1, 4.4),
    2000: (0.4, 1.5, 2.2, 2.0, 2.9),
    4934: (0.2, 0.9, 1.3, 1.2, 1.8),
}


@pytest.mark.parametrize("n", TABLE)
def test_the_published_planning_table_comes_out_to_its_last_digit(n):
    found = [minimum_detectable_drop(n, p01=p01, alpha=alpha) for p01, alpha in SETTINGS]
    assert tuple(round(100 * drop, 1) for drop in found if drop is not None) == TABLE[n]


@given(st.integers(60, 5000), st.floats(0, 0.1))
def test_the_smallest_drop_that_shows_needs_just_the_items_there_are(n, p01):
    drop = minimum_detectable_drop(n, p01=p01)
    assert drop is not None
    assert items_needed(drop, p01=p01) == pytest.approx(n, rel=1e-6)


@given(st.integers(60, 5000), st.floats(1, 4))
def test_clustering_and_noise_only_ever_hide_drops(n, effect):
    plain = minimum_detectable_drop(n, p01=0.01)
    clustered = minimum_detectable_drop(n, p01=0.01, effect=effect)
    noisy = minimum_detectable_drop(n, p01=0.03)
    assert plain is not None
    assert clustered is None or clustered >= plain
    assert noisy is None or noisy > plain


@pytest.mark.parametrize("n", [0, 1, 4])
def test_a_handful_of_items_can_show_no_drop_at_all(n):
    assert minimum_detectable_drop(n, p01=0.0, alpha=0.01, power=0.99) is None


def test_a_design_effect_of_two_halves_the_items():
    halved = minimum_detectable_drop(500, p01=0.02)
    assert minimum_detectable_drop(1000, p01=0.02, effect=2.0) == halved


def test_passages_needed_shrink_with_questions_per_passage_only_as_far_as_they_differ():
    alike = DesignEffect(effect=4.0, rho=1.0, per_passage=4.0)
    unlike = DesignEffect(effect=1.0, rho=0.0, per_passage=4.0)
    single = DesignEffect(effect=1.0, rho=None, per_passage=1.0)
    needed = [passages_needed(0.05, shape, p01=0.02) for shape in (single, alike, unlike)]
    assert needed == [281, 281, 71]


@settings(deadline=None)
@given(st.integers(0, 400), st.floats(0, 0.2))
def test_without_a_drop_the_exact_test_keeps_its_level(n, p01):
    assert 0 <= achieved_power(n, 0.0, p01=p01) <= 0.05


def test_the_exact_test_reaches_a_little_less_than_the_normal_plan():
    for n in TABLE:
        drop = minimum_detectable_drop(n, p01=0.02)
        assert drop is not None
        assert 0.75 < achieved_power(n, drop, p01=0.02) < 0.80


def test_six_items_that_all_fall_are_just_enough():
    assert achieved_power(6, 1.0, p01=0.0) == pytest.approx(1.0)
    assert achieved_power(5, 1.0, p01=0.0) == 0.0


def test_a_tail_of_exactly_alpha_counts_as_rejected():
    assert achieved_power(6, 1.0, p01=0.0, alpha=0.03125) == pytest.approx(1.0)


def test_the_design_effect_shrinks_the_sample_that_power_is_from():
    assert achieved_power(600, 0.04, p01=0.02, effect=2.5) == achieved_power(240, 0.04, p01=0.02)


def test_passages_whose_items_agree_count_once_each():
    found = design_effect((1, 1, 0, 0, 1, 1), ("a", "a", "b", "b", "c", "c"))
    assert (found.rho, found.effect, found.per_passage) == (1.0, 2.0, 2.0)


def test_items_that_differ_within_passages_promise_no_bonus():
    found = design_effect((1, 0, 1, 0), ("a", "a", "b", "b"))
    assert found.rho is not None
    assert found.rho < 0
    assert found.effect == 1.0


@pytest.mark.parametrize(
    ("values", "groups", "effect"),
    [((1, 0, 1), "aaa", 3.0), ((1, 0, 1), "abc", 1.0), ((1, 1, 1, 1), "aabb", 2.0)],
    ids=["one passage", "one item each", "nothing varies"],
)
def test_a_correlation_that_cannot_be_told_is_taken_at_its_worst(values, groups, effect):
    found = design_effect(values, tuple(groups))
    assert (found.rho, found.effect) == (None, effect)


def test_large_passages_weigh_more():
    even = design_effect((1, 1, 1, 0, 0, 0), tuple("aaabbb"))
    uneven = design_effect((1, 1, 1, 1, 1, 0), tuple("aaaaab"))
    assert even.effect == 3.0
    assert uneven.effect == pytest.approx(26 / 6)


@pytest.mark.parametrize(("values", "groups"), [((), ()), ((1.0,), ())])
def test_a_design_effect_needs_a_passage_for_each_value(values, groups):
    with pytest.raises(ValueError, match="one passage for each"):
        design_effect(values, groups)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: items_needed(0.0, p01=0.1), "drop of 0.0"),
        (lambda: items_needed(0.9, p01=0.1), r"one in \(0, 0.8\]"),
        (lambda: items_needed(0.1, p01=0.5), "p01=0.5"),
        (lambda: items_needed(0.1, p01=math.nan), "p01=nan"),
        (lambda: items_needed(0.1, p01=0.1, alpha=0.0), "alpha=0.0"),
        (lambda: items_needed(0.1, p01=0.1, power=1.0), "power=1.0"),
        (lambda: minimum_detectable_drop(-1, p01=0.1), "n=-1"),
        (lambda: minimum_detectable_drop(9, p01=0.1, effect=0.5), "effect=0.5"),
        (lambda: achieved_power(9, 0.9, p01=0.1), "drop of 0.9"),
        (lambda: achieved_power(9, math.nan, p01=0.1), "drop of nan"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
