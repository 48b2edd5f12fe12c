"""Any `*ForMultipleChoice` checkpoint as a model: correct before fast, and the same on every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from robustness.domain import Example, Scores
from robustness.models.arithmetic import device_for, plain_arithmetic, usable_threads
from robustness.models.batches import plan
from robustness.models.checkpoint import Checkpoint, open_checkpoint
from robustness.models.encoding import Encoded, Row, encode
from robustness.models.fingerprint import fingerprint, numeric_class
from robustness.models.options import ModelOptions

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["HuggingFaceModel", "load"]

_MAY_PAD = frozenset(
    {
        "albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "ernie", "mpnet",
        "rembert", "roberta", "xlm-roberta",
    }
)  # fmt: skip
"""Families in which padding on the right, masked, leaves the scores of real tokens alone. Others
may read the last position (XLNet), mix over padding (FNet) or pool over it (Funnel): their batches
hold rows of one length."""

_BUDGET = {"cpu": 1_024, "cuda": 16_384}
_NO_MEMORY = ("allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED")
_NAN = float("nan")


def load(location: str, *, options: ModelOptions) -> HuggingFaceModel:
    """Return the model of a checkpoint folder or Hub id `org/name[@revision]`, ready to score.

    Raises `ModelError` for one that cannot be used: see `open_checkpoint`.
    """
    device = device_for(options.device)
    return HuggingFaceModel(
        open_checkpoint(location, max_length=options.max_length), device=device, options=options
    )


class HuggingFaceModel:
    """A multiple-choice network that scores each option on its own (`Model`, `Truncates`).

    Scores are logits. They agree with a plain forward pass of one row up to rounding (1e-5) for
    every batch budget, and NaN or infinity is passed on as it came.
    """

    __slots__ = (
        "_batch_tokens", "_device", "_last", "_numeric", "_pad", "_revision", "_threads", "_typed",
        "counts", "fingerprint", "max_length", "name", "network", "tokenizer",
    )  # fmt: skip

    def __init__(
        self, checkpoint: Checkpoint, *, device: str = "cpu", options: ModelOptions | None = None
    ) -> None:
        wish = options or ModelOptions()
        self.name: str = checkpoint.name
        self.max_length: int = checkpoint.max_length
        self.network: PreTrainedModel = checkpoint.network
        self.tokenizer: PreTrainedTokenizerFast = checkpoint.tokenizer
        self.counts: Counter[str] = Counter()
        """What was done so far: rows, rows_forwarded, forward_calls, tokens, padded_tokens,
        out_of_memory_rows."""
        self._revision = checkpoint.revision
        self._device = device
        self._numeric = numeric_class(self.network, device=device)
        self._batch_tokens = wish.batch_tokens or _BUDGET[device.partition(":")[0]]
        self._threads = wish.threads or usable_threads()
        self._typed = _takes_types(self.network)
        self._pad = _pad_id(self.network, self.tokenizer)
        self._last: tuple[tuple[Example, ...], tuple[Encoded, ...]] = ((), ())
        self.fingerprint: str = fingerprint(
            self.network, self.tokenizer, max_length=self.max_length, numeric=self._numeric
        )
        self.network.to(device)

    def score(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return float[K] per example, in order: one logit per option, higher is better.

        NaN for every option where question and option alone exceed `max_length`, and for a row
        that does not fit into memory by itself. Equal rows are forwarded once per call, so give
        as much as can be held: some hundred examples or more.
        """
        encoded = self.encode(batch)
        rows = dict.fromkeys(row for item in encoded for row in item.rows)
        self.counts["rows"] += sum(len(item.rows) for item in encoded)
        self.counts["rows_forwarded"] += len(rows)
        values = self._values(tuple(rows))
        return tuple(
            tuple(values[row] for row in item.rows) or (_NAN,) * len(example.options)
            for example, item in zip(batch, encoded, strict=True)
        )

    def visible(self, batch: Sequence[Example]) -> tuple[int, ...]:
        """Return, per example, the characters of the passage that are read, from its start; -1
        where question and option alone do not fit. Free after `score` of the same examples."""
        return tuple(item.visible for item in self.encode(batch))

    def encode(self, batch: Sequence[Example]) -> tuple[Encoded, ...]:
        """Return the token rows of each example, as the network gets them."""
        known, encoded = self._last
        if len(known) == len(batch) and all(a is b for a, b in zip(known, batch, strict=True)):
            return encoded
        encoded = encode(self.tokenizer, batch, max_length=self.max_length)
        if not self._typed:
            encoded = tuple(
                Encoded(tuple(Row(row.ids, ()) for row in item.rows), item.visible) for item in encoded
            )
        self._last = (tuple(batch), encoded)
        return encoded

    def environment(self) -> Mapping[str, str]:
        """Return what a run records: versions, device, dtype, threads, limits, attention."""
        import tokenizers
        import torch
        import transformers

        return {
            "attention": self._numeric.rsplit("/", 1)[1],
            "batch_tokens": str(self._batch_tokens),
            "device": self._device,
            "dtype": "float32",
            "max_length": str(self.max_length),
            "numeric_class": self._numeric,
            "out_of_memory_rows": str(self.counts["out_of_memory_rows"]),
            "revision": self._revision,
            "threads": str(self._threads),
            "tf32": "off",
            "tokenizers": tokenizers.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }

    def _values(self, rows: Sequence[Row]) -> dict[Row, float]:
        self.network.eval()
        assert not any(module.training for module in self.network.modules()), "dropout is on"
        may_pad = self.network.config.model_type in _MAY_PAD
        values: dict[Row, float] = {}
        with plain_arithmetic(self._device, threads=self._threads):
            for positions in plan(rows, budget=self._batch_tokens, may_pad=may_pad):
                part = [rows[at] for at in positions]
                values.update(zip(part, self._within_memory(part), strict=True))
        return values

    def _within_memory(self, rows: Sequence[Row]) -> list[float]:
        """Score one batch; halve it, and it alone, where memory runs out, down to single rows."""
        done: list[float] = []
        size = len(rows)
        while len(done) < len(rows):
            part = rows[len(done) : len(done) + size]
            values = self._attempt(part)
            if values is not None:
                done += values
            elif len(part) > 1:
                size = len(part) // 2
            else:
                self.counts["out_of_memory_rows"] += 1
                done.append(_NAN)
        return done

    def _attempt(self, rows: Sequence[Row]) -> list[float] | None:
        """Return the scores, or nothing where memory ran out."""
        import torch

        try:
            return self._forward(rows)
        except MemoryError:
            pass
        except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU has no own class
            known = isinstance(error, torch.OutOfMemoryError)
            if not known and not any(sign in str(error) for sign in _NO_MEMORY):
                raise
        # Outside of the handlers, so that no traceback holds the tensors of the failed attempt.
        if self._device != "cpu":
            torch.cuda.empty_cache()
        return None

    def _forward(self, rows: Sequence[Row]) -> list[float]:
        inputs = _tensors(rows, pad=self._pad)
        self.counts["forward_calls"] += 1
        self.counts["tokens"] += sum(len(row.ids) for row in rows)
        self.counts["padded_tokens"] += inputs["input_ids"].numel()
        moved = {name: value.to(self._device) for name, value in inputs.items()}
        logits = self.network(**moved).logits
        return [float(value) for value in logits.reshape(len(rows)).tolist()]


