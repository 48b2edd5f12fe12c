"""Sign-flip tests for many columns at once: is the mean change of an item's margin zero?

Under the null each passage's total change is as likely up as down. The tail of the flipped sum is
enumerated where there are few passages and taken from the saddlepoint where there are many: thousands
of units need p-values below what random flips could resolve.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["sign_flip_p"]

Floats = npt.NDArray[np.float64]

_ENUMERATED: Final = 12
_ROUNDS: Final = 80
_BLOCK: Final = 512


def sign_flip_p(sums: Floats) -> Floats:
    """Return float[U], two-sided p-values of mean zero; 1 where all changes are 0.

    Exact to the enumeration of all sign patterns up to 12 passages. Beyond, the Lugannani-Rice
    saddlepoint approximation to the same tail (Robinson 1982, JRSS B 44, p. 91), plus the smallest p
    that 2**G patterns can give: the observed pattern is one of them.

    Args:
        sums: float[U, G], changes summed by passage.

    >>> sign_flip_p(np.array([[1.0, 2.0, 3.0], [1.0, -1.0, 0.0]])).tolist()
    [0.25, 1.0]
    """
    if sums.shape[1] <= _ENUMERATED:
        blocks = [_enumerated(sums[at : at + _BLOCK]) for at in range(0, len(sums), _BLOCK)]
        return np.concatenate(blocks) if blocks else np.zeros(0)
    scale = np.abs(sums).max(1, keepdims=True)
    scaled = np.divide(sums, scale, out=np.zeros_like(sums), where=scale > 0)
    return _saddlepoint(scaled)


def _enumerated(sums: Floats) -> Floats:
    groups = sums.shape[1]
    bits = (np.arange(2**groups)[:, None] >> np.arange(groups)) & 1
    flipped = np.abs(sums @ (1.0 - 2.0 * bits).T)
    # Patterns that give the same sum by another order of adding must count as equal.
    near = np.abs(sums.sum(1, keepdims=True)) * (1 - 1e-12) - 1e-300
    found: Floats = (flipped >= near).mean(1)
    return found


def _saddlepoint(sums: Floats) -> Floats:
    from scipy.special import ndtr

    total = np.abs(sums.sum(1))
    reach = np.abs(sums).sum(1)
    least = 2.0 ** (1.0 - (sums != 0).sum(1))
    inner = (total > 0) & (total < reach * (1 - 1e-12))
    tilt = _tilt(sums, np.where(inner, total, 0.0), reach)
    tilted = tilt[:, None] * np.abs(sums)
    cumulant = (np.logaddexp(tilted, -tilted) - np.log(2)).sum(1)
    curved = (np.square(sums) / np.square(np.cosh(np.minimum(tilted, 300)))).sum(1)
    r = np.sqrt(np.maximum(2 * (tilt * total - cumulant), 0))
    q = tilt * np.sqrt(curved)
    density = np.exp(-0.5 * r * r) / np.sqrt(2 * np.pi)
    far = inner & (r > 1e-3) & (q > 0)
    change = np.divide(1, q, out=np.zeros_like(q), where=far) - np.divide(
        1, r, out=np.zeros_like(r), where=far
    )
    tail = 2 * (ndtr(-r) + density * change) + least
    p = np.where(total >= reach * (1 - 1e-12), least, np.clip(tail, least, 1.0))
    found: Floats = np.where(total > 0, np.minimum(p, 1.0), 1.0)
    return found


def _tilt(sums: Floats, total: Floats, reach: Floats) -> Floats:
    """Solve sum(d tanh(t d)) = total for t, by bisection; the left side grows with t."""
    low, high = np.zeros(len(sums)), np.ones(len(sums))
    size = np.abs(sums)
    for _ in range(_ROUNDS):
        short = (size * np.tanh(high[:, None] * size)).sum(1) < np.minimum(total, reach * (1 - 1e-13))
        if not short.any():
            break
        high = np.where(short, high * 2, high)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        below = (size * np.tanh(middle[:, None] * size)).sum(1) < total
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
