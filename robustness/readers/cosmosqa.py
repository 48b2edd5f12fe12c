"""CosmosQA (Huang et al. 2019): CSV `id, context, question, answer0..answer3, label`, or JSON lines.

The label counts from 0; the test part has none. Hub: `allenai/cosmos_qa`.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustness.domain import Example
from robustness.readers.answers import from_digits
from robustness.readers.files import csv_rows, read_json_rows
from robustness.readers.identity import group_of
from robustness.readers.rows import InvalidRow, Item, Row, attempt

__all__ = ["read", "rows"]


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of a `.csv` or `.jsonl` file; questions on one context are one group."""
    if not argument.endswith(".csv"):
        yield from read_json_rows(argument, rows)
        return
    for where, row in csv_rows(argument, needed=("id", "context", "question", "answer0")):
        if isinstance(row, InvalidRow):
            yield row
        else:
            yield from rows(row, where)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row.

    >>> row = {"id": "3B#q1", "context": "It rained .", "question": "Why stay in ?",
    ...        "answer0": "Rain .", "answer1": "Sun .", "label": "0"}
    >>> [example.options for example in rows(row, "valid.csv:2")]
    [('Rain .', 'Sun .')]
    """
    yield attempt(where, lambda: _example(Row.of(value)))


def _example(row: Row) -> Example:
    names = [f"answer{i}" for i in range(4) if i == 0 or f"answer{i}" in row.fields]
    options = tuple(row.text(name) for name in names)
    answer = from_digits(row.fields.get("label"), len(options))
    name, passage = row.key("id"), row.text("context")
    return Example(name, passage, row.text("question"), options, answer, group_of(passage, name))
