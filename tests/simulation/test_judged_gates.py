"""Gates as runs judge them: differences to a baseline, ten gates under Holm, rates that are bet on.

Each passage has four questions, or one, three, four and eight. A question copies what happened to its
passage with chance sqrt(rho), as in `test_fixed_gates`; every limit stands at the true value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from robustness.domain import Status, Suite
from robustness.judging.comparisons import Pair
from robustness.judging.decisions import Rules, decide
from robustness.judging.draws import BASELINE, Evidence
from robustness.judging.limits import LIMITS, Limit
from robustness.judging.measures import result
from robustness.judging.verdicts import ALPHA
from robustness.results import Estimate
from robustness.stats.differences import placements
from robustness.stats.multiplicity import holm
from robustness.stats.resampling import sample

pytestmark = pytest.mark.slow

BATCH, DRAWS = 50, 1000
EVEN, UNEVEN = (4,), (1, 3, 4, 8)
CHANCE = 0.25


def blank(polarity: str, n: int, clusters: int) -> Any:
    """Return a result whose every estimate is defined and says nothing."""
    plan = {"recipes": {"a": {"polarity": polarity}}}
    empty = result(Suite("s", 0, plan, (), (), (), {}, "f" * 8), (), attack="a", severity=1)
    measures = ("drop", "accuracy", "attack_success_rate", "consistency", "margin_retained", "auroc")
    known: Any = dict.fromkeys(measures, Estimate(0.5, 0.0, 1.0))
    return replace(empty, n=n, clusters=clusters, applicable=n, **known)


def passages(clusters: int, sizes: tuple[int, ...]) -> Any:
    return np.repeat(np.arange(clusters), np.resize(sizes, clusters))


def happened(draw: np.random.Generator, chances: Any, group: Any, rho: float, count: int) -> Any:
    """Return int[count, N]: which row of a table of chances came true."""
    limits = np.cumsum(chances)[:-1]
    common = draw.random((count, group.max() + 1))[:, group]
    copied = draw.random((count, len(group))) < np.sqrt(rho)
    own = draw.random((count, len(group)))
    return np.searchsorted(limits, np.where(copied, common, own), side="right")


def columns(before: Any, after: Any) -> dict[str, Any]:
    return {
        "clean_credit": before,
        "credit": after,
        "drop": before - after,
        "lost": np.maximum(before - after, 0.0),
        "same_choice": (before == after).astype(float),
        "chance": np.full_like(before, CHANCE),
        "chance_clean": np.full_like(before, CHANCE),
    }


# chance, then clean and attacked credit of ours, clean and attacked credit of the baseline
BROKEN = np.array(
    [
        (0.65, 1, 1, 1, 1), (0.10, 0, 0, 0, 0), (0.05, 1, 0, 1, 0), (0.08, 1, 0, 1, 1),
        (0.03, 1, 1, 1, 0), (0.04, 0, 0, 1, 1), (0.05, 1, 1, 0, 0),
    ]
)  # fmt: skip
KEPT = np.array(
    [
        (0.30, 1, 1, 1, 1), (0.28, 1, 0, 1, 0), (0.16, 1, 1, 1, 0), (0.05, 1, 0, 1, 1),
        (0.06, 0, 1, 0, 1), (0.10, 0, 0, 0, 0), (0.05, 1, 0, 0, 0),
    ]
)  # fmt: skip
# The same with confidences.
SURE = np.array(
    [
        (0.40, 0.9, 0.6, 0.9, 0.3), (0.15, 0.9, 0.9, 0.9, 0.9), (0.15, 0.6, 0.6, 0.6, 0.3),
        (0.10, 0.6, 0.9, 0.6, 0.6), (0.10, 0.3, 0.3, 0.9, 0.6), (0.10, 0.9, 0.3, 0.3, 0.3),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class World:
    table: Any
    kind: str
    polarity: str = "attack"


WORLDS = {
    "drop": World(BROKEN, "max_drop"),
    "accuracy": World(BROKEN, "min_accuracy"),
    "success rate": World(BROKEN, "max_success_rate"),
    "margin retained": World(KEPT, "max_margin_retained", "ablation"),
    "AUROC": World(SURE, "min_auroc", "abstain"),
}


def measure(kind: str, chances: Any, before: Any, after: Any) -> float:
    """Return a measure over all questions that there could ever be."""
    if kind == "min_auroc":
        won = np.sign(before[:, None] - after[None, :]) / 2 + 0.5
        return float(chances @ won @ chances)
    clean, attacked = chances @ before, chances @ after
    found = {
        "max_drop": clean - attacked,
        "min_accuracy": attacked,
        "max_success_rate": chances @ np.maximum(before - after, 0) / clean,
        "max_margin_retained": (attacked - CHANCE) / (clean - CHANCE),
    }
    return float(found[kind])


def allowance(world: World) -> float:
    chances, *runs = world.table.T
    ours, theirs = measure(world.kind, chances, *runs[:2]), measure(world.kind, chances, *runs[2:])
    return abs(float(ours - theirs))


def told(world: World, made: Any) -> dict[str, Any]:
    """Return the columns of both runs, float[count, N]."""
    _, *runs = (column[made] for column in world.table.T)
    found = {}
    for name, (before, after) in (("", runs[:2]), (BASELINE, runs[2:])):
        if world.kind == "min_auroc":
            rows = [placements(b, a) for b, a in zip(before.tolist(), after.tolist(), strict=True)]
            found[f"{name}auroc"] = np.array(rows)
        else:
            found |= {name + key: column for key, column in columns(before, after).items()}
    return found


def samples(made: dict[str, Any], names: list[str], *, seed: int, draws: int = DRAWS) -> Iterator[Any]:
    """Yield a sample of each data set; all of them share their draws of passages."""
    count = len(next(iter(made.values())))
    each = {f"{i} {key}": column[i] for key, column in made.items() for i in range(count)}
    drawn = sample(each, names, seed=seed, draws=draws)
    for i in range(count):
        values = {key: drawn.values[f"{i} {key}"] for key in made}
        yield replace(drawn, values=values, drawn={key: drawn.drawn[f"{i} {key}"] for key in made})


def paired_rates(world: World, clusters: int, rho: float, sizes: tuple[int, ...], total: int) -> Any:
    """Return (coverage, share of FAIL, share of PASS) with the allowance at the true difference."""
    draw = np.random.default_rng([clusters, round(100 * rho), len(sizes)])
    group = passages(clusters, sizes)
    names = [f"p{g:03d}" for g in group]
    limit = Limit(world.kind, allowance(world), baseline=True)
    rows: Any = (None,) * len(group)
    wrong, covered = Counter[str](), 0
    for batch in range(total // BATCH):
        made = told(world, happened(draw, world.table[:, 0], group, rho, BATCH))
        for drawn in samples(made, names, seed=batch):
            difference = Pair(Evidence(rows, drawn), 0).difference(LIMITS[world.kind])
            assert difference is not None
            found = difference(0.95)
            assert found.low is not None
            assert found.high is not None
            covered += found.low - 1e-9 <= limit.bound <= found.high + 1e-9
            wrong["high"] += found.low > limit.bound + 1e-9
            wrong["low"] += found.high < limit.bound - 1e-9
    fail, passed = ("low", "high") if limit.least else ("high", "low")
    return covered / total, wrong[fail] / total, wrong[passed] / total


@pytest.mark.parametrize("sizes", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("name", WORLDS)
def test_differences_to_a_baseline_cover_and_are_seldom_wrong_at_the_allowance(name, sizes, tell):
    total, rows = 500 if name == "AUROC" else 3000, []
    for clusters in (30, 100, 300):
        for rho in (0.0, 0.5):
            rows.append((clusters, rho, *paired_rates(WORLDS[name], clusters, rho, sizes, total)))
    tell(
        simulation="against a baseline",
        of=name,
        questions=sizes,
        columns="passages rho coverage FAIL PASS",
        rows=rows,
    )
    for _, _, coverage, fail, passed in rows:
        assert coverage >= 0.92
        assert fail <= 0.06
        assert passed <= 0.06


FAMILY = ("max_drop", "min_accuracy", "max_success_rate", "min_consistency", "max_margin_retained")


def at_the_limit(chances: Any, before: Any, after: Any) -> tuple[Limit, ...]:
    values = {kind: float(measure(kind, chances, before, after)) for kind in FAMILY if "cons" not in kind}
    values["min_consistency"] = float(chances @ (before == after))
    return tuple(Limit(kind, value) for kind, value in values.items())


def judged(limits: tuple[Limit, ...], drawn: Any, names: list[str]) -> Iterator[Any]:
    """Yield the verdict of each limit at a fixed look."""
    chances = ("chance", "chance_clean")
    found = replace(
        blank("attack", drawn.n, drawn.clusters),
        drop=drawn.mean("drop", lowest=-1.0),
        accuracy=drawn.mean("credit"),
        attack_success_rate=drawn.ratio("lost", "clean_credit"),
        consistency=drawn.mean("same_choice"),
        margin_retained=drawn.margin_retained("credit", "clean_credit", chances=chances),
    )
    rows: Any = tuple(SimpleNamespace(group=name) for name in names)
    for limit in limits:
        yield decide(found, limit, Evidence(rows, drawn), rules=Rules())


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_ten_gates_at_their_limits_seldom_give_any_wrong_fail_under_holm(rho, tell):
    total, draw, group = 400, np.random.default_rng(round(10 * rho)), passages(100, EVEN)
    names = [f"p{g:03d}" for g in group]
    chances = BROKEN[:, 0]
    # Two attacks of five gates each, that share nothing: independence is the worst case but for gates.
    limits = at_the_limit(chances, BROKEN[:, 1], BROKEN[:, 2])
    plain = corrected = 0
    for batch in range(total // BATCH):
        attacks = []
        for attack in (0, 1):
            made = happened(draw, chances, group, rho, BATCH)
            both = columns(BROKEN[made, 1], BROKEN[made, 2])
            attacks.append(samples(both, names, seed=2 * batch + attack, draws=4000))
        for pair in zip(*attacks, strict=True):
            verdicts = [one for drawn in pair for one in judged(limits, drawn, names)]
            adjusted = holm([one.p_value for one in verdicts])
            fails = [one.status is Status.FAIL for one in verdicts]
            plain += any(fails)
            corrected += any(f and p is not None and p <= ALPHA for f, p in zip(fails, adjusted, strict=True))
    figures = {"any_FAIL": plain / total, "any_FAIL_after_Holm": corrected / total}
    tell(simulation="ten gates", rho=rho, passages=100, replicates=total, **figures)
    assert corrected / total <= 0.06
    assert plain > corrected


@pytest.mark.parametrize("sizes", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("kind", ["max_success_rate", "max_margin_retained"])
def test_rates_that_are_bet_on_keep_five_percent_under_stopping_at_every_passage(kind, sizes, tell):
    total, clusters, rows = 500, 300, []
    table, polarity = (BROKEN, "attack") if kind == "max_success_rate" else (KEPT, "ablation")
    draw, group = np.random.default_rng(len(sizes)), passages(clusters, sizes)
    names = [f"p{g:03d}" for g in group]
    seen: Any = tuple(SimpleNamespace(group=name) for name in names)
    limit = Limit(kind, float(measure(kind, *table.T[:3])), gate="anytime")
    found = blank(polarity, len(group), clusters)
    for rho in (0.0, 0.5):
        ends: Counter[Status] = Counter()
        for batch in range(total // BATCH):
            made = happened(draw, table[:, 0], group, rho, BATCH)
            both = columns(table[made, 1], table[made, 2])
            for i, drawn in enumerate(samples(both, names, seed=0, draws=1)):
                rules = Rules(min_passages=1, seed=batch * BATCH + i)
                one = decide(found, limit, Evidence(seen, drawn), rules=rules)
                assert one.gate == "anytime"
                ends[one.status] += 1
        rows.append((rho, ends[Status.FAIL] / total, ends[Status.PASS] / total))
    tell(simulation="betting gate on a rate", of=kind, passages=clusters, questions=sizes, rows=rows)
    for _, fail, passed in rows:
        assert fail <= 0.05
        assert passed <= 0.05
