"""RACE (Lai et al. 2017) and RACE-C: a folder of articles, one JSON object in each `.txt` or `.json`.

Fields `article, questions, options, answers, id`; the answer is a letter. Hub: `ehovy/race`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.answers import from_letter
from robustness.readers.files import Origin, below, parse_json, read_text, shorten
from robustness.readers.identity import content_id
from robustness.readers.rows import Fault, InvalidRow, Item, Row, attempt

__all__ = ["origin", "read", "rows"]

_BLANK = re.compile("_+")
_MEMBER = {"questions": "question", "options": "options", "answers": "answer"}


def origin(argument: str) -> Origin:
    """Return the articles that will be read, folders within folders included."""
    files = below(argument, ".txt", ".json")
    if not files:
        raise DataError(f"{argument}: no .txt or .json article is in this folder; name another")
    return Origin(argument, shorten(argument), files)


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of all articles, with ids `ARTICLE#qN` such as `high123.txt#q1`."""
    for _, path in origin(argument).files:
        yield from _article(str(path), path)


def _article(where: str, path: Path) -> Iterator[Item]:
    try:
        row = Row.of(parse_json(read_text(str(path))))
        passage, group = row.text("article"), row.key("id") if "id" in row.fields else path.name
        columns = [row.items(name) for name in _MEMBER]
        if len({len(column) for column in columns}) != 1:
            counts = ", ".join(f"{len(c)} {name}" for c, name in zip(columns, _MEMBER, strict=True))
            raise Fault(f"{counts} came, but as many of each are needed")
    except Fault as fault:
        yield InvalidRow(f"{where}:{fault.line}", str(fault))
        return
    except DataError as fault:  # of the file as a whole: one bad article is one bad row
        yield InvalidRow(f"{where}:1", str(fault))
        return
    for number, cells in enumerate(zip(*columns, strict=True), 1):
        question = Row(dict(zip(_MEMBER.values(), cells, strict=True)))
        make = partial(_example, question, (f"{group}#q{number}", group), passage)
        yield attempt(f"{where}:entry {number}", make)


def _example(row: Row, ids: tuple[str, str], passage: str) -> Example:
    options, question = row.texts("options"), row.text("question")
    answer = from_letter(row.get("answer"), len(options))
    blanks = len(_BLANK.findall(question))
    meta = {"blanks": str(blanks)} if blanks else {}
    level = next((name for name in ("high", "middle") if ids[1].startswith(name)), None)
    meta |= {"level": level} if level else {}
    return Example(ids[0], passage, question, options, answer, ids[1], meta)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row of the Hub's `ehovy/race`.

    A row does not say which question of its article it is; the id is `ARTICLE#content-...`.

    >>> row = {"example_id": "high1.txt", "article": "Tom ran.", "question": "Tom _ .",
    ...        "options": ["ran", "sat"], "answer": "A"}
    >>> example, = rows(row, "hub:entry 1")
    >>> example.group, example.answer, dict(example.meta)
    ('high1.txt', 0, {'blanks': '1', 'level': 'high'})
    """
    yield attempt(where, lambda: _hub_example(Row.of(value)))


def _hub_example(row: Row) -> Example:
    passage, group = row.text("article"), row.key("example_id")
    own = content_id(passage, row.text("question"), row.texts("options"))
    return _example(row, (f"{group}#{own}", group), passage)
