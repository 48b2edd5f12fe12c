"""Each statistic against an independent implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from robustness.results import Estimate
from robustness.stats.closed_form import aurc, auroc, mcnemar, wilson
from robustness.stats.resampling import Sample, sample

Columns = Mapping[str, Any]


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (3, 9), (12, 12), (40, 71), (900, 1100)])
def test_mcnemar_agrees_with_scipy_and_statsmodels(b, c):
    from scipy.stats import binomtest
    from statsmodels.stats.contingency_tables import mcnemar as reference

    ours = mcnemar(b, c)
    assert ours == pytest.approx(reference([[5, b], [c, 7]], exact=True).pvalue, rel=1e-9)
    if b + c:
        assert ours == pytest.approx(binomtest(b, b + c, 0.5).pvalue, rel=1e-9)


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (1, 3), (70, 100), (1371, 2041)])
def test_wilson_agrees_with_statsmodels(successes, n):
    from statsmodels.stats.proportion import proportion_confint

    expected = proportion_confint(successes, n, alpha=0.05, method="wilson")
    assert wilson(successes, n) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_auroc_agrees_with_scikit_learn_on_tied_scores(seed):
    from sklearn.metrics import roc_auc_score

    draw = np.random.default_rng(seed)
    higher, lower = draw.integers(2, 12, 60) / 10, draw.integers(0, 10, 45) / 10
    labels = np.repeat([1, 0], [60, 45])
    expected = roc_auc_score(labels, np.concatenate([higher, lower]))
    assert auroc(higher.tolist(), lower.tolist()) == pytest.approx(expected)


def test_aurc_agrees_with_the_mean_over_random_orders_of_ties():
    draw = np.random.default_rng(0)
    confidences, rights = draw.integers(0, 5, 40) / 5, draw.integers(0, 2, 40)
    areas = []
    for _ in range(4000):
        order = np.lexsort((draw.random(40), -confidences))
        areas.append(np.mean(np.cumsum(1 - rights[order]) / np.arange(1, 41)))
    assert aurc(confidences.tolist(), rights.tolist()) == pytest.approx(np.mean(areas), abs=2e-3)


def test_unclustered_intervals_agree_with_scipy_bootstrap():
    from scipy.stats import bootstrap

    values = (np.random.default_rng(1).random(400) < 0.6).astype(float)
    expected = bootstrap(
        (values,), np.mean, n_resamples=5000, method="BCa", rng=np.random.default_rng(2)
    ).confidence_interval
    found = sample({"x": values.tolist()}, [str(i) for i in range(400)], seed=3).mean("x")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01)


@pytest.fixture(scope="module")
def clustered():
    draw = np.random.default_rng(5)
    group = np.sort(draw.integers(0, 60, 200))
    ability = draw.random(60)[group]
    clean = (draw.random(200) < 0.3 + 0.7 * ability).astype(float)
    after = clean * (draw.random(200) < 0.8)
    sure = np.round(0.4 * clean + 0.6 * draw.random(200), 1)
    unsure = np.round(0.8 * draw.random(200), 1)
    return group, {"clean": clean, "after": after, "sure": sure, "unsure": unsure}


def brute_force(
    group: Any, columns: Columns, statistic: Callable[[Columns], float], draws: int = 3000
) -> tuple[float, float]:
    """Passages drawn one by one and left out one by one, the statistic taken anew each time: BCa."""
    from scipy.stats import norm, t

    draw = np.random.default_rng(6)
    members = [np.flatnonzero(group == g) for g in np.unique(group)]

    def over(passages: Any) -> float:
        picked = np.concatenate([members[i] for i in passages])
        return statistic({name: column[picked] for name, column in columns.items()})

    everyone = np.arange(len(members))
    found = np.array([over(draw.choice(everyone, len(everyone))) for _ in range(draws)])
    left_out = np.array([over(np.delete(everyone, i)) for i in everyone])
    moved = left_out.mean() - left_out
    skew = (moved**3).sum() / (6 * (moved**2).sum() ** 1.5)
    bias = norm.ppf((found < over(everyone)).mean())
    sizes = np.bincount(group)
    effective = sizes.sum() ** 2 / (sizes**2).sum()
    z = t.ppf(0.975, effective - 1) * np.sqrt(effective / (effective - 1))
    ends = (bias + (bias + end) / (1 - skew * (bias + end)) for end in (-z, z))
    low, high = np.quantile(found, [norm.cdf(end) for end in ends])
    return float(low), float(high)


STATISTICS: dict[str, tuple[Callable[[Sample], Estimate], Callable[[Columns], float]]] = {
    "mean": (
        lambda s: s.mean("after"),
        lambda c: c["after"].mean(),
    ),
    "ratio": (
        lambda s: s.ratio("after", "clean"),
        lambda c: c["after"].sum() / c["clean"].sum(),
    ),
    "margin": (
        lambda s: s.margin_retained("after", "clean", chances=("chance", "chance")),
        lambda c: (c["after"].mean() - 0.25) / (c["clean"].mean() - 0.25),
    ),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_clustered_intervals_agree_with_a_loop_over_passages(clustered, name):
    group, columns = clustered
    ours, theirs = STATISTICS[name]
    lists = {key: column.tolist() for key, column in columns.items()} | {"chance": [0.25] * 200}
    found = ours(sample(lists, [f"p{g}" for g in group], seed=7))
    assert found.value == pytest.approx(theirs(columns))
    expected = brute_force(group, columns, theirs)
    width = expected[1] - expected[0]
    assert (found.low, found.high) == pytest.approx(expected, abs=0.08 * width)


def test_clustered_auroc_agrees_with_a_loop_over_passages(clustered):
    from scipy.stats import rankdata

    def reference(columns: Columns) -> float:
        n = len(columns["sure"])
        ranks = rankdata(np.concatenate([columns["sure"], columns["unsure"]]))
        return float((ranks[:n].sum() - n * (n + 1) / 2) / n**2)

    group, columns = clustered
    lists = {name: column.tolist() for name, column in columns.items()}
    drawn = sample(lists, [f"p{g}" for g in group], seed=8)
    found = drawn.auroc("sure", "unsure")
    low, high = brute_force(group, columns, reference)
    assert found.value == pytest.approx(reference(columns))
    # With 60 passages the reach of unseen passages stretches the lower end; enough of them do not.
    assert found.low is not None
    assert found.low <= low
    assert found.high == pytest.approx(high, abs=0.08 * (high - low))
