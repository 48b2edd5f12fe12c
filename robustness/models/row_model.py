"""A network as a model: rows are read, scored once each, and near ties decided in fp64."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustness.domain import Example, Scores
from robustness.models.arithmetic import threads_for
from robustness.models.checked_scorer import CheckedScorer, Paths
from robustness.models.continuations import Continuations
from robustness.models.encoding import Row
from robustness.models.fingerprint import combined, fingerprint, numeric_class
from robustness.models.keys import RowKeys
from robustness.models.ledger import Ledger
from robustness.models.options import ModelOptions
from robustness.models.ties import close_calls, decided

if TYPE_CHECKING:
    from robustness.models.checkpoint import Checkpoint

__all__ = ["RowModel", "Ways"]

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Ways:
    """What makes one kind of model differ from another."""

    name: str
    """Part of every row key; the number behind the slash changes where the reading does."""
    read: Callable[[Sequence[Example]], tuple[Continuations, ...]]
    unit: Callable[[float, Row, int], float]
    """A row's number, the row and the option's bytes -> the score of the option."""
    paths: Paths
    counts: Counter[str]
    """Where the paths count forward_calls and tokens."""
    settings: Mapping[str, str]
    """How the model is asked: part of its fingerprint, and of what a run records."""


class RowModel:
    """A network that scores options by rows of tokens (`Model`, `Truncates`).

    Scores are within 1e-5 (relative) of plain Hugging Face for every budget. Where two options are too
    close for fp32, fp64 ranks them. A row that was scored before is not forwarded again.
    """

    __slots__ = (
        "_device", "_last", "_numeric", "_opened", "_scorer", "_threads", "_ways", "counts", "fingerprint",
        "kind", "max_length", "name", "network", "tokenizer",
    )  # fmt: skip

    def __init__(self, checkpoint: Checkpoint, ways: Ways, *, device: str, options: ModelOptions) -> None:
        self.name: str = checkpoint.name
        self.kind: str = str(checkpoint.kind)
        self.max_length: int = checkpoint.max_length
        self.network = checkpoint.network
        self.tokenizer = checkpoint.tokenizer
        self.counts: Counter[str] = ways.counts
        """What was done so far: rows, rows_forwarded, forward_calls, tokens, rescored_items,
        canonical_rows, shadow_rows, out_of_memory_rows; encoder_rows where there is an encoder."""
        self._ways = ways
        self._opened, self._device = checkpoint, device
        self._numeric = numeric_class(self.network, device=device)
        weights = fingerprint(self.network, self.tokenizer, max_length=self.max_length, numeric=self._numeric)
        self.fingerprint: str = combined(weights, {"adapter": ways.name, **ways.settings})
        self._threads = threads_for(options.threads)
        self._last: tuple[tuple[Example, ...], tuple[Continuations, ...]] = ((), ())
        self._scorer = CheckedScorer(
            ways.paths,
            # Not the settings: the same tokens have the same number under each template and unit.
            keys=RowKeys(weights, adapter=ways.name, numeric=self._numeric),
            device=device,
            threads=self._threads,
            counts=self.counts,
        )
        self._scorer.budget = options.batch_tokens or self._scorer.budget

    @property
    def ledger(self) -> Ledger:
        """Where the numbers of rows are kept; memory, for as long as the model lives, unless set."""
        return self._scorer.ledger

    @ledger.setter
    def ledger(self, ledger: Ledger) -> None:
        self._scorer.ledger = ledger

    def score(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return float[K] per example, in order, higher is better; see `Likelihood` for the unit.

        NaN for every option where question and options alone exceed `max_length`. What examples of one
        call share is computed once, so give as many as can be held.
        """
        read = self.read(batch)
        self.counts["rows"] += sum(len(item.rows) for item in read)
        self._ready()
        raw = self._scorer.scores([row for item in read for row in item.rows])
        scores = [self._scores(item, raw) for item in read]
        return tuple(
            self._settled(item, row) or (_NAN,) * len(example.options)
            for example, item, row in zip(batch, read, scores, strict=True)
        )

    def canonical(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return what `score` does, all of it in fp64: one row at a time, on one thread of the CPU."""
        read = self.read(batch)
        exact = self._scorer.canonical([row for item in read for row in item.rows])
        return tuple(
            self._scores(item, exact) or (_NAN,) * len(example.options)
            for example, item in zip(batch, read, strict=True)
        )

    def visible(self, batch: Sequence[Example]) -> tuple[int, ...]:
        """Return, per example, the characters of the passage that are read, from its start; -1
        where question and options alone do not fit. Free after `score` of the same examples."""
        return tuple(item.visible for item in self.read(batch))

    def read(self, batch: Sequence[Example]) -> tuple[Continuations, ...]:
        """Return the token rows of each example, as the network gets them."""
        known, read = self._last
        if len(known) == len(batch) and all(a is b for a, b in zip(known, batch, strict=True)):
            return read
        read = self._ways.read(batch)
        self._last = (tuple(batch), read)
        return read

    def environment(self) -> Mapping[str, str]:
        """Return what a run records: versions, device, how the model was asked, and what was checked."""
        import tokenizers
        import torch
        import transformers

        checked = self._scorer.difference
        return {
            "attention": self._numeric.rsplit("/", 1)[1],
            "batch_tokens": str(self._scorer.budget),
            "device": self._device,
            "dtype": "float32",
            "kind": self.kind,
            "max_length": str(self.max_length),
            "numeric_class": self._numeric,
            "out_of_memory_rows": str(self.counts["out_of_memory_rows"]),
            "rescored_items": str(self.counts["rescored_items"]),
            "revision": self._opened.revision,
            "threads": str(self._threads),
            "tf32": "off",
            "tokenizers": tokenizers.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            **self._ways.settings,
            **({} if checked is None else {"shadow_check": f"largest difference {checked:.1e}"}),
            **self._opened.told(self._scorer.warning),
        }

    def _ready(self) -> None:
        self.network.eval()
        assert not any(module.training for module in self.network.modules()), "dropout is on"

    def _unit(self, item: Continuations, at: int, raw: Mapping[Row, float]) -> float:
        return self._ways.unit(raw[item.rows[at]], item.rows[at], item.sizes[at])

    def _scores(self, item: Continuations, raw: Mapping[Row, float]) -> Scores:
        return tuple(self._unit(item, at, raw) for at in range(len(item.rows)))

    def _settled(self, item: Continuations, scores: Scores) -> Scores:
        """Return the scores, canonical ones where the best is not clear."""
        close = close_calls(tuple(zip(item.rows, item.sizes, strict=False)), scores)
        if not close:
            return scores
        self.counts["rescored_items"] += 1
        raw = self._scorer.canonical([item.rows[at] for at in close])
        return decided(scores, {at: self._unit(item, at, raw) for at in close})
