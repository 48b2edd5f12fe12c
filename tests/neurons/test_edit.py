"""An edited checkpoint is the hooked network, written into its weights."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from robustness.errors import UsageError
from robustness.neurons.batch import forward
from robustness.neurons.edit import Change, Edit, edit, sites_of
from robustness.neurons.exact import Prefix
from robustness.neurons.naive import ablated
from robustness.neurons.sites import EVERY, Kind, Site
from robustness.neurons.values import Value

FAMILIES = ("bert", "roberta", "electra", "distilbert", "deberta-v2")


def logits_of(found: Prefix, wanted: Edit, means: Any = None) -> torch.Tensor:
    edited = copy.deepcopy(found.wired.network)
    edit(edited, wanted, means=means)
    with torch.inference_mode():
        return forward(edited, found.given)


def group(*, layer: int) -> tuple[Site, ...]:
    kinds: tuple[Kind, ...] = ("ffn", "head", "out")
    return tuple(Site(kind, layer, 1) for kind in kinds)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("change", "value"), [(Change.ZERO, Value.ZERO), (Change.CLAMP, Value.CLAMP), (Change.MEAN, Value.MEAN)]
)
def test_the_edited_weights_are_the_hooks(prefix, family, change, value):
    found = prefix(family, value)
    for layer in range(3):
        sites = group(layer=layer)
        with torch.inference_mode():
            hooked = ablated(found.wired, found.given, sites, found.replacement)
        means = found.replacement.tables.mean
        logits = logits_of(found, Edit(sites, change, level=0.3), means)
        torch.testing.assert_close(logits, hooked)
        assert (logits - found.seen.logits).abs().max() > 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_scaling_by_one_changes_nothing_and_by_nought_is_zeroing(prefix, family):
    found = prefix(family)
    sites = group(layer=1)
    torch.testing.assert_close(logits_of(found, Edit(sites, Change.SCALE, 1.0)), found.seen.logits)
    nought, zero = (logits_of(found, Edit(sites, change, 0.0)) for change in (Change.SCALE, Change.ZERO))
    torch.testing.assert_close(nought, zero)


def test_albert_is_edited_at_all_depths_or_not_at_all(prefix):
    found = prefix("albert")
    everywhere = (Site("ffn", EVERY, 3),)
    with torch.inference_mode():
        hooked = ablated(found.wired, found.given, everywhere, found.replacement)
    torch.testing.assert_close(logits_of(found, Edit(everywhere)), hooked)
    with pytest.raises(UsageError, match=r"write ffn\.\*\.3"):
        edit(found.wired.network, Edit((Site("ffn", 0, 3),)))


def test_what_cannot_be_edited_is_refused(prefix):
    network = prefix("bert").wired.network
    with pytest.raises(UsageError, match="not in this network"):
        edit(network, Edit((Site("ffn", 9, 0),)))
    with pytest.raises(UsageError, match="at least one"):
        Edit(())
    with pytest.raises(UsageError, match="means need sequences"):
        edit(network, Edit((Site("ffn", 0, 0),), Change.MEAN))
    with pytest.raises(UsageError, match="change"):
        Change.named("delete")


def test_units_come_from_flag_and_set_together_each_once():
    assert sites_of("ffn.1.2, head.0.1", ["ffn.1.2"]) == (Site("ffn", 1, 2), Site("head", 0, 1))
