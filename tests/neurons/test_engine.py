"""The ablator over whole suites of sequences: chunks, resuming, groups, spot checks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustness.errors import ModelError
from robustness.neurons.batch import batch, chunks, forward
from robustness.neurons.engine import Ablator, Settings
from robustness.neurons.parts import Parts
from robustness.neurons.sequences import Sequences
from robustness.neurons.sites import KINDS, Site, enumerate_sites
from robustness.neurons.values import Ablation, Value

LENGTHS = (9, 9, 7, 12, 12, 9)


@pytest.fixture
def ablator(tiny, random_rows):
    """Return a builder of ablators over six sequences."""

    def make(family="bert", *, parts=None, data=None, value=Value.ROLE, double=True, **settings):
        chosen = Settings(ablation=Ablation(value, draws=2), **settings)
        return Ablator(
            tiny(family, double=double),
            data or random_rows(LENGTHS),
            kinds=KINDS,
            settings=chosen,
            parts=parts,
        )

    return make


SITES = (Site("ffn", 0, 3), Site("out", 1, 2), Site("head", 2, 1), Site("ffn", 2, 0))


def test_the_base_is_the_ordinary_forward_pass_of_every_sequence(ablator):
    import torch

    made = ablator()
    with torch.inference_mode():
        alone = [
            float(forward(made.wired.network, batch(made.data, [at], made.wired.network))) for at in range(6)
        ]
    assert made.base()[0] == pytest.approx(alone, abs=1e-12)


@pytest.mark.parametrize("value", list(Value))
@pytest.mark.parametrize("family", ["bert", "albert", "deberta-v2", "mpnet"])
def test_exact_logits_come_back_in_the_order_asked_and_equal_groups_of_one(ablator, family, value):
    made = ablator(family, value=value)
    found = made.exact(SITES)
    for site, row in zip(SITES, found, strict=True):
        assert row == pytest.approx(made.group([site]), abs=1e-10)


@pytest.mark.parametrize("family", ["bert", "albert", "deberta-v2", "mpnet"])
def test_groups_that_restart_at_their_lowest_layer_equal_whole_passes(ablator, family):
    made = ablator(family, value=Value.RESAMPLE)
    many = [SITES[1:3], SITES, SITES[2:], ()]
    found = made.groups(many, [5, 0, 3])
    for row, members in zip(found, many, strict=True):
        assert row == pytest.approx(made.group(members, [5, 0, 3]), abs=1e-10)


@pytest.mark.parametrize("tokens", [1, 20, 10_000])
@pytest.mark.parametrize("may_pad", [False, True])
def test_results_do_not_depend_on_how_rows_are_batched(ablator, tokens, may_pad):
    """Acceptance test 8."""
    usual, other = ablator(), ablator(chunk_tokens=tokens, may_pad=may_pad)
    assert other.exact(SITES) == pytest.approx(usual.exact(SITES), abs=1e-10)
    for key, change in usual.screen().items():
        assert other.screen()[key] == pytest.approx(change, abs=1e-10)


def test_the_order_of_the_sequences_does_not_matter(ablator, random_rows):
    """Acceptance test 8."""
    data = random_rows(LENGTHS)
    order = (3, 1, 5, 0, 2, 4)
    rows, roles, sources = (tuple(part[at] for at in order) for part in (data.rows, data.roles, data.sources))
    turned = Sequences(rows, roles, sources, {})
    straight, other = ablator(data=data).exact(SITES), ablator(data=turned).exact(SITES)
    assert other == pytest.approx(straight[:, list(order)], abs=1e-10)


def test_two_runs_are_the_same_to_the_last_byte(ablator):
    """Acceptance test 8."""
    assert ablator(double=False).exact(SITES).tobytes() == ablator(double=False).exact(SITES).tobytes()


def test_a_killed_run_goes_on_with_the_chunks_that_were_done(ablator, tmp_path):
    whole = ablator(parts=Parts(tmp_path)).exact(SITES)
    parts = sorted(tmp_path.glob("*.npz"))
    parts[0].unlink()
    parts[1].write_bytes(b"cut")
    again = ablator(parts=Parts(tmp_path))
    assert again.exact(SITES).tobytes() == whole.tobytes()
    assert again.counts["chunks"] == 2
    assert again.counts["resumed_chunks"] == len(parts) - 2


def test_parts_of_another_model_or_value_are_not_taken(ablator, tmp_path):
    ablator(parts=Parts(tmp_path, salt="a")).exact(SITES)
    for other in (
        ablator(parts=Parts(tmp_path, salt="b")),
        ablator(parts=Parts(tmp_path, salt="a"), value=Value.ZERO),
    ):
        other.exact(SITES)
        assert other.counts["resumed_chunks"] == 0


def test_the_spot_check_stops_a_fast_path_that_is_wrong(ablator):
    made = ablator(spot_share=1.0)
    made.exact(SITES)
    assert made.counts["spot_cells"] > 0
    read = made.wired.read
    made.wired = replace(made.wired, read=lambda vector: read(vector) * 1.01)
    with pytest.raises(ModelError, match=r"Settings\(fast=False\)"):
        made.exact([Site("ffn", 0, 3)])


def test_the_slow_path_can_be_asked_for_and_agrees(ablator):
    slow = ablator(fast=False)
    assert slow.wired.path == "hooks"
    assert slow.exact(SITES) == pytest.approx(ablator().exact(SITES), abs=1e-10)


def test_the_screen_is_the_slope_of_the_exact_effect(ablator, tiny, random_rows):
    """A small step towards the replacement does what the first-order estimate says."""
    import torch

    from robustness.neurons.trace import intercepted

    made = ablator(value=Value.ZERO)
    estimates, step = made.screen(), 1e-6
    given = batch(made.data, chunks(made.data, tokens=1)[0], made.wired.network)
    row = given.rows[0]
    for site in enumerate_sites(made.wired.body, ["ffn", "out"]):
        if site.index % 7:
            continue

        def shrink(value, site=site):
            changed = value.clone()
            changed[..., site.index] *= 1 - step
            return changed

        with torch.inference_mode(), intercepted(made.wired, {(site.kind, site.layer): shrink}):
            moved = float(forward(made.wired.network, given)) - float(made.base()[0][row])
        assert moved / step == pytest.approx(
            float(estimates[site.kind, site.layer][site.index, row]), abs=1e-4
        )


def test_units_of_a_group_that_is_ablated_already_add_nothing_more(ablator):
    made = ablator()
    members = [Site("ffn", 1, 2), Site("head", 0, 1)]
    found = made.screen(group=members)
    for site in members:
        assert np.abs(found[site.kind, site.layer][site.index]).max() == 0
