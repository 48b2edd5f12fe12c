"""The certificate on trained models, whose exact effects are all computed first: acceptance test 10."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robustness.demo.checkpoint import location
from robustness.demo.neurons import part
from robustness.models.huggingface import load
from robustness.models.options import ModelOptions
from robustness.neurons.conditions import conditions
from robustness.neurons.coverage import BothWays, both_ways, coverage
from robustness.neurons.engine import Ablator, Settings
from robustness.neurons.sequences import sequences
from robustness.neurons.verify import Budget
from robustness.pipeline import Source, suite_of
from robustness.readers.load import load as read
from robustness.suites.build import build
from robustness.suites.plan import plan

pytestmark = pytest.mark.slow
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
MINILM, DREAM = SHARED / "models" / "dream-minilm", SHARED / "data" / "dream" / "test.json"
LAYERS = 4
"""Of MiniLM's six: the two below cost more than these together."""


def of_stories() -> BothWays:
    """Every FFN unit of the demo model."""
    model = load(str(location()), options=ModelOptions(device="cpu", threads=1))
    suite = part(suite_of(Source("stories:test?passages=2", plan("core"))))
    data = sequences(model, suite)
    made = Ablator(model.network, data, kinds=("ffn",), settings=Settings(may_pad=True))
    return both_ways(made, conditions(suite, data))


def of_dream() -> BothWays:
    """The 6,144 units of the top layers of a real checkpoint on two short questions."""
    if not (MINILM.is_dir() and DREAM.is_file()):
        pytest.skip(f"no real checkpoint and data under {SHARED}")
    model = load(str(MINILM), options=ModelOptions(device="cpu", threads=1))
    every = sorted(read(f"dream:{DREAM}").examples, key=lambda e: (len(e.passage), e.id))
    suite = build(every[:2], plan("si2019"))
    suite = replace(suite, variants=tuple(v for v in suite.variants if v.attack == "sent2opt-shuffle"))
    data = sequences(model, suite)
    made = Ablator(model.network, data, kinds=("ffn",))
    return both_ways(made, conditions(suite, data), layers=LAYERS)


@pytest.fixture(scope="module", params=["stories", pytest.param("dream", marks=pytest.mark.shared)])
def effects(request) -> BothWays:
    """The exact and the screened lift of every unit."""
    return of_stories() if request.param == "stories" else of_dream()


def test_the_radius_covers_the_units_that_were_not_drawn(effects):
    found = coverage(effects, budget=Budget(verify=0, audit=0))
    by_layer = {own.layer for own in found.layers}
    assert len(found.layers) == 20 * len(by_layer)
    assert found.covered >= 0.95 - 0.03
    for layer in by_layer:
        shares = [own.covered for own in found.layers if own.layer == layer]
        assert np.mean([share for share in shares if share is not None]) >= 0.95 - 0.03


def thresholds(effects: BothWays) -> tuple[float, float]:
    """An analysis' own, and the smallest effect of the true top, at which the bound has work to do."""
    return effects.tolerance, abs(effects.exact[effects.top[-1]])


def test_no_unit_of_the_true_top_is_missed_beyond_the_printed_bound(effects):
    for threshold in thresholds(effects):
        found = coverage(effects, threshold=threshold)
        assert found.top_beyond == 0
        assert found.held >= 0.95
    assert found.exceeding == len(effects.top)


@pytest.mark.parametrize("verify", [16, 0])
def test_the_bound_holds_as_often_as_it_says_where_next_to_nothing_is_verified(effects, verify):
    found = coverage(effects, threshold=thresholds(effects)[1], budget=Budget(verify=verify))
    assert sum(own.above for own in found.layers) > 0
    assert found.held >= 0.95


def test_the_screen_points_at_most_of_the_true_top_by_itself(effects):
    screened = effects.screened
    first = set(sorted(screened, key=lambda site: -abs(screened[site]))[:64])
    assert len(first & set(effects.top)) >= 24
