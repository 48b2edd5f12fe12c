"""A small causal model on DREAM test beside a loop as lm-evaluation-harness runs it, and 16 suites counted.

    OMP_NUM_THREADS=1 python benchmarks/causal.py [--shared FOLDER] [--questions N] [--suite-questions N]

Prints one line of JSON. Times are process CPU seconds on one thread, tokenising and the check against plain
Hugging Face included; the two ways take turns and the median counts. Weights are random: what is measured
is cost, and that both ways give the same answers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robustness.domain import Example
    from robustness.models.row_model import RowModel

ROOT = Path(__file__).resolve().parents[1]
RECIPES = (
    "addsent2pas-shuffle", "foreign-sentence", "passage-word-shuffle", "sentence-order-shuffle",
    "within-sentence-shuffle", "question-word-shuffle", "no-passage", "no-question", "addsent2opt-shuffle",
    "addsent2opt", "sent2opt-shuffle", "addans2opt-shuffle", "addans2opt", "ans2opt-shuffle",
)  # fmt: skip
VOCABULARY = 30_522
CHUNK = 256
"""Examples that `scoring.run` hands to a model at once."""

Scores = Sequence[Sequence[float]]


def examples(shared: str, questions: int) -> tuple[str, Sequence[Example]]:
    """Return whole dialogues from the start of DREAM test, as a suite has them, or generated stories."""
    from robustness.readers.load import load

    file = Path(shared, "data", "dream", "test.json")
    if file.is_file():
        return "DREAM test", load(f"dream:{file}").examples[:questions]
    return "stories", load(f"stories:test?passages={1 + questions // 3}").examples[:questions]


def suites(items: Sequence[Example]) -> list[Example]:
    """Return clean, 14 recipes and the options turned round, source by source, as a run scores them."""
    from robustness.suites.build import build
    from robustness.suites.plan import Plan

    checks = [{"attack": name} for name in RECIPES]
    plan = Plan.model_validate({"name": "bench", "description": "clean + 14 recipes", "check": checks})
    turned = (replace(item, id=f"{item.id}~turned.1", options=item.options[::-1]) for item in items)
    by_source = {item.id: [item, other] for item, other in zip(items, turned, strict=True)}
    for variant in build(items, plan).variants:
        by_source[variant.source].append(variant.example)
    return [example for source in sorted(by_source) for example in by_source[source]]


def save_model(texts: Iterable[str], folder: str, *, width: int, layers: int) -> str:
    """Save a GPT-2 with random weights and a byte-level BPE learned from the texts; return the folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    from robustness.models.quiet import quiet

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    learn = trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=letters, show_progress=False)
    words.train_from_iterator(texts, learn)
    torch.manual_seed(1)
    config = GPT2Config(
        vocab_size=VOCABULARY, n_embd=width, n_layer=layers, n_head=width // 32, n_positions=1024,
        initializer_range=0.1, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    with quiet():
        GPT2LMHeadModel(config).save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=1024).save_pretrained(folder)
    return folder


def loop(model: RowModel, items: Sequence[Example]) -> Scores:
    """One padded batch per item of context + continuation, softmax over the whole vocabulary everywhere."""
    import torch

    scores = []
    with torch.inference_mode():
        for read in model.read(items):
            inputs = [row.ids[:-1] for row in read.rows]
            width = max(map(len, inputs))
            padded = torch.tensor([[*ids, *[0] * (width - len(ids))] for ids in inputs])
            table = torch.log_softmax(model.network(padded, attention_mask=padded >= 0).logits, dim=-1)
            own = []
            for line, row in enumerate(read.rows):
                first = row.types.index(1)
                targets = torch.tensor(row.ids[first:])
                picked = table[line, first - 1 : len(row.ids) - 1].gather(1, targets[:, None])
                own.append(float(picked.sum()))
            scores.append(own)
    return scores


def ours(model: RowModel, items: Sequence[Example]) -> Scores:
    return [scores for at in range(0, len(items), CHUNK) for scores in model.score(items[at : at + CHUNK])]


def compared(opened: Callable[[], RowModel], items: Sequence[Example], *, repeats: int) -> dict[str, object]:
    took: dict[str, list[float]] = {"loop": [], "ours": []}
    found: dict[str, Scores] = {}
    for _ in range(repeats):
        for name, way in (("loop", loop), ("ours", ours)):
            model = opened()  # nothing known, nothing read
            begun = time.process_time()
            found[name] = way(model, items)
            took[name].append(time.process_time() - begun)
    pairs = list(zip(found["ours"], found["loop"], strict=True))
    apart = max(abs(a - b) / max(1.0, abs(b)) for x, y in pairs for a, b in zip(x, y, strict=True))
    medians = {name: statistics.median(values) for name, values in took.items()}
    return {
        "cpu_seconds_loop": medians["loop"], "cpu_seconds": medians["ours"],
        "times_faster": medians["loop"] / medians["ours"], "largest_difference": apart,
        "same_answers": all(list(x).index(max(x)) == list(y).index(max(y)) for x, y in pairs),
    }  # fmt: skip


def counted(model: RowModel, items: Sequence[Example]) -> dict[str, object]:
    """Return what scoring cost in tokens, beside each row by itself without padding."""
    naive = 0
    for at in range(0, len(items), CHUNK):
        chunk = items[at : at + CHUNK]
        model.score(chunk)
        naive += sum(len(row.ids) - 1 for item in model.read(chunk) for row in item.rows)
    return {
        "examples": len(items), "tokens_naive": naive, "tokens": model.counts["tokens"],
        "times_fewer_tokens": naive / model.counts["tokens"],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", default=str(ROOT.parent / "shared"))
    parser.add_argument("--questions", type=int, default=48)
    parser.add_argument("--suite-questions", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    import torch

    from robustness.models.causal import load
    from robustness.models.options import ModelOptions

    torch.set_num_threads(1)
    options = ModelOptions(device="cpu", threads=1, likelihood="raw")
    data, items = examples(asked.shared, max(asked.questions, asked.suite_questions))
    texts = [text for item in items for text in (item.passage, item.question, *item.options)]
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as tiny:
        save_model(texts, small, width=384, layers=6)
        save_model(texts, tiny, width=32, layers=1)  # what is counted does not depend on the width
        speed = compared(
            lambda: load(small, options=options), items[: asked.questions], repeats=asked.repeats
        )
        tokens = counted(load(tiny, options=options), suites(items[: asked.suite_questions]))
    goals = {
        "4x_the_loop": float(str(speed["times_faster"])) >= 4.0,
        "same_answers": bool(speed["same_answers"]),
        "tokens_naive_over_5": float(str(tokens["times_fewer_tokens"])) >= 5.0,
    }
    told = {
        "benchmark": "causal", "data": data, "questions": asked.questions, "clean": speed,
        "suites_16": {"questions": asked.suite_questions, **tokens}, "goals": goals,
        "all_met": all(goals.values()),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    sys.exit(main())
