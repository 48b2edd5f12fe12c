"""Coverage of clustered 95 % intervals, and how often a gate at its limit is wrong.

Each cell: 2,000 data sets of passages with 4 questions each on average, 1,000 bootstrap draws
(AUROC, which is drawn for each data set apart: 1,000, and 500 over 500 passages). Within a passage
each question copies a common outcome with chance sqrt(rho), else draws its own from the same
distribution, so two questions of one passage correlate by just rho.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from robustness.domain import Polarity, Status
from robustness.judging.verdicts import verdict
from robustness.results import Estimate, Result
from robustness.stats.closed_form import mcnemar, unseen_share
from robustness.stats.resampling import Sample, sample

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


@dataclass(frozen=True)
class World:
    """What can happen to a question, and the statistic that a gate looks at."""

    chances: tuple[float, ...]
    """Of each outcome."""
    columns: dict[str, tuple[float, ...]]
    """What each outcome adds to a column."""
    truth: float
    check: str
    field: str
    estimate: Callable[[Sample, Callable[[str], Any]], Estimate]
    polarity: Polarity = Polarity.ATTACK
    cheap: bool = True


def drop(*chances: float) -> World:
    """Rises, stays and falls."""
    return World(
        chances,
        {"drop": (-1.0, 0.0, 1.0)},
        chances[2] - chances[0],
        "max_drop",
        "drop",
        lambda drawn, name: drawn.mean(name("drop"), lowest=-1.0),
    )


def accuracy(right: float) -> World:
    return World(
        (1 - right, right),
        {"right": (0.0, 1.0)},
        right,
        "min_accuracy",
        "accuracy",
        lambda drawn, name: drawn.mean(name("right")),
    )


SUCCESS = World(
    (0.2, 0.08, 0.72),  # wrong on clean, lost, kept
    {"lost": (0.0, 1.0, 0.0), "right": (0.0, 1.0, 1.0)},
    0.1,
    "max_success_rate",
    "attack_success_rate",
    lambda drawn, name: drawn.ratio(name("lost"), name("right")),
)
MARGIN = World(
    (0.5, 0.35, 0.05, 0.1),  # right both times, lost, won, wrong both times; chance 0.25
    {"clean": (1.0, 1.0, 0.0, 0.0), "after": (1.0, 0.0, 1.0, 0.0), "chance": (0.25,) * 4},
    0.5,
    "max_margin_retained",
    "margin_retained",
    lambda drawn, name: drawn.margin_retained(
        name("after"), name("clean"), chances=(name("chance"), name("chance"))
    ),
)
# Confidence is 0.9, 0.7 or 0.5 with chances 0.6, 0.3, 0.1 on clean and 0.3, 0.3, 0.4 after:
# of pairs, 0.6 x 0.7 + 0.3 x 0.4 are won and 0.6 x 0.3 + 0.3 x 0.3 + 0.1 x 0.4 tied.
AUROC = World(
    (0.3, 0.2, 0.1, 0.1, 0.2, 0.1),
    {"clean": (0.9, 0.9, 0.9, 0.7, 0.7, 0.5), "after": (0.9, 0.5, 0.7, 0.7, 0.5, 0.7)},
    0.6 * 0.7 + 0.3 * 0.4 + (0.6 * 0.3 + 0.3 * 0.3 + 0.1 * 0.4) / 2,
    "min_auroc",
    "auroc",
    lambda drawn, name: drawn.auroc(name("clean"), name("after")),
    Polarity.ABSTAIN,
    cheap=False,
)
WORLDS = {
    "accuracy 0.7": accuracy(0.7),
    "accuracy 0.95": accuracy(0.95),
    "drop 0.10": drop(0.02, 0.86, 0.12),
    "drop 0.02": drop(0.0, 0.98, 0.02),
    "drop 0, both ways": drop(0.05, 0.9, 0.05),
    "drop 0.005, both ways": drop(0.01, 0.975, 0.015),
    "success rate 0.1": SUCCESS,
    "margin retained 0.5": MARGIN,
    "AUROC 0.695": AUROC,
}


STRETCHED = {"drop 0.02", "AUROC 0.695"}
"""Where what 500 passages may not have shown (a share of 0.008 or more) decides, and not the draws."""


def tellable(world: World, clusters: int, sizes: tuple[int, ...]) -> bool:
    """Return whether passages that all did what is commonest would exclude the truth.

    Where not even they do, one of the two errors cannot be made at all, so an interval that makes
    the other as often as it may covers 97.5 %.
    """
    commonest = int(np.argmax(world.chances))
    group = passages(clusters, sizes)
    columns = {name: [adds[commonest]] * len(group) for name, adds in world.columns.items()}
    found = world.estimate(sample(columns, [f"p{g:03d}" for g in group], seed=0, draws=10), str)
    assert found.low is not None
    assert found.high is not None
    return not found.low <= world.truth <= found.high


def passages(clusters: int, sizes: tuple[int, ...]) -> Any:
    return np.repeat(np.arange(clusters), np.resize(sizes, clusters))


def outcomes(
    draw: np.random.Generator, chances: tuple[float, ...], group: Any, rho: float, count: int = BATCH
) -> Any:
    """Return int[count, N]: which outcome, for data sets over the same passages."""
    limits = np.cumsum(chances)[:-1]
    common = draw.random((count, group.max() + 1))[:, group]
    own = draw.random((count, len(group)))
    copied = draw.random((count, len(group))) < np.sqrt(rho)
    return np.searchsorted(limits, np.where(copied, common, own), side="right")


def replicates(world: World, clusters: int) -> int:
    return REPLICATES if world.cheap else 500 if clusters == 500 else 1000


def estimates(
    world: World, clusters: int, rho: float, sizes: tuple[int, ...], clustered: bool = True
) -> Iterator[Estimate]:
    """Yield the estimate of each data set."""
    draw = np.random.default_rng([clusters, round(100 * rho), len(sizes), len(world.chances)])
    group = passages(clusters, sizes)
    names = [f"p{g:03d}" for g in group] if clustered else [str(i) for i in range(len(group))]
    for batch in range(replicates(world, clusters) // BATCH):
        found = outcomes(draw, world.chances, group, rho)
        columns = {
            f"{name} {i}": np.asarray(adds)[one]
            for name, adds in world.columns.items()
            for i, one in enumerate(found)
        }
        drawn = sample(columns, names, seed=batch, draws=DRAWS)
        for i in range(BATCH):
            yield world.estimate(drawn, lambda name, i=i: f"{name} {i}")  # type: ignore[misc]


def rates(
    world: World, clusters: int, rho: float, sizes: tuple[int, ...] = EVEN, clustered: bool = True
) -> tuple[float, float, float]:
    """Return (coverage, share of FAIL, share of PASS) with the limit at the true value."""
    found: Counter[Status] = Counter()
    covered = 0
    for estimate in estimates(world, clusters, rho, sizes, clustered):
        assert estimate.low is not None
        assert estimate.high is not None
        # The slack is that of bounds that end exactly at the truth.
        covered += estimate.low - 1e-9 <= world.truth <= estimate.high + 1e-9
        # The smallest value that breaks the limit: a PASS is as wrong as a FAIL is at the limit.
        changed: Any = {world.field: estimate, "n": 4 * clusters, "clusters": clusters}
        shown = replace(RESULT, polarity=world.polarity, **changed)
        found[verdict(shown, world.check, world.truth).status] += 1
    total = replicates(world, clusters)
    return covered / total, found[Status.FAIL] / total, found[Status.PASS] / total


@pytest.mark.parametrize("sizes", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("name", WORLDS)
def test_clustered_intervals_cover_and_gates_at_the_limit_are_seldom_wrong(name, sizes, tell):
    rows = []
    for clusters in (30, 100, 500):
        for rho in (0.0, 0.2, 0.5):
            coverage, fail, passed = rates(WORLDS[name], clusters, rho, sizes)
            rows.append((clusters, rho, coverage, fail, passed))
    tell(
        simulation="fixed gate",
        of=name,
        questions=sizes,
        columns="passages rho coverage FAIL PASS",
        rows=rows,
    )
    for clusters, _, coverage, fail, passed in rows:
        assert coverage >= 0.93
        if name not in STRETCHED and tellable(WORLDS[name], clusters, sizes):
            assert coverage <= (0.97 if clusters == 500 else 0.98)
        assert fail <= 0.06
        assert passed <= 0.06


def test_intervals_that_overlook_passages_are_too_narrow(tell):
    world, rows = WORLDS["accuracy 0.7"], []
    for clusters in (30, 100, 500):
        ours, _, _ = rates(world, clusters, 0.5)
        theirs, fail, passed = rates(world, clusters, 0.5, clustered=False)
        rows.append((clusters, ours, theirs, fail, passed))
    tell(simulation="unclustered", rho=0.5, columns="passages clustered unclustered FAIL PASS", rows=rows)
    for _, ours, theirs, _, _ in rows:
        assert ours >= 0.93
        assert theirs < 0.90


@pytest.mark.parametrize(("name", "clusters"), [("drop 0.02", 500), ("success rate 0.1", 100)])
def test_a_percentile_interval_misses_too_many_rare_events_on_uneven_passages(name, clusters, tell):
    def percentile(drawn: Sample, column: Callable[[str], Any]) -> Estimate:
        """As wide as unseen passages of equal size ask for, and no wider."""
        value = WORLDS[name].estimate(drawn, column).value
        assert value is not None
        top, *bottom = (drawn.drawn[column(c)] for c in WORLDS[name].columns)
        low, high = np.quantile(top / (bottom[0] if bottom else drawn.items), (0.025, 0.975))
        reach = unseen_share(clusters)
        return Estimate(value, min(low, value * (1 - reach)), max(high, value + reach * (1 - value)))

    theirs, fail, passed = rates(replace(WORLDS[name], estimate=percentile), clusters, 0.5, UNEVEN)
    tell(simulation="percentile", of=name, rho=0.5, passages=clusters, rows=[theirs, fail, passed])
    assert theirs < 0.935
    assert passed > 0.05


def test_mcnemar_keeps_its_level_over_single_questions_and_not_over_passages(tell):
    draw = np.random.default_rng(0)
    found = {}
    for rho in (0.0, 0.2, 0.5):
        data = outcomes(draw, (0.1, 0.8, 0.1), passages(100, EVEN), rho, REPLICATES)
        pairs = zip((data == 2).sum(axis=1).tolist(), (data == 0).sum(axis=1).tolist(), strict=True)
        found[rho] = sum(mcnemar(b, c) <= 0.05 for b, c in pairs) / REPLICATES
    tell(simulation="McNemar without an effect", passages=100, questions=4, rejected=found)
    assert found[0.0] <= 0.06
    assert found[0.5] > 0.10
