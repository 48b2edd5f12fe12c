from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.results import Estimate
from robustness.stats.closed_form import (
    aurc,
    auroc,
    coverage_at_accuracy,
    effective_number,
    mcnemar,
    mean,
    unseen_share,
    wilson,
)
from robustness.stats.resampling import sample

TENTHS = st.integers(0, 10).map(lambda n: n / 10)


def bounds(found: Estimate) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def width(found: Estimate) -> float:
    low, high = bounds(found)
    return high - low


def groups(n: int, each: int = 1) -> list[str]:
    return [f"p{i // each}" for i in range(n)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_no_merge_order_can_move_a_mean(values, shuffler):
    shuffled = list(values)
    shuffler.shuffle(shuffled)
    assert mean(shuffled) == mean(values)


def test_the_mean_of_nothing_is_not_a_number_to_report():
    assert mean(()) is None


def test_wilson_of_no_trials_knows_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2), (math.nan, 2)])
def test_wilson_refuses_counts_that_cannot_be(successes, n):
    with pytest.raises(ValueError, match="0 <= successes <= n is needed"):
        wilson(successes, n)


def test_mcnemar_needs_six_falls_without_a_rise():
    assert mcnemar(5, 0) > 0.05
    assert mcnemar(6, 0) < 0.05


def test_mcnemar_without_movement_is_one():
    assert mcnemar(0, 0) == 1.0


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_does_not_care_which_side_is_which(b, c):
    assert mcnemar(b, c) == mcnemar(c, b)
    assert 0.0 < mcnemar(b, c) <= 1.0


def test_mcnemar_refuses_negative_counts():
    with pytest.raises(ValueError, match="counts of at least 0"):
        mcnemar(-1, 2)


@given(st.lists(TENTHS, min_size=1, max_size=12), st.lists(TENTHS, min_size=1, max_size=12))
def test_auroc_is_the_share_of_pairs_won_with_ties_half(higher, lower):
    pairs = [(a > b) + 0.5 * (a == b) for a in higher for b in lower]
    assert auroc(higher, lower) == pytest.approx(math.fsum(pairs) / len(pairs))


def test_auroc_of_an_empty_side_is_refused():
    with pytest.raises(ValueError, match="0 and 1 scores came"):
        auroc((), (0.5,))


def test_aurc_averages_the_risk_of_every_prefix():
    # Risks of the prefixes: 0/1, 1/2, 1/3, 2/4.
    expected = (0 + 1 / 2 + 1 / 3 + 2 / 4) / 4
    assert aurc((0.9, 0.8, 0.7, 0.6), (1, 0, 1, 0)) == pytest.approx(expected)


def test_aurc_of_a_tie_is_the_mean_over_its_orders():
    orders = [aurc((0.9, 0.8), (1, 0)), aurc((0.9, 0.8), (0, 1))]
    assert aurc((0.5, 0.5), (1, 0)) == pytest.approx(sum(orders) / 2)


@given(st.lists(st.tuples(TENTHS, TENTHS), min_size=1, max_size=12), st.data())
def test_aurc_and_coverage_do_not_depend_on_the_order_of_items(pairs, data):
    shuffled = data.draw(st.permutations(pairs))
    (sure, right), (sure_too, right_too) = (zip(*o, strict=True) for o in (pairs, shuffled))
    assert aurc(sure, right) == aurc(sure_too, right_too)
    assert coverage_at_accuracy(sure, right, 0.8) == coverage_at_accuracy(sure_too, right_too, 0.8)


@pytest.mark.parametrize(
    ("confidences", "rights", "coverage"),
    [
        ((0.9, 0.8, 0.7, 0.6, 0.5), (1, 1, 1, 1, 0), 1.0),  # exactly 4 of 5
        ((0.9, 0.8, 0.7, 0.6), (1, 0, 0, 0), 0.25),
        ((0.9, 0.8), (0, 1), 0.0),
        ((0.5, 0.5), (1, 0), 0.0),  # one threshold cannot part a tie
        ((0.9, 0.8, 0.7, 0.6, 0.5, 0.4), (0, 1, 1, 1, 1, 0), 5 / 6),  # after a bad start
    ],
)
def test_coverage_is_the_largest_answered_share_that_reaches_the_target(confidences, rights, coverage):
    assert coverage_at_accuracy(confidences, rights, 0.8) == coverage


