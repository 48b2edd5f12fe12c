from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.models.checkpoint import open_checkpoint
from robustness.models.encoding import Row
from robustness.models.families import FAMILIES, encoder_of
from robustness.models.forward import MULTIPLE_CHOICE, Plain, takes_types
from robustness.models.packed import Layer, Packed

CLOSE = 1e-5
DEBERTA = {
    "relative_attention": True, "position_buckets": 8, "norm_rel_ebd": "layer_norm",
    "pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "type_vocab_size": 0,
}  # fmt: skip
SETTINGS = {
    "deberta v3": ("deberta-v2", DEBERTA | {"share_att_key": True}),
    "deberta v2, own position maps": ("deberta-v2", DEBERTA),
    "deberta, content to position alone": ("deberta-v2", DEBERTA | {"pos_att_type": ["c2p"]}),
    "deberta, unbucketed": ("deberta-v2", DEBERTA | {"position_buckets": -1}),
    "albert of two groups of two": ("albert", {"num_hidden_groups": 2, "inner_group_num": 2}),
    "electra with small embeddings": ("electra", {"embedding_size": 8}),
    "roberta with a pad id in the text": ("roberta", {}),
    "distilbert with sine positions": ("distilbert", {"sinusoidal_pos_embds": True}),
}


def both(folder) -> tuple[Packed, Plain, bool]:
    network = open_checkpoint(str(folder)).network
    encoder = encoder_of(network)
    assert encoder is not None
    return Packed(encoder), Plain(network, MULTIPLE_CHOICE, pad=0), takes_types(network)


def watched(part: Layer, name: str) -> list[int]:
    """Let one map of a layer note how many tokens it is given."""
    seen: list[int] = []
    own = getattr(part, name)

    def noted(hidden):
        seen.append(len(hidden))
        return own(hidden)

    object.__setattr__(part, name, noted)
    return seen


def row(length: int, *, seed: int, typed: bool) -> Row:
    made = torch.randint(0, 40, (length,), generator=torch.Generator().manual_seed(seed))
    half = length // 2
    return Row(tuple(made.tolist()), (0,) * half + (1,) * (length - half) if typed else ())


def rows_of(lengths: list[int], *, typed: bool) -> list[Row]:
    return [row(length, seed=at, typed=typed) for at, length in enumerate(lengths)]


@pytest.fixture(autouse=True)
def one_thread_without_gradients():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield
    torch.set_num_threads(before)


LENGTHS = [40, 40, 17, 17, 17, 5, 9, 1, 64]


def test_packed_rows_score_as_plain_ones_do_in_every_family(checkpoint):
    packed, plain, typed = both(checkpoint)
    rows = rows_of(LENGTHS, typed=typed)
    assert packed(rows) == pytest.approx([plain([one])[0] for one in rows], abs=CLOSE)


@pytest.mark.parametrize("name", SETTINGS)
def test_packed_rows_score_as_plain_ones_do_under_other_settings(build, name):
    family, config = SETTINGS[name]
    packed, plain, typed = both(build(family, config=config))
    rows = rows_of(LENGTHS, typed=typed)
    assert packed(rows) == pytest.approx([plain([one])[0] for one in rows], abs=CLOSE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(lengths=st.lists(st.integers(1, 64), min_size=1, max_size=12), cut=st.integers(1, 5))
def test_a_row_has_the_same_score_to_the_last_bit_in_any_company(checkpoint, lengths, cut):
    packed, _, typed = both(checkpoint)
    rows = rows_of(lengths, typed=typed)
    together = packed(rows)
    assert [packed([one])[0] for one in rows] == together
    assert [*packed(rows[::-1])][::-1] == together
    assert [score for at in range(0, len(rows), cut) for score in packed(rows[at : at + cut])] == together


def test_no_token_is_computed_twice_and_none_is_padding(checkpoint):
    packed, _, typed = both(checkpoint)
    seen = watched(packed.encoder.layers[0], "feed_forward")
    rows = rows_of(LENGTHS, typed=typed)
    packed(rows)
    assert seen == [sum(LENGTHS)] == [packed.cost(rows)]


def test_the_last_layer_is_computed_for_the_first_tokens_alone(bert):
    packed, _, typed = both(bert)
    seen = watched(packed.encoder.layers[-1], "query")
    packed(rows_of(LENGTHS, typed=typed))
    assert seen == [len(LENGTHS)]


@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("bert", {"is_decoder": True}),
        ("electra", {"summary_type": "last"}),
        ("deberta-v2", {"conv_kernel_size": 3}),
        ("xlnet", {}),
        ("fnet", {}),
    ],
)
def test_networks_with_other_parts_are_not_taken_apart(build, family, config):
    assert encoder_of(open_checkpoint(str(build(family, config=config))).network) is None


def test_a_network_with_another_head_is_not_taken_apart():
    from transformers import BertConfig, BertForSequenceClassification

    tiny = {"vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    assert encoder_of(BertForSequenceClassification(BertConfig(**tiny))) is None


def test_the_families_are_the_ones_the_documentation_names():
    assert sorted(FAMILIES) == [
        "Albert", "Bert", "Camembert", "DebertaV2", "DistilBert", "Electra", "Roberta", "XLMRoberta",
    ]  # fmt: skip


def test_spare_tokens_of_a_tiny_batch_reach_no_row(bert):
    packed, plain, typed = both(bert)
    tiny = partial(row, seed=3, typed=typed)
    assert packed([tiny(2)]) == pytest.approx(plain([tiny(2)]), abs=CLOSE)
