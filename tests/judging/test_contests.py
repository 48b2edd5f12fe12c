from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from robustness.domain import Polarity
from robustness.judging.contests import Condition, Contest, contest
from robustness.results import Outcome

SUITE = SimpleNamespace(fingerprint="made here")
CONDITIONS = {polarity: Condition("a", 1, polarity) for polarity in Polarity}
CLEAN = Condition("clean", 0, None)
PLAIN = Outcome(
    id="",
    source="",
    attack="a",
    severity=1,
    group="",
    status="ok",
    degraded=False,
    chance_clean=0.25,
    chance=0.25,
    clean_credit=1.0,
    credit=1.0,
    same_choice=1.0,
    top=0.5,
    brier=0.5,
    margin_change=0.0,
    confidence_clean=0.5,
    confidence=0.5,
    planted=0.0,
    visible_share=1.0,
)
Make = Callable[..., dict[str, Outcome]]


@pytest.fixture
def run() -> Make:
    """Return `run(seed, right=0.7, n=160)`: a model that is right so often, two questions a passage."""

    def make(seed: int, *, right: float = 0.7, n: int = 160, sure: float = 0.0) -> dict[str, Outcome]:
        draw = np.random.default_rng(seed)
        rows = (
            replace(
                PLAIN,
                id=f"q{i:03d}",
                source=f"q{i:03d}",
                group=f"p{i // 2}",
                clean_credit=float(draw.random() < 0.85),
                credit=float(draw.random() < right),
                confidence_clean=float(draw.random()),
                confidence=float(draw.random() * (1 - sure)),
            )
            for i in range(n)
        )
        return {row.id: row for row in rows}

    return make


@pytest.mark.parametrize(
    "condition",
    [CLEAN, CONDITIONS[Polarity.ATTACK], CONDITIONS[Polarity.ABLATION], CONDITIONS[Polarity.ABSTAIN]],
    ids=str,
)
def test_a_run_doubled_says_what_the_run_says(run: Make, condition: Condition):
    """The path for seeds agrees with the path for single runs, whatever the measure."""
    ours, theirs = run(1, right=0.5, sure=0.3), run(2)
    single = contest(SUITE, [ours], [theirs], condition=condition, margin=0.2)
    double = contest(SUITE, [ours, ours], [theirs], condition=condition, margin=0.2)
    one, two = single.found.difference, double.found.difference
    assert two.value == pytest.approx(one.value)
    assert (two.low, two.high) == pytest.approx((one.low, one.high), abs=0.04)
    assert double.found.value == pytest.approx(single.found.value)
    assert double.found.p_value == pytest.approx(single.found.p_value, abs=0.03)
    assert double.p_equivalent == pytest.approx(single.p_equivalent, abs=0.03)
    assert double.spread == (0.0, None)


def test_seeds_that_differ_widen_the_interval_and_are_told(run: Make):
    theirs = [run(seed) for seed in range(3)]
    alike = [run(9, right=0.6)] * 3
    apart = [run(9, right=right) for right in (0.4, 0.6, 0.8)]
    narrow, wide = (
        contest(SUITE, ours, theirs, condition=CONDITIONS[Polarity.ATTACK]) for ours in (alike, apart)
    )
    assert _width(wide) > 1.5 * _width(narrow)
    means = [np.mean([row.credit for row in one.values()]) for one in apart]
    assert wide.spread[0] == pytest.approx(np.std(means, ddof=1))
    assert wide.found.value == pytest.approx(np.mean(means))


def _width(found: Contest) -> float:
    ends = found.found.difference
    assert ends.low is not None
    assert ends.high is not None
    return ends.high - ends.low


def test_sides_are_turned_by_turning_the_order(run: Make):
    ours, theirs = [run(1, right=0.5), run(2, right=0.55)], [run(3), run(4)]
    there = contest(SUITE, ours, theirs, condition=CONDITIONS[Polarity.ATTACK]).found
    back = contest(SUITE, theirs, ours, condition=CONDITIONS[Polarity.ATTACK]).found
    assert back.difference.value is not None
    assert there.difference.value == pytest.approx(-back.difference.value)
    assert (there.value, there.baseline) == (back.baseline, back.value)


def test_only_items_that_every_run_measured_take_part(run: Make):
    ours, theirs = run(1), run(2)
    kept = {name: row for name, row in theirs.items() if name != "q000"}
    assert contest(SUITE, [ours], [kept], condition=CLEAN).found.n == 159
    more = {name: row for name, row in ours.items() if name != "q001"}
    assert contest(SUITE, [ours, more], [kept], condition=CLEAN).found.n == 158


def test_without_a_common_item_both_are_measured_apart_and_the_interval_is_wider(run: Make):
    ours, theirs = run(1, right=0.5), run(1, right=0.6)
    strange = {f"other {name}": row for name, row in theirs.items()}
    paired = contest(SUITE, [ours], [theirs], condition=CONDITIONS[Polarity.ATTACK])
    loose = contest(SUITE, [ours], [strange], condition=CONDITIONS[Polarity.ATTACK])
    assert (paired.paired, loose.paired) == (True, False)
    assert loose.found.difference.value == pytest.approx(paired.found.difference.value)
    assert _width(loose) > _width(paired)


def test_apart_is_near_the_two_sample_interval(run: Make):
    ours, theirs = run(1, right=0.5, n=400), run(2, right=0.7, n=300)
    strange = {f"other {name}": row for name, row in theirs.items()}
    found = contest(SUITE, [ours], [strange], condition=CONDITIONS[Polarity.ATTACK]).found
    a, b = found.value, found.baseline
    assert a is not None
    assert b is not None
    half = 1.96 * (a * (1 - a) / 400 + b * (1 - b) / 300) ** 0.5
    assert found.difference.low == pytest.approx(a - b - half, abs=0.02)
    assert found.difference.high == pytest.approx(a - b + half, abs=0.02)


def test_nothing_measured_says_nothing(run: Make):
    found = contest(SUITE, [{}], [run(1)], condition=CONDITIONS[Polarity.ATTACK], margin=0.1)
    assert (found.found.difference.value, found.found.p_value, found.p_equivalent) == (None, None, None)
    assert (found.found.n, found.found.clusters) == (0, 0)


def test_a_margin_over_chance_that_is_not_there_is_not_compared(run: Make):
    guess = {
        name: replace(row, clean_credit=float(i % 4 == 0)) for i, (name, row) in enumerate(run(1).items())
    }
    for ours in ([guess], [guess, guess]):
        found = contest(SUITE, ours, [run(2)], condition=CONDITIONS[Polarity.ABLATION], margin=0.1)
        assert found.found.difference.value is None
        assert found.p_equivalent is None


def test_models_that_are_the_same_are_shown_to_be_within_a_wide_margin_and_not_a_narrow_one(run: Make):
    wide, narrow = (
        contest(SUITE, [run(1)], [run(1)], condition=CONDITIONS[Polarity.ATTACK], margin=margin).p_equivalent
        for margin in (0.3, 0.01)
    )
    assert wide is not None
    assert narrow is not None
    assert wide < 0.01 < 0.05 < narrow
