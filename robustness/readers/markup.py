"""XML without entities, for the data sets that come so."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, fromstring

from robustness.errors import DataError
from robustness.readers.files import read_text
from robustness.readers.rows import Fault

__all__ = ["attribute", "child_text", "gold_of", "parse_xml"]


def parse_xml(argument: str) -> Element:
    """Return the root of an XML file.

    A file that declares a document type or entities is refused before it is parsed: expanding
    them can fill the memory ("billion laughs") or read other files, and no data set needs them.
    """
    text = read_text(argument)
    for mark in ("<!DOCTYPE", "<!ENTITY"):
        if mark in text.upper():
            raise DataError(f"{argument}: {mark} came, but plain XML is needed; remove it")
    try:
        return fromstring(text)  # noqa: S314 (entities are refused above)
    except ParseError as fault:
        line = fault.position[0]
        raise DataError(f"{argument}:{line}: not XML: {fault}; get the file again") from None


def attribute(element: Element, name: str) -> str:
    """Return an attribute that must be there."""
    value = element.get(name)
    if not value:
        raise Fault(f"<{element.tag}> has no {name!r} attribute")
    return value


def child_text(element: Element, tag: str) -> str:
    """Return the text of a child that must be there, without outer white space."""
    child = element.find(tag)
    if child is None:
        raise Fault(f"<{element.tag}> has no <{tag}>")
    return (child.text or "").strip()


def gold_of(answers: list[Element], *, absent: str = "") -> int:
    """Return the position of the one answer marked `correct="True"`.

    The marks are strings: "False" must not count as true. `absent` is what a missing mark means.
    """
    marks = [answer.get("correct", absent) for answer in answers]
    for mark in marks:
        if mark not in ("True", "False"):
            raise Fault(f"correct={mark!r} came, but 'True' or 'False' is needed")
    if marks.count("True") != 1:
        raise Fault(f"{marks.count('True')} answers are marked correct, but exactly 1 is needed")
    return marks.index("True")
