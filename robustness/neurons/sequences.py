"""The distinct token sequences behind a suite, with a role for each token: passage, question, option.

In multiple choice every option is a sequence of its own, and an attack that edits one option leaves
the others as they were: equal sequences are kept once, however many items share them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from robustness.domain import Example, Suite
from robustness.errors import DataError
from robustness.models.encoding import Row, Span
from robustness.models.keys import RowKeys

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel

__all__ = ["Role", "Sequences", "row_digest", "sequences"]


_KEYS: Final = RowKeys("", adapter="neurons/1", numeric="")


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


def row_digest(row: Row) -> bytes:
    """Return the engine's key of a row for no model in particular: 16 bytes of its content."""
    return _KEYS.of(row)


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
    for (example, source), whole in zip(items, encoded, strict=True):
        for row, span in zip(whole.rows, whole.spans, strict=True):
            if places.setdefault(row, len(places)) == len(roles):
                roles.append(_roles(span, len(row.ids)))
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


def _roles(span: Span, tokens: int) -> tuple[int, ...]:
    """Return the role of each token of a row."""
    return (
        *(Role.SPECIAL,) * span.passage,
        *(Role.PASSAGE,) * (span.passage_end - span.passage),
        *(Role.SPECIAL,) * (span.question - span.passage_end),
        *(Role.QUESTION,) * (span.option - span.question),
        *(Role.OPTION,) * (span.option_end - span.option),
        *(Role.SPECIAL,) * (tokens - span.option_end),
    )
