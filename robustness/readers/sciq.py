"""SciQ (Welbl et al. 2017): `question, correct_answer, distractor1..3, support`, which may be empty.

The source has no order of options: the gold one is placed by a shuffle that depends on the
content alone. Hub: `allenai/sciq`.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustness.domain import Example
from robustness.readers.files import read_json_rows
from robustness.readers.identity import content_id, group_of, shuffled
from robustness.readers.rows import Item, Row, attempt

__all__ = ["read", "rows"]

_OPTIONS = ("correct_answer", "distractor1", "distractor2", "distractor3")


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of a JSON list or JSON lines; ids are digests of the content."""
    return read_json_rows(argument, rows)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row.

    >>> row = {"question": "What melts?", "correct_answer": "ice", "distractor1": "air",
    ...        "distractor2": "fire", "distractor3": "light", "support": "Ice melts."}
    >>> [example.options[example.answer] for example in rows(row, "test.json:entry 1")]
    ['ice']
    """
    yield attempt(where, lambda: _example(Row.of(value)))


def _example(row: Row) -> Example:
    passage, question = row.text("support"), row.text("question")
    options = tuple(row.text(name) for name in _OPTIONS)
    name = content_id(passage, question, options)
    example = Example(name, passage, question, options, 0, group_of(passage, name))
    return shuffled(example, dataset="sciq")[0]
