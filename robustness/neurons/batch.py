"""Sequences as tensors, in chunks whose rows share a length (or are padded, where asked)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustness.models.batches import plan
from robustness.neurons.sequences import Role, Sequences

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["Batch", "batch", "chunks", "forward"]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some sequences as the network gets them."""

    rows: tuple[int, ...]
    """Positions in `Sequences.rows`."""
    inputs: dict[str, Tensor]
    """int64[N, 1, S] by name: each row is a question of one option."""
    roles: Tensor
    """int64[N, S], a `Role` per token, `PAD` behind shorter rows."""

    @property
    def shape(self) -> tuple[int, int]:
        """Sequences and tokens."""
        return int(self.roles.shape[0]), int(self.roles.shape[1])


def chunks(data: Sequences, *, tokens: int, may_pad: bool = False) -> tuple[tuple[int, ...], ...]:
    """Return positions of rows by chunk, at most `tokens` tokens or one row each.

    Rows of a chunk are equally long unless `may_pad`: without pads the network sees no mask.
    """
    return plan(data.rows, budget=tokens, may_pad=may_pad)


def batch(data: Sequences, rows: Sequence[int], network: PreTrainedModel) -> Batch:
    """Return the rows as tensors on the network's device, padded on the right."""
    import torch

    chosen = [data.rows[at] for at in rows]
    width = max(len(row.ids) for row in chosen)
    pad = network.config.pad_token_id or 0
    lists = {
        "input_ids": [_filled(row.ids, pad, width) for row in chosen],
        "attention_mask": [_filled((1,) * len(row.ids), 0, width) for row in chosen],
    }
    if chosen[0].types:
        lists["token_type_ids"] = [_filled(row.types, 0, width) for row in chosen]
    inputs = {n: torch.tensor(v, device=network.device).unsqueeze(1) for n, v in lists.items()}
    roles = torch.tensor([_filled(data.roles[at], Role.PAD, width) for at in rows], device=network.device)
    return Batch(tuple(rows), inputs, roles)


def forward(network: PreTrainedModel, given: Batch) -> Tensor:
    """Return float[N], the logits of an ordinary forward pass."""
    logits: Tensor = network(**given.inputs).logits
    return logits.reshape(len(given.rows))


def _filled(values: Sequence[int], fill: int, width: int) -> list[int]:
    return [*values, *[int(fill)] * (width - len(values))]
