"""Rows to scores: what is known is looked up, the rest is planned, forwarded once and recorded."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace

from robustness.models.arithmetic import machine_class, plain_arithmetic
from robustness.models.batches import plan, plan_alone, plan_packed
from robustness.models.canonical import Canonical
from robustness.models.encoding import Row
from robustness.models.families import encoder_of
from robustness.models.forward import Adapter, Plain
from robustness.models.keys import RowKeys
from robustness.models.ledger import Ledger, Memory, finite_rows
from robustness.models.memory import Fitted, within_memory
from robustness.models.packed import Packed
from robustness.models.shadow import Shadow, difference, refuse_chance, shadow_of
from robustness.models.workers import in_order

__all__ = ["Machine", "RowScorer"]

_MAY_PAD = frozenset(
    {
        "albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "ernie", "mpnet",
        "rembert", "roberta", "xlm-roberta",
    }
)  # fmt: skip
"""Families in which padding on the right, masked, leaves the scores of real tokens alone. Others
may read the last position (XLNet), mix over padding (FNet) or pool over it (Funnel): their batches
hold rows of one length."""

_RECORD_ROWS, _RECORD_SECONDS = 256, 2.0
"""A ledger is told after this many rows, or this long after the last time, and at the end."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and in what portions rows are computed; nothing of it may reach a score."""

    device: str
    budget: int
    """Tokens per forward pass."""
    threads: int


