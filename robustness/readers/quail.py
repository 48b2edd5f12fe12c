"""QuAIL (Rogers et al. 2020) v1.3: JSON lines, or the XML releases (`ordered`, `randomized`).

In the JSON the answer is a digit as a string, on the Hub (`textmachinelab/quail`) an integer. One
option of each question is "not enough information". The `ordered` XML puts the gold option first
and that one last, so options from XML are shuffled once, by item id.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from xml.etree.ElementTree import Element

from robustness.domain import Example
from robustness.readers.answers import from_digits
from robustness.readers.files import read_json_rows
from robustness.readers.identity import shuffled
from robustness.readers.markup import attribute, child_text, gold_of, parse_xml
from robustness.readers.rows import Item, Row, attempt

__all__ = ["read", "rows"]


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of a `.xml` or JSON lines file.

    Ids are the source's own; in XML, where a number can repeat within a text, `TEXT#TYPE.N`.
    """
    return _read_xml(argument) if argument.endswith(".xml") else read_json_rows(argument, rows)


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one JSON row.

    >>> row = {"id": "f1_0", "context_id": "f1", "context": "Tom ran.", "question": "Who ran?",
    ...        "answers": ["Tom", "not enough information"], "correct_answer_id": "0"}
    >>> [example.answer for example in rows(row, "dev.jsonl:1")]
    [0]
    """
    yield attempt(where, lambda: _example(Row.of(value)))


def _example(row: Row) -> Example:
    options = row.texts("answers")
    answer = from_digits(row.get("correct_answer_id"), len(options))
    meta = row.notes("question_type", "domain")
    passage, question, group = row.text("context"), row.text("question"), row.key("context_id")
    return Example(row.key("id"), passage, question, options, answer, group, meta)


def _read_xml(argument: str) -> Iterator[Item]:
    for number, text in enumerate(parse_xml(argument).findall("text"), 1):
        for order, question in enumerate(text.iter("q"), 1):
            make = partial(_xml_example, text, question)
            yield attempt(f"{argument}:entry {number}", make, part=f"question {order}")


def _xml_example(text: Element, question: Element) -> Example:
    group, kind = attribute(text, "id"), question.get("type", "")
    answers = question.findall("a")
    options = tuple((answer.text or "").strip() for answer in answers)
    noted = {"question_type": kind, "domain": text.get("domain", "")}
    example = Example(
        f"{group}#{kind}.{attribute(question, 'id')}",
        child_text(text, "text_body"),
        (question.text or "").strip(),
        options,
        gold_of(answers, absent="False"),
        group,
        {name: value for name, value in noted.items() if value},
    )
    return shuffled(example, dataset="quail")[0]
