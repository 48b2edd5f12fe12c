"""Activation patching: alignment, donors, and effects against a plain loop of hooks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from robustness.neurons.batch import batch, forward
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import conditions
from robustness.neurons.engine import Ablator, Settings
from robustness.neurons.patching import aligned, carried, patched
from robustness.neurons.sequences import Role, sequences
from robustness.neurons.sites import KINDS, Site
from robustness.neurons.trace import intercepted, trace

TOKENS = st.lists(st.tuples(st.integers(4, 8), st.sampled_from((Role.PASSAGE, Role.OPTION))), max_size=12)


def split(pairs: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(token for token, _ in pairs), tuple(role for _, role in pairs)


@given(TOKENS, TOKENS)
def test_partners_are_equal_tokens_of_the_same_segment_in_order(a, b):
    ours, theirs = split(a), split(b)
    partner = aligned(ours, theirs)
    for role in (Role.PASSAGE, Role.OPTION):
        places = [(at, to) for at, to in enumerate(partner) if to >= 0 and ours[1][at] == role]
        assert all(ours[0][at] == theirs[0][to] and theirs[1][to] == role for at, to in places)
        assert [to for _, to in places] == sorted({to for _, to in places})


@given(TOKENS)
def test_a_row_is_its_own_partner(a):
    assert aligned(split(a), split(a)) == tuple(range(len(a)))


@pytest.mark.parametrize("family", ["bert", "deberta-v2", "mpnet"])
def test_carried_values_are_those_that_hooks_would_carry(tiny, random_rows, family):
    data = random_rows((9, 9, 12))
    made = Ablator(tiny(family), data, kinds=KINDS, settings=Settings())
    units = [Site("ffn", 0, 3), Site("head", 1, 0), Site("out", 2, 5)]
    found = carried(made, [(0, 1), (2, 0)], units)
    for place, (row, other) in enumerate([(0, 1), (2, 0)]):
        partner = aligned((data.rows[row].ids, data.roles[row]), (data.rows[other].ids, data.roles[other]))
        for at, unit in enumerate(units):
            assert found[at, place] == pytest.approx(by_hand(made, row, other, unit, partner), abs=1e-10)


def by_hand(made: Ablator, row: int, other: int, unit: Site, partner: tuple[int, ...]) -> float:
    network, columns = made.wired.network, made.wired.columns(unit.kind, unit.index)
    with torch.inference_mode():
        donor = trace(made.wired, batch(made.data, [other], network)).kinds[unit.kind][unit.layer]

        def edit(value):
            changed = value.clone()
            for at, to in enumerate(partner):
                if to >= 0:
                    changed[0, at, columns] = donor[0, to, columns]
            return changed

        with intercepted(made.wired, {(unit.kind, unit.layer): edit}):
            return float(forward(network, batch(made.data, [row], network)))


def test_the_planted_unit_carries_the_whole_attack_and_gives_it_back(planted, suite):
    data = sequences(planted, suite)
    made = Ablator(planted.network, data, kinds=("ffn",))
    found = patched(
        made, suite, conditions(suite, data), [Site("ffn", 1, 5), Site("ffn", 1, 6)], clock=Clock()
    )
    planted_unit, other = found
    assert planted_unit.total.value is not None
    assert planted_unit.total.value < -2
    assert planted_unit.share == pytest.approx(1, abs=0.1)
    assert planted_unit.restored.value == pytest.approx(-planted_unit.total.value, rel=0.1)
    assert other.share == pytest.approx(0, abs=0.01)
    assert 0 < planted_unit.tokens < 1  # the inserted cue has no partner


def test_no_time_means_no_patching_rather_than_half_of_it(planted, suite):
    data = sequences(planted, suite)
    made = Ablator(planted.network, data, kinds=("ffn",))
    over = Clock(0)
    assert patched(made, suite, conditions(suite, data), [Site("ffn", 1, 5)], clock=over) == ()
    assert np.isfinite(Clock(1).left)
