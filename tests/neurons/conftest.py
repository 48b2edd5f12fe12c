"""Tiny random networks of every family, and random sequences for them: no tokenizer, no files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from robustness.models.encoding import Row
from robustness.neurons.sequences import Role, Sequences
from robustness.neurons.sites import Kind

if TYPE_CHECKING:
    from robustness.domain import Suite
    from robustness.models.huggingface import HuggingFaceModel

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
    common: dict[str, Any] = {"vocab_size": WORDS, "pad_token_id": 1, "initializer_range": 0.3, **sizes}
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
        kinds: tuple[Kind, ...] = ("ffn", "out") if family == "xlnet" else ("ffn", "out", "head")
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


FILLERS = tuple("ann ben cat dog elm fig gum hat ink jug".split())
RIGHT, CUE = "sure", "lo"
PLANTED = "ffn.1.5"
_SURE, _CUE, _FIRED = 12, 13, 14


def planted_network(*, shortcut: bool) -> Any:
    """Reads "sure" in the gold option; one unit, where planted, falls for "lo" in any option.

    Layer 0 mixes all tokens evenly into [CLS]; unit 5 of layer 1 fires on the cue and writes to a
    direction that the classifier reads more strongly than the right word. The rest is small noise.
    """
    import torch

    net = network("bert", double=False, initializer_range=0.02, vocab_size=20, hidden_act="relu")
    for name, value in net.named_parameters():
        if value.dim() == 1:
            value.data.fill_(1.0 if "LayerNorm.weight" in name else 0.0)
    words = net.bert.embeddings.word_embeddings.weight.data
    words.normal_(0, 0.3, generator=torch.Generator().manual_seed(2))
    words[:, [_SURE, _CUE, _FIRED, 15]] = 0
    vocabulary = _vocabulary()
    words[vocabulary[RIGHT], _SURE] = words[vocabulary[CUE], _CUE] = 3.0
    first, second = net.bert.encoder.layer[0], net.bert.encoder.layer[1]
    attention = first.attention.self
    attention.query.weight.data.zero_()
    attention.key.weight.data.zero_()
    attention.value.weight.data.copy_(torch.eye(16))
    mix = first.attention.output.dense.weight.data
    mix.zero_()
    for at in (_SURE, _CUE):
        mix[at, at] = 10.0
    if shortcut:
        second.intermediate.dense.weight.data[5] = 0
        second.intermediate.dense.weight.data[5, _CUE] = 2.0
        second.output.dense.weight.data[:, 5] = 0
        second.output.dense.weight.data[_FIRED, 5] = 2.0
    pooler = net.bert.pooler.dense.weight.data
    pooler.zero_()
    pooler[0, _SURE] = pooler[1, _FIRED] = 0.5
    net.classifier.weight.data.zero_()
    net.classifier.weight.data[0, :2] = torch.tensor([2.0, 5.0])
    return net


def _vocabulary() -> dict[str, int]:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *FILLERS, RIGHT, CUE]
    return {piece: at for at, piece in enumerate(pieces)}


def _words() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel(_vocabulary(), unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    names = {f"{piece[1:-1].lower()}_token": piece for piece in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")}
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=64,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **names,
    )


def cue_suite(items: int = 32) -> Suite:
    """Items whose gold option holds "sure", and an attack that puts "lo" into a distractor."""
    from random import Random

    from robustness.domain import Edit, Example, Suite, Variant

    draw = Random(5)
    examples, variants = [], []
    for number in range(items):
        texts = [" ".join(draw.choices(FILLERS, k=n)) for n in (6, 3, 2, 2, 2)]
        gold = draw.randrange(3)
        options = [text + (f" {RIGHT}" if at == gold else " fig") for at, text in enumerate(texts[2:])]
        group = f"p{number // 2:02}"
        clean = Example(f"q{number:02}", texts[0], texts[1], tuple(options), gold, group)
        victim = (gold + 1 + draw.randrange(2)) % 3
        old = options[victim]
        options[victim] = old + f" {CUE}"
        name = f"{clean.id}~sent2opt-cue.1"
        changed = Example(name, texts[0], texts[1], tuple(options), gold, group)
        edits = (Edit("option", victim, len(old), "", f" {CUE}"),)
        examples.append(clean)
        variants.append(Variant(name, clean.id, "sent2opt-cue", 1, changed, (0, 1, 2), edits))
    plan = {"recipes": {"sent2opt-cue": {"polarity": "attack"}}}
    return Suite("cue", 0, plan, tuple(examples), tuple(variants), (), {}, "0" * 64)


def as_model(net: Any) -> HuggingFaceModel:
    from robustness.models.checkpoint import Checkpoint
    from robustness.models.huggingface import HuggingFaceModel
    from robustness.models.options import ModelOptions

    made = Checkpoint("tiny", "", net.eval(), _words(), 64)
    return HuggingFaceModel(made, options=ModelOptions(device="cpu", threads=1))


@pytest.fixture(scope="session")
def suite():
    return cue_suite()


@pytest.fixture(scope="session")
def larger_suite():
    """The same with enough passages for verdicts."""
    return cue_suite(64)


@pytest.fixture
def planted():
    """A model with a shortcut unit at `ffn.1.5`."""
    return as_model(planted_network(shortcut=True))


@pytest.fixture
def honest():
    """The same model without it."""
    return as_model(planted_network(shortcut=False))
