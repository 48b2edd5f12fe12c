"""The reference activations of a network: means, means by role and a bank of random tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from robustness.neurons.batch import Batch, batch, chunks
from robustness.neurons.sequences import Role, Sequences, row_digest
from robustness.neurons.sites import Kind
from robustness.neurons.trace import trace
from robustness.neurons.values import Ablation, Replacement, Tables, Value
from robustness.neurons.wiring import Wiring
from robustness.rng import derive

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Reference", "reference"]

_BANK: Final = 256
"""Bank tokens per role."""

_TOKENS: Final = 4_096

_ROLES: Final = (Role.PASSAGE, Role.QUESTION, Role.OPTION, Role.SPECIAL)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Replacement values for any batch of the same sequences."""

    data: Sequences
    ablation: Ablation
    tables: Tables
    digest: str
    """SHA-256 over the reference rows; the digest of nothing where none were needed."""
    owners: tuple[tuple[tuple[int, str], ...], ...] = ()
    """By role: position in the bank and the item it came from."""

    def for_batch(self, given: Batch) -> Replacement:
        """Return the replacement values of a batch. A row draws the same ones in any batch."""
        if self.ablation.value is not Value.RESAMPLE:
            return Replacement(self.ablation, self.tables, given.roles)
        width = given.shape[1]
        rows = [self._picks(at, width) for at in given.rows]
        picks = given.roles.new_tensor(np.stack(rows, axis=1).tolist())
        return Replacement(self.ablation, self.tables, given.roles, picks)

    def _picks(self, row: int, width: int) -> np.typing.NDArray[np.int64]:
        """int[draws, width]: bank positions of the same role, from items other than the row's own."""
        name = row_digest(self.data.rows[row]).hex()
        rng = derive(self.ablation.seed, "resample", name)
        pools = [self._pool(role, self.data.sources[row]) for role in _ROLES]
        found = np.zeros((self.ablation.draws, width), dtype=np.int64)
        for draw in range(self.ablation.draws):
            for at, role in enumerate(self.data.roles[row]):
                found[draw, at] = rng.choice(pools[role])
        return found

    def _pool(self, role: Role, source: str) -> Sequence[int]:
        others = [at for at, owner in self.owners[role] if owner != source]
        return others or [at for at, _ in self.owners[role]] or [0]


def reference(
    wired: Wiring,
    data: Sequences,
    *,
    ablation: Ablation,
    kinds: Iterable[Kind],
) -> Reference:
    """Return the reference over the clean rows of `data`, by ordinary forward passes.

    Raises `UsageError` where the network has no place for a kind.
    """
    chosen = data.clean or tuple(range(len(data)))
    if ablation.value in (Value.ZERO, Value.CLAMP):
        return Reference(data, ablation, Tables({}, {}, {}), hashlib.sha256().hexdigest())
    wanted = _bank_tokens(data, chosen, seed=ablation.seed)
    sums = _Sums(wanted if ablation.value is Value.RESAMPLE else {})
    for part in chunks(_only(data, chosen), tokens=_TOKENS):
        given = batch(data, [chosen[at] for at in part], wired.network)
        sums.add(given, trace(wired, given, tuple(kinds)).kinds)
    owners = _owners(wanted, data) if ablation.value is Value.RESAMPLE else ()
    return Reference(data, ablation, sums.tables(), _digest(data, chosen), owners)


def _only(data: Sequences, rows: Sequence[int]) -> Sequences:
    return Sequences(
        tuple(data.rows[at] for at in rows),
        tuple(data.roles[at] for at in rows),
        tuple(data.sources[at] for at in rows),
        {},
    )


def _digest(data: Sequences, rows: Iterable[int]) -> str:
    return hashlib.sha256(b"".join(row_digest(data.rows[at]) for at in rows)).hexdigest()


def _bank_tokens(data: Sequences, rows: Sequence[int], *, seed: int) -> dict[tuple[int, int], int]:
    """Return (row, token) -> bank position, up to `_BANK` random tokens of each role."""
    wanted: list[tuple[int, int]] = []
    for role in _ROLES:
        places = [(at, t) for at in rows for t, own in enumerate(data.roles[at]) if own == role]
        order = derive(seed, "bank", role.name).permutation(len(places))
        wanted += sorted(places[i] for i in order[:_BANK])
    return {place: at for at, place in enumerate(wanted)}


def _owners(wanted: dict[tuple[int, int], int], data: Sequences) -> tuple[tuple[tuple[int, str], ...], ...]:
    return tuple(
        tuple((at, data.sources[row]) for (row, t), at in wanted.items() if data.roles[row][t] == role)
        for role in _ROLES
    )


class _Sums:
    """Sums over tokens by role, in double precision, and the bank as it fills."""

    def __init__(self, wanted: dict[tuple[int, int], int]) -> None:
        self._wanted = wanted
        self._sums: dict[tuple[Kind, int], Tensor] = {}
        self._bank: dict[tuple[Kind, int], Tensor] = {}
        self._counts: Tensor | None = None

    def add(self, given: Batch, kinds: dict[Kind, list[Tensor]]) -> None:
        from torch.nn.functional import one_hot

        flags = one_hot(given.roles, len(Role)).double()  # float[N, S, roles]
        counts = flags.sum((0, 1))
        self._counts = counts if self._counts is None else self._counts + counts
        kept = self._kept(given)
        for kind, depths in kinds.items():
            for layer, value in enumerate(depths):
                sums = flags.reshape(-1, len(Role)).T @ value.reshape(-1, value.shape[-1]).double()
                key = (kind, layer)
                self._sums[key] = self._sums[key] + sums if key in self._sums else sums
                self._dtype = value.dtype
                if self._wanted:
                    bank = self._bank.setdefault(key, value.new_zeros(len(self._wanted), value.shape[-1]))
                    bank[[at for *_, at in kept]] = value[[n for n, *_ in kept], [t for _, t, _ in kept]]

    def _kept(self, given: Batch) -> list[tuple[int, int, int]]:
        """Sequence, token and bank position of each token of a batch that the bank wants."""
        every = ((n, t, row) for n, row in enumerate(given.rows) for t in range(given.shape[1]))
        return [(n, t, self._wanted[row, t]) for n, t, row in every if (row, t) in self._wanted]

    def tables(self) -> Tables:
        assert self._counts is not None
        real = self._counts.clone()
        real[Role.PAD] = 0
        mean: dict[tuple[Kind, int], Tensor] = {}
        by_role: dict[tuple[Kind, int], Tensor] = {}
        for key, sums in self._sums.items():
            whole = (sums * (real > 0)[:, None]).sum(0) / real.sum()
            roles = sums / real.clamp(min=1)[:, None]
            roles[real == 0] = whole
            mean[key], by_role[key] = whole.to(self._dtype), roles.to(self._dtype)
        return Tables(mean, by_role, self._bank)
