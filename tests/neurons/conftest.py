"""Tiny random networks of every family, and random sequences for them: no tokenizer, no files."""

from __future__ import annotations

import pytest

from robustness.models.encoding import Row
from robustness.neurons.sequences import Role, Sequences

UNTYPED = ("roberta", "distilbert", "mpnet")
WORDS = 40

SIZES = {
    "bert": {
        "hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2,
        "num_hidden_layers": 3, "embedding_size": 16,
    },
    "distilbert": {"dim": 16, "hidden_dim": 32, "n_heads": 2, "n_layers": 3},
    "xlnet": {"d_model": 16, "n_layer": 3, "n_head": 2, "d_inner": 32},
}  # fmt: skip

DEBERTA = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}


def network(family: str, *, double: bool = True, **settings: object):
    import torch
    from transformers import AutoConfig, AutoModelForMultipleChoice

    torch.manual_seed(7)
    sizes = dict(SIZES.get(family, SIZES["bert"]))
    common = {"vocab_size": WORDS, "pad_token_id": 1, "initializer_range": 0.3, **sizes}
    if family == "rembert":
        common |= {"bos_token_id": None, "eos_token_id": None}
    if family != "xlnet":
        common["max_position_embeddings"] = 64
    if family == "deberta-v2":
        common |= DEBERTA
    config = AutoConfig.for_model(family, **(common | settings))
    made = AutoModelForMultipleChoice.from_config(config)
    generator = torch.Generator().manual_seed(1)
    for name, value in made.named_parameters():  # biases and gains start at 0 and 1: faults would hide
        if value.dim() == 1:
            drawn = 0.3 * torch.randn(value.shape, generator=generator)
            value.data += drawn if "bias" in name else drawn.clamp(-0.5, 0.5)
    made.eval()
    return made.double() if double else made


def random_sequences(lengths: tuple[int, ...] = (9, 9, 7, 12), *, typed: bool = True) -> Sequences:
    from random import Random

    draw = Random(3)
    rows, roles = [], []
    for length in lengths:
        passage = length // 2
        kinds = [Role.SPECIAL, *[Role.PASSAGE] * passage, Role.SPECIAL, Role.QUESTION]
        kinds += [Role.OPTION] * (length - len(kinds) - 1) + [Role.SPECIAL]
        types = tuple(int(at > passage + 1) for at in range(length)) if typed else ()
        rows.append(Row(tuple(draw.randrange(4, WORDS) for _ in range(length)), types))
        roles.append(tuple(kinds))
    names = tuple(f"q{i // 2}" for i in range(len(rows)))
    return Sequences(tuple(rows), tuple(roles), names, {})


@pytest.fixture
def tiny():
    """Return a builder of networks: family, double precision or not, changes of the configuration."""
    return network


@pytest.fixture
def random_rows():
    """Return a builder of random sequences of given lengths."""
    return random_sequences


@pytest.fixture
def prefix():
    """Return a builder: family, value -> the batch with its trace and replacement values."""
    import torch

    from robustness.neurons.batch import batch
    from robustness.neurons.exact import Prefix
    from robustness.neurons.reference import reference
    from robustness.neurons.trace import trace
    from robustness.neurons.values import Ablation, Value
    from robustness.neurons.wiring import wiring

    def make(family, value=Value.ZERO, *, rows=(0, 1, 2, 3), double=True, **settings):
        net = network(family, double=double, **settings)
        data = random_sequences(typed=family not in UNTYPED)
        wired = wiring(net)
        kinds = ("ffn", "out") if family == "xlnet" else ("ffn", "out", "head")
        with torch.inference_mode():
            ablation = Ablation(value, draws=2, level=0.3)
            found = reference(wired, data, ablation=ablation, kinds=kinds)
            given = batch(data, rows, net)
            return Prefix(wired, given, trace(wired, given, kinds), found.for_batch(given))

    return make


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    import torch

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
