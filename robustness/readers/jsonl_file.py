"""Our own format as JSON lines, and the row that `.csv` and `.parquet` share with it.

`docs/data-format.md` describes it for users.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustness.domain import Example
from robustness.readers.answers import from_index, from_text
from robustness.readers.files import read_json_rows
from robustness.readers.identity import content_id, group_of
from robustness.readers.rows import Fault, Item, Row, attempt

__all__ = ["read", "rows"]

_OWN = frozenset({"id", "passage", "question", "options", "answer", "answer_text", "group"})


def read(argument: str) -> Iterator[Item]:
    """Yield the question of each line (or of each entry of one JSON list)."""
    return read_json_rows(argument, rows)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row.

    `answer` counts from 0; `answer_text` is the gold option itself; exactly one of them. Without
    `id` the id is a digest of the content, without `group` the group is a digest of the passage.
    Other fields that are strings become `meta`.

    >>> row = {"passage": "Tom ran.", "question": "Who ran?", "options": ["Ann", "Tom"], "answer": 1}
    >>> [(example.answer, example.id[:8]) for example in rows(row, "mine.jsonl:1")]
    [(1, 'content-')]
    """
    yield attempt(where, lambda: _example(Row.of(value)))


def _example(row: Row) -> Example:
    passage, question, options = row.text("passage"), row.text("question"), row.texts("options")
    answer = _answer(row, options)
    name = _key(row, "id") or content_id(passage, question, options)
    group = _key(row, "group") or group_of(passage, name)
    meta = row.notes(*(name for name in row.fields if name not in _OWN))
    return Example(name, passage, question, options, answer, group, meta)


def _key(row: Row, name: str) -> str:
    return row.key(name) if row.fields.get(name) is not None else ""


def _answer(row: Row, options: tuple[str, ...]) -> int:
    given = [name for name in ("answer", "answer_text") if row.fields.get(name) is not None]
    if len(given) != 1:
        came = "both 'answer' and 'answer_text'" if given else "neither 'answer' nor 'answer_text'"
        raise Fault(f"{came} came, but exactly one of them is needed")
    value = row.get(given[0])
    return from_text(value, options) if given == ["answer_text"] else from_index(value, len(options))
