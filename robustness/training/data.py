"""Training questions to padded tensors, in batches of similar length."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from robustness.domain import Example
from robustness.errors import DataError
from robustness.models.encoding import Row, encode
from robustness.rng import Rng, derive

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerFast

__all__ = ["Item", "batches", "choice_items", "padded", "recall_items", "shuffled_batches"]

_POOL = 16
"""Batches that are sorted by length together: enough to save padding, few enough to stay random."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question as rows of tokens, one per option."""

    rows: tuple[Row, ...]
    answer: int
    group: str
    """Passage id."""
    before: tuple[int, ...] = ()
    """Position of the token before the option, per row; only where recall is trained."""
    gold: tuple[int, ...] = ()
    """The gold option's tokens that not all options have; only where recall is trained."""

    @property
    def length(self) -> int:
        """Tokens of the longest row."""
        return max(len(row.ids) for row in self.rows)


def choice_items(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example], *, max_length: int
) -> tuple[Item, ...]:
    """Return the questions as the model is going to read them when it is scored.

    Raises `DataError` for an example without gold, or whose question and option alone are too long.
    """
    coded = encode(tokenizer, examples, max_length=max_length)
    items: list[Item] = []
    for example, encoded in zip(examples, coded, strict=True):
        if example.answer is None:
            raise DataError(
                f"example {example.id!r}: its answer is None, but training needs a gold option; "
                "leave the example out"
            )
        if not encoded.rows:
            raise DataError(
                f"example {example.id!r}: question and option alone exceed {max_length} tokens, "
                "but they are needed in full; raise --max-length or leave the example out"
            )
        items.append(Item(encoded.rows, example.answer, example.group))
    return tuple(items)


def recall_items(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example], *, max_length: int
) -> tuple[Item, ...]:
    """Return the items of `choice_items` with what recall needs. For WordPiece tokenizers alone,
    which cut an option into the same tokens wherever it stands."""
    items = choice_items(tokenizer, examples, max_length=max_length)
    texts = list(dict.fromkeys(option for example in examples for option in example.options))
    coded = tokenizer(texts, add_special_tokens=False)["input_ids"]
    tokens = dict(zip(texts, coded, strict=True))
    return tuple(
        _with_recall(item, [tokens[option] for option in example.options])
        for item, example in zip(items, examples, strict=True)
    )


def _with_recall(item: Item, options: Sequence[Sequence[int]]) -> Item:
    shared = set(options[0]).intersection(*options)
    gold = options[item.answer]
    own = tuple(token for token in gold if token not in shared) or tuple(gold)
    lengths = zip(item.rows, options, strict=True)
    return replace(item, before=tuple(len(row.ids) - len(o) - 2 for row, o in lengths), gold=own)


def batches(items: Sequence[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Yield all items in order, `size` at a time; the last batch may be smaller."""
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])


def shuffled_batches(
    items: Sequence[Item], size: int, *, seed: int, epochs: float
) -> tuple[tuple[Item, ...], ...]:
    """Return the batches of a whole training, at least one, in an order that `seed` settles.

    Each epoch takes all items once, those of similar length together; a fraction of an epoch takes
    that share of its batches.
    """
    total = max(1, round(epochs * math.ceil(len(items) / size)))
    plan: list[tuple[Item, ...]] = []
    while len(plan) < total:
        plan += _epoch(items, size, derive(seed, "batches", str(len(plan))))
    return tuple(plan[:total])


def _epoch(items: Sequence[Item], size: int, rng: Rng) -> list[tuple[Item, ...]]:
    order = list(items)
    rng.shuffle(order)
    plan: list[tuple[Item, ...]] = []
    for start in range(0, len(order), size * _POOL):
        pool = sorted(order[start : start + size * _POOL], key=lambda item: item.length)
        plan += batches(pool, size)
    rng.shuffle(plan)
    return plan


def padded(rows: Sequence[Row], pad: int) -> dict[str, Tensor]:
    """Return `input_ids`, `attention_mask` and, where rows have types, `token_type_ids`.

    Each is int64[B, T] for B rows of at most T tokens, filled up with `pad` at the end.
    """
    import torch

    width = max(len(row.ids) for row in rows)
    filled = {
        "input_ids": [(*row.ids, *(pad,) * (width - len(row.ids))) for row in rows],
        "attention_mask": [(1,) * len(row.ids) + (0,) * (width - len(row.ids)) for row in rows],
    }
    if rows[0].types:
        filled["token_type_ids"] = [(*row.types, *(0,) * (width - len(row.types))) for row in rows]
    return {name: torch.tensor(values) for name, values in filled.items()}
