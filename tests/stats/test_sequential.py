from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Status
from robustness.stats.sequential import Betting, confidence_sequence, gate, passage_order

DROPS = Betting(lowest=-1.0, min_passages=1)
VALUES = st.lists(st.floats(-1, 1), min_size=1, max_size=60)


def drops(mean: float, n: int, seed: int = 0) -> list[float]:
    """Passage means of four questions each, with a mean drop of about `mean`."""
    return [float(x) for x in np.random.default_rng(seed).binomial(4, mean, n) / 4]


def test_a_small_drop_passes_long_before_the_end():
    found = gate(drops(0.02, 1000), 0.15, side="max", rules=DROPS)
    assert found.status is Status.PASS
    assert found.step is not None
    assert found.step < 200
    assert found.high <= 0.15


def test_a_large_drop_fails_long_before_the_end():
    found = gate(drops(0.5, 1000), 0.15, side="max", rules=DROPS)
    assert found.status is Status.FAIL
    assert found.step is not None
    assert found.step < 60
    assert found.low >= 0.15


def test_a_drop_at_the_limit_stays_undecided():
    found = gate(drops(0.15, 400), 0.15, side="max", rules=DROPS)
    assert (found.status, found.step, found.n) == (Status.UNDECIDED, None, 400)
    assert found.low < 0.15 < found.high


@settings(deadline=None)
@given(VALUES, st.floats(-0.9, 0.9))
def test_a_minimum_is_a_maximum_of_the_opposite(values, limit):
    least = gate(values, limit, side="min", rules=DROPS)
    most = gate([-value for value in values], -limit, side="max", rules=DROPS)
    assert (least.status, least.step) == (most.status, most.step)


@settings(deadline=None)
@given(VALUES, st.floats(-0.9, 0.9))
def test_the_gate_decides_where_its_interval_clears_the_limit(values, limit):
    found = gate(values, limit, side="max", rules=DROPS)
    low, high = confidence_sequence(values[: found.n], DROPS)
    assert (found.low, found.high) == (low, high)
    assert (found.status is Status.PASS) == (high < limit - 1e-9) or abs(high - limit) < 1e-9
    assert (found.status is Status.FAIL) == (low > limit + 1e-9) or abs(low - limit) < 1e-9


@settings(deadline=None)
@given(VALUES, VALUES)
def test_no_later_passage_can_take_a_decision_back(values, more):
    first = gate([*([0.0] * 40), *values], 0.3, side="max", rules=DROPS)
    if first.step is not None:
        assert gate([*([0.0] * 40), *values, *more], 0.3, side="max", rules=DROPS) == first


@settings(deadline=None)
@given(VALUES, VALUES)
def test_the_interval_only_ever_shrinks(values, more):
    rules = Betting(lowest=-1.0, alpha=1e-6)
    low, high = confidence_sequence(values, rules)
    later_low, later_high = confidence_sequence([*values, *more], rules)
    assert low <= later_low + 1e-9
    assert later_high <= high + 1e-9


def test_no_decision_comes_before_the_least_number_of_passages():
    early = gate([1.0] * 50, 0.1, side="max", rules=DROPS)
    late = gate([1.0] * 50, 0.1, side="max", rules=Betting(lowest=-1.0, min_passages=30))
    assert early.step is not None
    assert early.step < 30
    assert (late.status, late.step) == (Status.FAIL, 30)
    short = gate([1.0] * 29, 0.1, side="max", rules=Betting(lowest=-1.0, min_passages=30))
    assert short.status is Status.UNDECIDED


def test_no_passage_is_no_pass():
    found = gate((), 0.1, side="max", rules=DROPS)
    assert (found.status, found.mean, found.low, found.high) == (Status.INVALID, None, -1.0, 1.0)


@pytest.mark.parametrize("rules", [Betting(lowest=-1.0), Betting(lowest=-1.0, population=1), DROPS])
def test_one_passage_decides_nothing(rules):
    assert gate((-1.0,), 0.5, side="max", rules=rules).status is Status.UNDECIDED


def test_once_every_passage_is_seen_the_mean_is_known():
    values = drops(0.3, 50)
    rules = Betting(population=50)
    assert confidence_sequence(values, rules) == pytest.approx((np.mean(values),) * 2, abs=1e-6)
    assert gate(values, float(np.mean(values)) + 0.01, side="max", rules=rules).status is Status.PASS
    assert gate(values, float(np.mean(values)) - 0.01, side="max", rules=rules).status is Status.FAIL


def test_a_known_number_of_passages_is_decided_no_later_than_an_endless_one():
    values = drops(0.1, 200)
    endless = gate(values, 0.2, side="max", rules=Betting())
    known = gate(values, 0.2, side="max", rules=Betting(population=200))
    assert endless.step is not None
    assert known.step is not None
    assert known.step <= endless.step


def test_a_stricter_error_rate_asks_for_more_passages():
    steps = [gate(drops(0.1, 900), 0.25, side="max", rules=Betting(alpha=a)).step for a in (0.2, 0.05, 0.001)]
    assert None not in steps
    assert steps == sorted(steps, key=lambda step: step or 0)
    assert len(set(steps)) == 3


def test_the_order_depends_on_names_and_seed_alone():
    names = [f"p{i}" for i in range(30)]
    assert passage_order(names, seed=1) == passage_order(reversed([*names, "p0"]), seed=1)
    assert passage_order(names, seed=1) != passage_order(names, seed=2)
    assert sorted(passage_order(names, seed=1)) == sorted(names)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1.5, -0.1])
def test_a_passage_mean_out_of_range_is_refused(value):
    with pytest.raises(ValueError, match="finite passage means within are needed"):
        gate((0.5, value), 0.5, side="max", rules=Betting())


@pytest.mark.parametrize("limit", [0.0, 1.0, math.nan])
def test_a_limit_at_the_end_of_the_range_is_refused(limit):
    with pytest.raises(ValueError, match="nothing to show"):
        gate((0.5,), limit, side="max", rules=Betting())


def test_more_passages_than_there_are_is_refused():
    with pytest.raises(ValueError, match="3 passages came, but the population is said to be 2"):
        confidence_sequence((0.5,) * 3, Betting(population=2))


def test_an_unknown_side_is_refused():
    with pytest.raises(ValueError, match="did you mean 'max'"):
        gate((0.5,), 0.5, side="maxx", rules=Betting())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [{"lowest": 1.0}, {"highest": math.inf}, {"alpha": 0.0}, {"population": 0}, {"min_passages": 0}],
)
def test_rules_that_cannot_be_kept_are_refused(wrong):
    with pytest.raises(ValueError, match="betting: "):
        Betting(**wrong)
