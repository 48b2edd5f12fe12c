"""How often each passage is in each bootstrap draw: drawn once, and held for every check that asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["DRAWS", "counts", "picks"]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

DRAWS: Final = 10_000
"""Bootstrap draws behind every interval."""

_BLOCK: Final = 2**15
"""Numbers in one block, 256 KiB: it stays in a core's cache, and costs no page faults."""

_HELD: Final = 2**25
"""Bytes of one table that is held: 3,355 passages. A larger one is drawn whenever it is asked for."""


def counts(clusters: int, *, seed: int, draws: int = DRAWS) -> Iterator[Floats]:
    """Yield blocks float[G, B]: how often each of G clusters is in each of B draws of G.

    The same for the same arguments on any machine. All checks of a suite over equally many passages
    ask for the same, so the last tables are held.

    >>> [block.sum(axis=0).tolist() for block in counts(3, seed=0, draws=2)]
    [[3.0, 3.0]]
    """
    drawn = _held if clusters * draws <= _HELD else _drawn
    for block in drawn(clusters, seed, draws):
        yield block.astype(np.float64)


def _drawn(clusters: int, seed: int, draws: int) -> Iterator[npt.NDArray[np.uint8]]:
    bits, block = np.random.PCG64(seed), max(1, _BLOCK // clusters)
    for start in range(0, draws, block):
        size = min(block, draws - start)
        cells = picks(bits, clusters, (clusters, size)) * size + np.arange(size)
        found = np.bincount(cells.ravel(), minlength=clusters * size)
        # One of G in more than 255 of G picks: less than one chance in 10 ** 500.
        yield found.reshape(clusters, size).astype(np.uint8)


@lru_cache(maxsize=4)
def _held(clusters: int, seed: int, draws: int) -> tuple[npt.NDArray[np.uint8], ...]:
    return tuple(_drawn(clusters, seed, draws))


def picks(bits: np.random.PCG64, units: int, shape: tuple[int, ...]) -> Ints:
    """Return int[shape]: numbers below `units`, each as likely as any other.

    Built on the raw bits of PCG64, whose stream numpy promises to keep; its `integers` may change
    between versions. 32 bits times `units`, shifted down, is uniform to one part in 2**32 / units.
    """
    size = int(np.prod(shape))
    raw = bits.random_raw((size + 1) // 2)
    halves = np.concatenate((raw >> np.uint64(32), raw & np.uint64(0xFFFFFFFF)))[:size]
    return ((halves * np.uint64(units)) >> np.uint64(32)).astype(np.int64).reshape(shape)
