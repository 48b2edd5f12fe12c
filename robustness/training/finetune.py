"""Fine-tuning: a base model, training questions and a condition in, a checkpoint folder out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from robustness.domain import Example
from robustness.models.locate import locate
from robustness.models.quiet import quiet
from robustness.readers.load import Dataset
from robustness.training.bases import opened
from robustness.training.choice import Loss, accuracy, choice_loss, choice_loss_with_recall
from robustness.training.conditions import under
from robustness.training.data import Item, choice_items, recall_items, shuffled_batches
from robustness.training.folder import new_folder
from robustness.training.options import SCRATCH, Training
from robustness.training.recall import curriculum, passages, warm_loss
from robustness.training.record import Record
from robustness.training.steps import run_steps

if TYPE_CHECKING:
    from transformers import BertForMultipleChoice, PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["Trained", "train"]

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
    """Per step of fine-tuning, in nats per question; behind a warm start, half of recall is in it."""
    warm_losses: tuple[float, ...]
    """Per step of the warm start, in nats per gold token; empty without one."""


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
        model, coder = opened(base, examples, training)
        warm, losses = _lessons(model, coder, examples, training)
        judged = choice_items(coder, dev.examples, max_length=training.max_length)
        reached = accuracy(model, judged)
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


def _lessons(
    model: PreTrainedModel,
    coder: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    training: Training,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Train in place and return the losses of the warm start, if any, and of the fine-tuning."""
    model.train()
    if not training.warm_epochs:
        items = choice_items(coder, examples, max_length=training.max_length)
        return (), _tuned(model, items, choice_loss(model), training)
    bert = cast("BertForMultipleChoice", model)
    items = recall_items(coder, examples, max_length=training.max_length)
    rows = passages(items, max_length=training.max_length, seed=training.seed)
    plan = curriculum(rows, _WARM_BATCH, seed=training.seed, epochs=training.warm_epochs)
    rate = training.rate * _WARM_RATE
    warm = run_steps(tuple(bert.parameters()), plan, warm_loss(bert), rate=rate, name="warm start")
    return warm, _tuned(model, items, choice_loss_with_recall(bert), training)


def _tuned(
    model: PreTrainedModel, items: Sequence[Item], loss: Loss, training: Training
) -> tuple[float, ...]:
    plan = shuffled_batches(items, training.batch_size, seed=training.seed, epochs=training.epochs)
    return run_steps(tuple(model.parameters()), plan, loss, rate=training.rate, name="training")
