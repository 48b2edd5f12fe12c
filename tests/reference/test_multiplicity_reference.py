from __future__ import annotations

import numpy as np
import pytest

from robustness.stats.multiplicity import benjamini_hochberg, holm


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("adjust", "method"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
def test_adjusted_p_values_agree_with_statsmodels(adjust, method, seed):
    from statsmodels.stats.multitest import multipletests

    draw = np.random.default_rng(seed)
    family = np.round(draw.random(draw.integers(1, 25)) ** 3, 2)  # rounded, so that some are tied
    assert adjust(family.tolist()) == pytest.approx(multipletests(family, method=method)[1], abs=1e-12)


def test_benjamini_hochberg_agrees_with_scipy():
    from scipy.stats import false_discovery_control

    family = np.random.default_rng(1).random(40) ** 2
    assert benjamini_hochberg(family.tolist()) == pytest.approx(false_discovery_control(family))


def test_holm_rejects_what_the_step_down_procedure_rejects():
    family = [0.001, 0.4, 0.012, 0.02, 0.013]
    rejected, alpha = [], 0.05
    for rank, (p, i) in enumerate(sorted((p, i) for i, p in enumerate(family))):
        if p > alpha / (len(family) - rank):
            break
        rejected.append(i)
    adjusted = holm(family)
    assert sorted(rejected) == [i for i, p in enumerate(adjusted) if p is not None and p <= alpha]
