from __future__ import annotations

import numpy as np
import pytest

from robustness.domain import Status
from robustness.results import Estimate
from robustness.stats.equivalence import equivalence, mean_at, p_value_beyond
from robustness.stats.intervals import at_level
from robustness.stats.resampling import sample


@pytest.mark.parametrize("seed", range(30))
def test_equivalence_decides_as_two_one_sided_tests(seed):
    from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

    draw = np.random.default_rng(seed)
    before, after = draw.normal(0, 1, (2, 80))
    before += 0.05 * (seed - 15) / 5
    low, high = DescrStatsW(before - after).tconfint_mean(alpha=0.1)
    p_value = ttost_paired(before, after, -0.35, 0.35)[0]
    claim = equivalence(Estimate(float(np.mean(before - after)), low, high), 0.35)
    assert (claim.status is Status.PASS) == (p_value <= 0.05)


def test_the_90_percent_interval_agrees_with_scipy_bootstrap():
    from scipy.stats import bootstrap

    values = np.random.default_rng(0).choice((-1.0, 0.0, 1.0), 500, p=(0.1, 0.7, 0.2))
    expected = bootstrap(
        (values,),
        np.mean,
        n_resamples=5000,
        confidence_level=0.9,
        method="BCa",
        rng=np.random.default_rng(1),
    ).confidence_interval
    drawn = sample({"drop": values.tolist()}, [str(i) for i in range(500)], seed=2)
    found = mean_at(drawn, "drop", level=0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.006)


@pytest.mark.parametrize("limit", [0.0, 0.05, 0.08])
def test_a_p_value_agrees_with_the_one_sided_t_test(limit):
    from scipy.stats import ttest_1samp

    values = np.random.default_rng(3).choice((-1.0, 0.0, 1.0), 2000, p=(0.1, 0.7, 0.2))
    drawn = sample({"drop": values.tolist()}, [str(i) for i in range(2000)], seed=2)
    expected = ttest_1samp(values, limit, alternative="greater").pvalue
    # 10,000 draws place the middle of the draws, which BCa shifts by, within a hundredth of a level.
    found = drawn.bootstrap("drop", lowest=-1.0)
    assert found is not None
    assert p_value_beyond(at_level(found), limit) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.99])
def test_a_drop_of_nothing_reaches_as_far_as_wilson(level):
    from statsmodels.stats.proportion import proportion_confint

    drawn = sample({"drop": (0.0,) * 60}, [str(i) for i in range(60)], seed=0, draws=100)
    expected = proportion_confint(0, 60, alpha=1 - level, method="wilson")[1]
    found = mean_at(drawn, "drop", level=level)
    assert (found.low, found.high) == pytest.approx((-expected, expected))