def test_coverage_at_equality_survives_credits_of_one_third():
    rights = (1.0,) * 21 + (1 / 3,) * 9
    assert coverage_at_accuracy([1 - i / 100 for i in range(30)], rights, 0.8) == 1.0


def test_five_unmoved_passages_are_no_proof_of_no_drop():
    found = sample({"drop": (0.0,) * 5}, groups(5), seed=1).mean("drop", lowest=-1.0)
    assert found.value == 0.0
    assert found.low == pytest.approx(-wilson(0, 5)[1])
    assert found.high == pytest.approx(wilson(0, 5)[1])


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_a_rate_at_its_end_has_the_wilson_interval_over_passages(right):
    found = sample({"right": (right,) * 40}, groups(40, each=4), seed=1).mean("right")
    assert (found.low, found.high) == pytest.approx(wilson(10 * right, 10))


def test_thirty_five_unmoved_passages_bound_a_drop_by_one_tenth_and_thirty_four_do_not():
    assert unseen_share(35) <= 0.1 < unseen_share(34)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.floats(0.01, 100))
def test_unequal_weights_say_as_much_as_fewer_equal_ones(weights, scale):
    found = effective_number(np.asarray(weights))
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9
    assert effective_number(np.asarray(weights) * scale) == pytest.approx(found)
    assert effective_number(np.full(len(weights), scale)) == pytest.approx(len(weights))


def test_weights_of_nothing_are_no_evidence():
    assert effective_number(np.zeros(3)) == 0.0
    assert unseen_share(0.0) == 1.0


def test_questions_of_one_passage_are_not_independent_evidence():
    values = (0.0,) * 100 + (1.0,) * 100
    apart = sample({"x": values}, groups(200), seed=1).mean("x")
    together = sample({"x": values}, groups(200, each=10), seed=1).mean("x")
    assert together.value == apart.value
    assert width(together) > 2.5 * width(apart)


def test_equal_seeds_give_equal_intervals_and_others_do_not():
    values = [float(i % 3 == 0) for i in range(300)]
    first, again, other = (sample({"x": values}, groups(300), seed=s) for s in (7, 7, 8))
    assert (first.drawn["x"] == again.drawn["x"]).all()
    assert (first.drawn["x"] != other.drawn["x"]).any()


def test_item_order_and_passage_names_in_any_order_leave_the_interval_as_it_is():
    rows = [(float(i % 7 < 3), f"p{i // 2}") for i in range(120)]
    shuffled = random.Random(3).sample(rows, len(rows))
    first, second = (
        sample({"x": [x for x, _ in order]}, [g for _, g in order], seed=5).mean("x")
        for order in (rows, shuffled)
    )
    assert first == second


def test_every_draw_holds_as_many_passages_as_there_are():
    drawn = sample({"x": (1.0,) * 21}, groups(21, each=3), seed=2)
    assert (drawn.items == 21).all()
    assert (drawn.drawn["x"] == 21).all()


def test_passages_are_drawn_evenly():
    columns = {f"p{i}": tuple(float(i == j) for j in range(5)) for i in range(5)}
    drawn = sample(columns, groups(5), seed=4).drawn
    assert [float(drawn[name].mean()) for name in columns] == pytest.approx([1.0] * 5, abs=0.04)
    assert [float(drawn[name].var()) for name in columns] == pytest.approx([0.8] * 5, abs=0.06)


def test_a_ratio_is_taken_over_the_items_that_make_its_denominator():
    columns = {"lost": (1.0, 0.0, 0.0, 0.0), "right": (1.0, 1.0, 0.0, 0.0)}
    assert sample(columns, groups(4), seed=1).ratio("lost", "right").value == 0.5


def test_a_ratio_without_a_denominator_is_undefined():
    columns = {"lost": (0.0, 0.0), "right": (0.0, 0.0)}
    assert sample(columns, groups(2), seed=1).ratio("lost", "right").value is None


