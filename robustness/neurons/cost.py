"""What an analysis will take, in matrix products, before it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from robustness.neurons.sites import Anatomy, Kind

__all__ = ["Cost", "forward_flops", "naive_flops", "unit_flops"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Floating-point operations of matrix products (a multiply-add counts 2), by step."""

    sequences: int
    tokens: int
    sites: int
    verified: int
    """Units to be computed exactly."""
    steps: tuple[tuple[str, float], ...]
    """Step and operations, in the order they run."""
    naive: float
    """One hooked forward pass per unit and sequence, for all sites."""

    @property
    def total(self) -> float:
        """Operations of all steps."""
        return sum(flops for _, flops in self.steps)

    @property
    def ratio(self) -> float:
        """How many times cheaper than naive."""
        return self.naive / self.total if self.total else float("inf")

    def seconds(self, rate: float) -> float:
        """Return seconds at `rate` operations per second, as measured on this machine."""
        return self.total / rate


def forward_flops(body: Anatomy, tokens: int) -> float:
    """Return operations of one forward pass of one sequence.

    >>> round(forward_flops(Anatomy("bert", 6, 384, 1536, 12), 128) / 1e9, 2)
    2.87
    """
    return body.layers * _layer(body, tokens)


def unit_flops(body: Anatomy, kind: Kind, layer: int, tokens: int) -> float:
    """Return operations of one exact ablation of one unit on one sequence, behind the cached prefix.

    >>> body = Anatomy("bert", 6, 384, 1536, 12)
    >>> [round(forward_flops(body, 128) / unit_flops(body, "ffn", at, 128)) for at in (0, 3, 4, 5)]
    [2, 8, 463, 9603]
    """
    d, behind = body.hidden, body.layers - 1 - layer
    read = 10 * d * d + 4 * body.ffn * d + 4 * body.heads * tokens * d
    if behind == 0:
        return 10 * d + 2 * d * d + (4 * body.ffn * d if kind == "head" else 0)
    if kind == "head":
        return 4 * tokens * body.ffn * d + (behind - 1) * _layer(body, tokens) + read
    lifted = _layer(body, tokens) - 6 * tokens * d * d
    return read + (lifted + (behind - 2) * _layer(body, tokens) if behind > 1 else 0)


def _layer(body: Anatomy, tokens: int) -> float:
    d = body.hidden
    return 8 * tokens * d * d + 4 * tokens * tokens * d + 4 * tokens * d * body.ffn


def naive_flops(body: Anatomy, kinds: Iterable[Kind], lengths: Iterable[int]) -> float:
    """Return operations of one forward pass per unit and sequence."""
    units = body.layers * sum(body.width(kind) for kind in kinds)
    return units * sum(forward_flops(body, tokens) for tokens in lengths)
