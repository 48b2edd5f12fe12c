"""The certificate on a trained model, whose exact effects are all computed first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from robustness.demo.checkpoint import location
from robustness.demo.neurons import part
from robustness.models.huggingface import load
from robustness.models.options import ModelOptions
from robustness.neurons.changes import changes, pooled
from robustness.neurons.conditions import conditions, margins
from robustness.neurons.engine import Ablator, Settings
from robustness.neurons.sequences import sequences
from robustness.neurons.sites import Site, enumerate_sites
from robustness.neurons.verify import Budget, verified
from robustness.pipeline import Source, suite_of
from robustness.suites.plan import plan

pytestmark = pytest.mark.slow
REPEATS = 20


class Known:
    """Exact effects that are known already."""

    def __init__(self, truth: dict[Site, float]) -> None:
        self.truth = truth

    def __call__(self, sites: Sequence[Site], /) -> Any:
        return np.array([self.truth[site] for site in sites])

    def fits(self, sites: Sequence[Site], /, aside: Sequence[Site] = ()) -> int:
        return len(sites)


@pytest.fixture(scope="module")
def effects() -> tuple[dict[Site, float], dict[Site, float], float]:
    """Return the exact and the screened lift of every FFN unit of the demo model, and the tolerance."""
    model = load(str(location()), options=ModelOptions(device="cpu", threads=1))
    suite = part(suite_of(Source("stories:test?passages=2", plan("core"))))
    data = sequences(model, suite)
    made = Ablator(model.network, data, kinds=("ffn",), settings=Settings(may_pad=True))
    found, base = conditions(suite, data), made.base()[0]
    sites = list(enumerate_sites(made.wired.body, ["ffn"]))
    estimates = made.screen()
    cubes = (made.exact(sites), np.concatenate([base + estimates[key] for key in sorted(estimates)]))
    lifts = []
    for cube in cubes:
        whole = pooled([changes(cube, base, condition) for condition in found])
        assert whole is not None
        lifts.append(dict(zip(sites, whole.mean.tolist(), strict=True)))
    return lifts[0], lifts[1], 0.1 * float(margins(base[None].astype(float), found[0])[0].std())


def test_the_radius_covers_the_units_that_were_not_drawn(effects):
    truth, guessed, tolerance = effects
    covered = []
    for seed in range(REPEATS):
        few = Budget(verify=0, audit=0, seed=seed)
        state = verified(guessed, [], Known(truth), budget=few, threshold=tolerance)
        for own in state.certificates:
            others = [s for s in truth if s.layer == own.layer and s not in state.exact]
            assert own.radius is not None
            covered.append(np.mean([abs(truth[s] - guessed[s]) <= own.radius for s in others]))
    assert np.mean(covered) >= 0.95 - 0.03


def test_no_unit_of_the_true_top_is_missed_beyond_the_printed_bound(effects):
    truth, guessed, tolerance = effects
    top = sorted(truth, key=lambda site: -abs(truth[site]))[:32]
    held = []
    for seed in range(REPEATS):
        state = verified(guessed, [], Known(truth), budget=Budget(seed=seed), threshold=tolerance)
        missed = [s for s in top if s not in state.exact and abs(truth[s]) >= tolerance]
        held.append(len(missed) <= sum(own.missed for own in state.certificates))
    assert all(held)
    guess_top = set(sorted(guessed, key=lambda site: -abs(guessed[site]))[:64])
    assert len(guess_top & set(top)) >= 24  # the screen points at most of them by itself