def test_draws_without_a_denominator_widen_a_ratio_to_both_ends():
    # One passage of ten was right: over a third of the draws miss it.
    columns = {"lost": (0.5,) + (0.0,) * 9, "right": (1.0,) + (0.0,) * 9}
    found = sample(columns, groups(10), seed=1).ratio("lost", "right")
    assert (found.low, found.value, found.high) == (0.0, 0.5, 1.0)


def test_only_passages_in_the_denominator_count_as_evidence_for_a_ratio():
    columns = {"lost": (0.0,) * 40, "right": (1.0,) * 20 + (0.0,) * 20}
    found = sample(columns, groups(40), seed=1).ratio("lost", "right")
    assert found.high == pytest.approx(wilson(0, 20)[1])


def margin(clean: int, attacked: int, *, n: int = 100):
    columns = {
        "clean": [float(i < clean) for i in range(n)],
        "after": [float(i < attacked) for i in range(n)],
        "chance": [0.25] * n,
    }
    drawn = sample(columns, groups(n), seed=1)
    return drawn.margin_retained("after", "clean", chances=("chance", "chance"))


@pytest.mark.parametrize(("attacked", "kept"), [(75, 1.0), (25, 0.0), (50, 0.5), (0, -0.5)])
def test_margin_retained_is_the_share_of_the_lead_over_chance(attacked, kept):
    found = margin(75, attacked)
    assert found.value == pytest.approx(kept)
    assert -math.inf < found.low < kept < found.high < math.inf


@pytest.mark.parametrize("clean", [0, 25, 30])
def test_a_model_that_is_not_clearly_above_chance_has_no_margin_to_keep(clean):
    assert margin(clean, 25).value is None


def test_draws_below_chance_count_as_the_outermost_ratios_of_a_margin():
    right = next(k for k in range(25, 60) if margin(k, k).value is not None)
    found = margin(right, 45)
    rows = {"clean": [float(i < right) for i in range(100)], "after": [float(i < 45) for i in range(100)]}
    drawn = sample(rows, groups(100), seed=1).drawn
    defined = drawn["clean"] > 25
    ratios = (drawn["after"][defined] - 25) / (drawn["clean"][defined] - 25)
    assert 50 < len(drawn["clean"]) - len(ratios) < 250
    assert found.low < found.value
    assert found.high == pytest.approx(ratios.max())


@pytest.mark.parametrize(("n", "right"), [(60, 29), (84, 38), (96, 42)])
def test_a_draw_at_a_chance_of_thirds_is_no_denominator(n, right):
    # Sums of thirds miss the whole number, and a lead of 1e-14 would make a margin of 1e15.
    clean = [float(i < right) for i in range(n)]
    columns = {"clean": clean, "after": clean[::-1], "chance": [1 / 3] * n}
    drawn = sample(columns, groups(n), seed=1, draws=2000)
    low, high = bounds(drawn.margin_retained("after", "clean", chances=("chance", "chance")))
    # The least lead of a draw is 1 / n.
    assert -n < low < high < n


def test_perfect_separation_over_few_passages_is_not_certain():
    columns = {"clean": (0.9,) * 6, "after": (0.1,) * 6}
    found = sample(columns, groups(6), seed=1).auroc("clean", "after")
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx((1 - wilson(0, 6)[1]) ** 2)


@settings(max_examples=20)
@given(st.lists(TENTHS, min_size=2, max_size=20))
def test_equal_columns_never_differ(values):
    drawn = sample({"a": values, "b": values}, groups(len(values), each=2), seed=1, draws=200)
    found = drawn.auroc("a", "b")
    assert found.value == 0.5
    low, high = bounds(found)
    assert low <= 0.5 <= high


def test_nothing_measured_gives_no_estimate():
    empty = sample({"a": (), "b": ()}, (), seed=1)
    assert empty.mean("a").value is None
    assert empty.ratio("a", "b").value is None
    assert empty.auroc("a", "b").value is None
    assert empty.margin_retained("a", "a", chances=("b", "b")).value is None
