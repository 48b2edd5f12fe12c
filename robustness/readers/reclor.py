"""ReClor (Yu et al. 2020): a JSON list of `context, question, answers, label, id_string`.

The label counts from 0 (a string on the Hub, `metaeval/reclor`); the test part has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustness.domain import Example
from robustness.readers.answers import from_digits
from robustness.readers.files import read_json_rows
from robustness.readers.identity import group_of
from robustness.readers.rows import Item, Row, attempt

__all__ = ["read", "rows"]


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of one file; the id is `id_string`."""
    return read_json_rows(argument, rows)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row.

    >>> row = {"context": "All A are B.", "question": "Which follows?", "label": 1,
    ...        "answers": ["No A is B.", "Each A is B."], "id_string": "val_0"}
    >>> [example.answer for example in rows(row, "val.json:entry 1")]
    [1]
    """
    yield attempt(where, lambda: _example(Row.of(value)))


def _example(row: Row) -> Example:
    name, passage, options = row.key("id_string"), row.text("context"), row.texts("answers")
    answer = from_digits(row.fields.get("label"), len(options))
    return Example(name, passage, row.text("question"), options, answer, group_of(passage, name))
