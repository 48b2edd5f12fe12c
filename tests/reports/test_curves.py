from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.choices import read
from robustness.domain import Polarity, Run, Suite
from robustness.reports.curves import (
    clean_curve,
    flip_counts,
    happened,
    margin_spread,
    outcome_curve,
    risk_coverage,
)
from robustness.reports.illustrations import FlipCounts
from robustness.results import Judgement, Outcome
from robustness.stats.closed_form import aurc
from tests.reports.conftest import example, inserted, outcome

SURE = st.lists(
    st.tuples(
        st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0])
    ),
    min_size=1,
    max_size=120,
)


def made(*credits_: tuple[float, float], **changes: float) -> list[Outcome]:
    return [
        outcome(inserted(example(n)), clean_credit=before, credit=after, **changes)
        for n, (before, after) in enumerate(credits_)
    ]


def test_flips_count_by_right_before_and_after():
    outcomes = made((1, 1), (1, 1), (1, 0), (0, 1), (0, 0), (0, 0), (0, 0))
    assert flip_counts(outcomes, Polarity.ATTACK) == FlipCounts(kept=2, lost=1, won=1, missed=3)


def test_a_tie_is_not_right():
    (tied,) = made((1, 0.5))
    assert happened(tied, Polarity.ATTACK) == "lost"
    assert happened(tied, Polarity.ABSTAIN) == "unanswerable"


def test_where_no_option_is_right_nothing_flips():
    assert flip_counts(made((1, 0)), Polarity.ABSTAIN) is None
    assert flip_counts([], Polarity.ATTACK) is None


def test_degraded_and_unmeasured_outcomes_count_nowhere():
    (one,) = made((1, 0))
    left_out = [replace(one, degraded=True), replace(one, status="missing", margin_change=math.nan)]
    assert flip_counts(left_out, Polarity.ATTACK) is None
    assert margin_spread(left_out) is None
    assert outcome_curve(left_out) == ()


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=60))
def test_the_spread_of_margins_is_numpy_s(changes: list[float]):
    (one,) = made((1, 0))
    found = margin_spread([replace(one, margin_change=change) for change in [*changes, math.nan]])
    assert found is not None
    wanted = np.quantile(changes, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert (found.low, found.lower, found.median, found.upper, found.high) == pytest.approx(tuple(wanted))


@given(SURE)
def test_every_point_is_the_error_above_one_threshold(pairs: list[tuple[float, float]]):
    sure, right = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    points = risk_coverage(sure, right)
    assert 1 <= len(points) <= 41
    assert points[-1].coverage == 1
    assert [p.coverage for p in points] == sorted({p.coverage for p in points})
    answered = {}
    for threshold in set(sure):
        above = [credit for confidence, credit in pairs if confidence >= threshold]
        answered[len(above) / len(pairs)] = 1 - sum(above) / len(above)
    for point in points:
        assert point.risk == pytest.approx(answered[point.coverage])


def test_the_area_under_an_unthinned_curve_is_the_reported_area():
    sure, right = [n / 40 for n in range(40)], [float(n % 3 != 0) for n in range(40)]
    points = risk_coverage(sure, right)
    assert len(points) == 40
    assert sum(p.risk for p in points) / 40 == pytest.approx(aurc(sure, right))


def test_many_items_are_thinned_to_41_points_and_keep_the_last():
    points = risk_coverage([n / 5000 for n in range(5000)], [1.0] * 5000)
    assert len(points) <= 41
    assert points[-1].coverage == 1


def test_the_clean_curve_takes_measured_items_alone(suite: Suite, run: Run):
    broken = replace(run, scores={**run.scores, suite.examples[0].id: (math.nan,) * 4})
    assert [p.coverage for p in clean_curve(suite, broken)] == [1.0]
    assert clean_curve(suite, broken)[0].risk == 0
    assert read(suite.examples[0], broken).status == "non-finite"


def test_the_curve_of_a_condition_takes_clean_and_changed_together(judgement: Judgement):
    abstain = [o for o in judgement.outcomes if o.attack == "gold-removed"]
    points = outcome_curve(abstain)
    assert [(p.coverage, p.risk) for p in points] == [(0.5, 0.0), (1.0, 0.5)]
