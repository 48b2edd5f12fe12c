"""The fast path against the hook path, and the hook path against edited weights."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch

from robustness.errors import UsageError
from robustness.neurons.batch import batch, forward
from robustness.neurons.exact import Prefix, exact
from robustness.neurons.naive import ablated
from robustness.neurons.reference import reference
from robustness.neurons.sites import EVERY, Kind, Site
from robustness.neurons.trace import trace
from robustness.neurons.values import Ablation, Value
from robustness.neurons.wiring import wiring

PARTS = ("bert", "roberta", "electra", "albert", "distilbert", "deberta-v2")
HOOKS = ("mpnet", "rembert", "xlnet")
CHUNKS = {"one length": (0, 1), "padded": (0, 1, 2, 3), "alone": (3,)}
STEPS = [pytest.param(5, id="every fifth unit"), pytest.param(1, id="every unit", marks=pytest.mark.slow)]


def largest_difference(found: Prefix, step: int = 5) -> float:
    """Over units of every kind in every layer, relative for logits beyond 1 as the contract is."""
    worst, body = 0.0, found.wired.body
    with torch.inference_mode():
        for kind in found.seen.kinds:
            units = range(0, body.width(kind), 1 if kind == "head" else step)
            for layer in range(body.layers):
                fast = exact(found, (kind, layer, units), block_bytes=30_000)
                slow = torch.stack([by_hooks(found, Site(kind, layer, u)) for u in units])
                worst = max(worst, float(((fast - slow).abs() / slow.abs().clamp(min=1)).max()))
    return worst


def by_hooks(found: Prefix, *group: Site) -> torch.Tensor:
    with torch.inference_mode():
        return ablated(found.wired, found.given, group, found.replacement)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("rows", CHUNKS.values(), ids=CHUNKS)
@pytest.mark.parametrize("value", list(Value))
@pytest.mark.parametrize("family", PARTS)
def test_the_fast_path_is_the_hook_path_in_double_precision(prefix, family, value, rows, step):
    """Acceptance test 1."""
    found = prefix(family, value, rows=rows)
    assert found.wired.path == ("modules" if family == "deberta-v2" else "parts")
    assert largest_difference(found, step) < 1e-10


@pytest.mark.parametrize("family", PARTS)
def test_the_fast_path_is_the_hook_path_in_single_precision(prefix, family):
    """Acceptance test 1."""
    assert largest_difference(prefix(family, Value.ROLE, double=False)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("rows", CHUNKS.values(), ids=CHUNKS)
@pytest.mark.parametrize("value", list(Value))
@pytest.mark.parametrize("family", PARTS)
def test_every_unit_is_the_hook_path_in_single_precision(prefix, family, value, rows):
    """Acceptance test 1."""
    assert largest_difference(prefix(family, value, rows=rows, double=False), 1) < 1e-5


def test_layers_beyond_the_tenth_are_where_their_numbers_say(prefix):
    """Acceptance test 8: sorted as text, layer 10 would stand behind layer 1."""
    assert largest_difference(prefix("bert", num_hidden_layers=12), 16) < 1e-10


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("family", ["bert", "deberta-v2"])
def test_networks_of_one_or_two_layers_have_no_layer_in_between(prefix, family, layers):
    assert largest_difference(prefix(family, Value.MEAN, num_hidden_layers=layers)) < 1e-10


def test_an_eager_network_hands_on_an_additive_mask_and_agrees_too(prefix):
    assert largest_difference(prefix("bert", attn_implementation="eager")) < 1e-10


def test_albert_groups_of_several_blocks_are_counted_in_forward_order(prefix):
    found = prefix("albert", num_hidden_layers=4, num_hidden_groups=2, inner_group_num=2)
    assert found.wired.body.layers == 8
    assert largest_difference(found) < 1e-10


@pytest.mark.parametrize("family", [f for f in (*PARTS, *HOOKS) if f not in ("xlnet", "albert")])
def test_zeroing_by_hook_is_deleting_the_weights_behind_the_unit(prefix, family):
    found = prefix(family)
    places: tuple[tuple[Kind, str], ...] = (("ffn", "ffn_out"), ("head", "attention_out"))
    for kind, part in places:
        for layer in range(found.wired.body.layers):
            edited = copy.deepcopy(found.wired.network)
            module = getattr(wiring(edited).depths[layer], part)
            module.weight.data[:, found.wired.columns(kind, 1)] = 0
            logits = by_hooks(found, Site(kind, layer, 1))
            torch.testing.assert_close(logits, plain(edited, found))
            assert (logits - found.seen.logits).abs().max() > 1e-6


def plain(network: Any, found: Prefix) -> torch.Tensor:
    with torch.inference_mode():
        return forward(network, found.given)


def test_a_unit_at_all_depths_of_albert_is_the_shared_weight_deleted(prefix):
    found = prefix("albert")
    edited = copy.deepcopy(found.wired.network)
    wiring(edited).depths[0].ffn_out.weight.data[:, 3] = 0
    torch.testing.assert_close(by_hooks(found, Site("ffn", EVERY, 3)), plain(edited, found))
    with torch.inference_mode():
        torch.testing.assert_close(exact(found, ("ffn", EVERY, [3]))[0], plain(edited, found))


def test_a_group_is_replaced_at_once(prefix):
    found = prefix("bert")
    edited = copy.deepcopy(found.wired.network)
    depths = wiring(edited).depths
    depths[0].ffn_out.weight.data[:, [2, 5]] = 0
    depths[2].attention_out.weight.data[:, found.wired.columns("head", 1)] = 0
    group = [Site("ffn", 0, 5), Site("ffn", 0, 2), Site("head", 2, 1)]
    torch.testing.assert_close(by_hooks(found, *group), plain(edited, found))


@pytest.mark.parametrize("family", HOOKS)
def test_other_families_go_through_hooks(prefix, family):
    found = prefix(family, Value.ROLE)
    assert found.wired.path == "hooks"
    with torch.inference_mode():
        logits = exact(found, ("ffn", 1, [0, 3]))
    torch.testing.assert_close(logits[1], by_hooks(found, Site("ffn", 1, 3)))
    assert (logits - found.seen.logits).abs().max() > 1e-6


def test_xlnet_which_puts_tokens_first_gives_each_token_the_value_of_its_own_role(prefix):
    both = by_hooks(prefix("xlnet", Value.ROLE, rows=(0, 1)), Site("ffn", 0, 3))
    for at in (0, 1):
        alone = by_hooks(prefix("xlnet", Value.ROLE, rows=(at,)), Site("ffn", 0, 3))
        torch.testing.assert_close(alone[0], both[at])


def test_heads_that_a_family_does_not_show_are_refused_in_words(prefix):
    with pytest.raises(UsageError, match="no place for them was found"):
        by_hooks(prefix("xlnet"), Site("head", 0, 0))


def test_a_unit_without_output_weights_changes_nothing_at_all(prefix):
    """Acceptance test 3."""
    found = prefix("bert", double=False)
    for layer in range(3):
        found.wired.depths[layer].ffn_out.weight.data[:, 4] = 0
    with torch.inference_mode():
        seen = trace(found.wired, found.given)
        again = replace(found, seen=seen)
        for layer in range(3):
            assert torch.equal(by_hooks(found, Site("ffn", layer, 4)), seen.logits)
            assert (exact(again, ("ffn", layer, [4]))[0] - seen.logits).abs().max() < 1e-6


@pytest.mark.parametrize("size", [1, 10_000, 10**9])
def test_results_do_not_depend_on_the_memory_allowed(prefix, size):
    found = prefix("bert", Value.ROLE)
    for layer in range(3):
        with torch.inference_mode():
            whole = exact(found, ("ffn", layer, range(8)))
            again = exact(found, ("ffn", layer, range(8)), block_bytes=size)
        torch.testing.assert_close(again, whole, rtol=0, atol=1e-12)


def test_resampled_values_come_from_other_items_and_are_the_same_in_any_batch(tiny, random_rows):
    data, wired = random_rows(), wiring(tiny("bert"))
    with torch.inference_mode():
        found = reference(wired, data, ablation=Ablation(Value.RESAMPLE, draws=3), kinds=("ffn",))
        together = found.for_batch(batch(data, (0, 1), wired.network)).picks
        alone = found.for_batch(batch(data, (1,), wired.network)).picks
    assert together is not None
    assert alone is not None
    assert torch.equal(together[:, 1:], alone)
    owner = {at: name for role in found.owners for at, name in role}
    role = {at: kind for kind, entries in enumerate(found.owners) for at, _ in entries}
    for at, token in enumerate(data.roles[1]):
        for pick in alone[:, 0, at].tolist():
            assert owner[pick] != data.sources[1]
            assert role[pick] == token


def test_means_by_role_leave_pads_out_and_equal_a_plain_loop(tiny, random_rows):
    data, wired = random_rows(), wiring(tiny("bert"))
    with torch.inference_mode():
        found = reference(wired, data, ablation=Ablation(Value.ROLE), kinds=("out",))
        values: dict[int, list[torch.Tensor]] = {}
        for at, roles in enumerate(data.roles):
            seen = trace(wired, batch(data, (at,), wired.network))
            for token, kind in enumerate(roles):
                values.setdefault(kind, []).append(seen.kinds["out"][1][0, token])
    for kind, tokens in values.items():
        torch.testing.assert_close(found.tables.by_role["out", 1][kind], torch.stack(tokens).mean(0))
    every = torch.stack([token for tokens in values.values() for token in tokens])
    torch.testing.assert_close(found.tables.mean["out", 1], every.mean(0))
