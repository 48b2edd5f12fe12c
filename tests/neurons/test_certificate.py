"""The conformal radius and the bound on missed units, against their promises."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from robustness.neurons.certificate import conformal_radius, correlation, most_missed


@pytest.mark.parametrize(("calibrated", "alpha"), [(64, 0.05), (19, 0.05), (64, 0.2)])
def test_the_radius_covers_what_it_promises_over_repeated_draws(calibrated, alpha):
    """Acceptance test 10."""
    rng = np.random.default_rng(0)
    residuals = np.abs(rng.standard_t(2, size=600))  # heavy tails: no distribution is assumed
    covered = []
    for _ in range(800):
        order = rng.permutation(len(residuals))
        radius = conformal_radius(residuals[order[:calibrated]].tolist(), alpha=alpha)
        assert radius is not None
        covered.append(float((residuals[order[calibrated:]] <= radius).mean()))
    assert np.mean(covered) >= 1 - alpha - 0.03
    assert np.mean(covered) <= 1 - alpha + 0.06  # and not by being endless


def test_too_few_residuals_give_no_radius_rather_than_a_wrong_one():
    assert conformal_radius([0.1] * 18) is None
    assert conformal_radius([0.1] * 19) == 0.1


@pytest.mark.parametrize(
    ("remaining", "audited", "exceeding"), [(50, 10, 0), (40, 20, 2), (30, 30, 3), (9, 0, 0)]
)
def test_the_bound_on_missed_units_is_the_hypergeometric_one(remaining, audited, exceeding):
    def chance(bad: int) -> float:
        """P(at most `exceeding` bad ones among `audited`) when `bad` of `remaining` are bad."""
        ways = comb(remaining, audited)
        return (
            sum(
                comb(bad, hit) * comb(remaining - bad, audited - hit)
                for hit in range(exceeding + 1)
                if hit <= audited
            )
            / ways
        )

    possible = range(exceeding, remaining - (audited - exceeding) + 1)
    largest = max(bad for bad in possible if chance(bad) > 0.05 or bad == exceeding)
    assert most_missed(remaining, audited, exceeding) == largest - exceeding


def test_the_bound_holds_in_at_least_95_percent_of_repeats():
    """Acceptance test 10."""
    rng = np.random.default_rng(1)
    held = []
    for _ in range(400):
        bad = int(rng.integers(0, 60))
        units = np.arange(300) < bad
        found = int(units[rng.permutation(300)[:80]].sum())
        held.append(bad - found <= most_missed(300, 80, found))
    assert np.mean(held) >= 0.95


def test_the_correlation_is_pearsons_and_none_where_nothing_varies():
    rng = np.random.default_rng(2)
    a = rng.normal(size=30)
    b = a + rng.normal(size=30)
    from scipy.stats import pearsonr

    assert correlation(a.tolist(), b.tolist()) == pytest.approx(pearsonr(a, b).statistic)
    assert correlation([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]) is None
