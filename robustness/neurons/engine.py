"""Logits of all sequences under ablation: exact by unit, estimated for all units, exact by group."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from robustness.errors import ModelError
from robustness.models.arithmetic import plain_arithmetic
from robustness.neurons.batch import Batch, batch, chunks
from robustness.neurons.exact import BLOCK_BYTES, Prefix, exact
from robustness.neurons.naive import ablated
from robustness.neurons.parts import Parts
from robustness.neurons.reference import Reference, reference
from robustness.neurons.restart import grouped
from robustness.neurons.screen import screened
from robustness.neurons.sequences import Sequences, row_digest
from robustness.neurons.sites import EVERY, KINDS, Kind, Site
from robustness.neurons.trace import trace
from robustness.neurons.values import Ablation
from robustness.neurons.wiring import Wiring, wiring
from robustness.rng import derive

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["Ablator", "Settings"]

Floats = npt.NDArray[np.floating]

_CHUNK: Final = 512
_CONTRACT: Final = {4: 1e-5, 8: 1e-10}
"""Most that the fast path may differ from hooks, by bytes per number, for logits of size 1 or less."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the work is cut up and checked; recorded, since it decides the last bits."""

    block_bytes: int = BLOCK_BYTES
    chunk_tokens: int = _CHUNK
    may_pad: bool = False
    spot_share: float = 0.005
    """Share of exact cells (unit x sequence) that are recomputed through hooks ..."""
    spot_most: int = 256
    """... and the most of them per call: 256 without a fault leave less than 1.2 % faulty (95 %)."""
    fast: bool = True
    threads: int = 1
    ablation: Ablation = field(default_factory=Ablation)


