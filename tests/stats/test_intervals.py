from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustness.results import Estimate
from robustness.stats.closed_form import effective_number, unseen_share
from robustness.stats.intervals import Bootstrap, _drawn, _extreme, _rank, at_level, interval
from robustness.stats.resampling import sample

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def bounds(found: Estimate) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def even(draws: int = 10_001, weights: tuple[float, ...] = (1.0,) * 100) -> Bootstrap:
    """A statistic without skew or bias, its draws spread evenly over [0.4, 0.6]."""
    drawn = np.linspace(0.4, 0.6, draws)
    still = np.zeros(len(weights))
    return Bootstrap(0.5, drawn, drawn, still, np.array(weights), (0.0, 1.0))


def _moved(passages: int, to: float, size: int = 4) -> Bootstrap:
    """A mean drop over 100 passages of four questions, these many of another size moved so far."""
    sizes = np.array([float(size)] * passages + [4.0] * (100 - passages))
    sums = np.array([to * size] * passages + [0.0] * (100 - passages))
    value = float(sums.sum() / sizes.sum())
    return Bootstrap(value, np.zeros(1), np.zeros(1), sums - value * sizes, sizes, (-1.0, 1.0))


def uneven(values: dict[int, float], sizes: list[int]) -> Estimate:
    """The mean drop over passages of these sizes, 0 but for the passages named."""
    names = [f"p{i:03d}" for i, size in enumerate(sizes) for _ in range(size)]
    drops = [values.get(i, 0.0) for i, size in enumerate(sizes) for _ in range(size)]
    return sample({"drop": drops}, names, seed=0).mean("drop", lowest=-1.0)


