from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from robustness.results import Position
from robustness.stats.position_bias import position_table, rstd, rstd_by_chance


def table(gold: Any, picks: Any, options: int) -> tuple[Position, ...]:
    return position_table(gold.tolist(), [frozenset({p}) for p in picks.tolist()], [options] * len(gold))


def test_rstd_agrees_with_the_recalls_of_scikit_learn():
    from sklearn.metrics import recall_score

    draw = np.random.default_rng(0)
    gold, picks = draw.integers(0, 4, (2, 300))
    recalls = recall_score(gold, picks, average=None)
    found = table(gold, picks, 4)
    assert [row.recall for row in found] == pytest.approx(recalls.tolist())
    assert rstd(found) == pytest.approx(np.sqrt(np.mean((recalls - recalls.mean()) ** 2)))


def test_the_rstd_of_a_fair_model_is_what_chance_says():
    draw = np.random.default_rng(1)
    gold = np.repeat(np.arange(4), (20, 40, 60, 80))
    squares, expected = [], []
    for _ in range(800):
        right = draw.random(200) < 0.7
        found = table(gold, np.where(right, gold, (gold + draw.integers(1, 4, 200)) % 4), 4)
        one, by_chance = rstd(found), rstd_by_chance(found)
        assert one is not None
        assert by_chance is not None
        squares.append(one**2)
        expected.append(by_chance**2)
    assert np.mean(expected) == pytest.approx(np.mean(squares), rel=0.08)
