from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import ModelError, UsageError
from robustness.neurons.sites import EVERY, KINDS, Anatomy, Site, anatomy, enumerate_sites, parse_site

BODY = Anatomy("bert", layers=12, hidden=16, ffn=64, heads=2)


@given(st.sampled_from(KINDS), st.integers(EVERY, 99), st.integers(0, 9_999))
def test_an_address_reads_back_as_the_site_it_was_written_from(kind, layer, index):
    assert parse_site(str(Site(kind, layer, index))) == Site(kind, layer, index)


@pytest.mark.parametrize("text", ["", "ffn.1", "ffn.01.2", "ffn.1.-2", "mlp.1.2", "ffn.1.2.3", " ffn.1.2"])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match=r"ffn\.4\.117"):
        parse_site(text)


def test_layers_sort_as_numbers_where_there_are_more_than_ten():
    """Acceptance test 8."""
    sites = list(enumerate_sites(BODY, ["head"]))
    mixed = random.Random(0).sample(sites, len(sites))
    assert sorted(mixed) == sites
    assert [site.layer for site in sites] == [at for at in range(12) for _ in range(2)]


def test_enumeration_counts_each_kind_in_each_layer_asked_for():
    assert len(list(enumerate_sites(BODY, KINDS))) == 12 * (16 + 64 + 2)
    assert {site.layer for site in enumerate_sites(BODY, ["ffn"], layers=[11, 2])} == {2, 11}


@pytest.mark.parametrize("text", ["ffn.12.0", "ffn.0.64", "out.0.16", "head.0.2"])
def test_a_unit_the_network_does_not_have_is_refused(text):
    with pytest.raises(UsageError, match="not in this network"):
        BODY.check(parse_site(text))


def test_a_star_is_for_shared_weights_only():
    with pytest.raises(UsageError, match="shares no weights"):
        BODY.check(parse_site("ffn.*.3"))
    shared = Anatomy("albert", layers=12, hidden=16, ffn=64, heads=2, shared=True)
    assert shared.check(parse_site("ffn.*.3")).layer == EVERY


def test_a_configuration_without_sizes_is_refused():
    with pytest.raises(ModelError, match="num_hidden_layers"):
        anatomy(SimpleNamespace(model_type="odd"))
