"""Which units are computed exactly, with a made-up truth and a made-up price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from robustness.neurons.sites import Site
from robustness.neurons.verify import Budget, verified

LAYERS, UNITS = 4, 200
SITES = [Site("ffn", layer, unit) for layer in range(LAYERS) for unit in range(UNITS)]


class Counted:
    """Exact effects from a table; as many as the credit pays for."""

    def __init__(self, truth: dict[Site, float], credit: int = 10**9) -> None:
        self.truth, self.credit = truth, credit
        self.asked: list[Site] = []

    def __call__(self, sites: Sequence[Site], /) -> Any:
        self.credit -= len(sites)
        self.asked += sites
        return np.array([self.truth[site] for site in sites])

    def fits(self, sites: Sequence[Site], /, aside: Sequence[Site] = ()) -> int:
        return max(0, min(len(sites), self.credit - len(aside)))

    def piece(self, sites: Sequence[Site], /) -> int:
        return len(sites)


@pytest.fixture
def truth():
    rng = np.random.default_rng(0)
    return dict(zip(SITES, rng.normal(0, 0.02, len(SITES)).tolist(), strict=True))


def screened(truth: dict[Site, float], noise: float, *, seed: int = 1) -> dict[Site, float]:
    rng = np.random.default_rng(seed)
    return {site: value + float(rng.normal(0, noise)) for site, value in truth.items()}


def test_no_unit_is_computed_twice_and_whole_layers_are_exhaustive(truth):
    work = Counted(truth)
    state = verified(screened(truth, 0.001), [("ffn", 3)], work, budget=Budget(verify=50), threshold=0.1)
    assert len(work.asked) == len(set(work.asked)) == len(state.exact)
    by_layer = {own.layer: own for own in state.certificates}
    assert by_layer[3].status == "exhaustive"
    assert (by_layer[3].verified, by_layer[3].missed) == (UNITS, 0)


def test_the_largest_estimates_are_verified_first(truth):
    guessed = screened(truth, 0.001)
    state = verified(guessed, [], Counted(truth), budget=Budget(verify=30), threshold=0.1)
    assert set(sorted(guessed, key=lambda site: -abs(guessed[site]))[:25]) <= state.exact.keys()


def test_a_good_screen_is_certified_and_a_bad_one_is_not(truth):
    for noise, status in ((0.001, "certified"), (0.5, "not certified")):
        state = verified(screened(truth, noise), [], Counted(truth), budget=Budget(verify=20), threshold=0.05)
        assert {own.status for own in state.certificates} == {status}


def test_the_worst_screens_are_verified_whole_where_the_budget_allows(truth):
    guessed = screened(truth, 0.001)
    rng = np.random.default_rng(5)
    guessed |= {site: float(rng.normal(0, 0.02)) for site in SITES if site.layer == 1}
    state = verified(guessed, [], Counted(truth), budget=Budget(escalate=1), threshold=0.05)
    assert {own.layer: own.status for own in state.certificates}[1] == "exhaustive"


@pytest.mark.parametrize("credit", [0, 10, 90, 300, 500, 799])
def test_time_is_never_overdrawn_and_what_was_left_out_is_counted_as_missed(truth, credit):
    work = Counted(truth, credit)
    state = verified(
        screened(truth, 0.001), [("ffn", 3), ("ffn", 2)], work, budget=Budget(verify=10**6), threshold=0.05
    )
    assert len(state.exact) <= credit
    for own in state.certificates:
        unseen = [site for site in SITES if site.layer == own.layer and site not in state.exact]
        assert sum(abs(truth[site]) >= 0.05 for site in unseen) <= own.missed <= len(unseen)


def test_short_time_goes_to_the_top_layers(truth):
    state = verified(
        screened(truth, 0.001), [("ffn", 3)], Counted(truth, UNITS + 70), budget=Budget(), threshold=0.05
    )
    assert {own.layer for own in state.certificates if own.radius is not None} == {3, 2}


def test_the_bound_is_below_the_truth_in_at_most_5_percent_of_repeats(truth):
    held = []
    for seed in range(100):
        state = verified(
            screened(truth, 0.01, seed=seed),
            [],
            Counted(truth),
            budget=Budget(verify=40, seed=seed),
            threshold=0.03,
        )
        for own in state.certificates:
            unseen = (site for site in SITES if site.layer == own.layer and site not in state.exact)
            held.append(sum(abs(truth[site]) >= 0.03 for site in unseen) <= own.missed)
    assert np.mean(held) >= 0.95


class Slowing(Counted):
    """Work in pieces of 50 units, each unit twice as dear after the first piece."""

    def __call__(self, sites: Sequence[Site], /) -> Any:
        self.credit -= len(sites) if self.asked else 0
        return super().__call__(sites)

    def piece(self, sites: Sequence[Site], /) -> int:
        return min(50, len(sites))


def test_a_layer_that_turns_out_too_dear_is_left_and_what_was_computed_counts(truth):
    work = Slowing(truth, UNITS + 20)
    state = verified(screened(truth, 0.001), [("ffn", 3)], work, budget=Budget(minutes=1), threshold=0.05)
    top = next(own for own in state.certificates if own.layer == 3)
    assert top.status != "exhaustive"
    assert 50 <= top.verified == sum(site.layer == 3 for site in state.exact) < UNITS
    assert len(work.asked) == len(set(work.asked)) == len(state.exact)
    for own in state.certificates:
        unseen = [site for site in SITES if site.layer == own.layer and site not in state.exact]
        assert sum(abs(truth[site]) >= 0.05 for site in unseen) <= own.missed <= len(unseen)


def test_with_an_end_of_time_few_units_calibrate_first_and_are_a_part_of_the_many(truth):
    guessed, asked = screened(truth, 0.001), []
    for minutes in (None, 1.0):
        work = Counted(truth)
        state = verified(guessed, [], work, budget=Budget(verify=0, audit=0, minutes=minutes), threshold=0.05)
        assert {own.verified for own in state.certificates} == {64}
        asked.append((work.asked, [own.radius for own in state.certificates]))
    assert asked[0][1] == asked[1][1]
    assert set(asked[1][0][: LAYERS * 19]) < set(asked[0][0]) == set(asked[1][0])