class RowScorer:
    """Scores of token rows for a network that gives each row one score by itself.

    Its head, multiple choice or another, is told by the adapter. Not for several threads at once.
    """

    __slots__ = (
        "_adapter", "_canonical", "_fast", "_fingerprint", "_ledger", "_machine", "_may_pad", "_numeric",
        "_plain", "_probes", "_shadow", "_trusted", "_warning", "counts",
    )  # fmt: skip

    def __init__(
        self,
        plain: Plain,
        *,
        machine: Machine,
        fingerprint: str,
        numeric: str,
        probes: Sequence[Row],
    ) -> None:
        """Take the plain forward pass; the faster path is found from its network.

        Args:
            plain: network, adapter, padding and device.
            machine: device, budget and threads.
            fingerprint: digest of the model, part of every key.
            numeric: numeric class, part of every key.
            probes: rows of the shadow check, which depend on the model alone.
        """
        self.counts: Counter[str] = Counter()
        self._ledger: Ledger = Memory()
        self._warning = ""
        self._plain = plain
        self._adapter: Adapter = plain.adapter
        self._machine = machine
        self._fingerprint, self._numeric = fingerprint, numeric
        self._probes = tuple(probes)
        encoder = encoder_of(plain.network) if machine.device == "cpu" else None
        self._fast: Packed | Plain = plain if encoder is None else Packed(encoder)
        self._canonical = Canonical(plain.network, plain.adapter, pad=plain.pad)
        self._may_pad = plain.network.config.model_type in _MAY_PAD
        self._shadow: Shadow | None = None
        self._trusted = False
        """Whether the shadow check was passed, or its fall-back taken, in this process."""

    @property
    def path(self) -> str:
        """How rows are forwarded: `packed` or `plain`."""
        return "packed" if isinstance(self._fast, Packed) else "plain"

    @property
    def warnings(self) -> str:
        """What a reader of the run must know about how it was computed; mostly empty."""
        return "; ".join(text for text in (self._warning, self._canonical.warning) if text)

    @property
    def ledger(self) -> Ledger:
        """Where scores are kept; set another at any time between two calls."""
        return self._ledger

    @ledger.setter
    def ledger(self, ledger: Ledger) -> None:
        self._ledger = ledger
        if self._shadow is not None:
            self._remember(self._shadow)

    @property
    def shadow(self) -> Shadow | None:
        """What the shadow check measured, here or where the ledger was filled; None before."""
        return self._shadow or self._remembered()

    def scores(self, rows: Sequence[Row]) -> dict[Row, float]:
        """Return the score of each distinct row, forwarding those alone that no ledger holds."""
        distinct = tuple(dict.fromkeys(rows))
        keys = self._keys_of(distinct)
        known = self.ledger.known(tuple(keys.values()))
        missing = [row for row in distinct if keys[row] not in known]
        if missing and not self._trusted:
            self._start(missing)
            return self.scores(rows)  # the fall-back has keys of its own
        values = {row: known[keys[row]] for row in distinct if keys[row] in known}
        self.counts["rows_forwarded"] += len(missing)
        with closing(self._forwarded(missing, keys)) as parts:
            for part in parts:
                values.update(part)
        return values

    def known(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """Return those rows whose scores the ledger has."""
        keys = self._keys_of(rows)
        found = self.ledger.known(tuple(keys.values()))
        return tuple(row for row in rows if keys[row] in found)

    def bound(self) -> float:
        """Return the gap below which two scores are a near tie; it depends on the model alone."""
        if self.shadow is None:
            self._start(())
        assert self.shadow is not None
        return self.shadow.bound

    def canonical(self, rows: Sequence[Row]) -> dict[Row, float]:
        """Return the canonical score of each distinct row, computed where no ledger holds it."""
        distinct = tuple(dict.fromkeys(rows))
        keys = {row: self._keys().canonical(row) for row in distinct}
        known = self.ledger.known(tuple(keys.values()))
        missing = [row for row in distinct if keys[row] not in known]
        made = dict(zip(missing, self._canonical(missing), strict=True)) if missing else {}
        self.counts["canonical_rows"] += len(missing)
        if made:
            self.ledger.record(finite_rows({keys[row]: score for row, score in made.items()}))
        return {row: known[keys[row]] if keys[row] in known else made[row] for row in distinct}

    def _keys(self) -> RowKeys:
        name = f"{self._adapter.name}@{self.path}"
        where = machine_class(self._machine.device)
        return RowKeys(self._fingerprint, adapter=name, numeric=self._numeric, machine=where)

    def _keys_of(self, rows: Sequence[Row]) -> dict[Row, bytes]:
        keys = self._keys()
        return {row: keys.of(row) for row in rows}

    def _forwarded(
        self, rows: Sequence[Row], keys: Mapping[Row, bytes]
    ) -> Generator[dict[Row, float], None, None]:
        """Yield scores batch by batch; what was computed is recorded even where a later one fails."""
        pending: dict[bytes, float] = {}
        last = time.monotonic()
        batches = [[rows[at] for at in part] for part in self._plan(rows)]
        try:
            with closing(self._computed(batches)) as computed:
                for batch, fitted in zip(batches, computed, strict=True):
                    self._count(batch, fitted)
                    part = dict(zip(batch, fitted.scores, strict=True))
                    pending.update(finite_rows({keys[row]: score for row, score in part.items()}))
                    if len(pending) >= _RECORD_ROWS or time.monotonic() - last > _RECORD_SECONDS:
                        self.ledger.record(pending)
                        pending, last = {}, time.monotonic()
                    yield part
        finally:
            if pending:
                self.ledger.record(pending)

    def _computed(self, batches: Sequence[Sequence[Row]]) -> Generator[Fitted, None, None]:
        threads = 1 if self._machine.device != "cpu" else self._machine.threads
        with self._ready():
            yield from in_order(self._batch, batches, threads=min(threads, max(1, len(batches))))

    def _batch(self, rows: Sequence[Row]) -> Fitted:
        import torch

        with torch.inference_mode():  # it holds for one thread, and this may be a worker
            return within_memory(rows, self._fast)

    def _ready(self) -> AbstractContextManager[None]:
        network = self._plain.network
        network.eval()
        assert not any(module.training for module in network.modules()), "dropout is on"
        return plain_arithmetic(self._machine.device, threads=1)

    def _plan(self, rows: Sequence[Row]) -> tuple[tuple[int, ...], ...]:
        shadow = self._shadow
        if shadow is not None and shadow.agrees and self._machine.device != "cpu":
            return plan(rows, budget=self._machine.budget, may_pad=self._may_pad)
        if shadow is not None and shadow.invariant and self.path == "packed":
            return plan_packed(rows, budget=self._machine.budget)
        return plan_alone(rows)  # no neighbours, so none that could reach a row's last bits

    def _count(self, batch: Sequence[Row], fitted: Fitted) -> None:
        for start, stop in fitted.passes:
            part = batch[start:stop]
            self.counts["forward_calls"] += 1
            self.counts["tokens"] += sum(len(row.ids) for row in part)
            self.counts["padded_tokens"] += self._fast.cost(part)
        self.counts["out_of_memory_rows"] += fitted.failed

    def _start(self, rows: Sequence[Row]) -> None:
        """Check the fast path on the probes and on a few of the rows to come, or fall back."""
        fast = self._fast if self._shares_batches() else self._alone
        with self._ready():
            found = shadow_of(self._probes, fast=fast, plain=self._alone, canonical=self._canonical)
            real = self._sample(rows)
            apart = difference(fast(real), self._alone(real)) if real else 0.0
            worst = replace(found, difference=max(found.difference, apart))
            if not worst.agrees:  # of a network that draws random numbers no two passes agree
                refuse_chance((*real, *self._probes)[:4], self._alone)
        self.counts["shadow_rows"] += len(self._probes) + len(real)
        if not worst.agrees:
            self._warning = (
                f"the {self.path} forward pass differs from the plain one by {worst.difference:.1e}; "
                "the plain one is used"
            )
            self._fast = self._plain
        self._shadow, self._trusted = found if worst.agrees else worst, True
        self._remember(self._shadow)

    def _shares_batches(self) -> bool:
        return self.path == "packed" or (self._machine.device != "cpu" and self._may_pad)

    def _alone(self, rows: Sequence[Row]) -> list[float]:
        return [self._plain([row])[0] for row in rows]

    def _sample(self, rows: Sequence[Row]) -> list[Row]:
        """Return the longest, the shortest and two rows between."""
        order = [at for (at,) in plan_alone(rows)]
        picked = {order[n * (len(order) - 1) // 3] for n in range(4)} if order else set()
        return [rows[at] for at in sorted(picked)]

    def _remember(self, shadow: Shadow) -> None:
        keys = self._keys()
        if notes := shadow.notes():
            self.ledger.record({keys.note(name): value for name, value in notes.items()})

    def _remembered(self) -> Shadow | None:
        keys = {name: self._keys().note(name) for name in ("bound", "difference", "invariant")}
        known = self.ledger.known(tuple(keys.values()))
        return Shadow.of_notes({name: known[key] for name, key in keys.items() if key in known})
