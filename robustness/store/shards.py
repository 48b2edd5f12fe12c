"""Which share of the work is whose: rank i of n, the same on every machine, with nobody asking anybody.

Score a suite in three processes or on three machines, then unite what they wrote:

    robustness check --model M --frozen SUITE --shard 1/3 -o part-1      (and 2/3, 3/3)
    robustness merge part-1 part-2 part-3 --frozen SUITE -o run

or under a launcher, which tells each process its rank: `torchrun --nproc-per-node 3 -m robustness ...`.
If a rank dies, its part is missing and the others are whole. Any number of new ranks can do what is
missing: each takes its share of `rest_of(suite, merge(parts).scores)`. `merge` has a worked example.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from robustness.domain import Example, Suite
from robustness.errors import UsageError

__all__ = ["Shard", "item_ids", "rest_of", "share_of", "share_of_suite"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """Rank `rank` (from 0) of `of`. People write it from 1: `1/4` is the first of four.

    >>> Shard.parse("1/4"), str(Shard(3, 4))
    (Shard(rank=0, of=4), '4/4')
    """

    rank: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.of:
            raise UsageError(
                f"--shard: {self.rank + 1}/{self.of} came, but i/n with i from 1 to n is needed, such as 1/4"
            )

    def __str__(self) -> str:
        return f"{self.rank + 1}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return the shard that `i/n` names, i from 1 to n.

        Raises `UsageError` for anything else.
        """
        first, _, last = text.partition("/")
        if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
            raise UsageError(f"--shard: {text!r} came, but i/n with i from 1 to n is needed, such as 1/4")
        return cls(int(first) - 1, int(last))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Shard | None:
        """Return what a launcher such as torchrun says (`RANK` from 0, `WORLD_SIZE`); None for one process.

        Raises `UsageError` where one of the two is missing or no number.

        >>> Shard.from_environment({"RANK": "0", "WORLD_SIZE": "2"})
        Shard(rank=0, of=2)
        """
        rank, world = environment.get("RANK", ""), environment.get("WORLD_SIZE", "")
        if not rank and not world:
            return None
        if not (rank.isascii() and rank.isdigit() and world.isascii() and world.isdigit()):
            raise UsageError(
                f"RANK={rank!r} and WORLD_SIZE={world!r} came from the environment, but two numbers are "
                f"needed; start with torchrun, or unset both and give --shard i/n"
            )
        return None if world == "1" else cls(int(rank), int(world))


def share_of(
    items: Sequence[T],
    shard: Shard,
    *,
    key: Callable[[T], str] = str,
    weight: Callable[[T], int] = lambda _: 0,
) -> tuple[T, ...]:
    """Return the items that this rank takes, in their order.

    Each item is in exactly one share. A share depends on the set of items, not on their order: they
    are sorted by weight, heaviest first, then by a digest of `key`, and dealt out in turn, so that
    shares differ by at most one item, and little in weight.

    >>> [share_of(["a", "b", "c", "d", "e"], Shard(rank, 2)) for rank in (0, 1)]
    [('a', 'b', 'd'), ('c', 'e')]
    """
    order = sorted(range(len(items)), key=lambda at: (-weight(items[at]), _spread(key(items[at]))))
    return tuple(items[at] for at in sorted(order[shard.rank :: shard.of]))


def share_of_suite(suite: Suite, shard: Shard) -> Suite:
    """Return the suite with this rank's examples and all their variants; the fingerprint stays.

    Variants stay with their source, whose rows they share; the share is dealt by length of text.
    """
    weights = Counter({example.id: _length(example) for example in suite.examples})
    for variant in suite.variants:
        weights[variant.source] += _length(variant.example)
    mine = share_of(suite.examples, shard, key=lambda e: e.id, weight=lambda e: weights[e.id])
    return _only(suite, {example.id for example in mine})


def rest_of(suite: Suite, done: Collection[str]) -> Suite:
    """Return the suite with those examples alone of which something is not in `done`: ids of examples
    and variants, such as `Merged.scores`. The fingerprint stays."""
    open_ids = {example.id for example in suite.examples if example.id not in done}
    open_ids |= {variant.source for variant in suite.variants if variant.id not in done}
    return _only(suite, open_ids)


def item_ids(suite: Suite) -> tuple[str, ...]:
    """Return the ids of all examples and variants: what a whole run has scores for."""
    return (*(example.id for example in suite.examples), *(variant.id for variant in suite.variants))


def _only(suite: Suite, ids: Collection[str]) -> Suite:
    return replace(
        suite,
        examples=tuple(example for example in suite.examples if example.id in ids),
        variants=tuple(variant for variant in suite.variants if variant.source in ids),
    )


def _length(example: Example) -> int:
    return sum(len(example.passage) + len(example.question) + len(option) for option in example.options)


def _spread(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
