"""BoolQ (Clark et al. 2019): `question, passage, answer, title`, read as two options, no and yes.

The answer is a JSON boolean; the Hub's `aps/super_glue` has 0 or 1 in `label` instead. Hub:
`google/boolq`.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustness.domain import Example
from robustness.readers.answers import from_index
from robustness.readers.files import read_json_rows
from robustness.readers.identity import content_id, group_of
from robustness.readers.rows import Fault, Item, Row, attempt

__all__ = ["OPTIONS", "read", "rows"]

OPTIONS = ("no", "yes")


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of one file; ids are digests of the content."""
    return read_json_rows(argument, rows)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row.

    >>> row = {"question": "is ice cold", "passage": "Ice is cold.", "answer": True}
    >>> [(example.options, example.answer) for example in rows(row, "dev.jsonl:1")]
    [(('no', 'yes'), 1)]
    """
    yield attempt(where, lambda: _example(Row.of(value)))


def _example(row: Row) -> Example:
    passage, question = row.text("passage"), row.text("question")
    name = content_id(passage, question, OPTIONS)
    group, meta = group_of(passage, name), row.notes("title")
    return Example(name, passage, question, OPTIONS, _answer(row), group, meta)


def _answer(row: Row) -> int:
    if "answer" not in row.fields:
        return from_index(row.fields.get("label"), len(OPTIONS))
    if "label" in row.fields:
        raise Fault("both 'answer' and 'label' came; keep one")
    answer = row.get("answer")
    if not isinstance(answer, bool):  # the string "False" is true to Python
        raise Fault(f"answer is {answer!r:.60}, but true or false is needed")
    return int(answer)
