"""What a unit is set to: zero, its mean, its mean by role, another item's value, or a constant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from robustness.errors import UsageError, unknown
from robustness.neurons.sites import Kind

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Ablation", "Replacement", "Tables", "Value", "Values"]


class Value(StrEnum):
    """Kinds of replacement. Zero is off-distribution for units whose mean is not zero."""

    ZERO = "zero"
    MEAN = "mean"
    """The unit's mean over the reference tokens."""
    ROLE = "mean-by-role"
    """The unit's mean over the reference tokens of the same role; keeps [CLS] and [SEP] alike."""
    RESAMPLE = "resample"
    """The unit's value at a random token of the same role in another item; logits are averaged over
    the draws."""
    CLAMP = "clamp"
    """A constant."""

    @classmethod
    def named(cls, text: str) -> Value:
        """Return the value of a name.

        Raises `UsageError` for an unknown one.
        """
        if text not in {one.value for one in cls}:
            raise UsageError("--value: " + unknown("value", text, [one.value for one in cls]))
        return cls(text)


_DRAWS: Final = 5


@dataclass(frozen=True, slots=True)
class Ablation:
    """How units are switched off; recorded with every cube."""

    value: Value = Value.ROLE
    draws: int = _DRAWS
    """For `resample`: how many random replacements the logit is averaged over."""
    level: float = 0.0
    """For `clamp`: the constant."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise UsageError(f"ablation: draws is {self.draws}, but at least 1 is needed")

    @property
    def passes(self) -> int:
        """How many replacements each logit is the mean of."""
        return self.draws if self.value is Value.RESAMPLE else 1


class Values(Protocol):
    """What the columns of a place are replaced with."""

    @property
    def ablation(self) -> Ablation:
        """How many draws there are, above all."""

    def at(self, kind: Kind, layer: int, like: Tensor, *, draw: int = 0) -> Tensor:
        """Return float[N, S, width], or what broadcasts to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What the reference sequences say about each kind and depth."""

    mean: dict[tuple[Kind, int], Tensor]
    """float[width]."""
    by_role: dict[tuple[Kind, int], Tensor]
    """float[roles, width]; the last row, for pads, is the mean over all."""
    bank: dict[tuple[Kind, int], Tensor]
    """float[M, width]: activations of random reference tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class Replacement:
    """The values for one batch."""

    ablation: Ablation
    tables: Tables
    roles: Tensor
    """int64[N, S]."""
    picks: Tensor | None = None
    """int64[draws, N, S], rows of the bank; for `resample`."""

    def at(self, kind: Kind, layer: int, like: Tensor, *, draw: int = 0) -> Tensor:
        """Return float[N, S, width], or what broadcasts to it, for all columns of a place.

        `like` gives dtype, device and width.
        """
        value = self.ablation.value
        if value is Value.ZERO or value is Value.CLAMP:
            level = self.ablation.level if value is Value.CLAMP else 0.0
            return like.new_full((1, 1, like.shape[-1]), level)
        if value is Value.MEAN:
            return self.tables.mean[kind, layer][None, None]
        if value is Value.ROLE:
            return self.tables.by_role[kind, layer][self.roles]
        assert self.picks is not None
        return self.tables.bank[kind, layer][self.picks[draw]]

    def expected(self, kind: Kind, layer: int, like: Tensor) -> Tensor:
        """Return the mean of `at` over the draws: all that a first-order estimate needs."""
        total = self.at(kind, layer, like)
        for draw in range(1, self.ablation.passes):
            total = total + self.at(kind, layer, like, draw=draw)
        return total / self.ablation.passes
