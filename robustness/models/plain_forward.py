"""Log-likelihoods from plain Hugging Face forward passes: the reference, and the way of every family
for which nothing faster is known to be exact."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING

from robustness.models.batches import plan
from robustness.models.encoding import Row

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["PlainForward", "is_causal"]


class PlainForward:
    """Log-likelihoods of rows from a causal model, padded on the right without a mask.

    A causal model cannot look at what stands behind, so padding cannot reach a score. It counts
    forward_calls and tokens, padding included.
    """

    __slots__ = ("_counts", "_device", "_network")

    def __init__(self, network: PreTrainedModel, *, device: str, counts: Counter[str]) -> None:
        self._network = network
        self._device = device
        self._counts = counts

    def __call__(self, rows: Sequence[Row], *, budget: int) -> list[float]:
        """Return float per row, in nats: the sum over its marked tokens; at most `budget` tokens a
        pass, or one row. Call in inference mode."""
        found = [0.0] * len(rows)
        for batch in plan(rows, budget=budget, may_pad=True):
            for at, value in zip(batch, self._batch([rows[at] for at in batch]), strict=True):
                found[at] = value
        return found

    def _batch(self, rows: Sequence[Row]) -> list[float]:
        import torch

        width = max(len(row.ids) for row in rows) - 1
        ids = [[*row.ids[:-1], *[0] * (width + 1 - len(row.ids))] for row in rows]
        first = min(row.types.index(1) for row in rows) - 1
        self._counts["forward_calls"] += 1
        self._counts["tokens"] += len(rows) * width
        logits = _logits(self._network, torch.tensor(ids, device=self._device), first)
        return [_sum(logits[at], row, first) for at, row in enumerate(rows)]


def is_causal(network: PreTrainedModel, row: Row, *, device: str) -> bool:
    """Return whether a token behind a row leaves the row's own predictions alone."""
    import torch

    ids = torch.tensor([row.ids], device=device)
    alone = _logits(network, ids, 0)[0]
    longer = _logits(network, torch.cat([ids, ids[:, :1]], dim=1), 0)[0, : len(row.ids)]
    return bool(torch.allclose(alone, longer, rtol=1e-3, atol=1e-3))


def _logits(network: PreTrainedModel, ids: Tensor, first: int) -> Tensor:
    """Return float[B, L - first, V], from position `first` on."""
    import torch

    if "logits_to_keep" in signature(network.forward).parameters:
        keep = torch.arange(first, ids.shape[1], device=ids.device)
        logits: Tensor = network(input_ids=ids, logits_to_keep=keep, use_cache=False).logits
        return logits
    whole: Tensor = network(input_ids=ids, use_cache=False).logits
    return whole[:, first:]


def _sum(logits: Tensor, row: Row, first: int) -> float:
    import torch

    start = row.types.index(1)
    own = torch.log_softmax(logits[start - 1 - first : len(row.ids) - 1 - first], dim=-1)
    targets = torch.tensor(row.ids[start:], device=logits.device)
    return math.fsum(own.gather(1, targets[:, None])[:, 0].tolist())
