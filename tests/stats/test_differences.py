from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.stats.closed_form import auroc
from robustness.stats.differences import (
    Ratio,
    combined,
    placements,
    ratio_difference,
    weighted_mean,
)
from robustness.stats.equivalence import p_value_beyond
from robustness.stats.intervals import at_level, interval
from robustness.stats.resampling import sample

NAMES = [f"p{i // 2:03}" for i in range(120)]
OURS, THEIRS = [float(i % 3 == 0) for i in range(120)], [float(i % 4 == 0) for i in range(120)]
DRAWN = sample({"ours": OURS, "theirs": THEIRS, "n": [1.0] * 120, "none": [0.0] * 120}, NAMES, seed=0)
BOTH = {"ours": 1.0, "theirs": -1.0}


def test_a_combined_column_is_the_one_that_would_have_been_drawn():
    made = combined(DRAWN, "change", BOTH, constant=-0.25)
    values = [a - b - 0.25 for a, b in zip(OURS, THEIRS, strict=True)]
    straight = sample({"change": values}, NAMES, seed=0)
    assert np.allclose(made.drawn["change"], straight.drawn["change"])
    assert made.mean("change", lowest=-1).value == pytest.approx(straight.mean("change", lowest=-1).value)
    assert "change" not in DRAWN.values


def p_value(
    weights: dict[str, float], *, constant: float = 0.0, bounds: tuple[float, float] = (-1.0, 1.0)
) -> float:
    found = weighted_mean(DRAWN, weights, constant=constant, bounds=bounds)
    assert found is not None
    return p_value_beyond(at_level(found), 0.0)


def test_a_mean_at_most_at_the_limit_has_a_p_value_of_one():
    assert p_value({"ours": 1.0}, constant=-0.5, bounds=(-0.5, 0.5)) == 1.0


def test_the_p_value_falls_as_the_limit_does():
    limits = (0.3, 0.25, 0.2, 0.1)
    found = [p_value({"ours": 1.0}, constant=-limit, bounds=(-limit, 1 - limit)) for limit in limits]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.001 < found[0]


def test_the_scale_of_the_weights_cannot_move_a_p_value():
    small, large = (
        p_value({k: scale * w for k, w in BOTH.items()}, bounds=(-scale, scale)) for scale in (0.01, 100.0)
    )
    assert small == pytest.approx(large)


def test_nothing_measured_is_no_mean():
    assert weighted_mean(sample({"a": []}, [], seed=0), {"a": 1.0}, bounds=(-1.0, 1.0)) is None


HALVES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30)


@given(HALVES)
def test_placements_have_the_auroc_as_their_mean(pairs):
    higher, lower = ([float(x) for x in column] for column in zip(*pairs, strict=True))
    found = placements(higher, lower)
    assert np.mean(found) == pytest.approx(auroc(higher, lower))
    assert all(-1 <= x <= 2 for x in found)


def test_placements_are_of_items_with_both_halves():
    assert placements((), ()) == ()
    with pytest.raises(ValueError, match="both halves of each item are needed"):
        placements((1.0,), ())


def test_a_ratio_over_nothing_is_not_defined():
    rate, nothing = Ratio({"ours": 1}, {"n": 1}, (0, 1)), Ratio({"ours": 1}, {"none": 1}, (0, 1))
    assert ratio_difference(DRAWN, rate, nothing) is ratio_difference(DRAWN, nothing, rate) is None


def test_an_interval_of_a_higher_level_holds_the_one_of_a_lower():
    rates = Ratio({"ours": 1}, {"n": 1}, (0, 1)), Ratio({"theirs": 1}, {"n": 1}, (0, 1))
    found = ratio_difference(DRAWN, *rates)
    assert found is not None
    wide, narrow = interval(found, level=0.95), interval(found, level=0.8)
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low
    assert wide.value == narrow.value == pytest.approx(40 / 120 - 30 / 120)
