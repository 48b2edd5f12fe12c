"""Which unit is which: known permutations are found again, and strangers are said to be strangers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from robustness.neurons.matching import correlations, linear_cka, match, svcca
from robustness.neurons.portrait import Portrait, signs
from robustness.neurons.sites import Anatomy, Kind, Site

BODY = Anatomy("bert", layers=1, hidden=12, ffn=24, heads=3)


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def portrait(values: Any, *, kind: Kind = "ffn") -> Portrait:
    return Portrait((), {(kind, 0): values}, {})


def test_fine_tunings_of_one_start_are_compared_by_address(draw):
    ours = draw.normal(size=(400, 24))
    found = match(portrait(ours), portrait(2 * ours + 0.5 * draw.normal(size=ours.shape)), BODY)
    assert found.by_address
    assert found.at_home == 1
    assert found.partner == {Site("ffn", 0, at): Site("ffn", 0, at) for at in range(24)}
    assert found.layers[0].cka > 10 * found.layers[0].cka_floor


def test_a_permuted_network_is_not_comparable_by_address_and_its_units_are_found_again(draw):
    ours = draw.normal(size=(400, 24))
    order = draw.permutation(24)
    found = match(portrait(ours), portrait(-ours[:, order] + 0.3 * draw.normal(size=ours.shape)), BODY)
    assert not found.by_address
    assert {b.index: a.index for a, b in found.partner.items()} == dict(enumerate(order.tolist()))
    assert found.layers[0].matched == 1


def test_strangers_have_no_partners_beyond_chance(draw):
    found = match(portrait(draw.normal(size=(400, 24))), portrait(draw.normal(size=(400, 24))), BODY)
    assert not found.by_address
    assert found.layers[0].matched <= 0.25
    assert found.layers[0].cka <= 1.5 * found.layers[0].cka_floor


def test_heads_are_found_by_the_space_of_their_vectors(draw):
    ours = draw.normal(size=(300, 12))
    turned = np.concatenate(
        [ours[:, 4 * h : 4 * h + 4] @ draw.normal(size=(4, 4)) for h in (2, 0, 1)], axis=1
    )
    found = match(portrait(ours, kind="head"), portrait(turned, kind="head"), BODY)
    assert not found.by_address
    assert {a.index: b.index for a, b in found.partner.items()} == {0: 1, 1: 2, 2: 0}


def test_units_that_never_move_are_neither_at_home_nor_paired_by_likeness(draw):
    ours = draw.normal(size=(400, 24))
    ours[:, 3] = 1.0
    found = match(portrait(ours), portrait(ours), BODY)
    assert found.by_address
    assert Site("ffn", 0, 3) not in found.likeness
    assert found.at_home == 1


def test_correlations_are_those_of_numpy(draw):
    ours, theirs = draw.normal(size=(50, 4)), draw.normal(size=(50, 5))
    whole = np.corrcoef(ours.T, theirs.T)[:4, 4:]
    np.testing.assert_allclose(correlations(ours, theirs), whole, atol=1e-12)


def test_cka_is_the_formula_of_the_paper_and_does_not_see_rotation_or_scale(draw):
    ours, theirs = draw.normal(size=(60, 5)), draw.normal(size=(60, 7))
    a, b = ours - ours.mean(0), theirs - theirs.mean(0)
    plain = np.linalg.norm(b.T @ a) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    assert linear_cka(ours, theirs) == pytest.approx(plain)
    turn, _ = np.linalg.qr(draw.normal(size=(7, 7)))
    assert linear_cka(ours, 3 * theirs @ turn) == pytest.approx(plain)


def test_svcca_is_the_mean_canonical_correlation_of_scikit_learn(draw):
    from sklearn.cross_decomposition import CCA

    ours = draw.normal(size=(400, 3))
    theirs = ours @ draw.normal(size=(3, 3)) + draw.normal(size=(400, 3))
    fitted = CCA(n_components=3, max_iter=5_000, tol=1e-12).fit(ours, theirs)
    left, right = fitted.transform(ours, theirs)
    canonical = [np.corrcoef(left[:, at], right[:, at])[0, 1] for at in range(3)]
    assert svcca(ours, theirs) == pytest.approx(np.mean(canonical), abs=1e-3)


def test_signs_keep_norms_within_an_eighth_and_never_change(draw):
    values = draw.normal(size=(500, 300))
    ratio = np.linalg.norm(values @ signs(300), axis=1) / np.linalg.norm(values, axis=1)
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert ratio.std() == pytest.approx(1 / np.sqrt(64), abs=0.02)
    assert (signs(4, width=2) > 0).astype(int).tolist() == [[1, 0], [0, 0], [1, 1], [1, 1]]
