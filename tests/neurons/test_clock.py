from __future__ import annotations

import pytest

from robustness.errors import UsageError
from robustness.neurons.clock import Clock
from robustness.neurons.verify import Budget


class Hand:
    """A clock's hand that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_without_a_budget_time_never_ends():
    assert Clock().left == float("inf")


def test_a_budget_runs_down_and_keeps_a_little_for_the_end():
    hand = Hand()
    clock = Clock(100, now=hand)
    hand.at = 40
    assert 50 < clock.left < 60


def test_work_is_priced_by_its_latest_measurement_and_new_work_by_forward_passes():
    hand = Hand()
    clock = Clock(100, now=hand)
    for seconds in (1, 3):
        with clock.measured("forward", 2.0):
            hand.at += seconds
    assert clock.takes("forward", 4.0) == 6.0
    assert clock.takes("exact", 4.0) == 6.0


def test_a_budget_of_no_minutes_is_refused():
    with pytest.raises(UsageError, match="more than 0"):
        Budget(minutes=0)


def test_time_kept_for_a_later_step_is_not_there_until_that_step_begins():
    hand = Hand()
    clock = Clock(100, now=hand)
    before = clock.left
    clock.keep("sets", 30)
    clock.keep("sets", 20)
    clock.keep("statistics", 5)
    assert clock.left == pytest.approx(before - 25)
    clock.free("sets")
    clock.free("never kept")
    assert clock.left == pytest.approx(before - 5)
