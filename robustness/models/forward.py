"""Plain Hugging Face forward passes: what every faster path is measured against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING

from robustness.models.encoding import Row

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["MULTIPLE_CHOICE", "Adapter", "Plain", "pad_id", "takes_types", "tensors"]


@dataclass(frozen=True, slots=True)
class Adapter:
    """How rows become the inputs of a network, and how its logits become one score per row."""

    name: str
    """Part of every row key; the number behind the slash changes where the reading does."""
    shape: Callable[[Tensor], Tensor]
    """int64[B, L] -> what the network takes."""
    read: Callable[[Tensor], Tensor]
    """The network's logits -> float[B], higher is better."""


MULTIPLE_CHOICE = Adapter(
    "multiple-choice/1", lambda inputs: inputs.unsqueeze(1), lambda logits: logits.reshape(-1)
)
"""Each row is a question of one option: the head scores every option by itself."""


@dataclass(frozen=True, slots=True)
class Plain:
    """The network's own forward pass, padded on the right where rows differ in length."""

    network: PreTrainedModel
    adapter: Adapter
    pad: int
    device: str = "cpu"

    def __call__(self, rows: Sequence[Row]) -> list[float]:
        """Return one score per row, in order. No gradients are needed: call in inference mode."""
        inputs = tensors(rows, pad=self.pad)
        shaped = {name: self.adapter.shape(value.to(self.device)) for name, value in inputs.items()}
        scores = self.adapter.read(self.network(**shaped).logits)
        assert len(scores) == len(rows), "one score per row"
        return [float(score) for score in scores.tolist()]

    def cost(self, rows: Sequence[Row]) -> int:
        """Return how many tokens are computed for these rows, padding included."""
        return len(rows) * max(len(row.ids) for row in rows)


def tensors(rows: Sequence[Row], *, pad: int) -> dict[str, Tensor]:
    """Return int64[B, L] inputs, padded on the right."""
    import torch

    width = max(len(row.ids) for row in rows)
    fill = [width - len(row.ids) for row in rows]
    lists = {
        "input_ids": [[*row.ids, *[pad] * n] for row, n in zip(rows, fill, strict=True)],
        "attention_mask": [[1] * (width - n) + [0] * n for n in fill],
    }
    if rows[0].types:
        lists["token_type_ids"] = [[*row.types, *[0] * n] for row, n in zip(rows, fill, strict=True)]
    return {name: torch.tensor(values) for name, values in lists.items()}


def takes_types(network: PreTrainedModel) -> bool:
    """Whether segment types reach the network: RoBERTa's table has but one, DistilBERT's none."""
    kinds = getattr(network.config, "type_vocab_size", None)
    return "token_type_ids" in signature(network.forward).parameters and kinds not in (0, 1)


def pad_id(network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> int:
    """Any id does where the mask hides it; RoBERTa also counts positions by its own."""
    for own in (network.config.pad_token_id, tokenizer.pad_token_id):
        if own is not None:
            return int(own)
    return 0
