"""MiniLM on DREAM test: this engine beside `Trainer.predict` and two hand-written loops."""

from __future__ import annotations

from importlib.util import find_spec
from tempfile import gettempdir

from measure import GEMM_FLOP, arguments, dream, gemm, goals, medians, real_data, real_model, tell, timed

LIMIT = 384


def tokenised(tokenizer, items) -> list[dict]:
    """Pairs as fine-tuning scripts make them: cut from the longer side, no padding yet."""
    rows = []
    for item in items:
        tails = [f"{item.question} {option}" for option in item.options]
        coded = tokenizer([item.passage] * len(tails), tails, truncation="only_first", max_length=LIMIT)
        rows.append({**{name: list(value) for name, value in coded.items()}, "labels": 0})
    return rows


def padded(tokenizer, rows, *, width: int | None):
    """What `DataCollatorForMultipleChoice` does: all options of a batch to its longest row."""
    import torch

    names = [name for name in rows[0] if name != "labels"]
    flat = [{name: row[name][n] for name in names} for row in rows for n in range(len(row["input_ids"]))]
    how = {"padding": "max_length", "max_length": width} if width else {"padding": True}
    batch = tokenizer.pad(flat, return_tensors="pt", **how)
    made = {name: value.view(len(rows), -1, value.shape[-1]) for name, value in batch.items()}
    return made | {"labels": torch.zeros(len(rows), dtype=torch.long)}


def looped(network, tokenizer, rows, *, size: int):
    import torch

    logits = []
    with torch.inference_mode():
        for at in range(0, len(rows), size):
            batch = padded(tokenizer, rows[at : at + size], width=None)
            logits += network(**{k: v for k, v in batch.items() if k != "labels"}).logits.tolist()
    return logits


def predicted(network, tokenizer, rows, *, width: int | None):
    """`Trainer.predict` with its default arguments: eight questions a batch, in data order."""
    from transformers import Trainer, TrainingArguments

    quiet = {"report_to": [], "disable_tqdm": True, "use_cpu": True, "output_dir": gettempdir()}
    trainer = Trainer(
        network,
        TrainingArguments(**quiet, remove_unused_columns=False, dataloader_pin_memory=False),
        data_collator=lambda batch: padded(tokenizer, batch, width=width),
    )
    return trainer.predict(rows).predictions.tolist()


def largest_difference(network, encoded, scores) -> float:
    """Between the engine's logits and those of plain Hugging Face, one row at a time."""
    import torch

    apart = 0.0
    with torch.inference_mode():
        for item, ours in zip(encoded, scores, strict=True):
            for row, score in zip(item.rows, ours, strict=True):
                ids, types = torch.tensor([[row.ids]]), torch.tensor([[row.types]])
                mask = torch.ones_like(ids)
                plain = network(input_ids=ids, token_type_ids=types, attention_mask=mask).logits
                apart = max(apart, abs(float(plain) - score))
    return apart


def executed(lengths, settings) -> float:
    """FLOP that the packed forward pass really does, products alone."""
    h, f, layers = settings.hidden_size, settings.intermediate_size, settings.num_hidden_layers
    whole = sum(2 * s * (4 * h * h + 2 * h * f) + 4 * s * s * h for s in lengths)
    last = sum(2 * s * 2 * h * h + 2 * (2 * h * h + 2 * h * f) + 4 * s * h for s in lengths)
    return (layers - 1) * whole + last


def main() -> None:
    asked = arguments(questions=40, repeats=5)
    folder, data = real_model(asked.shared), real_data(asked.shared)
    if folder is None or data is None:
        tell("scoring", skipped=f"no models/dream-minilm and data/dream/test.json in {asked.shared}")
    elif find_spec("accelerate") is None:
        tell("scoring", skipped="Trainer needs accelerate; pip install -e '.[bench]'")
    else:
        compare(folder, dream(data, questions=asked.questions), repeats=asked.repeats)


def compare(folder, items, *, repeats: int) -> None:
    import torch

    from robustness.models.huggingface import load
    from robustness.models.ledger import Memory
    from robustness.models.options import ModelOptions

    torch.set_num_threads(1)
    model = load(str(folder), options=ModelOptions(device="cpu", threads=1, max_length=LIMIT))
    model.score(items[:1])  # the shadow check, once per process
    network, tokenizer, rows = model.network.eval(), model.tokenizer, tokenised(model.tokenizer, items)

    def engine():
        model.ledger = Memory()
        return model.score(items)

    before = dict(model.counts)
    seen = timed(
        {
            "engine": engine,
            "predict": lambda: predicted(network, tokenizer, rows, width=None),
            "gemm": gemm,
            "single": lambda: looped(network, tokenizer, rows, size=1),
            "fixed": lambda: predicted(network, tokenizer, rows, width=LIMIT),
        },
        repeats=repeats,
    )
    padding = [model.counts[name] - before[name] for name in ("padded_tokens", "tokens")]
    report(model, items, scores=engine(), seen=seen, padding=padding[0] / padding[1])


def report(model, items, *, scores, seen, padding: float) -> None:
    encoded = model.encode(items)
    lengths = [len(row.ids) for row in {row for item in encoded for row in item.rows}]
    seconds, done = medians(seen), executed(lengths, model.network.config)
    rate, peak = GEMM_FLOP / seconds["gemm"], GEMM_FLOP / min(seen["gemm"])
    share = done / seconds["engine"] / rate
    apart, rescored = largest_difference(model.network, encoded, scores), model.counts["rescored_items"]
    speed = {name: seconds[name] / seconds["engine"] for name in ("predict", "fixed", "single")}
    tell(
        "scoring",
        questions=len(items), rows=len(lengths), tokens=sum(lengths), max_length=LIMIT,
        cpu_seconds=seconds, speed_up=speed, gemm_gflops=rate / 1e9, gemm_share=share,
        gemm_share_of_fastest=done / seconds["engine"] / peak,
        padding_ratio=padding, largest_difference=f"{apart:.1e}", rescored_items=rescored,
        **goals(
            predict_2_8=speed["predict"] >= 2.8, fixed_3_3=speed["fixed"] >= 3.3,
            single_1_15=speed["single"] >= 1.15, gemm_80=share >= 0.8, padding_1_05=padding <= 1.05,
            logits_1e_5=apart <= 1e-5,
        ),
    )  # fmt: skip


if __name__ == "__main__":
    main()
