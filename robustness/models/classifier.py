"""Sequence classifiers that score one option at a time: passage | question + option, as a pair.

The score of an option is its log-odds of being right: the logit of the right label less that of the
other, or the only logit there is. It grows with the probability of being right, so options are ranked
by that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from inspect import signature
from typing import TYPE_CHECKING

from robustness.domain import Example
from robustness.models.arithmetic import device_for
from robustness.models.batches import plan
from robustness.models.checked_scorer import Paths
from robustness.models.checkpoint import Checkpoint, open_checkpoint
from robustness.models.continuations import Continuations
from robustness.models.encoding import Row, encode
from robustness.models.kinds import ModelKind
from robustness.models.labels import right_label
from robustness.models.options import ModelOptions
from robustness.models.row_model import RowModel, Ways

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["LogOdds", "classifier_model", "load"]

_MAY_PAD = frozenset(
    {
        "albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "ernie", "mpnet",
        "rembert", "roberta", "xlm-roberta",
    }
)  # fmt: skip
"""Families that read out the first token and leave real tokens alone where padding is masked. Others,
decoders above all, find the last token by its padding: their rows are scored by themselves."""


def load(location: str, *, options: ModelOptions) -> RowModel:
    """Return the model of a checkpoint folder or Hub id `org/name[@revision]`, ready to score.

    Raises `ModelError` for one that cannot be used: see `open_checkpoint` and `right_label`.
    """
    checkpoint = open_checkpoint(location, max_length=options.max_length, kind=ModelKind.CLASSIFIER)
    return classifier_model(checkpoint, device=device_for(options.device), options=options)


def classifier_model(checkpoint: Checkpoint, *, device: str, options: ModelOptions) -> RowModel:
    """Return an opened checkpoint as a model. Raises `ModelError` where `right_label` does."""
    network = checkpoint.network
    names = network.config.id2label
    right = right_label(names, asked=options.right_label, where=f"model {checkpoint.name!r}")
    network = network.to(device)
    typed = _takes_types(network)
    counts: Counter[str] = Counter()

    def read(examples: Sequence[Example]) -> tuple[Continuations, ...]:
        coded = encode(checkpoint.tokenizer, examples, max_length=checkpoint.max_length)
        return tuple(
            Continuations(
                tuple(row if typed else Row(row.ids, ()) for row in item.rows),
                (0,) * len(item.rows),
                item.visible,
            )
            for item in coded
        )

    def canonical() -> LogOdds:
        return LogOdds(deepcopy(network).to("cpu").double().eval(), right, device="cpu", counts=Counter())

    fast = LogOdds(network, right, device=device, counts=counts)
    paths = Paths(fast, LogOdds(network, right, device=device, counts=Counter()), canonical)
    settings = {"right_label": str(names[right])}
    # The label is part of the name: the other one turns every sign.
    ways = Ways(f"classifier/1:{right}", read, lambda raw, _row, _size: raw, paths, counts, settings)
    return RowModel(checkpoint, ways, device=device, options=options)


class LogOdds:
    """Log-odds of rows; it counts forward_calls and tokens, padding included, into `counts`."""

    __slots__ = ("_counts", "_device", "_network", "_right")

    def __init__(self, network: PreTrainedModel, right: int, *, device: str, counts: Counter[str]) -> None:
        self._network = network
        self._right = right
        self._device = device
        self._counts = counts

    def __call__(self, rows: Sequence[Row], *, budget: int) -> list[float]:
        """Return float per row, in order. Call in inference mode."""
        shares = self._network.config.model_type in _MAY_PAD
        found = [0.0] * len(rows)
        for batch in plan(rows, budget=budget if shares else 1, may_pad=True):
            for at, value in zip(batch, self._batch([rows[at] for at in batch]), strict=True):
                found[at] = value
        return found

    def _batch(self, rows: Sequence[Row]) -> list[float]:
        inputs = _tensors(rows, pad=self._pad(), device=self._device)
        self._counts["forward_calls"] += 1
        self._counts["tokens"] += inputs["input_ids"].numel()
        logits = self._network(**inputs).logits
        odds = logits[:, 0] if logits.shape[1] == 1 else logits[:, self._right] - logits[:, 1 - self._right]
        return [float(value) for value in odds.tolist()]

    def _pad(self) -> int:
        """Any id does where the mask hides it; RoBERTa also counts positions by its own."""
        own = self._network.config.pad_token_id
        return 0 if own is None else int(own)


def _tensors(rows: Sequence[Row], *, pad: int, device: str) -> dict[str, Tensor]:
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
    return {name: torch.tensor(values, device=device) for name, values in lists.items()}


def _takes_types(network: PreTrainedModel) -> bool:
    """Whether segment types reach the network: RoBERTa's table has but one, DistilBERT's none."""
    kinds = getattr(network.config, "type_vocab_size", None)
    return "token_type_ids" in signature(network.forward).parameters and kinds not in (0, 1)
