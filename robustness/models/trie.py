"""Token sequences as a tree of shared beginnings, so that each beginning is computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Branch", "grow"]


@dataclass(frozen=True, slots=True)
class Branch:
    """A run of tokens that the same sequences share, and what follows it."""

    ids: tuple[int, ...]
    start: int
    """Tokens before it."""
    members: tuple[int, ...]
    """Sequences that pass through it or end in it, as positions in what the tree was grown from."""
    children: tuple[Branch, ...]
    size: int
    """Tokens of it and of all below it."""

    @property
    def stop(self) -> int:
        """Tokens before it and of it."""
        return self.start + len(self.ids)


def grow(sequences: Sequence[tuple[int, ...]]) -> tuple[Branch, ...]:
    """Return the branches that start the sequences, in the order of their tokens.

    The order of `sequences` reaches `members` alone. Empty sequences are in no branch.

    >>> stem, = grow([(1, 2, 3), (1, 2, 4, 5), (1, 2)])
    >>> stem.ids, stem.members, [branch.ids for branch in stem.children], stem.size
    ((1, 2), (2, 0, 1), [(3,), (4, 5)], 5)
    """
    order = sorted(range(len(sequences)), key=lambda at: (sequences[at], at))
    return _branches(sequences, [at for at in order if sequences[at]], start=0)


def _branches(
    sequences: Sequence[tuple[int, ...]], order: Sequence[int], *, start: int
) -> tuple[Branch, ...]:
    cuts = [n for n, (a, b) in enumerate(pairwise(order), 1) if sequences[a][start] != sequences[b][start]]
    bounds = [0, *cuts, len(order)]
    return tuple(_branch(sequences, order[a:b], start=start) for a, b in pairwise(bounds) if a < b)


def _branch(sequences: Sequence[tuple[int, ...]], order: Sequence[int], *, start: int) -> Branch:
    # Sorted, so what the first and the last share, all between share.
    stop = _common(sequences[order[0]], sequences[order[-1]], start)
    longer = [at for at in order if len(sequences[at]) > stop]
    children = _branches(sequences, longer, start=stop)
    ids = sequences[order[0]][start:stop]
    return Branch(ids, start, tuple(order), children, len(ids) + sum(child.size for child in children))


def _common(a: tuple[int, ...], b: tuple[int, ...], start: int) -> int:
    stop = min(len(a), len(b))
    if a[start:stop] == b[start:stop]:
        return stop
    return next(at for at in range(start, stop) if a[at] != b[at])
