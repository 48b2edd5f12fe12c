"""The order of the options: nothing is said anew, so no answer may change.

A model that scores each option by itself is equivariant: clean and permuted scores are the same
numbers at other places, and these attacks cost it no forward pass. They judge models that read all
options at once (letter choosers, attention across options).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, permutations, product
from math import factorial, prod
from typing import Literal, TypeAlias

from pydantic import PositiveInt

from robustness.attacks.draft import Draft
from robustness.attacks.references import segments
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng

__all__ = ["OptionOrder"]

Order: TypeAlias = tuple[int, ...]
"""Place in the variant -> place in the source."""
_Runs: TypeAlias = tuple[Order, ...]
_TRIES = 20
"""Draws for each sampled order: items with few orders yield fewer, and never loop for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionOrder:
    """The same options in other orders, compared by identity (`option_map`).

    "None of the above" and its like stay where they stand, and the others on their side of them;
    `notes["pinned"]` counts them. Items whose options are named by letter or place are skipped. An
    order that reads as the original, or as one already made, is no other order.
    """

    name: str
    polarity: Polarity
    orders: Literal["rotated", "reversed", "gold-everywhere", "gold-first", "gold-last", "all", "sampled"]
    """`rotated`: the K - 1 rotations (PriDe, Zheng et al. 2024, section 4). `gold-everywhere`: the gold
    option exchanged with every other (SCORE). `gold-first`, `gold-last`: answer moving (Zheng et al.
    2024, section 2). `all`: every other order. `sampled`: `count` of them, each as likely."""
    count: PositiveInt = 3
    limit: PositiveInt = 23
    """`all` does not apply to items with more other orders than this: 23 = four options."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant for each order, in a fixed sequence."""
        runs = segments(example)
        if all(len(run) < 2 for run in runs):
            raise NotApplicable("fewer than two options can change places")
        pinned = len(example.options) - sum(map(len, runs))
        seen = {example.options}
        number = 0
        for order in self._orders(example, runs, rng):
            texts = tuple(example.options[origin] for origin in order)
            if texts in seen:
                continue
            seen.add(texts)
            number += 1
            yield _reordered(example, order, pinned).variant(self, severity, number=number)
            if self.orders == "sampled" and number == self.count:
                return
        if not number:
            raise NotApplicable("no other order of these options")

    def _orders(self, example: Example, runs: _Runs, rng: Rng) -> Iterator[Order]:
        identity = tuple(range(len(example.options)))
        if self.orders == "rotated":
            steps = range(1, max(map(len, runs)))
            return (_placed(identity, runs, [_rotated(run, step) for run in runs]) for step in steps)
        if self.orders == "reversed":
            return iter((_placed(identity, runs, [run[::-1] for run in runs]),))
        if self.orders == "sampled":
            tries = range(_TRIES * self.count)
            return (_placed(identity, runs, [_drawn(run, rng) for run in runs]) for _ in tries)
        return self._all(identity, runs) if self.orders == "all" else self._moved(example, runs)

    def _all(self, identity: Order, runs: _Runs) -> Iterator[Order]:
        others = prod(factorial(len(run)) for run in runs) - 1
        if others > self.limit:
            raise NotApplicable(f"more than {self.limit} other orders")
        return (_placed(identity, runs, orders) for orders in product(*map(permutations, runs)))

    def _moved(self, example: Example, runs: _Runs) -> Iterator[Order]:
        gold = example.answer
        if gold is None:
            raise NotApplicable("no option is right")
        run = next((run for run in runs if gold in run), ())
        if not run:
            raise NotApplicable("the gold option is pinned")
        ends = {"gold-first": (0,), "gold-last": (len(example.options) - 1,)}
        wanted = ends.get(self.orders, run)
        if wanted == (gold,):
            raise NotApplicable("the gold option stands there already")
        if not set(wanted) <= set(run):
            raise NotApplicable("a pinned option is in the gold option's way")
        return (_exchanged(len(example.options), gold, place) for place in wanted if place != gold)


def _reordered(example: Example, order: Order, pinned: int) -> Draft:
    answer = None if example.answer is None else order.index(example.answer)
    options = tuple(example.options[origin] for origin in order)
    made = replace(Draft.of(example), options=options, option_map=order, answer=answer)
    return made.noting(pinned=pinned) if pinned else made


def _placed(identity: Order, runs: _Runs, orders: Sequence[Order]) -> Order:
    """Return the whole order in which the places of each run hold what its new order says."""
    moved = dict(zip(chain(*runs), chain(*orders), strict=True))
    return tuple(moved.get(place, place) for place in identity)


def _rotated(run: Order, step: int) -> Order:
    return run[step % len(run) :] + run[: step % len(run)]


def _drawn(run: Order, rng: Rng) -> Order:
    return tuple(run[i] for i in rng.permutation(len(run)))


def _exchanged(count: int, first: int, second: int) -> Order:
    swapped = {first: second, second: first}
    return tuple(swapped.get(place, place) for place in range(count))
