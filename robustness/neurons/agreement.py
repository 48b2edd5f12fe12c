"""How far two checkpoints agree on their units: ranks, jackknifed by passage; top units against chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.results import Estimate

__all__ = ["Overlap", "overlap", "rank_agreement"]

Floats = npt.NDArray[np.float64]

_TOP: Final = 32
_SHARE: Final = 10
"""At most one unit in so many counts as a top unit."""
_NEAR: Final = 1 - 1e-12


def rank_agreement(ours: Floats, theirs: Floats, sizes: Floats) -> Estimate:
    """Return the Spearman correlation over units of two mean effects, 95 % interval by the jackknife.

    Each passage is left out in turn and all ranks are taken anew; the interval is on Fisher's z, with
    the t distribution. A bootstrap would add the noise of its draws to both rankings and put the interval
    too low. Undefined for fewer than three units or where one side has no differences; without an interval
    for fewer than three passages.

    Args:
        ours: float[U, G], effects of each unit summed by passage.
        theirs: the same for the partners, on the same passages.
        sizes: float[G], items of each passage.

    Source: Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 3.

    >>> sums = np.array([[1.0, 2.0, 1.5], [3.0, 2.0, 2.5], [5.0, 4.0, 6.0]])
    >>> rank_agreement(sums, 2 * sums, np.ones(3))
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    from scipy.stats import t

    if len(ours) < 3:
        return Estimate(None)
    value = _spearman(ours.sum(1)[:, None], theirs.sum(1)[:, None])[0]
    passages = len(sizes)
    if not np.isfinite(value):
        return Estimate(None)
    if passages < 3:
        return Estimate(float(value))
    rest = sizes.sum() - sizes
    left_out = [(side.sum(1)[:, None] - side) / rest for side in (ours, theirs)]
    z = np.arctanh(np.clip(_spearman(*left_out), -_NEAR, _NEAR))
    spread = np.sqrt((passages - 1) / passages * np.square(z - z.mean()).sum())
    centre, reach = np.arctanh(np.clip(value, -_NEAR, _NEAR)), float(t.ppf(0.975, passages - 1)) * spread
    low, high = (float(round(np.tanh(centre + side * reach), 9)) for side in (-1, 1))
    return Estimate(float(round(value, 9)), low, high)


def _spearman(ours: Floats, theirs: Floats) -> Floats:
    """Return float[C]: the rank correlation of each column with its fellow; NaN for a constant one."""
    from scipy.stats import rankdata

    ranks = [rankdata(side, axis=0) for side in (ours, theirs)]
    a, b = (rank - rank.mean(0) for rank in ranks)
    norm = np.sqrt(np.square(a).sum(0) * np.square(b).sum(0))
    found: Floats = np.divide((a * b).sum(0), norm, out=np.full(a.shape[1], np.nan), where=norm > 0)
    return found


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many top units two checkpoints share."""

    top: int
    """Top units of each: at most 32, and at most a tenth of all."""
    shared: tuple[int, ...]
    """Places of the shared ones among the units."""
    expected: float
    """Shared by chance, were each layer's top units drawn from that layer at random."""
    p: float
    """Probability of as many or more by that chance: hypergeometric, layers added up."""


def overlap(ours: Floats, theirs: Floats, layers: Sequence[object]) -> Overlap:
    """Return the overlap of the units with the largest effects.

    Top units lie in few layers whatever they do, so chance keeps how many each layer has.

    Args:
        ours: float[U], effects.
        theirs: float[U], those of the partners.
        layers: [U], the layer of each unit.

    >>> found = overlap(np.arange(40.0), np.arange(40.0), ["ffn.0"] * 40)
    >>> found.top, len(found.shared), found.expected, round(found.p, 7)
    (4, 4, 0.4, 1.09e-05)
    """
    count = min(_TOP, max(1, len(ours) // _SHARE)) if len(ours) else 0
    first, second = (set(np.argsort(-side, kind="stable")[:count].tolist()) for side in (ours, theirs))
    shared = tuple(sorted(first & second))
    expected, chances = 0.0, np.ones(1)
    for layer in dict.fromkeys(layers):
        own = {at for at, name in enumerate(layers) if name == layer}
        drawn, marked = len(first & own), len(second & own)
        expected += drawn * marked / len(own)
        chances = np.convolve(chances, _hypergeometric(len(own), marked, drawn))
    return Overlap(count, shared, float(expected), float(min(1.0, chances[len(shared) :].sum())))


def _hypergeometric(units: int, marked: int, drawn: int) -> Floats:
    """Return float[drawn + 1]: how likely so many marked ones are among the drawn."""
    from scipy.stats import hypergeom

    found: Floats = hypergeom.pmf(np.arange(drawn + 1), units, marked, drawn)
    return found