class Ablator:
    """One network, the sequences of one suite, one kind of replacement.

    Making one runs the reference: a forward pass over the clean sequences, where means are needed.
    """

    def __init__(
        self,
        network: PreTrainedModel,
        data: Sequences,
        *,
        kinds: Iterable[Kind],
        settings: Settings | None = None,
        parts: Parts | None = None,
    ) -> None:
        self.settings = settings or Settings()
        found = wiring(network)
        self.wired: Wiring = found if self.settings.fast else replace(found, path="hooks")
        self.data, self.ablation = data, self.settings.ablation
        self.kinds: tuple[Kind, ...] = tuple(sorted(set(kinds)))
        self.counts: Counter[str] = Counter()
        """What was done: chunks, exact_cells, resumed_chunks, spot_cells, group_rows, screened_rows."""
        self._parts = parts or Parts(None)
        with self.arithmetic():
            self.reference: Reference = reference(self.wired, data, ablation=self.ablation, kinds=self.kinds)

    def base(self) -> tuple[Floats, dict[tuple[Kind, int], Floats]]:
        """Return float[N], the logits of the model as it is, and mean |value| by unit.

        The means, float[units] by kind and depth, are over all tokens that are not padding.
        """
        logits = self._empty(1)[0]
        sums: dict[tuple[Kind, int], Floats] = {}
        tokens = 0
        with self.arithmetic():
            for given in self._batches(range(len(self.data))):
                seen = trace(self.wired, given, self.kinds)
                logits[list(given.rows)] = seen.logits.cpu().numpy()
                real = given.inputs["attention_mask"][:, 0, :, None]
                tokens += int(real.sum())
                for kind, depths in seen.kinds.items():
                    for layer, value in enumerate(depths):
                        size = (value.abs() * real).sum((0, 1)).cpu().numpy().astype(np.float64)
                        sums[kind, layer] = sums.get((kind, layer), 0.0) + size
        return logits, {key: self._units(key[0], total / tokens) for key, total in sums.items()}

    def screen(
        self, rows: Sequence[int] | None = None, *, group: Iterable[Site] = ()
    ) -> dict[tuple[Kind, int], Floats]:
        """Return float[units, N] by kind and depth: first-order changes of the logits of `rows`."""
        wanted = list(range(len(self.data)) if rows is None else rows)
        place = {row: at for at, row in enumerate(wanted)}
        members = tuple(group)
        found: dict[tuple[Kind, int], Floats] = {}
        import torch

        with self.arithmetic(), torch.inference_mode(mode=False):
            for given in self._batches(wanted):
                self.counts["screened_rows"] += len(given.rows)
                values = self.reference.for_batch(given)
                changes = screened(self.wired, given, values, kinds=self.kinds, group=members)
                for key, change in changes.items():
                    target = found.setdefault(key, np.zeros((len(change), len(wanted)), self._dtype))
                    target[:, [place[row] for row in given.rows]] = change.cpu().numpy()
        return found

    def exact(self, sites: Sequence[Site], progress: Callable[[int], object] | None = None) -> Floats:
        """Return float[U, N]: the logits with each site ablated, one at a time.

        Finished chunks of an interrupted call are taken from the store, where there is one.

        Raises `ModelError` where the spot check finds a cell off by more than the contract.
        """
        wanted = sorted(set(sites))
        found = self._empty(len(wanted))
        plan = chunks(self.data, tokens=self.settings.chunk_tokens, may_pad=self.settings.may_pad)
        with self.arithmetic():
            for rows in plan:
                key = self._key(wanted, rows)
                part = self._parts.get(key)
                if part is None:
                    part = self._chunk(wanted, rows, share=len(rows) / len(self.data))
                    self._parts.put(key, part)
                else:
                    self.counts["resumed_chunks"] += 1
                found[:, list(rows)] = part
                if progress is not None:
                    progress(len(rows) * len(wanted))
        order = {site: at for at, site in enumerate(wanted)}
        return found[[order[site] for site in sites]]

    def group(self, sites: Iterable[Site], rows: Sequence[int] | None = None) -> Floats:
        """Return float[len(rows)]: the logits with all sites ablated at once."""
        wanted = list(range(len(self.data)) if rows is None else rows)
        members = tuple(sites)
        found = np.zeros(len(wanted), self._dtype)
        place = {row: at for at, row in enumerate(wanted)}
        with self.arithmetic():
            for given in self._batches(wanted):
                self.counts["group_rows"] += len(given.rows)
                logits = ablated(self.wired, given, members, self.reference.for_batch(given))
                found[[place[row] for row in given.rows]] = logits.cpu().numpy()
        return found

    def groups(self, many: Sequence[Sequence[Site]], rows: Sequence[int]) -> Floats:
        """Return float[len(many), len(rows)]: the logits under each group, sharing what lies below it."""
        found = np.zeros((len(many), len(rows)), self._dtype)
        place = {row: at for at, row in enumerate(rows)}
        kinds = KINDS if self._is_fast else self.kinds
        with self.arithmetic():
            for given in self._batches(rows):
                values = self.reference.for_batch(given)
                prefix = Prefix(self.wired, given, trace(self.wired, given, kinds), values)
                at = [place[row] for row in given.rows]
                for number, group in enumerate(many):
                    self.counts["group_rows"] += len(given.rows)
                    found[number, at] = grouped(prefix, group).cpu().numpy()
        return found

    def reach(self, kind: Kind, layer: int) -> Floats:
        """Return float[units]: the norm of what each unit writes with, its output weights; 1 for `out`."""
        if kind == "out" or layer == EVERY:
            return np.ones(self.wired.body.width(kind))
        module, *_ = self.wired.place(kind, layer)
        weight: Tensor = module.get_parameter("weight")
        squares = weight.detach().square().sum(0).double().cpu().numpy()
        if kind == "head":
            squares = squares.reshape(self.wired.body.heads, -1).sum(1)
        found: Floats = np.sqrt(squares)
        return found

    def _chunk(self, sites: Sequence[Site], rows: Sequence[int], *, share: float) -> Floats:
        given = batch(self.data, rows, self.wired.network)
        values = self.reference.for_batch(given)
        seen = trace(self.wired, given, KINDS if self._is_fast else self.kinds)
        prefix = Prefix(self.wired, given, seen, values)
        part = np.zeros((len(sites), len(rows)), self._dtype)
        start = 0
        for (kind, layer), members in groupby(sites, key=lambda site: (site.kind, site.layer)):
            units = [site.index for site in members]
            logits = exact(prefix, (kind, layer, units), block_bytes=self.settings.block_bytes)
            part[start : start + len(units)] = logits.cpu().numpy()
            start += len(units)
        self.counts["chunks"] += 1
        self.counts["exact_cells"] += part.size
        if self._is_fast:
            self._check(sites, rows, part, share)
        return part

    @property
    def _is_fast(self) -> bool:
        return self.wired.path != "hooks"

    def _check(self, sites: Sequence[Site], rows: Sequence[int], part: Floats, share: float) -> None:
        """Recompute some cells through hooks and compare."""
        most = max(1, math.ceil(self.settings.spot_most * share))
        count = min(math.ceil(self.settings.spot_share * part.size), most)
        rng = derive(self.ablation.seed, "spot", self._key(sites, rows))
        for _ in range(count):
            unit, at = rng.below(len(sites)), rng.below(len(rows))
            given = batch(self.data, [rows[at]], self.wired.network)
            value = ablated(self.wired, given, [sites[unit]], self.reference.for_batch(given))
            wanted, came = float(value[0]), float(part[unit, at])
            self.counts["spot_cells"] += 1
            limit = _CONTRACT[self._dtype.itemsize] * max(1.0, abs(wanted))
            if not abs(wanted - came) <= limit:
                raise ModelError(
                    f"neurons: the fast path gives {came!r} for {sites[unit]} on sequence {rows[at]}, but "
                    f"hooks give {wanted!r} (limit {limit:.0e}); this network is not the plain encoder of "
                    f"its family: analyse it with Settings(fast=False)"
                )

    def _key(self, sites: Sequence[Site], rows: Sequence[int]) -> str:
        return self._parts.key(
            (
                self.ablation,
                self.settings.block_bytes,
                self._is_fast,
                self.reference.digest,
                [str(site) for site in sites],
                [row_digest(self.data.rows[row]).hex() for row in rows],
            )
        )

    def _batches(self, rows: Sequence[int]) -> Iterator[Batch]:
        wanted = list(rows)
        part = replace(self.data, rows=tuple(self.data.rows[at] for at in wanted))
        for positions in chunks(part, tokens=4 * self.settings.chunk_tokens, may_pad=self.settings.may_pad):
            yield batch(self.data, [wanted[at] for at in positions], self.wired.network)

    def _units(self, kind: Kind, columns: Floats) -> Floats:
        return columns.reshape(self.wired.body.heads, -1).mean(1) if kind == "head" else columns

    def _empty(self, units: int) -> Floats:
        return np.zeros((units, len(self.data)), self._dtype)

    @property
    def _dtype(self) -> np.dtype[np.floating]:
        return np.dtype(str(self.wired.network.dtype).removeprefix("torch."))

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Full precision, no gradients, no dropout, inside."""
        network = self.wired.network.eval()
        assert not any(module.training for module in network.modules()), "dropout is on"
        with plain_arithmetic(str(network.device), threads=self.settings.threads):
            yield
