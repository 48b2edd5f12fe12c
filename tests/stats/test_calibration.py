from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.results import ReliabilityBin
from robustness.stats.calibration import (
    MarginShift,
    brier,
    calibration_error,
    margin_shift,
    reliability,
    softmax,
)

BINNINGS = pytest.mark.parametrize("binning", ["equal-width", "equal-mass"])
ITEMS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from((0.0, 0.5, 1.0))), min_size=1, max_size=40)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6))
def test_softmax_is_a_distribution_in_the_order_of_the_scores(scores):
    found = softmax(scores)
    assert math.fsum(found) == pytest.approx(1.0)
    assert found[scores.index(max(scores))] == max(found)


@BINNINGS
@given(items=ITEMS, bins=st.integers(1, 20))
def test_every_item_is_in_one_bin(binning, items, bins):
    sure, right = zip(*items, strict=True)
    table = reliability(sure, right, bins=bins, binning=binning)
    assert sum(row.n for row in table) == len(items)
    assert math.fsum(row.n * row.accuracy for row in table) == pytest.approx(math.fsum(right))
    assert len(table) <= bins


@BINNINGS
@given(items=ITEMS, shuffler=st.randoms(use_true_random=False))
def test_the_order_of_items_cannot_move_the_calibration_error(binning, items, shuffler):
    shuffled = list(items)
    shuffler.shuffle(shuffled)
    before = calibration_error(*zip(*items, strict=True), binning=binning)
    assert before == calibration_error(*zip(*shuffled, strict=True), binning=binning)
    assert before is not None
    assert 0 <= before <= 1


@given(ITEMS)
def test_one_bin_compares_mean_confidence_with_accuracy(items):
    sure, right = zip(*items, strict=True)
    gap = abs(math.fsum(sure) - math.fsum(right)) / len(items)
    assert calibration_error(sure, right, bins=1) == pytest.approx(gap, abs=1e-12)


def test_a_bin_holds_its_upper_edge():
    found = reliability((0.5, 0.6), (1.0, 0.0), bins=2)
    assert found == (ReliabilityBin(1, 0.5, 1.0), ReliabilityBin(1, 0.6, 0.0))


def test_equal_mass_keeps_equal_confidences_together():
    table = reliability((0.4, 0.7, 0.7, 0.7), (0.0, 1.0, 0.0, 1.0), bins=2, binning="equal-mass")
    assert [row.n for row in table] == [4]


def test_equal_mass_spreads_what_equal_width_lumps_together():
    sure = [0.9 + i / 1000 for i in range(90)]
    right = [float(i % 2) for i in range(90)]
    assert len(reliability(sure, right, bins=9)) == 1
    assert [row.n for row in reliability(sure, right, bins=9, binning="equal-mass")] == [10] * 9


def test_nothing_measured_is_no_figure():
    assert reliability((), ()) == ()
    assert calibration_error((), ()) is None
    assert brier((), ()) is None
    assert margin_shift((), ()) == MarginShift(0, 0, None, None, None, None, None)


@pytest.mark.parametrize(
    ("sure", "right"), [((1.2,), (1.0,)), ((math.nan,), (1.0,)), ((0.5,), (2.0,)), ((0.5,), ())]
)
def test_confidences_and_credits_are_shares_and_as_many(sure, right):
    with pytest.raises(ValueError, match=r"all in \[0, 1\], are needed"):
        calibration_error(sure, right)


def test_an_unknown_binning_is_named_with_its_neighbours():
    with pytest.raises(ValueError, match="did you mean 'equal-mass'"):
        reliability((0.5,), (1.0,), binning="equal-mas")  # type: ignore[arg-type]


def test_no_bins_at_all_are_refused():
    with pytest.raises(ValueError, match="at least 1 is needed"):
        reliability((0.5,), (1.0,), bins=0)


@given(st.lists(st.integers(2, 7), min_size=1, max_size=10))
def test_a_uniform_guess_earns_one_minus_its_chance(sizes):
    score = brier([(1 / size,) * size for size in sizes], [0] * len(sizes))
    assert score == pytest.approx(math.fsum(1 - 1 / size for size in sizes) / len(sizes))


def test_certainty_earns_nothing_or_two():
    assert brier([(1.0, 0.0)], [0]) == 0.0
    assert brier([(1.0, 0.0)], [1]) == 2.0


@pytest.mark.parametrize(
    ("row", "gold"),
    [((0.5, 0.6), 0), ((0.5, 0.5), 2), ((0.5, 0.5), -1), ((math.nan, 1.0), 1), ((2.0, -1.0), 0)],
)
def test_a_row_that_is_no_distribution_over_the_options_is_refused(row, gold):
    with pytest.raises(ValueError, match="pass scores through softmax first"):
        brier([row], [gold])


def test_a_gold_position_is_needed_for_each_row():
    with pytest.raises(ValueError, match="1 rows and 0 gold positions"):
        brier([(0.5, 0.5)], [])


def test_margins_without_a_gold_option_are_counted_apart():
    found = margin_shift((1.0, math.nan, 2.0, 0.0), (0.5, 1.0, math.nan, 1.0))
    assert found == MarginShift(2, 2, 0.5, 0.75, 0.25, 0.25, 0.5)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_unmoved_margins_show_no_shift(margins):
    found = margin_shift(margins, margins)
    assert (found.n, found.shift, found.median_shift, found.share_lower) == (len(margins), 0.0, 0.0, 0.0)


@pytest.mark.parametrize(("clean", "attacked"), [((1.0,), ()), ((1.0,), (math.inf,))])
def test_margins_come_in_finite_pairs(clean, attacked):
    with pytest.raises(ValueError, match="leave out items that were not measured"):
        margin_shift(clean, attacked)
