"""CommonsenseQA (Talmor et al. 2019): JSON lines, questions without a passage, five options.

The test part has no answers. Hub: `tau/commonsense_qa`.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustness.domain import Example
from robustness.readers.files import read_json_rows
from robustness.readers.labelled import labelled
from robustness.readers.rows import Item, Row, attempt

__all__ = ["read", "rows"]


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of one file; each is a group of its own."""
    return read_json_rows(argument, rows)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row.

    >>> choices = {"text": ["ice", "fire"], "label": ["A", "B"]}
    >>> row = {"id": "x1", "question": "What is hot?", "choices": choices, "answerKey": "B"}
    >>> [example.answer for example in rows(row, "test.jsonl:1")]
    [1]
    """
    yield attempt(where, lambda: _example(Row.of(value)))


def _example(row: Row) -> Example:
    question, options, answer = labelled(row, "question")
    name = row.key("id")
    return Example(name, "", question, options, answer, name, row.notes("question_concept"))
