"""DREAM (Sun et al. 2019) and C3 (Sun et al. 2020): a JSON list of `[turns, questions, id]`.

The answer is the text of the right option. Turns are joined by line feeds. C3 has two to four
options; its mixed genre is a list with one string. Hub: `dataset-org/c3`, `dataset-org/dream`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from robustness.domain import Example
from robustness.readers.answers import from_text
from robustness.readers.files import json_list
from robustness.readers.identity import content_id
from robustness.readers.rows import Fault, InvalidRow, Item, Row, attempt

__all__ = ["c3_rows", "dream_rows", "read", "rows"]


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of one file, with ids `DIALOGUE#qN` (N from 1)."""
    for number, entry in enumerate(json_list(argument), 1):
        yield from rows(entry, f"{argument}:entry {number}")


def rows(entry: object, where: str) -> Iterator[Item]:
    r"""Yield the questions of one `[turns, questions, id]`.

    >>> turns, ask = ["M: Tea?", "W: Please."], {"question": "What does she want?"}
    >>> entry = [turns, [{**ask, "choice": ["Milk.", "Tea."], "answer": "Tea."}], "9-1"]
    >>> [(e.id, e.passage, e.answer) for e in rows(entry, "test.json:entry 1")]
    [('9-1#q1', 'M: Tea?\nW: Please.', 1)]
    """
    if not isinstance(entry, list) or len(entry) != 3:
        yield InvalidRow(where, f"{entry!r:.60} came, but a list [turns, questions, id] is needed")
        return
    turns, questions, name = entry
    yield from _dialogue(Row({"turns": turns, "questions": questions, "id": name}), where)


def _dialogue(row: Row, where: str) -> Iterator[Item]:
    try:
        passage, group = "\n".join(row.texts("turns")), row.key("id")
        questions = row.items("questions")
    except Fault as fault:
        yield InvalidRow(where, str(fault))
        return
    for number, question in enumerate(questions, 1):
        ids = (f"{group}#q{number}", group)
        make = partial(_example, question, ids, passage)
        yield attempt(where, make, part=f"question {number}")


def _example(question: object, ids: tuple[str, str], passage: str) -> Example:
    row = Row.of(question)
    options = row.texts("choice")
    answer = from_text(row.get("answer"), options)
    return Example(ids[0], passage, row.text("question"), options, answer, ids[1])


def c3_rows(value: object, where: str) -> Iterator[Item]:
    """Yield the questions of one row of the Hub's `dataset-org/c3`: one document each."""
    try:
        row = Row.of(value)
        asked = _transposed(row.get("questions"))
        fields = {"turns": row.get("documents"), "questions": asked, "id": row.get("document_id")}
    except Fault as fault:
        yield InvalidRow(where, str(fault))
        return
    yield from _dialogue(Row(fields), where)


def _transposed(questions: object) -> object:
    # `datasets` gives a list of objects as an object of lists, or as it is, by its version.
    if not isinstance(questions, dict):
        return questions
    columns = [questions[name] for name in ("question", "choice", "answer") if name in questions]
    if len(columns) != 3 or not all(isinstance(column, Sequence) for column in columns):
        raise Fault("field 'questions' needs lists named question, choice and answer")
    names = ("question", "choice", "answer")
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=False)]


def dream_rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row of the Hub's `dataset-org/dream`.

    A row does not say which question of its dialogue it is; the id is `DIALOGUE#content-...`.
    """
    yield attempt(where, lambda: _hub_example(Row.of(value)))


def _hub_example(row: Row) -> Example:
    passage, group = "\n".join(row.texts("dialogue")), row.key("dialogue_id")
    own = content_id(passage, row.text("question"), row.texts("choice"))
    return _example(row.fields, (f"{group}#{own}", group), passage)
