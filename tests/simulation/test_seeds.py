"""Coverage of the interval over training seeds and passages, for few seeds."""

from __future__ import annotations

import numpy as np
import pytest

from robustness.stats.hierarchy import seeded_mean

pytestmark = pytest.mark.slow

REPLICATES = 300
NAMES = [f"p{i // 3}" for i in range(300)]


@pytest.mark.parametrize("between", [0.02, 0.08])
def test_few_seeds_are_covered_where_the_plain_bootstrap_is_not(between, tell):
    draw = np.random.default_rng(round(1000 * between))
    rows = []
    for seeds in (2, 3, 5, 10):
        ours = theirs = 0
        for replicate in range(REPLICATES):
            model, passage = draw.normal(0, between, (seeds, 1)), draw.normal(0, 0.1, (1, 100))
            chance = np.clip(0.7 + model + passage, 0, 1).repeat(3, axis=1)
            right = draw.random(chance.shape) < chance
            found = seeded_mean(right, NAMES, seed=replicate, draws=400)
            low, high = found.estimate.low, found.estimate.high
            assert low is not None
            assert high is not None
            ours += low <= 0.7 <= high
            theirs += found.bootstrap[0] <= 0.7 <= found.bootstrap[1]
        rows.append((seeds, ours / REPLICATES, theirs / REPLICATES))
    tell(simulation="training seeds", between=between, columns="seeds ours bootstrap", rows=rows)
    assert min(ours for _, ours, _ in rows) >= 0.93
    if between > 0.05:
        assert min(theirs for _, _, theirs in rows) < 0.90