@given(SHARES, st.integers(0, 2**31), st.floats(0.5, 0.999))
def test_an_interval_holds_its_value(values, seed, level):
    drawn = sample({"x": values}, [str(i // 3) for i in range(len(values))], seed=seed, draws=100)
    found = drawn.mean("x", level=level)
    low, high = bounds(found)
    assert found.value is not None
    assert low <= found.value + 1e-12
    assert found.value - 1e-12 <= high


@given(SHARES, st.integers(0, 2**31), st.lists(st.floats(0.5, 0.999), min_size=1, max_size=3))
def test_an_interval_asked_for_level_by_level_is_the_one_asked_for_at_once(values, seed, levels):
    drawn = sample({"x": values}, [str(i // 3) for i in range(len(values))], seed=seed, draws=100)
    found = drawn.bootstrap("x")
    assert found is not None
    at = at_level(found)
    assert [at(level) for level in levels] == [drawn.mean("x", level=level) for level in levels]


def test_an_end_is_the_draw_at_its_rank_the_farther_of_two():
    draws = np.linspace(0, 1, 101)
    assert (_drawn(draws, 0.255, math.floor), _drawn(draws, 0.255, math.ceil)) == (0.25, 0.26)
    assert (_drawn(draws, 0.0, math.floor), _drawn(draws, 1.0, math.ceil)) == (0.0, 1.0)


@given(SHARES, st.integers(0, 2**31))
@example([0.0, 0.0, 0.0, 2.4e-155], 0)
def test_turning_the_signs_turns_the_interval(values, seed):
    names = [str(i // 3) for i in range(len(values))]
    rows = {"x": values, "minus": [-x for x in values]}
    drawn = sample(rows, names, seed=seed, draws=100)
    (low, high), (below, above) = (
        bounds(drawn.mean("x", lowest=-1.0)),
        bounds(drawn.mean("minus", lowest=-1.0)),
    )
    assert (below, above) == pytest.approx((-high, -low), abs=1e-9)


def test_a_rare_fall_reaches_farther_up_than_down():
    found = uneven({0: 1.0, 40: 1.0, 90: 1.0}, [4] * 500)
    low, high = bounds(found)
    assert found.value == pytest.approx(0.006)
    assert high - 0.006 > 1.5 * (0.006 - max(low, 0.0))
    # Three falls among 500: the exact (Poisson) interval ends at 8.77 / 500.
    assert high == pytest.approx(8.77 / 500, rel=0.1)


def test_one_large_passage_among_small_ones_is_little_evidence():
    sizes = [40] + [1] * 40
    effective = effective_number(np.asarray(sizes, dtype=np.float64))
    assert effective == pytest.approx(80**2 / (1600 + 40))
    assert uneven({}, sizes).high == pytest.approx(unseen_share(effective))
    assert bounds(uneven({}, sizes))[1] > 4 * bounds(uneven({}, [2] * 40))[1]


@pytest.mark.parametrize("weights", [(1.0,) * 2, (1.0,) * 5 + (0.2872,), (1.0,) * 20, (3.0,) * 100])
def test_few_passages_widen_an_interval_as_the_t_distribution_does(weights):
    from scipy.stats import norm, t

    effective = sum(weights) ** 2 / sum(w**2 for w in weights)
    z = t.ppf(0.975, effective - 1) * math.sqrt(effective / (effective - 1))
    found = interval(replace(even(100_001, weights), extremes=(0.5, 0.5)))
    assert found.high == pytest.approx(0.4 + 0.2 * norm.cdf(z), abs=1e-4)


def test_where_few_rise_and_few_fall_the_interval_is_no_shorter_than_the_symmetric_one():
    from scipy.stats import t

    drops = [1.0] * 4 + [-1.0] * 2 + [0.0] * 94
    found = sample({"drop": drops}, [str(i) for i in range(100)], seed=0).mean("drop", lowest=-1.0)
    half = t.ppf(0.975, 99) * float(np.std(drops, ddof=1)) / 10
    low, high = bounds(found)
    assert low <= 0.02 - half + 1e-12
    assert high >= 0.02 + half - 1e-12


def test_one_passage_reaches_over_all_draws_and_beyond():
    found = interval(even(weights=(1.0,)))
    assert (found.low, found.high) == pytest.approx(
        (0.5 * (1 - unseen_share(1)), 0.5 * (1 + unseen_share(1)))
    )
    assert interval(replace(even(weights=(1.0,)), extremes=(0.5, 0.5))).low == 0.4


def test_the_more_passages_have_moved_the_less_unseen_ones_are_feared():
    share = unseen_share(100)

    def extreme(moved: int, to: float) -> float:
        found = uneven(dict.fromkeys(range(moved), to), [4] * 100)
        low, high = bounds(uneven(dict.fromkeys(range(moved), -to), [4] * 100))
        assert (low, high) == pytest.approx((-bounds(found)[1], -bounds(found)[0]), abs=1e-9)
        assert found.value is not None
        return _extreme(_moved(moved, to), 1.0)

    assert extreme(0, 0.5) == 1.0
    assert bounds(uneven({}, [4] * 100))[1] == pytest.approx(share)
    found = [extreme(moved, 0.5) for moved in (1, 4, 20, 60)]
    assert found == sorted(found, reverse=True)
    assert 0.5 < found[-1] < 0.52 < 0.7 < found[0] < 1.0


def test_a_small_passage_is_no_proof_of_how_far_a_passage_goes():
    """One question lost out of one says less than four out of four."""
    alone, all_four = (_extreme(_moved(40, 1.0, size=size), 1.0) for size in (1, 4))
    assert all_four == pytest.approx(1.0)
    assert alone < 0.8


@given(SHARES, st.integers(1, 5))
def test_the_extreme_lies_between_the_furthest_passage_and_the_possible_one(values, size):
    names = [str(i // size) for i in range(len(values))]
    drawn = sample({"x": values}, names, seed=0, draws=10)
    sizes = np.bincount(drawn.cluster).astype(float)
    mean = math.fsum(values) / len(values)
    influence = np.bincount(drawn.cluster, values) - mean * sizes
    found = Bootstrap(mean, drawn.drawn["x"], drawn.drawn["x"], influence, sizes, (0.0, 1.0))
    assert mean - 1e-9 <= _extreme(found, 1.0) <= 1.0 + 1e-9
    assert -1e-9 <= _extreme(found, 0.0) <= mean + 1e-9


def test_sums_that_differ_in_their_last_digit_leave_the_interval_as_it_is():
    rows = np.random.default_rng(0).integers(0, 5, 60) / 3
    drawn = np.random.default_rng(1).choice(rows, (60, 2000)).mean(axis=0)
    found = Bootstrap(float(rows.mean()), drawn, drawn, rows - rows.mean(), np.ones(60), (0.0, 5 / 3))
    noise = 1 + np.random.default_rng(2).uniform(-4e-16, 4e-16, 2000)
    other = replace(found, lower=drawn * noise, upper=drawn * noise)
    assert bounds(interval(found)) == bounds(interval(other))


def test_an_end_past_the_pole_lies_beyond_all_draws():
    assert _rank(3.0, 1 / 6, 4.0) == 1.0
    assert _rank(-3.0, -1 / 6, -4.0) == 0.0


@given(st.floats(-3.7, 3.7), st.floats(-1 / 6, 1 / 6), st.floats(0, 8), st.floats(0, 8))
def test_a_wider_quantile_never_pulls_an_end_in(bias, acceleration, z, more):
    inner, outer = min(z, more), max(z, more)
    assert _rank(bias, acceleration, -outer) <= _rank(bias, acceleration, -inner)
    assert _rank(bias, acceleration, inner) <= _rank(bias, acceleration, outer)
