"""Sequence classifiers that score one option at a time: passage | question + option, as a pair.

The score of an option is its log-odds of being right: the logit of the right label less that of the
other, or the only logit there is. It grows with the probability of being right, so options are ranked
by that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from robustness.models.arithmetic import device_for
from robustness.models.checkpoint import Checkpoint, open_checkpoint
from robustness.models.fingerprint import combined
from robustness.models.forward import Adapter, Plain, pad_id
from robustness.models.huggingface import HuggingFaceModel
from robustness.models.kinds import ModelKind
from robustness.models.labels import right_label
from robustness.models.options import ModelOptions
from robustness.models.probes import probes
from robustness.models.row_scorer import RowScorer

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Classifier", "load", "log_odds"]

_FIRST_TOKEN = frozenset(
    {
        "albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "ernie", "mpnet",
        "rembert", "roberta", "xlm-roberta",
    }
)  # fmt: skip
"""Families that read out the first token. Others, decoders above all, find the last token by what is no
padding, or need a padding token for more than one row: their rows are forwarded by themselves."""


def load(location: str, *, options: ModelOptions) -> Classifier:
    """Return the model of a checkpoint folder or Hub id `org/name[@revision]`, ready to score.

    Raises `ModelError` for one that cannot be used: see `open_checkpoint` and `right_label`.
    """
    checkpoint = open_checkpoint(
        location,
        max_length=options.max_length,
        kind=ModelKind.CLASSIFIER,
        untrained=options.exploratory,
    )
    return Classifier(checkpoint, device=device_for(options.device), options=options)


class Classifier(HuggingFaceModel):
    """A classifier of one option at a time (`Model`, `Truncates`).

    Scores are log-odds. All that `HuggingFaceModel` promises of logits holds of them.
    """

    __slots__ = ("_label", "_right", "kind")

    def __init__(self, checkpoint: Checkpoint, *, device: str, options: ModelOptions) -> None:
        """Raise `ModelError` where the labels do not tell which of them is right: see `right_label`."""
        names = checkpoint.network.config.id2label
        self.kind: str = str(checkpoint.kind)
        self._right = right_label(names, asked=options.right_label, where=f"model {checkpoint.name!r}")
        self._label = str(names[self._right])
        super().__init__(checkpoint, device=device, options=options)
        self.fingerprint: str = combined(self.fingerprint, {"right_label": self._label})

    def environment(self) -> Mapping[str, str]:
        """Return what a run records: that of every checkpoint, and the label that is right."""
        return {**super().environment(), "kind": self.kind, "right_label": self._label}

    def _scorer(self) -> RowScorer:
        # The label is part of the adapter's name, and so of every key: the other one turns every sign.
        adapter = Adapter(f"classifier/1:{self._right}", _as_they_are, log_odds(self._right))
        pad = pad_id(self.network, self.tokenizer)
        machine = self._machine()
        alone = self.network.config.model_type not in _FIRST_TOKEN
        asked = probes(self.tokenizer, max_length=self.max_length)
        return RowScorer(
            Plain(self.network, adapter, pad=pad, device=self._device),
            machine=replace(machine, budget=1) if alone else machine,
            fingerprint=self.fingerprint,
            numeric=self._numeric,
            probes=tuple(dict.fromkeys(map(self._read, asked))),
        )


def log_odds(right: int) -> Callable[[Tensor], Tensor]:
    """Return what makes log-odds of a label from logits: float[B, 1] or float[B, 2] -> float[B].

    >>> import torch
    >>> log_odds(1)(torch.tensor([[0.5, 2.0]])).tolist(), log_odds(0)(torch.tensor([[0.5]])).tolist()
    ([1.5], [0.5])
    """

    def read(logits: Tensor) -> Tensor:
        if logits.shape[1] == 1:
            return logits[:, 0]
        return logits[:, right] - logits[:, 1 - right]

    return read


def _as_they_are(inputs: Tensor) -> Tensor:
    return inputs
