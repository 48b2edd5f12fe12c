"""Tiny random language models, and what plain Hugging Face makes of them: an independent reading."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

TEXTS = (
    "Passage: Anna keeps two grey hens behind the mill and feeds them before school.",
    "Question: When did the ferry leave? Answer: at noon, because the fog had lifted.",
    "Ben paints the old boat blue; his sister prefers red and says so. A. B. C. D. E.",
)

SIZES = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 256, "initializer_range": 0.5,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip

OWN = {
    "codegen": {"num_attention_heads": 4, "rotary_dim": 4},
    "gemma": {"head_dim": 8},
    "gemma2": {"head_dim": 8},
    "gptj": {"rotary_dim": 4},
    "opt": {"ffn_dim": 32, "word_embed_proj_dim": 16},
    "qwen3": {"head_dim": 8},
}


def trained_pieces(*, bos: bool, eos: bool = False, metaspace: bool = False):
    """A byte-level or Metaspace BPE learned from a few sentences, as GPT-2's or Llama's and T5's are."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    special = ["<pad>", "<s>", "</s>", "<unk>"]
    if metaspace:
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        made.decoder = decoders.Metaspace()
        letters = sorted({letter for text in TEXTS for letter in text} | set("xyzq\n"))
    else:
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        letters = pre_tokenizers.ByteLevel.alphabet()
    learn = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=letters, show_progress=False
    )
    made.train_from_iterator(TEXTS, learn)
    if bos or eos:
        single = f"{'<s> ' if bos else ''}$A{' </s>' if eos else ''}"
        made.post_processor = processors.TemplateProcessing(
            single=single, special_tokens=[("<s>", 1), ("</s>", 2)]
        )
    return made


def tokenizer(*, bos: bool = False, eos: bool = False, metaspace: bool = False, limit: int = 200):
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=trained_pieces(bos=bos, eos=eos, metaspace=metaspace),
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=limit,
        model_input_names=["input_ids", "attention_mask"],
    )


def causal_network(family: str, *, vocabulary: int, **settings: Any):
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(11)
    chosen: dict[str, Any] = {"vocab_size": vocabulary} | SIZES | OWN.get(family, {}) | settings
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **chosen)).eval()


def seq2seq_network(family: str, *, vocabulary: int):
    import torch
    from transformers import AutoConfig, AutoModelForSeq2SeqLM

    torch.manual_seed(11)
    special: dict[str, Any] = {"pad_token_id": 0, "eos_token_id": 2, "vocab_size": vocabulary}
    sizes: dict[str, dict[str, Any]] = {
        "t5": {
            "d_model": 16, "d_ff": 32, "d_kv": 8, "num_layers": 2, "num_heads": 2,
            "decoder_start_token_id": 0,
        },
        "bart": {
            "d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 32,
            "decoder_ffn_dim": 32, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
            "max_position_embeddings": 256, "decoder_start_token_id": 2, "bos_token_id": 1, "init_std": 0.5,
        },
    }  # fmt: skip
    return AutoModelForSeq2SeqLM.from_config(AutoConfig.for_model(family, **special, **sizes[family])).eval()


def saved(network, words, folder: Path) -> Path:
    from robustness.models.quiet import quiet

    with quiet():
        network.save_pretrained(folder)
        words.save_pretrained(folder)
    return folder


def naive_causal(network, words, prompt: str, continuation: str) -> tuple[float, int]:
    """The loop that everyone writes: context + continuation, the whole softmax, the last few positions."""
    import torch

    whole = words(prompt + continuation)["input_ids"]
    context = words(prompt)["input_ids"]
    with torch.inference_mode():
        table = torch.log_softmax(network(torch.tensor([whole])).logits[0], dim=-1)
    scored = range(len(context), len(whole))
    return math.fsum(float(table[at - 1, whole[at]]) for at in scored), len(scored)


def naive_seq2seq(network, words, prompt: str, target: str) -> tuple[float, int]:
    """By the loss of the network itself, which is the mean over the labels."""
    import torch

    labels = torch.tensor([words(target)["input_ids"]])
    with torch.inference_mode():
        loss = network(input_ids=torch.tensor([words(prompt)["input_ids"]]), labels=labels).loss
    return -float(loss) * labels.shape[1], labels.shape[1]
