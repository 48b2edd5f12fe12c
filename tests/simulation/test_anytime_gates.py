"""Gates that are looked at after every passage, with the true mean exactly at the limit."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from robustness.domain import Status
from robustness.stats.sequential import Betting, gate

pytestmark = pytest.mark.slow

REPLICATES, PASSAGES = 1000, 500
# name: (values of one question, their chances, limits of the range)
WORLDS: dict[str, Any] = {
    "accuracy 0.7": ((0.0, 1.0), (0.3, 0.7), Betting(min_passages=1)),
    "accuracy 0.97": ((0.0, 1.0), (0.03, 0.97), Betting(min_passages=1)),
    "drop 0.10": ((-1.0, 0.0, 1.0), (0.02, 0.86, 0.12), Betting(lowest=-1.0, min_passages=1)),
    "drop 0.02": ((-1.0, 0.0, 1.0), (0.0, 0.98, 0.02), Betting(lowest=-1.0, min_passages=1)),
}


def passage_means(draw: np.random.Generator, world: Any, rho: float, count: int = PASSAGES) -> Any:
    """Return float[count]: means over 4 questions that copy a common outcome with chance sqrt(rho)."""
    own, common = draw.choice(world[0], (count, 4), p=world[1]), draw.choice(world[0], (count, 1), p=world[1])
    return np.where(draw.random((count, 4)) < np.sqrt(rho), common, own).mean(axis=1)


@pytest.mark.parametrize("name", WORLDS)
def test_betting_gates_keep_five_percent_under_stopping_at_every_passage(name, tell):
    world = WORLDS[name]
    draw, truth = np.random.default_rng(len(name)), float(np.dot(world[0], world[1]))
    rows = []
    for rho in (0.0, 0.5):
        found = Counter(
            gate(passage_means(draw, world, rho).tolist(), truth, side="max", rules=world[2]).status
            for _ in range(REPLICATES)
        )
        rows.append((rho, found[Status.FAIL] / REPLICATES, found[Status.PASS] / REPLICATES))
    tell(simulation="betting gate", of=name, passages=PASSAGES, columns="rho FAIL PASS", rows=rows)
    for _, fail, passed in rows:
        assert fail <= 0.06
        assert passed <= 0.06


def test_a_fixed_interval_looked_at_after_every_passage_does_not(tell):
    draw, world = np.random.default_rng(1), WORLDS["accuracy 0.7"]
    wrong = 0
    for _ in range(REPLICATES):
        x = passage_means(draw, world, 0.2)
        t = np.arange(1, PASSAGES + 1)
        means = np.cumsum(x) / t
        errors = np.sqrt(np.maximum(np.cumsum(x * x) / t - means**2, 1e-9) / t)
        wrong += bool((np.abs(means - 0.7) > 1.96 * errors)[29:].any())
    tell(simulation="fixed interval at every passage from 30 to 500", decided_wrongly=wrong / REPLICATES)
    assert wrong / REPLICATES > 0.15


def test_betting_gates_keep_their_promise_without_replacement(tell):
    draw = np.random.default_rng(2)
    rows = []
    for n in (50, 200):
        found: Counter[Status] = Counter()
        for _ in range(REPLICATES):
            everything = passage_means(draw, WORLDS["accuracy 0.7"], 0.2, n)
            rules = Betting(population=n, min_passages=1)
            order = draw.permutation(everything).tolist()
            found[gate(order, float(everything.mean()), side="max", rules=rules).status] += 1
        rows.append((n, found[Status.FAIL] / REPLICATES, found[Status.PASS] / REPLICATES))
    tell(simulation="betting gate, passages counted", columns="passages FAIL PASS", rows=rows)
    for _, fail, passed in rows:
        assert fail <= 0.06
        assert passed <= 0.06


def test_betting_gates_decide_clear_cases_early(tell):
    draw = np.random.default_rng(3)
    rows = []
    for name, limit, wanted in (
        ("drop 0.02", 0.10, Status.PASS),
        ("drop 0.02", 0.05, Status.PASS),
        ("drop 0.10", 0.05, Status.FAIL),
        ("drop 0.10", 0.02, Status.FAIL),
        ("accuracy 0.7", 0.60, Status.FAIL),
    ):
        world = WORLDS[name]
        found = [
            gate(passage_means(draw, world, 0.2).tolist(), limit, side="max", rules=world[2])
            for _ in range(100)
        ]
        right = [decision.step or 0 for decision in found if decision.status is wanted]
        rows.append((name, limit, wanted.value, len(right) / 100, float(np.median(right))))
    tell(simulation="betting gate", columns="true limit decision share median_step", rows=rows)
    assert min(share for _, _, _, share, _ in rows) >= 0.4
    assert rows[0][3] == 1.0
    assert rows[0][4] < 150
