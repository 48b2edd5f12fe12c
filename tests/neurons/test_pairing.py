"""Drawn cubes whose truth is known: noise moves nothing, a real change is found, mere scale is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustness.domain import Polarity
from robustness.neurons.compared import Fate, NeuronsCompared
from robustness.neurons.comparison import compare_analyses
from robustness.neurons.conditions import Condition
from robustness.neurons.pair import Analysis
from robustness.neurons.portrait import Portrait
from robustness.neurons.sites import Site
from robustness.neurons.stored_cube import Cube
from robustness.neurons.summary import NeuronSummary, from_json

UNITS, ITEMS, PASSAGES = 40, 80, 40
EXAMPLE = Path(__file__).parents[2] / "reports" / "examples" / "dream-minilm" / "neurons.json"


@pytest.fixture(scope="module")
def summary() -> NeuronSummary:
    return from_json(EXAMPLE.read_text(encoding="utf-8"))


@pytest.fixture
def draw() -> Any:
    return np.random.default_rng(3)


def drawn(summary: NeuronSummary, effects: Any, base: Any, *, verified: Any = None) -> Analysis:
    """An analysis of two options per item; float[U, 2, items] effects move the gold option's logit."""
    names = tuple(f"q{at}" for at in range(ITEMS))
    groups = tuple(f"p{at * PASSAGES // ITEMS}" for at in range(ITEMS))
    conditions = tuple(
        Condition(name, polarity, names, groups,
                  2 * ITEMS * at + np.arange(2 * ITEMS).reshape(ITEMS, 2), np.zeros(ITEMS, np.int64))
        for at, (name, polarity) in enumerate((("clean", None), ("cue", Polarity.ATTACK)))
    )  # fmt: skip
    logits = np.repeat(base[None], len(effects), 0)
    logits[:, ::2] += effects.reshape(len(effects), -1)
    sites = tuple(Site("ffn", 0, at) for at in range(len(effects)))
    exact = np.ones(len(effects), bool) if verified is None else verified
    acts = np.random.default_rng(0).normal(size=(64, len(effects)))
    cube = Cube(sites, exact, base, logits)
    return Analysis(Path("drawn"), summary, cube, Portrait(conditions, {("ffn", 0): acts}, {}))


def noisy(draw: Any, truth: Any) -> Any:
    return truth[:, :, None] + 0.25 * draw.normal(size=(len(truth), 2, ITEMS))


def judged(made: NeuronsCompared) -> int:
    return sum(made.fates.get(str(fate), 0) for fate in (Fate.GONE, Fate.NEW, Fate.MOVED))


@pytest.mark.slow
def test_two_noisy_looks_at_the_same_units_seldom_show_that_anything_moved(summary, draw):
    base = draw.normal(size=4 * ITEMS)
    truth = np.stack([np.zeros(UNITS), np.linspace(-1, 1, UNITS)], axis=1)
    found = [
        judged(compare_analyses(*(drawn(summary, noisy(draw, truth), base) for _ in range(2))))
        for _ in range(40)
    ]
    assert np.mean(np.array(found) > 0) <= 0.125


def test_the_units_whose_lift_is_taken_away_are_the_ones_said_to_be_gone(summary, draw):
    base = draw.normal(size=4 * ITEMS)
    before = np.zeros((UNITS, 2))
    before[[3, 7], 1] = 2.0
    ours, theirs = (drawn(summary, noisy(draw, truth), base) for truth in (before, np.zeros((UNITS, 2))))
    made = compare_analyses(ours, theirs)
    assert {unit.id for unit in made.of(Fate.GONE)} == {"ffn.0.3", "ffn.0.7"}
    for unit in made.of(Fate.GONE):
        assert unit.lift_change.high is not None
        assert unit.lift_change.high < 0
    back = compare_analyses(theirs, ours)
    assert {unit.id for unit in back.of(Fate.NEW)} == {"ffn.0.3", "ffn.0.7"}


def test_a_shortcut_whose_lift_grew_with_its_cost_is_not_said_to_be_gone(summary, draw):
    base = draw.normal(size=4 * ITEMS)
    before, after = np.zeros((UNITS, 2)), np.zeros((UNITS, 2))
    before[3] = 0.0, 1.0
    after[3] = -1.0, 4.0  # it costs clean answers now, so it is no shortcut by the limits
    ours, theirs = (drawn(summary, noisy(draw, truth), base) for truth in (before, after))
    for made, roles in (
        (compare_analyses(ours, theirs), ("shortcut", "undecided")),
        (compare_analyses(theirs, ours), ("undecided", "shortcut")),
    ):
        (unit,) = (one for one in made.units if one.id == "ffn.0.3")
        assert (str(unit.quadrant_a), str(unit.quadrant_b)) == roles
        assert unit.fate is Fate.OPEN
        assert not (*made.of(Fate.GONE), *made.of(Fate.NEW))


def test_a_checkpoint_whose_logits_are_three_times_as_large_moves_nothing(summary, draw):
    base, effects = draw.normal(size=4 * ITEMS), noisy(draw, np.ones((UNITS, 2)))
    made = compare_analyses(drawn(summary, effects, base), drawn(summary, 3 * effects, 3 * base))
    assert judged(made) == 0
    assert all(unit.lift_change.value == pytest.approx(0, abs=1e-9) for unit in made.units)
    assert made.b.spread == pytest.approx(3 * made.a.spread)


def test_units_that_are_not_exact_in_both_are_not_judged(summary, draw):
    base, effects = draw.normal(size=4 * ITEMS), noisy(draw, np.ones((UNITS, 2)))
    exact = np.arange(UNITS) < 25
    made = compare_analyses(
        drawn(summary, effects, base, verified=exact), drawn(summary, -effects, base, verified=~exact)
    )
    assert made.exact == 0
    assert made.fates == {"estimated": UNITS}
    assert {own.exact for own in made.agreement} == {False}
