from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import permutation_test

from robustness.neurons.signflip import sign_flip_p


def enumerated(row: Any) -> Any:
    """Two-sided share of all sign patterns with as large a sum, in a plain loop."""
    seen = abs(sum(row))
    signs = list(product((1, -1), repeat=len(row)))
    return sum(abs(sum(s * x for s, x in zip(one, row, strict=True))) >= seen - 1e-12 for one in signs) / len(
        signs
    )


def test_few_passages_are_enumerated_exactly():
    rows = np.random.default_rng(0).normal(size=(20, 8))
    assert sign_flip_p(rows).tolist() == pytest.approx([enumerated(row) for row in rows])


def test_scipys_permutation_test_of_paired_signs_agrees():
    row = np.random.default_rng(1).normal(0.4, 1, size=10)
    theirs = permutation_test((row,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert sign_flip_p(row[None])[0] == pytest.approx(theirs)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_the_saddlepoint_is_close_to_enumeration_where_both_can_be_had(shift):
    rows = np.random.default_rng(2).normal(shift, 1, size=(40, 14))
    found = sign_flip_p(rows)
    exact = np.array([enumerated(row) for row in rows])
    big = exact > 0.002
    assert np.abs(np.log(found[big] / exact[big])).max() < 0.25


def test_under_the_null_p_values_are_uniform_and_never_too_small():
    """Acceptance test 11."""
    rows = np.random.default_rng(3).normal(size=(4_000, 30))
    p = sign_flip_p(rows)
    for level in (0.01, 0.05, 0.2, 0.5):
        assert (p <= level).mean() <= level + 3 * np.sqrt(level * (1 - level) / 4_000)
    assert (p <= 0.5).mean() > 0.45


def test_no_change_at_all_is_no_evidence():
    assert sign_flip_p(np.zeros((2, 20))).tolist() == [1.0, 1.0]
    assert sign_flip_p(np.zeros((0, 20))).tolist() == []


def test_all_passages_in_one_direction_give_the_smallest_p_there_is():
    assert sign_flip_p(np.ones((1, 20)))[0] == pytest.approx(2.0**-19)
