from __future__ import annotations

import numpy as np
import pytest

from robustness.stats.calibration import brier, calibration_error, softmax


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("binning", "strategy"), [("equal-width", "uniform"), ("equal-mass", "quantile")])
def test_the_calibration_error_agrees_with_scikit_learn_bins(binning, strategy, seed):
    from sklearn.calibration import calibration_curve

    draw = np.random.default_rng(seed)
    sure = 0.25 + 0.75 * draw.random(400)
    right = (draw.random(400) < sure**2).astype(int)
    accuracy, confidence = calibration_curve(right, sure, n_bins=10, strategy=strategy)
    even = np.linspace(0, 1, 11)
    edges = even if strategy == "uniform" else np.percentile(sure, even * 100)
    counts = np.histogram(sure, edges)[0]
    expected = np.sum(counts[counts > 0] / 400 * np.abs(accuracy - confidence))
    ours = calibration_error(sure.tolist(), right.tolist(), bins=10, binning=binning)
    assert ours == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_brier_agrees_with_scikit_learn(seed):
    from sklearn.metrics import brier_score_loss

    draw = np.random.default_rng(seed)
    probabilities = [softmax(row) for row in draw.normal(0, 2, (60, 4)).tolist()]
    gold = draw.integers(0, 4, 60)
    expected = brier_score_loss(gold, np.array(probabilities), scale_by_half=False, labels=[0, 1, 2, 3])
    assert brier(probabilities, gold.tolist()) == pytest.approx(expected)


def test_softmax_agrees_with_scipy():
    from scipy.special import softmax as reference

    for row in np.random.default_rng(0).normal(0, 5, (20, 5)):
        assert softmax(row.tolist()) == pytest.approx(reference(row))
