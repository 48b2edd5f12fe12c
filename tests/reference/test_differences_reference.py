"""Differences of two runs against a hand-written cluster bootstrap and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from robustness.stats.differences import Ratio, combined, placements, ratio_difference
from robustness.stats.intervals import interval
from robustness.stats.resampling import sample

PASSAGES, EACH, LOOPS = 200, 3, 3000


def two_runs(seed: int):
    draw = np.random.default_rng(seed)
    hard = draw.normal(size=(PASSAGES, 1))
    clean = draw.normal(size=(2, PASSAGES, EACH)) + hard + 1 > 0
    lost = clean & (draw.normal(size=(2, PASSAGES, EACH)) + hard < np.array([-0.3, -0.8])[:, None, None])
    return clean.astype(float), lost.astype(float)


def test_a_difference_of_rates_has_the_interval_of_a_loop_over_drawn_passages():
    clean, lost = two_runs(0)
    names = [f"p{i:03}" for i in range(PASSAGES) for _ in range(EACH)]
    columns = {"a": lost[0], "an": clean[0], "b": lost[1], "bn": clean[1]}
    drawn = sample({k: v.ravel().tolist() for k, v in columns.items()}, names, seed=1)
    ours, theirs = Ratio({"a": 1}, {"an": 1}, (0, 1)), Ratio({"b": 1}, {"bn": 1}, (0, 1))
    difference = ratio_difference(drawn, ours, theirs)
    assert difference is not None
    found = interval(difference)
    draw, loops = np.random.default_rng(2), []
    for _ in range(LOOPS):
        picked = draw.integers(PASSAGES, size=PASSAGES)
        rates = [lost[run][picked].sum() / clean[run][picked].sum() for run in (0, 1)]
        loops.append(rates[0] - rates[1])
    wanted = lost[0].sum() / clean[0].sum() - lost[1].sum() / clean[1].sum()
    assert found.value == pytest.approx(wanted)
    assert [found.low, found.high] == pytest.approx(np.quantile(loops, (0.025, 0.975)), abs=0.008)


def test_a_difference_of_aurocs_has_the_interval_of_a_loop_over_drawn_passages():
    draw = np.random.default_rng(3)
    common = draw.normal(size=(PASSAGES, 1))
    halves = draw.normal(size=(2, 2, PASSAGES, EACH)) + common + np.array([0.8, 0.0])[:, None, None]
    halves[1, 0] += 0.5
    names = [f"p{i:03}" for i in range(PASSAGES) for _ in range(EACH)]
    values = {run: placements(*halves[run].reshape(2, -1).tolist()) for run in (0, 1)}
    drawn = sample({"ours": values[0], "theirs": values[1]}, names, seed=1)
    change = combined(drawn, "change", {"ours": 1.0, "theirs": -1.0})
    found = change.mean("change", lowest=-3, highest=3)

    def auroc(run: int, picked: np.typing.NDArray[np.int64]) -> float:
        higher, lower = halves[run][:, picked].reshape(2, -1)
        truth = np.repeat((1, 0), len(higher))
        return float(roc_auc_score(truth, np.concatenate((higher, lower))))

    everything = np.arange(PASSAGES)
    assert np.mean(values[0]) == pytest.approx(auroc(0, everything))
    assert found.value == pytest.approx(auroc(0, everything) - auroc(1, everything))
    loops = []
    for _ in range(800):
        picked = draw.integers(PASSAGES, size=PASSAGES)
        loops.append(auroc(0, picked) - auroc(1, picked))
    # Narrower than the reach of unseen passages, which is not what is compared here.
    spread = np.std(change.drawn["change"] / change.items)
    assert spread == pytest.approx(np.std(loops), rel=0.1)
