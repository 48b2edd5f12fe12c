"""The distinct token sequences behind a suite, with a role for each token: passage, question, option.

In multiple choice every option is a sequence of its own, and an attack that edits one option leaves
the others as they were: equal sequences are kept once, however many items share them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from robustness.domain import Example, Suite
from robustness.errors import DataError
from robustness.models.encoding import Encoded, Row, pair_texts

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel

__all__ = ["Role", "Sequences", "row_digest", "sequences"]


class Role(IntEnum):
    """What a token belongs to; a mean by role keeps the statistics of each."""

    PASSAGE = 0
    QUESTION = 1
    OPTION = 2
    SPECIAL = 3
    """[CLS], [SEP] and the like."""
    PAD = 4
    """Masked wherever numbers are taken."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """N distinct sequences and who reads them."""

    rows: tuple[Row, ...]
    roles: tuple[tuple[int, ...], ...]
    """One `Role` per token of each row."""
    sources: tuple[str, ...]
    """Id of the clean example that first brought each row."""
    options: Mapping[str, tuple[int, ...]]
    """Example or variant id -> positions of its options' rows; empty where it does not fit."""
    clean: tuple[int, ...] = ()
    """Rows of clean examples, the reference of means and resampled values; all rows where empty."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def digest(self) -> str:
        """SHA-256 over all rows, in order."""
        whole = hashlib.sha256()
        for row in self.rows:
            whole.update(row_digest(row))
        return whole.hexdigest()


class _Frame(NamedTuple):
    """How many special tokens stand around a pair."""

    before: int
    between: int
    after: int


def row_digest(row: Row) -> bytes:
    """Return 32 bytes that name a row by content."""
    return hashlib.sha256(repr((row.ids, row.types)).encode()).digest()


def sequences(model: HuggingFaceModel, suite: Suite) -> Sequences:
    """Return the distinct sequences of all examples and variants of a suite, as `model` reads them.

    Raises `DataError` where not one item fits into the model.
    """
    items = list(_items(suite))
    encoded = model.encode([example for example, _ in items])
    places: dict[Row, int] = {}
    roles: list[tuple[int, ...]] = []
    sources: list[str] = []
    options: dict[str, tuple[int, ...]] = {}
    read = _reader(model, [example for example, _ in items])
    for (example, source), whole in zip(items, encoded, strict=True):
        for row, tail_roles in zip(whole.rows, read(example, whole), strict=False):
            if places.setdefault(row, len(places)) == len(roles):
                roles.append(tail_roles)
                sources.append(source)
        options[example.id] = tuple(places[row] for row in whole.rows)
    if not places:
        raise DataError(
            f"neuron analysis: none of {len(items)} items fits into {model.max_length} tokens; raise "
            "--max-length"
        )
    clean = sorted({row for example in suite.examples for row in options[example.id]})
    return Sequences(tuple(places), tuple(roles), tuple(sources), options, tuple(clean))


def _items(suite: Suite) -> Iterator[tuple[Example, str]]:
    for example in suite.examples:
        yield example, example.id
    for variant in suite.variants:
        yield variant.example, variant.source


class _reader:  # noqa: N801 - a function with memory
    """Example -> the roles of the tokens of each of its rows."""

    def __init__(self, model: HuggingFaceModel, examples: Iterable[Example]) -> None:
        self._frame = _frame(model)
        tails = sorted({tail for example in examples for tail in pair_texts(example)[1]})
        coded = model.tokenizer(
            tails, add_special_tokens=False, return_offsets_mapping=True, truncation=False, padding=False
        )
        self._starts = {
            tail: tuple(start for start, _ in offsets)
            for tail, offsets in zip(tails, coded["offset_mapping"], strict=True)
        }

    def __call__(self, example: Example, encoded: Encoded) -> Iterator[tuple[int, ...]]:
        frame = self._frame
        for row, tail in zip(encoded.rows, pair_texts(example)[1], strict=True):
            behind = _tail_roles(self._starts[tail], len(example.question))
            passage = len(row.ids) - sum(frame) - len(behind)
            yield (
                *(Role.SPECIAL,) * frame.before,
                *(Role.PASSAGE,) * passage,
                *(Role.SPECIAL,) * frame.between,
                *behind,
                *(Role.SPECIAL,) * frame.after,
            )


def _tail_roles(starts: Sequence[int], question: int) -> tuple[int, ...]:
    """Return roles of "question option" by character: a token that starts behind it is the option's."""
    return tuple(Role.OPTION if start >= question else Role.QUESTION for start in starts)


def _frame(model: HuggingFaceModel) -> _Frame:
    coded = model.tokenizer(["x"], ["x"], add_special_tokens=True)
    places = coded.sequence_ids(0)
    before, tail = places.index(0), places.index(1)
    return _Frame(before, tail - before - places.count(0), len(places) - tail - places.count(1))
