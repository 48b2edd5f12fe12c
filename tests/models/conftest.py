"""Tiny random checkpoints of every supported family, built once per test run, and small examples."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from robustness.domain import Example

FAMILIES = ("albert", "bert", "deberta-v2", "distilbert", "electra", "roberta")
TEXTS = (
    "Anna keeps two grey hens behind the mill and feeds them before school.",
    "The ferry left at noon because the fog had lifted, so nobody waited long.",
    "Who feeds the hens? Anna does. When did the ferry leave? At noon.",
    "Ben paints the old boat blue; his sister prefers red and says so.",
)

SIZES = {
    "bert": {
        "hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2,
        "num_hidden_layers": 2, "embedding_size": 16,
    },
    "distilbert": {"dim": 16, "hidden_dim": 32, "n_heads": 2, "n_layers": 2},
    "xlnet": {"d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 32},
}  # fmt: skip


def word_pieces() -> tuple[object, dict[str, str]]:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = {word for text in TEXTS for word in re.findall(r"\w+", text.lower())}
    letters = {letter for word in words for letter in word}
    pieces = [*special, *".,;?", *sorted(letters | words), *sorted(f"##{x}" for x in letters)]
    vocabulary = {piece: at for at, piece in enumerate(dict.fromkeys(pieces))}
    made = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made, {f"{word[1:-1].lower()}_token": word for word in special}


def byte_pairs() -> tuple[object, dict[str, str]]:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    merges = [("h", "e"), ("Ġ", "t"), ("Ġt", "he"), ("e", "n"), ("en", "s"), ("Ġ", "h")]
    pieces = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), *(a + b for a, b in merges)]
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    kinds = ("bos_token", "pad_token", "eos_token", "unk_token", "mask_token")
    names = dict(zip(kinds, special, strict=True))
    return made, names | {"cls_token": "<s>", "sep_token": "</s>"}


def wrapped(family: str, **settings: object):
    from transformers import PreTrainedTokenizerFast

    made, names = byte_pairs() if family == "roberta" else word_pieces()
    typed = family not in ("roberta", "distilbert")
    inputs = ["input_ids", *(["token_type_ids"] if typed else []), "attention_mask"]
    options = names | {"model_max_length": 64, "model_input_names": inputs} | settings
    return PreTrainedTokenizerFast(tokenizer_object=made, **options)


def network(family: str, vocabulary: int, **settings: object):
    import torch
    from transformers import AutoConfig, AutoModelForMultipleChoice

    torch.manual_seed(7)
    sizes = SIZES.get(family, SIZES["bert"])
    pad = {"pad_token_id": 1 if family == "roberta" else 0, "initializer_range": 0.5}
    common = {"vocab_size": vocabulary} | pad | sizes
    if family != "xlnet":
        common["max_position_embeddings"] = 66 if family == "roberta" else 64
    config = AutoConfig.for_model(family, **(common | settings))
    return AutoModelForMultipleChoice.from_config(config)


@pytest.fixture(scope="session")
def build(tmp_path_factory) -> Callable[..., Path]:
    """Return a builder: family, changes of the configuration, changes of the tokenizer -> folder."""
    from robustness.models.quiet import quiet

    def make(family: str, *, config=None, tokenizer=None, name=None) -> Path:
        folder = Path(tmp_path_factory.mktemp("checkpoints"), name or f"tiny-{family}")
        with quiet():
            words = wrapped(family, **(tokenizer or {}))
            network(family, len(words), **(config or {})).save_pretrained(folder)
            words.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def checkpoints(build) -> dict[str, Path]:
    return {family: build(family) for family in FAMILIES}


@pytest.fixture(params=FAMILIES)
def checkpoint(request, checkpoints) -> Path:
    return Path(checkpoints[request.param])


@pytest.fixture(scope="session")
def bert(checkpoints) -> Path:
    return Path(checkpoints["bert"])


@pytest.fixture(scope="session")
def examples() -> tuple[Example, ...]:
    """Two to five options, short and long, an empty question, an empty passage, a repeated one."""
    hens, ferry, _, boat = TEXTS
    asked = "Who feeds the hens?"
    return (
        Example("a#0", hens, asked, ("Anna", "Ben", "the old miller"), 0, "a"),
        Example("a#1", hens, asked, ("Ben", "Anna"), 1, "a"),
        Example("b#0", ferry, "", ("at noon", "at six", "never", "in fog", "noon"), 0, "b"),
        Example("c#0", "", "What colour is the boat?", ("blue", "red"), 0, "c"),
        Example("d#0", boat + " " + hens + " " + ferry, "Who likes red?", ("his sister", "Ben"), 0, "d"),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread(monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
