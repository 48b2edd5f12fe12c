"""Fine-tuning: a base model, training questions and a condition in, a checkpoint folder out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from robustness.domain import Example
from robustness.errors import ModelError, UsageError
from robustness.models.locate import locate
from robustness.models.quiet import quiet
from robustness.readers.load import Dataset
from robustness.training.cloze import cloze_loss, clozes, curriculum
from robustness.training.conditions import under
from robustness.training.data import Item, batches, choice_items, padded, shuffled_batches
from robustness.training.folder import new_folder
from robustness.training.options import SCRATCH, Training
from robustness.training.record import Record
from robustness.training.scratch import Shape, network, tokenizer
from robustness.training.steps import run_steps

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertForMultipleChoice, PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["Trained", "accuracy", "train"]

_WARM_BATCH = 24
"""Passages per step of the warm start."""

_WARM_RATE = 2.0
"""Peak rate of the warm start, in peak rates of the fine-tuning behind it."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run gave."""

    folder: Path
    accuracy: float
    """On the development questions, unaltered; in [0, 1]."""
    losses: tuple[float, ...]
    """Per step of fine-tuning, in nats per question."""
    warm_losses: tuple[float, ...]
    """Per step of the warm start, in nats per masked token; empty without one."""


def train(base: str, data: Dataset, *, dev: Dataset, out: Path, training: Training) -> Trained:
    """Fine-tune `base` on `data` and write a checkpoint folder that `open_checkpoint` reads.

    Args:
        base: A checkpoint folder, a Hub id, or `scratch`.
        data: The training questions; the condition is applied to them and to nothing else.
        dev: The questions that the accuracy is measured on, unaltered.
        out: The folder to write: safetensors, tokenizer, configuration, `training.json`. It appears
            only when all is done; a run that stops before leaves nothing.
        training: The rest.

    Raises:
        OutputError: `out` exists or cannot be made.
        ModelError: the base cannot be loaded or the loss is no longer finite.
        DataError: a question has no gold option or does not fit.
    """
    with new_folder(out) as folder, _settled(training):
        examples = under(training.condition, data.examples, seed=training.seed)
        with quiet():
            model, coder = _opened(base, examples, training)
        warm = _warmed(model, coder, examples, training) if training.warm_epochs else ()
        learn, judge = (
            choice_items(coder, part, max_length=training.max_length) for part in (examples, dev.examples)
        )
        losses = _fine_tuned(model, learn, training)
        reached = accuracy(model, judge)
        with quiet():
            model.save_pretrained(folder)
            coder.save_pretrained(folder)
        name = base if base == SCRATCH else locate(base).name
        Record(name, data, dev, training, reached).write(folder)
    return Trained(out, reached, losses, warm)


@contextmanager
def _settled(training: Training) -> Iterator[None]:
    """Set seed and threads of torch for as long as a training runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(training.threads)
    try:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(training.seed)
            yield
    finally:
        torch.set_num_threads(before)


def _opened(
    base: str, examples: Sequence[Example], training: Training
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return the network and the tokenizer to train: new ones, or those of a checkpoint."""
    import torch
    from transformers import AutoModelForMultipleChoice, AutoTokenizer

    if base == SCRATCH:
        shape = Shape(positions=training.max_length)
        coder = tokenizer(examples, size=shape.vocabulary, max_length=training.max_length)
        return network(shape, vocabulary=len(coder), seed=training.seed), coder
    if training.warm_epochs:
        raise UsageError(
            f"--warm-epochs: {training.warm_epochs!r} came with the base {base!r}, but only the "
            f"base {SCRATCH!r} has a warm start; leave it out"
        )
    found = locate(base)
    try:
        model = AutoModelForMultipleChoice.from_pretrained(
            found.folder, dtype=torch.float32, use_safetensors=True, local_files_only=True
        )
        coder = AutoTokenizer.from_pretrained(found.folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"base {found.name!r}: transformers could not load it ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:200]}), but an encoder with a tokenizer in "
            "safetensors is needed; fetch or save it again"
        ) from error
    return cast("PreTrainedModel", model), cast("PreTrainedTokenizerFast", coder)


def _warmed(
    model: PreTrainedModel,
    coder: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    training: Training,
) -> tuple[float, ...]:
    rows = clozes(coder, examples, max_length=training.max_length, seed=training.seed)
    parameters, loss = cloze_loss(cast("BertForMultipleChoice", model))
    plan = curriculum(rows, _WARM_BATCH, seed=training.seed, epochs=training.warm_epochs)
    model.train()
    return run_steps(parameters, plan, loss, rate=training.rate * _WARM_RATE)


def _fine_tuned(model: PreTrainedModel, items: Sequence[Item], training: Training) -> tuple[float, ...]:
    def loss(batch: Sequence[Item]) -> Tensor:
        import torch

        gold = torch.tensor([item.answer for item in batch])
        return torch.nn.functional.cross_entropy(_logits(model, batch), gold)

    plan = shuffled_batches(items, training.batch_size, seed=training.seed, epochs=training.epochs)
    model.train()
    return run_steps(tuple(model.parameters()), plan, loss, rate=training.rate)


def accuracy(model: PreTrainedModel, items: Sequence[Item]) -> float:
    """Return the share of items whose gold option has the highest logit, in [0, 1]; model in eval mode."""
    import torch

    model.eval()
    right = 0
    with torch.inference_mode():
        for batch in batches(items, 32):
            best = _logits(model, batch).argmax(dim=1).tolist()
            right += sum(at == item.answer for at, item in zip(best, batch, strict=True))
    return right / len(items)


def _logits(model: PreTrainedModel, batch: Sequence[Item]) -> Tensor:
    """Return float[B, K], with minus infinity where an item has fewer than K options."""
    import torch

    inputs = padded([row for item in batch for row in item.rows], model.config.pad_token_id or 0)
    # One "question" per row: options of any number then need no padding rows.
    flat = model(**{name: value.unsqueeze(1) for name, value in inputs.items()}).logits.flatten()
    parts = flat.split([len(item.rows) for item in batch])
    return torch.nn.utils.rnn.pad_sequence(parts, batch_first=True, padding_value=-torch.inf)
