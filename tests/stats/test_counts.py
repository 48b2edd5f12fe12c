from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.stats import counts as module
from robustness.stats.counts import counts, picks


def table(clusters: int, seed: int, draws: int) -> np.ndarray:
    return np.concatenate(list(counts(clusters, seed=seed, draws=draws)), axis=1)


@given(st.integers(1, 60), st.integers(0, 2**53), st.integers(1, 300))
def test_every_draw_holds_as_many_passages_as_there_are(clusters, seed, draws):
    found = table(clusters, seed, draws)
    assert found.shape == (clusters, draws)
    assert (found.sum(axis=0) == clusters).all()


def test_draws_are_multinomial():
    found = table(50, 1, 40_000)
    assert found.mean() == 1.0
    assert found.var() == pytest.approx(1 - 1 / 50, abs=0.01)
    assert np.cov(found[:2])[0, 1] == pytest.approx(-1 / 50, abs=0.02)


def test_what_is_held_and_what_is_drawn_anew_are_the_same(monkeypatch):
    held = table(7, 3, 90_000)
    assert module._held.cache_info().currsize
    monkeypatch.setattr(module, "_HELD", 0)
    before = module._held.cache_info()
    assert (table(7, 3, 90_000) == held).all()
    assert module._held.cache_info() == before


def test_checks_over_equally_many_passages_are_drawn_once():
    table(11, 5, 100)
    before = module._held.cache_info()
    table(11, 5, 100)
    after = module._held.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


def test_what_is_done_to_a_block_does_not_reach_the_next_one_who_asks():
    first = table(5, 0, 10)
    for block in counts(5, seed=0, draws=10):
        block.fill(0)
    assert (table(5, 0, 10) == first).all()


@given(st.integers(1, 10_000), st.integers(0, 2**32))
def test_a_pick_is_one_of_the_units(units, seed):
    found = picks(np.random.PCG64(seed), units, (3, 5))
    assert found.shape == (3, 5)
    assert ((found >= 0) & (found < units)).all()
