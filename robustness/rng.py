"""Random numbers that depend on names, not on call order, machine, worker count or hash seed."""

from __future__ import annotations

import hashlib
from collections.abc import MutableSequence, Sequence
from random import Random
from typing import TypeVar

__all__ = ["Rng", "derive"]

T = TypeVar("T")


class Rng:
    """A small generator over `random.Random.random()`, the one method whose sequence Python
    promises to keep between versions; shuffles and choices are therefore built here."""

    __slots__ = ("_draw",)

    def __init__(self, seed: int) -> None:
        self._draw = Random(seed).random

    def below(self, n: int) -> int:
        """Return a uniform integer in [0, n); n must be at least 1."""
        if n < 1:
            raise ValueError(f"below: n is {n}, but it must be at least 1")
        return int(self._draw() * n)

    def uniform(self) -> float:
        """Return a uniform float in [0, 1)."""
        return self._draw()

    def choice(self, items: Sequence[T]) -> T:
        """Return one element, each as likely as any other."""
        return items[self.below(len(items))]

    def shuffle(self, items: MutableSequence[T]) -> None:
        """Permute `items` in place (Fisher and Yates), every order as likely as any other."""
        draw = self._draw
        for last in range(len(items) - 1, 0, -1):
            other = int(draw() * (last + 1))  # as `below`, without a call per item
            items[last], items[other] = items[other], items[last]

    def permutation(self, n: int) -> list[int]:
        """Return a uniform permutation of range(n)."""
        order = list(range(n))
        self.shuffle(order)
        return order


def derive(seed: int, *names: str) -> Rng:
    """Return the generator of one place, such as (suite seed, attack, version, item id).

    Names are length-prefixed before they are hashed, so ("ab", "c") and ("a", "bc") differ.

    >>> derive(0, "word-shuffle", "1", "m1#0").permutation(5)
    [1, 4, 0, 2, 3]
    """
    digest = hashlib.sha256(str(seed).encode())
    for name in names:
        raw = name.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return Rng(int.from_bytes(digest.digest(), "big"))
