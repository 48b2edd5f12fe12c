"""Layer inputs under a rank-one edit, kept as factors: linear maps of them need no big product.

With a unit's change delta[t] along a direction w in front of a LayerNorm,
`LN(x - delta w) = (gamma (x - mean x) - delta gamma (w - mean w)) / sigma' + beta` where
`sigma'^2 = var x - 2 delta cov(x, w) + delta^2 var w + eps`. So every linear map of the edited stream
is a combination of one cached projection per token and one per unit. Exact up to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Stream", "normed", "plain"]


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """`(base[n, s] - delta[u, n, s] * step[u]) * scale[u, n, s] + shift` for U units."""

    base: Tensor
    """float[N, S, d]."""
    step: Tensor
    """float[U, d]."""
    delta: Tensor
    """float[U, N, S]."""
    scale: Tensor | None
    """float[U, N, S]; one everywhere where None."""
    shift: Tensor | None
    """float[d]; zero where None."""

    def first(self) -> Stream:
        """Return the stream of position 0 alone (S = 1)."""
        scale = None if self.scale is None else self.scale[:, :, :1]
        return Stream(self.base[:, :1], self.step, self.delta[:, :, :1], scale, self.shift)

    def whole(self) -> Tensor:
        """Return float[U, N, S, d], written out."""
        return self.joined(self.base, self.step, self.shift)

    def joined(self, base: Tensor, step: Tensor, shift: Tensor | None) -> Tensor:
        """Return float[U, N, S, m] for projections float[N, S, m], float[U, m] and float[m]."""
        out = base.unsqueeze(0).addcmul(self.delta.unsqueeze(-1), step[:, None, None], value=-1)
        if self.scale is not None:
            out *= self.scale.unsqueeze(-1)
        if shift is not None:
            out += shift
        return out

    def project(self, weight: Tensor, bias: Tensor, base: Tensor) -> Tensor:
        """Return float[U, N, S, m], the stream under a linear map whose `base` part is known.

        Args:
            weight: float[m, d].
            bias: float[m].
            base: float[N, S, m], `self.base @ weight.T`; equal for all units of a layer.
        """
        shift = bias if self.shift is None else weight @ self.shift + bias
        return self.joined(base, self.step @ weight.T, shift)


def plain(output: Tensor, step: Tensor, delta: Tensor) -> Stream:
    """Return the stream of an edit behind the LayerNorm: `output - delta step`."""
    return Stream(output, step, delta, None, None)


def normed(norm: Any, total: Tensor, step: Tensor, delta: Tensor) -> Stream:
    """Return the stream of an edit in front of a LayerNorm: `norm(total - delta step)`.

    Args:
        norm: a LayerNorm with weight and bias.
        total: float[N, S, d].
        step: float[U, d].
        delta: float[U, N, S].
    """
    x = total - total.mean(-1, keepdim=True)
    w = step - step.mean(-1, keepdim=True)
    size = total.shape[-1]
    cross = (x @ w.T).permute(2, 0, 1) / size
    spread = x.square().mean(-1) - 2 * delta * cross + delta.square() * w.square().mean(-1)[:, None, None]
    scale = (spread.clamp(min=0) + norm.eps).rsqrt()
    return Stream(x * norm.weight, w * norm.weight, delta, scale, norm.bias)
