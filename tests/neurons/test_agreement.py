"""Rank agreement and overlap against scipy, and their intervals and p-values against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom, spearmanr

from robustness.neurons.agreement import Overlap, overlap, rank_agreement


@pytest.fixture
def draw():
    return np.random.default_rng(1)


def test_the_value_is_that_of_scipy_and_each_passage_counts_by_its_items(draw):
    sizes = draw.integers(1, 5, 12).astype(float)
    ours, theirs = draw.normal(size=(2, 40, 12)) * sizes
    theirs += ours
    found = rank_agreement(ours, theirs, sizes)
    assert found.value == pytest.approx(spearmanr(ours.sum(1), theirs.sum(1)).statistic)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_the_interval_is_the_jackknife_done_by_hand(draw):
    from scipy.stats import t

    ours, theirs = draw.normal(size=(2, 30, 8))
    theirs += ours
    z = []
    for out in range(8):
        rest = [at for at in range(8) if at != out]
        z.append(np.arctanh(spearmanr(ours[:, rest].mean(1), theirs[:, rest].mean(1)).statistic))
    spread = np.sqrt(7 / 8 * np.square(np.array(z) - np.mean(z)).sum())
    whole = np.arctanh(spearmanr(ours.mean(1), theirs.mean(1)).statistic)
    found = rank_agreement(ours, theirs, np.ones(8))
    ends = np.tanh([whole - t.ppf(0.975, 7) * spread, whole + t.ppf(0.975, 7) * spread])
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-6)


def test_the_interval_covers_the_agreement_of_the_true_effects(draw):
    """Passages are drawn anew; what would be found on very many of them is covered about as often as said."""
    units, passages, covered = 60, 40, []
    means = draw.normal(size=(units, 1)) * 2
    other = means + draw.normal(size=(units, 1))
    truth = spearmanr(means[:, 0], other[:, 0]).statistic
    for _ in range(200):
        noise = draw.normal(size=(units, passages))
        found = rank_agreement(means + noise, other + 0.8 * noise, np.ones(passages))
        covered.append((found.low or 0.0) <= truth <= (found.high or 0.0))
    assert np.mean(covered) >= 0.85


def test_too_few_units_or_no_differences_are_not_defined(draw):
    few = draw.normal(size=(2, 6))
    assert rank_agreement(few, few, np.ones(6)).value is None
    assert rank_agreement(np.ones((5, 6)), draw.normal(size=(5, 6)), np.ones(6)).value is None
    two = rank_agreement(draw.normal(size=(5, 2)), draw.normal(size=(5, 2)), np.ones(2))
    assert (two.low, two.high) == (None, None)


def test_the_chance_of_an_overlap_in_one_layer_is_scipys(draw):
    ours, theirs = draw.normal(size=(2, 200))
    found = overlap(ours, theirs, ["ffn.0"] * 200)
    assert found.top == 20
    assert found.expected == pytest.approx(2.0)
    assert found.p == pytest.approx(hypergeom.sf(len(found.shared) - 1, 200, 20, 20))


def test_layers_that_hold_all_top_units_are_no_sign_of_agreement(draw):
    size = np.repeat([0.0, 10.0], [900, 100])
    layers = ["ffn.0"] * 900 + ["ffn.1"] * 100

    def strangers() -> Overlap:
        first, second = size + draw.normal(size=(2, 1_000))
        return overlap(first, second, layers)

    assert np.mean([strangers().p <= 0.05 for _ in range(300)]) <= 0.08
    assert strangers().expected == pytest.approx(32 * 32 / 100)
