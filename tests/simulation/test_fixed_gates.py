"""Coverage of clustered 95 % intervals, and how often a gate at its limit is wrong.

Each cell: 2,000 data sets of passages with 4 questions each on average, 1,000 bootstrap draws.
Within a passage each question copies a common outcome with chance sqrt(rho), else draws its own
from the same distribution, so two questions of one passage correlate by just rho.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from robustness.domain import Polarity, Status
from robustness.results import Estimate, Result
from robustness.stats.closed_form import mcnemar
from robustness.stats.resampling import sample
from robustness.verdicts import verdict

pytestmark = pytest.mark.slow

REPLICATES, BATCH, DRAWS = 2000, 50, 1000
NONE = Estimate(None)
RESULT = Result(
    name="planted",
    polarity=Polarity.ATTACK,
    severity=1,
    n=1,
    clusters=1,
    applicable=1,
    skipped={},
    degraded=0,
    invalid={},
    chance_clean=0.25,
    chance=0.25,
    accuracy_clean=NONE,
    accuracy=NONE,
    accuracy_with_degraded=None,
    drop=NONE,
    relative_drop=None,
    p_value=None,
    p_drop=None,
    p_drop_adjusted=None,
    design_effect=None,
    detectable_drop=None,
    power=None,
    attack_success_rate=NONE,
    repair_rate=NONE,
    consistency=NONE,
    margin_retained=NONE,
    margin_shift=None,
    margin_lower=None,
    calibration=None,
    auroc=NONE,
    aurc=None,
    coverage_at_80=None,
    planted_rate=None,
    visible_share=1.0,
    truncated=0.0,
)
EVEN, UNEVEN = (4,), (1, 3, 4, 8)
# name: (values, their chances)
ACCURACY = ((0.0, 1.0), (0.3, 0.7))
DROP = ((-1.0, 0.0, 1.0), (0.02, 0.86, 0.12))
RARE = ((-1.0, 0.0, 1.0), (0.0, 0.98, 0.02))
WORLDS = {"accuracy 0.7": ACCURACY, "drop 0.10": DROP, "drop 0.02": RARE}

SHORTFALL = {("drop 0.02", UNEVEN, 500, 0.5), ("accuracy 0.7", UNEVEN, 30, 0.5)}
"""Where a percentile interval is too short, for passages of very unequal size that hang together.
Over 4,000 data sets the first covers 0.921: a few large passages hold most of the falls, which is too
skewed for 500 passages, and the reach of unseen ones (0.008) no longer covers for it. Over 8,000 the
second covers 0.929: 30 passages weigh no more than some 20 equal ones."""


def passages(clusters: int, sizes: tuple[int, ...]) -> Any:
    return np.repeat(np.arange(clusters), np.resize(sizes, clusters))


def outcomes(draw: np.random.Generator, world: Any, group: Any, rho: float, count: int = BATCH) -> Any:
    """Return float[count, N]: data sets over the same passages."""
    values, chances = np.array(world[0]), np.cumsum(world[1])
    common = draw.random((count, group.max() + 1))[:, group]
    own = draw.random((count, len(group)))
    copied = draw.random((count, len(group))) < np.sqrt(rho)
    return values[np.searchsorted(chances[:-1], np.where(copied, common, own), side="right")]


def estimates(world: Any, clusters: int, rho: float, sizes: tuple[int, ...], clustered: bool = True):
    """Yield the estimate of each data set."""
    draw = np.random.default_rng([clusters, round(100 * rho), len(sizes), len(world[0])])
    group = passages(clusters, sizes)
    names = [f"p{g:03d}" for g in group] if clustered else [str(i) for i in range(len(group))]
    lowest = min(world[0])
    for batch in range(REPLICATES // BATCH):
        data = outcomes(draw, world, group, rho)
        drawn = sample(dict(enumerate(data)), names, seed=batch, draws=DRAWS)  # type: ignore[arg-type]
        for column in drawn.values:
            yield drawn.mean(column, lowest=lowest)


def rates(world: Any, clusters: int, rho: float, sizes: tuple[int, ...] = EVEN, clustered: bool = True):
    """Return (coverage, share of FAIL, share of PASS) with the limit at the true value."""
    truth = float(np.dot(*world))
    found: Counter[Status] = Counter()
    covered = 0
    for estimate in estimates(world, clusters, rho, sizes, clustered):
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= truth <= estimate.high
        # The smallest drop that breaks the limit: a PASS is as wrong as a FAIL is at the limit.
        shown = replace(RESULT, drop=estimate, n=4 * clusters, clusters=clusters)
        found[verdict(shown, "max_drop", truth).status] += 1
    return covered / REPLICATES, found[Status.FAIL] / REPLICATES, found[Status.PASS] / REPLICATES


@pytest.mark.parametrize("sizes", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("world", WORLDS)
def test_clustered_intervals_cover_and_gates_at_the_limit_are_seldom_wrong(world, sizes, tell):
    rows = []
    for clusters in (30, 100, 500):
        for rho in (0.0, 0.2, 0.5):
            coverage, fail, passed = rates(WORLDS[world], clusters, rho, sizes)
            rows.append((clusters, rho, coverage, fail, passed))
    tell(
        simulation="fixed gate",
        of=world,
        questions=sizes,
        columns="passages rho coverage FAIL PASS",
        rows=rows,
    )
    for clusters, rho, coverage, fail, passed in rows:
        assert fail <= 0.06
        if (world, sizes, clusters, rho) in SHORTFALL:
            assert 0.91 <= coverage < 0.94, "it holds now: take the cell off the list"
            assert passed <= 0.075
        else:
            assert coverage >= 0.93
            assert passed <= 0.06


def test_intervals_that_overlook_passages_are_too_narrow(tell):
    rows = []
    for clusters in (30, 100, 500):
        ours, _, _ = rates(ACCURACY, clusters, 0.5)
        theirs, fail, passed = rates(ACCURACY, clusters, 0.5, clustered=False)
        rows.append((clusters, ours, theirs, fail, passed))
    tell(simulation="unclustered", rho=0.5, columns="passages clustered unclustered FAIL PASS", rows=rows)
    for _, ours, theirs, _, _ in rows:
        assert ours >= 0.93
        assert theirs < 0.90


def test_mcnemar_keeps_its_level_over_single_questions_and_not_over_passages(tell):
    draw = np.random.default_rng(0)
    world = ((-1.0, 0.0, 1.0), (0.1, 0.8, 0.1))
    found = {}
    for rho in (0.0, 0.2, 0.5):
        data = outcomes(draw, world, passages(100, EVEN), rho, REPLICATES)
        pairs = zip((data > 0).sum(axis=1).tolist(), (data < 0).sum(axis=1).tolist(), strict=True)
        found[rho] = sum(mcnemar(b, c) <= 0.05 for b, c in pairs) / REPLICATES
    tell(simulation="McNemar without an effect", passages=100, questions=4, rejected=found)
    assert found[0.0] <= 0.06
    assert found[0.5] > 0.10
