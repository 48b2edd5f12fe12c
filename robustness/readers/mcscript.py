"""MCScript (Ostermann et al. 2018) and MCScript2.0: XML, `data/instance/questions/question/answer`.

Two options, four in the trial part. `correct` is the string "True" or "False".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from xml.etree.ElementTree import Element

from robustness.domain import Example
from robustness.readers.markup import attribute, child_text, gold_of, parse_xml
from robustness.readers.rows import Item, attempt

__all__ = ["read"]


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of one file, with ids `INSTANCE#QUESTION`."""
    for number, instance in enumerate(parse_xml(argument).iter("instance"), 1):
        for order, question in enumerate(instance.iter("question"), 1):
            make = partial(_example, instance, question)
            yield attempt(f"{argument}:entry {number}", make, part=f"question {order}")


def _example(instance: Element, question: Element) -> Example:
    group = attribute(instance, "id")
    answers = question.findall("answer")
    options = tuple(attribute(answer, "text") for answer in answers)
    noted = {"scenario": instance.get("scenario"), "type": question.get("type")}
    meta = {name: value for name, value in noted.items() if value}
    name = f"{group}#{attribute(question, 'id')}"
    passage, asked = child_text(instance, "text"), attribute(question, "text")
    return Example(name, passage, asked, options, gold_of(answers), group, meta)
