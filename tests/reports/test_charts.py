from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Polarity, Run, Suite
from robustness.reports.bars import attack_bar, scale
from robustness.reports.charts import Curve, Dot, Panel, chart, ticks
from robustness.reports.illustrations import FlipCounts, MarginSpread
from robustness.reports.panels import dose_response, reliability, reliability_numbers, risk_coverage
from robustness.reports.strips import axis, flip_parts, margin_axis, margin_boxes, place_bars
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.results import Estimate, Judgement, Position

PANEL = Panel("p", "Panel", "said", "across", "up", (0.0, 1.0), (0.0, 1.0), ())


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e6), st.integers(2, 9))
def test_ticks_are_few_lie_inside_and_are_evenly_apart(low: float, length: float, most: int):
    high = low + length
    found = ticks(low, high, most=most)
    assert len(found) <= most
    assert all(low - 1e-6 * length <= tick <= high + 1e-6 * length for tick in found)
    steps = {round((b - a) / length, 4) for a, b in pairwise(found)}
    assert len(steps) <= 1


def test_corners_of_the_data_are_corners_of_the_field():
    made = chart(replace(PANEL, curves=(Curve("c", (Dot(0, 0), Dot(1, 1, 0.5, 2.0))),), diagonal=True))
    left, top, right, bottom = made.box
    assert made.paths == (f"{left:g},{bottom:g} {right:g},{top:g}",)
    assert made.diagonal == (left, bottom, right, top)
    dot = made.curves[0].dots[1]
    assert dot.low == (top + bottom) / 2
    assert dot.high == top  # what lies outside is drawn at the edge


def test_one_severity_is_no_curve(summary: Summary):
    assert dose_response(summary.attacks) == ()


def test_severities_become_a_curve_from_clean_on(summary: Summary):
    first = summary.attacks[0]
    doses = [
        replace(first, severity=n, accuracy=Estimate(0.75 - n / 10, 0.5 - n / 10, 0.9)) for n in (3, 1, 2)
    ]
    (made,) = dose_response(doses)
    assert [tick.label for tick in made.x_ticks] == ["clean", "1", "2", "3"]
    assert made.panel.said == "addsent2pas-shuffle, accuracy: clean 75.0%; 1 65.0%; 2 55.0%; 3 45.0%"
    heights = [dot.y for dot in made.curves[0].dots]
    assert heights == sorted(heights)  # down the page: accuracy falls
    assert made.panel.level == (0.25, "chance")


def test_under_abstain_the_dose_is_read_off_the_auroc(summary: Summary):
    last = next(a for a in summary.attacks if a.polarity is Polarity.ABSTAIN)
    (made,) = dose_response([last, replace(last, severity=2)])
    assert made.panel.y_name == "AUROC"
    assert [tick.label for tick in made.x_ticks] == ["1", "2"]


def test_what_was_not_measured_is_no_dot(summary: Summary):
    first = summary.attacks[0]
    assert dose_response([first, replace(first, severity=2, accuracy=Estimate(None))]) == ()


def test_reliability_shows_clean_beside_the_attack_that_is_worst_calibrated(summary: Summary):
    made, numbers = reliability(summary), reliability_numbers(summary)
    assert made
    assert numbers
    assert [curve.name for curve in made.curves] == ["clean", "addsent2pas-shuffle"]
    assert [dot.size for dot in made.curves[0].dots] == [5.0, 7.2]  # 1 and 3 of 4 items
    assert numbers.rows[0] == ("clean", "1", "37.5%", "100.0%")


def test_without_a_calibration_there_is_no_chart(summary: Summary):
    bare = replace(summary, calibration=None, attacks=(), risk_coverage=())
    assert reliability(bare) is None
    assert reliability_numbers(bare) is None
    assert risk_coverage(bare) is None


def test_a_line_of_drops_is_as_long_as_the_drops_are(summary: Summary):
    drops = [replace(summary.attacks[0], drop=Estimate(0.02, -0.01, 0.05), limits={"max_drop": 0.1})]
    low, high = scale(drops)
    assert -0.05 < low < -0.01
    assert 0.2 < high < 0.25
    bar = attack_bar(drops[0], (low, high))
    assert bar
    assert 0 < bar.low < bar.value < bar.high < (bar.limit or 0) < 100
    assert scale([a for a in summary.attacks if a.polarity is Polarity.ABLATION])[1] >= 1


def test_marks_of_an_axis_are_spoken_of_as_their_measure():
    assert [t.label for t in axis((0.0, 1.0), "auroc")] == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert [t.label for t in axis((-0.5, 1.0), "margin_retained")] == ["−50%", "0%", "50%", "100%"]


@given(st.tuples(*[st.integers(0, 500)] * 4))
def test_flips_fill_the_line_without_gaps(counts: tuple[int, int, int, int]):
    parts = flip_parts(FlipCounts(*counts))
    assert sum(part.n for part in parts) == sum(counts)
    assert sum(part.width for part in parts) == pytest.approx(100 if any(counts) else 0, abs=0.05)
    for before, after in pairwise(parts):
        assert after.start == pytest.approx(before.start + before.width, abs=0.02)


def test_margins_share_one_line_that_holds_nought(summary: Summary):
    spreads = [MarginSpread(-4, -3, -2, -1, 0.5), MarginSpread(-1, 0, 1, 2, 4)]
    attacks = [
        replace(a, margins=spread) for a, spread in zip(summary.attacks, [*spreads, None], strict=True)
    ]
    (_, first), (_, second) = margin_boxes(attacks)
    assert (first.low, first.zero, second.high) == (0.0, 50.0, 100.0)
    assert first.zero == second.zero
    assert [tick.label for tick in margin_axis(attacks)] == ["−4", "−2", "0", "2", "4"]


def test_places_lie_on_a_line_as_long_as_the_largest_share():
    bars = place_bars([Position(0, 4, 0.5, 0.25, 2, 1.0), Position(1, 4, 0.125, 0.25, 2, None)])
    assert [(b.chosen, b.expected) for b in bars] == [(100.0, 50.0), (25.0, 50.0)]
