from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from robustness.stats.closed_form import mcnemar
from robustness.stats.power import achieved_power, design_effect, items_needed


@pytest.mark.parametrize(("n", "drop", "p01"), list(product((3, 17, 40), (0.0, 0.1, 0.4), (0.0, 0.02, 0.2))))
def test_power_agrees_with_a_sum_over_every_table(n, drop, p01):
    from scipy.stats import multinomial

    shares = (drop + p01, p01, 1 - drop - 2 * p01)
    expected = sum(
        float(multinomial.pmf((b, c, n - b - c), n, shares))
        for b in range(n + 1)
        for c in range(n + 1 - b)
        if mcnemar(b, c) <= 0.05
    )
    assert achieved_power(n, drop, p01=p01) == pytest.approx(expected, abs=1e-12)


def test_power_agrees_with_simulated_tables():
    draw = np.random.default_rng(0)
    tables = draw.multinomial(600, (0.05, 0.02, 0.93), size=4000)
    share = np.mean([mcnemar(int(b), int(c)) <= 0.05 for b, c, _ in tables])
    assert achieved_power(600, 0.03, p01=0.02) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(("drop", "p01"), [(0.05, 0.02), (0.03, 0.01), (0.1, 0.05)])
def test_items_needed_give_the_power_of_a_simulated_normal_test(drop, p01):
    n = round(items_needed(drop, p01=p01))
    tables = np.random.default_rng(1).multinomial(n, (drop + p01, p01, 1 - drop - 2 * p01), size=20_000)
    b, c = tables[:, 0], tables[:, 1]
    z = np.abs(b - c) / np.sqrt(np.maximum(b + c, 1))
    assert np.mean(z >= 1.959964) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize("seed", range(5))
def test_the_intra_passage_correlation_agrees_with_an_analysis_of_variance(seed):
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 7, 25)
    group = np.repeat(np.arange(25), sizes)
    values = draw.normal(0, 1, 25)[group] + draw.normal(0, 1, len(group))
    table = anova_lm(ols("y ~ C(g)", pd.DataFrame({"y": values, "g": group})).fit())
    between, within = table["mean_sq"]
    size = (len(group) - (sizes**2).sum() / len(group)) / 24
    expected = (between - within) / (between + (size - 1) * within)
    found = design_effect(values.tolist(), [f"p{g}" for g in group])
    assert found.rho == pytest.approx(expected)
    spread = np.std(sizes) / np.mean(sizes)
    weighted = (spread**2 + 1) * np.mean(sizes)  # Eldridge, Ashby and Kerry 2006, equation 4
    assert found.effect == pytest.approx(1 + (weighted - 1) * max(0.0, expected))


def test_the_design_effect_is_the_ratio_of_variances_that_simulation_shows():
    draw = np.random.default_rng(3)
    sizes = np.array([1, 2, 4, 8] * 10)
    group = np.repeat(np.arange(40), sizes)
    names = [f"p{g}" for g in group]
    means, effects = [], []
    for _ in range(1500):
        values = np.sqrt(0.3) * draw.normal(size=40)[group] + np.sqrt(0.7) * draw.normal(size=len(group))
        means.append(values.mean())
        effects.append(design_effect(values.tolist(), names).effect)
    assert np.mean(effects) == pytest.approx(np.var(means) * len(group), rel=0.1)