def _tensors(rows: Sequence[Row], *, pad: int) -> dict[str, Tensor]:
    """Return int64[B, 1, L] inputs, padded on the right: each row is a question of one option."""
    import torch

    width = max(len(row.ids) for row in rows)
    fill = [width - len(row.ids) for row in rows]
    lists = {
        "input_ids": [[*row.ids, *[pad] * n] for row, n in zip(rows, fill, strict=True)],
        "attention_mask": [[1] * (width - n) + [0] * n for n in fill],
    }
    if rows[0].types:
        lists["token_type_ids"] = [[*row.types, *[0] * n] for row, n in zip(rows, fill, strict=True)]
    return {name: torch.tensor(values).unsqueeze(1) for name, values in lists.items()}


def _takes_types(network: PreTrainedModel) -> bool:
    """Whether segment types reach the network: RoBERTa's table has but one, DistilBERT's none."""
    from inspect import signature

    kinds = getattr(network.config, "type_vocab_size", None)
    return "token_type_ids" in signature(network.forward).parameters and kinds not in (0, 1)


def _pad_id(network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> int:
    """Any id does where the mask hides it; RoBERTa also counts positions by its own."""
    for own in (network.config.pad_token_id, tokenizer.pad_token_id):
        if own is not None:
            return int(own)
    return 0
