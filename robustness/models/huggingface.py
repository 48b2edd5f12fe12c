"""Any `*ForMultipleChoice` checkpoint as a model: correct before fast, and the same on every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from robustness.domain import Example, Scores
from robustness.models.arithmetic import device_for, threads_for
from robustness.models.checkpoint import Checkpoint, open_checkpoint
from robustness.models.encoding import Encoded, Row, encode
from robustness.models.fingerprint import fingerprint, numeric_class
from robustness.models.forward import MULTIPLE_CHOICE, Plain, pad_id, takes_types
from robustness.models.ledger import Ledger
from robustness.models.near_ties import contenders, decided
from robustness.models.options import ModelOptions
from robustness.models.probes import probes
from robustness.models.row_scorer import Machine, RowScorer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["HuggingFaceModel", "load"]

_BUDGET = {"cpu": 1_024, "cuda": 16_384}
_NAN = float("nan")


def load(location: str, *, options: ModelOptions) -> HuggingFaceModel:
    """Return the model of a checkpoint folder or Hub id `org/name[@revision]`, ready to score.

    Raises `ModelError` for one that cannot be used: see `open_checkpoint`.
    """
    device = device_for(options.device)
    checkpoint = open_checkpoint(location, max_length=options.max_length, untrained=options.exploratory)
    return HuggingFaceModel(checkpoint, device=device, options=options)


class HuggingFaceModel:
    """A multiple-choice network that scores each option on its own (`Model`, `Truncates`).

    Scores are logits, within 1e-5 of a plain forward pass of one row. On a CPU they are the same to
    the last bit for every batch budget, number of threads and order. Where two options are too close
    for fp32, their canonical scores (fp64) stand in; where those tie too, they are equal. NaN or
    infinity is passed on as it came, and never recorded.
    """

    __slots__ = (
        "_device", "_last", "_numeric", "_opened", "_options", "_rows", "_threads", "_typed", "counts",
        "fingerprint", "max_length", "name", "network", "tokenizer",
    )  # fmt: skip

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        device: str = "cpu",
        options: ModelOptions | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.name: str = checkpoint.name
        self.max_length: int = checkpoint.max_length
        self.network: PreTrainedModel = checkpoint.network
        self.tokenizer: PreTrainedTokenizerFast = checkpoint.tokenizer
        self._opened = checkpoint
        self._device = device
        self._options = options or ModelOptions()
        self._threads = threads_for(self._options.threads)
        self._numeric = numeric_class(self.network, device=device)
        self._typed = takes_types(self.network)
        self._last: tuple[tuple[Example, ...], tuple[Encoded, ...]] = ((), ())
        self.fingerprint: str = fingerprint(
            self.network, self.tokenizer, max_length=self.max_length, numeric=self._numeric
        )
        self.network.to(device)
        self._rows = self._scorer()
        self.counts: Counter[str] = self._rows.counts
        """What was done so far: rows, rows_forwarded, forward_calls, tokens, padded_tokens,
        rescored_items, canonical_rows, shadow_rows, out_of_memory_rows."""
        if ledger is not None:
            self.ledger = ledger

    @property
    def ledger(self) -> Ledger:
        """Where the scores of rows are kept; memory, for as long as the model lives, unless set."""
        return self._rows.ledger

    @ledger.setter
    def ledger(self, ledger: Ledger) -> None:
        self._rows.ledger = ledger

    def score(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return float[K] per example, in order: one logit per option, higher is better.

        NaN for every option where question and option alone exceed `max_length`, and for a row
        that does not fit into memory by itself. A row that was scored before, by this model or by
        who filled the ledger, is not forwarded again.
        """
        encoded = self.encode(batch)
        self.counts["rows"] += sum(len(item.rows) for item in encoded)
        values = self._rows.scores([row for item in encoded for row in item.rows])
        scores = [tuple(values[row] for row in item.rows) for item in encoded]
        settled = self._settled(encoded, scores)
        return tuple(
            row or (_NAN,) * len(example.options) for example, row in zip(batch, settled, strict=True)
        )

    def known(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return those rows of `encode` that need no forward pass: the ledger has their scores."""
        return self._rows.known(rows)

    def canonical(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return what `score` does, all of it in fp64: one row at a time, on one thread of the CPU."""
        encoded = self.encode(batch)
        exact = self._rows.canonical([row for item in encoded for row in item.rows])
        return tuple(
            tuple(exact[row] for row in item.rows) or (_NAN,) * len(example.options)
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
        coded = encode(self.tokenizer, batch, max_length=self.max_length)
        encoded = tuple(replace(item, rows=tuple(map(self._read, item.rows))) for item in coded)
        self._last = (tuple(batch), encoded)
        return encoded

    def environment(self) -> Mapping[str, str]:
        """Return what a run records: versions, device, dtype, threads, limits, and what was checked."""
        import tokenizers
        import torch
        import transformers

        return {
            **self._checked(),
            "attention": self._numeric.rsplit("/", 1)[1],
            "batch_tokens": str(self._machine().budget),
            "device": self._device,
            "dtype": "float32",
            "max_length": str(self.max_length),
            "numeric_class": self._numeric,
            "out_of_memory_rows": str(self.counts["out_of_memory_rows"]),
            "rescored_items": str(self.counts["rescored_items"]),
            "revision": self._opened.revision,
            "threads": str(self._machine().threads),
            "tf32": "off",
            "tokenizers": tokenizers.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }

    def _checked(self) -> dict[str, str]:
        shadow = self._rows.shadow
        measured = (
            {}
            if shadow is None
            else {
                "near_tie_bound": f"{shadow.bound:.3g}",
                "shadow_check": f"largest difference {shadow.difference:.1e}",
            }
        )
        return {"forward": self._rows.path, **measured, **self._opened.told(self._rows.warnings)}

    def _settled(self, encoded: Sequence[Encoded], scores: Sequence[Scores]) -> list[Scores]:
        """Return the scores, near ties decided by canonical ones."""
        if not any(scores):
            return list(scores)
        bound = self._rows.bound()
        close = {
            at: found
            for at, (item, row) in enumerate(zip(encoded, scores, strict=True))
            if (found := contenders(item.rows, row, bound=bound))
        }
        self.counts["rescored_items"] += len(close)
        exact = self._rows.canonical([encoded[at].rows[n] for at, found in close.items() for n in found])
        return [
            decided(encoded[at].rows, row, close=close[at], exact=exact) if at in close else row
            for at, row in enumerate(scores)
        ]

    def _read(self, row: Row) -> Row:
        """Return the row as the network reads it: some have no segment types."""
        return row if self._typed else Row(row.ids, ())

    def _machine(self) -> Machine:
        budget = self._options.batch_tokens or _BUDGET[self._device.partition(":")[0]]
        return Machine(self._device, budget, self._threads)

    def _scorer(self) -> RowScorer:
        plain = Plain(
            self.network, MULTIPLE_CHOICE, pad=pad_id(self.network, self.tokenizer), device=self._device
        )
        asked = probes(self.tokenizer, max_length=self.max_length)
        return RowScorer(
            plain,
            machine=self._machine(),
            fingerprint=self.fingerprint,
            numeric=self._numeric,
            probes=tuple(dict.fromkeys(map(self._read, asked))),
        )
