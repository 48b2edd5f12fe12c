"""Multiple choice as a loss and as an accuracy: one logit per row, a softmax over an item's rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from robustness.training.data import Item, batches, padded
from robustness.training.recall import LAYERS_ABOVE, recall_loss

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertForMultipleChoice, PreTrainedModel
    from transformers.modeling_outputs import MultipleChoiceModelOutput

__all__ = ["Loss", "accuracy", "choice_loss", "choice_loss_with_recall"]

Loss: TypeAlias = "Callable[[Sequence[Item]], Tensor]"
"""A batch of items -> float[]."""

_RECALL_WEIGHT = 0.5


def choice_loss(model: PreTrainedModel) -> Loss:
    """Return the loss of a batch: nats per question."""
    return lambda batch: _choice(_rows(model, batch).logits, batch)


def choice_loss_with_recall(model: BertForMultipleChoice) -> Loss:
    """Return the loss of a batch with half of the loss of `training/recall.py` added."""

    def loss(batch: Sequence[Item]) -> Tensor:
        output = _rows(model, batch, output_hidden_states=True)
        hidden = output.hidden_states[-1 - LAYERS_ABOVE]
        asked = [(before, item.gold) for item in batch for before in item.before]
        places = [(row, before, gold) for row, (before, gold) in enumerate(asked)]
        return _choice(output.logits, batch) + _RECALL_WEIGHT * recall_loss(model, hidden, places)

    return loss


def accuracy(model: PreTrainedModel, items: Sequence[Item]) -> float:
    """Return the share of items whose gold option has the highest logit, in [0, 1].

    Leaves the model in evaluation mode.
    """
    import torch

    model.eval()
    right = 0
    with torch.inference_mode():
        for batch in batches(items, 32):
            best = _logits(_rows(model, batch).logits, batch).argmax(dim=1).tolist()
            right += sum(at == item.answer for at, item in zip(best, batch, strict=True))
    return right / len(items)


def _rows(model: PreTrainedModel, batch: Sequence[Item], **wanted: bool) -> MultipleChoiceModelOutput:
    """Run each row as a question of one option: options of any number then need no padding rows."""
    inputs = padded([row for item in batch for row in item.rows], model.config.pad_token_id or 0)
    return model(**{name: value.unsqueeze(1) for name, value in inputs.items()}, **wanted)


def _logits(values: Tensor, batch: Sequence[Item]) -> Tensor:
    """Return float[B, K], with minus infinity where an item has fewer than K options."""
    import torch

    parts = torch.split(values.flatten(), [len(item.rows) for item in batch])
    return torch.nn.utils.rnn.pad_sequence(list(parts), batch_first=True, padding_value=-torch.inf)


def _choice(values: Tensor, batch: Sequence[Item]) -> Tensor:
    import torch

    gold = torch.tensor([item.answer for item in batch])
    return torch.nn.functional.cross_entropy(_logits(values, batch), gold)
