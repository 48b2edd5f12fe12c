"""A budget of minutes holds on a machine of any speed, whose clock is moved by what is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import pytest

from robustness.errors import UsageError
from robustness.neurons.analyse import analyse
from robustness.neurons.clock import Clock
from robustness.neurons.cost import forward_flops, unit_flops
from robustness.neurons.effects import unit_effects
from robustness.neurons.engine import Ablator
from robustness.neurons.summary import NeuronSummary
from robustness.neurons.verify import Budget

WHOLE = import_module("robustness.neurons.analyse")  # the name alone is the function
UNITS = 3 * 32
MANDATORY = 1 / 3 + 1 + 3
"""Passes over all sequences: means of the clean third, the base, the screen."""


@dataclass
class Machine:
    """A clock's hand that work moves: a pass over all sequences takes 1 second at speed 1."""

    speed: Callable[[float], float] = lambda at: 1.0
    """By time."""
    at: float = 0.0
    one_pass: float = 0.0

    def __call__(self) -> float:
        return self.at

    def spend(self, flops: float) -> None:
        for _ in range(10):  # the speed may change on the way
            self.at += flops / self.one_pass / 10 / self.speed(self.at)


class Paced(Ablator):
    """An ablator on a machine."""

    machine: Machine

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.machine.one_pass = self.passes(range(len(self.data)))
        self.machine.spend(self.passes(self.data.clean))

    def passes(self, rows) -> float:
        return sum(forward_flops(self.wired.body, len(self.data.rows[row].ids)) for row in rows)

    def base(self):
        self.machine.spend(self.machine.one_pass)
        return super().base()

    def screen(self, rows=None, *, group=()):
        self.machine.spend(3 * self.passes(range(len(self.data)) if rows is None else rows))
        return super().screen(rows, group=group)

    def exact(self, sites, progress=None):
        lengths = [len(row.ids) for row in self.data.rows]
        units = sum(unit_flops(self.wired.body, s.kind, s.layer, n) for s in sites for n in lengths)
        # Rank-one edits are slower than products of the same size, and some cells are checked.
        self.machine.spend(1.3 * self.machine.one_pass + 1.5 * units)
        return super().exact(sites, progress)

    def group(self, sites, rows=None):
        self.machine.spend(self.passes(range(len(self.data)) if rows is None else rows))
        return super().group(sites, rows)

    def groups(self, many, rows):
        self.machine.spend((1 + len(many)) * self.passes(rows))
        return super().groups(many, rows)


@pytest.fixture
def machines():
    """The machines that ran, for those whose analysis ended in an error."""
    return []


@pytest.fixture
def timed(planted, suite, machines, monkeypatch):
    """Return an analysis on a machine: passes of budget, speed by time -> summary, seconds spent."""
    import robustness.neurons.patching as patching
    import robustness.neurons.work as work

    def run(seconds: float, speed=lambda at: 1.0, **limits: Any) -> tuple[NeuronSummary, Machine]:
        machine = Machine(speed)
        slow = type("Slow", (Paced,), {"machine": machine})
        carried, tests = patching.carried, unit_effects

        def carry(ablator, pairs, units):
            machine.spend((2 + len(units)) * ablator.passes([row for row, _ in pairs]))
            return carried(ablator, pairs, units)

        def judge(names, verified, parts, **rest):
            machine.spend(0.01 * sum(verified) * machine.one_pass)
            return tests(names, verified, parts, **rest)

        budget = Budget(10**6, minutes=seconds / 60, **limits)
        with monkeypatch.context() as patch:
            patch.setattr(WHOLE, "Ablator", slow)
            patch.setattr(WHOLE, "Clock", partial(Clock, now=machine))
            patch.setattr(WHOLE, "unit_effects", judge)
            patch.setattr(work, "unit_effects", judge)
            patch.setattr(patching, "carried", carry)
            machines.append(machine)
            return analyse(planted, suite, sites=("ffn", "head"), exact=1, budget=budget), machine

    return run


def slower_from(seconds: float, factor: float) -> Callable[[float], float]:
    return lambda at: 1.0 if at < seconds else 1 / factor


def exact_units(found: NeuronSummary) -> int:
    return sum(own.verified for own in found.screen if own.kind == "ffn")


@pytest.mark.parametrize("seconds", [8, 30, pytest.param(120, marks=pytest.mark.slow)])
def test_a_budget_is_kept_to_a_tenth_and_what_fits_is_used(timed, seconds):
    found, machine = timed(seconds)
    assert machine.at <= 1.1 * seconds
    assert 32 <= exact_units(found) <= UNITS  # the last layer costs next to nothing
    assert machine.at >= 0.5 * seconds or exact_units(found) == UNITS


@pytest.mark.parametrize("seconds", [30, *(pytest.param(n, marks=pytest.mark.slow) for n in (12, 60, 120))])
@pytest.mark.parametrize(
    "share", [0.5, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.2, 0.8, 0.95))]
)
def test_a_budget_is_kept_on_a_machine_that_becomes_twice_as_slow(timed, seconds, share):
    """A call that has begun is not broken off: where a pass takes a tenth of the time, one may overrun."""
    _, machine = timed(seconds, slower_from(share * seconds, 2.0))
    assert machine.at <= 1.1 * seconds + (3 if seconds < 30 else 0)


def test_more_time_verifies_more_units_and_draws_more_sets(timed):
    short, long = timed(14)[0], timed(60)[0]
    assert exact_units(short) < exact_units(long) == UNITS
    assert long.headline is not None
    assert long.headline.random_sets >= 20


def test_a_budget_under_which_not_even_the_screen_ends_is_refused_before_it_begins(timed, machines):
    with pytest.raises(
        UsageError, match=r"budget: 0\.05 minutes came, but the screen of \d+ sequences needs"
    ):
        timed(3)
    assert machines[0].at < 1
