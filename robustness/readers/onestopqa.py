"""OneStopQA (Berzak et al. 2020): a folder of annotated articles, each paragraph at three levels.

`# Title`, then per `# Paragraph` the lines `Adv:`, `Int:`, `Ele:` and three questions with options
`a:` to `d:`. The STARC roles: a is right, b misreads the critical span, c comes from the distractor
span, d has no support. Since a is always gold, options are shuffled once, by item id. A third
question labelled `Q1:` or `Q2:` shares the critical span of that question; its own tags are `<A3>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.files import Origin, below, read_text, shorten
from robustness.readers.identity import shuffled
from robustness.readers.rows import Fault, InvalidRow, Item, attempt

__all__ = ["origin", "read", "untagged"]

_LINE = re.compile(r"(Adv|Int|Ele|Q[12]?|[abcd]):\s*(.*)")
_TAG = re.compile(r"<(/?)([AD][1-9])>")
_LEVELS = ("Adv", "Int", "Ele")
_ROLES = "abcd"


@dataclass(slots=True)
class _Paragraph:
    number: int
    line: int
    levels: dict[str, str] = field(default_factory=dict)
    questions: list[_Question] = field(default_factory=list)


@dataclass(slots=True)
class _Question:
    line: int
    text: str
    shares: str
    options: dict[str, str] = field(default_factory=dict)


def origin(argument: str) -> Origin:
    """Return the article files that will be read."""
    files = below(argument, ".txt")
    if not files:
        raise DataError(f"{argument}: no .txt article is in this folder; name another")
    return Origin(argument, shorten(argument), files)


def read(argument: str) -> Iterator[Item]:
    """Yield each question at each level, with ids `ARTICLE#pN.LEVEL#qN` and group `ARTICLE#pN`.

    `meta`: `level`; `roles`, the role of each option by position, such as "cabd"; `evidence` and
    `distractor_span`, offsets `start:end` in the passage, joined by commas where there are several.
    Roles are for error analysis; no model reads `meta`.
    """
    for _, path in origin(argument).files:
        yield from _article(str(path), path.stem, read_text(str(path)))


def _article(where: str, article: str, text: str) -> Iterator[Item]:
    paragraphs, faults = _parsed(text)
    yield from (InvalidRow(f"{where}:{line}", reason) for line, reason in faults)
    for paragraph in paragraphs:
        group = f"{article}#p{paragraph.number}"
        for level in _LEVELS:
            for number, question in enumerate(paragraph.questions, 1):
                make = partial(_example, group, paragraph, (level, number))
                yield attempt(f"{where}:{question.line}", make, part=level)


def _parsed(text: str) -> tuple[list[_Paragraph], list[tuple[int, str]]]:
    paragraphs: list[_Paragraph] = []
    faults: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() == "# Paragraph":
            paragraphs.append(_Paragraph(len(paragraphs) + 1, number))
        elif paragraphs and line.strip():
            reason = _take(paragraphs[-1], number, line.strip())
            faults += [(number, reason)] if reason else []
    empty = [p for p in paragraphs if not p.questions]
    if not paragraphs:
        faults.append((1, "no '# Paragraph' line came; is this an annotated article?"))
    return paragraphs, faults + [(p.line, "the paragraph has no questions") for p in empty]


def _take(paragraph: _Paragraph, number: int, line: str) -> str:
    """Add one line to the paragraph; return what is wrong with it, or nothing."""
    match = _LINE.fullmatch(line)
    if match is None:
        return f"{line!r:.60} came, but 'Adv:', 'Int:', 'Ele:', 'Q:', 'Q1:', 'Q2:' or 'a:' is needed"
    label, text = match.groups()
    if label.startswith("Q"):
        paragraph.questions.append(_Question(number, text, label[1:]))
        return ""
    if label in _LEVELS:
        target = paragraph.levels
    elif paragraph.questions:
        target = paragraph.questions[-1].options
    else:
        return f"option {label!r} came before any question"
    if label in target:
        return f"'{label}:' came twice"
    target[label] = text
    return ""


def _example(group: str, paragraph: _Paragraph, place: tuple[str, int]) -> Example:
    level, number = place
    question = paragraph.questions[number - 1]
    if level not in paragraph.levels:
        raise Fault("the paragraph is missing at this level")
    if tuple(question.options) != tuple(_ROLES):
        raise Fault(f"options {', '.join(question.options)} came, but a, b, c, d are needed")
    passage, spans = untagged(paragraph.levels[level])
    meta = {"level": level} | _span_notes(spans, number)
    if question.shares:
        meta["shares_span_with"] = f"q{question.shares}"
    name, options = f"{group}.{level}#q{number}", tuple(question.options.values())
    example, order = shuffled(Example(name, passage, question.text, options, 0, group), dataset="onestopqa")
    meta["roles"] = "".join(_ROLES[i] for i in order)
    return Example(name, passage, question.text, example.options, example.answer, group, meta)


def _span_notes(spans: dict[str, list[tuple[int, int]]], number: int) -> dict[str, str]:
    named = {"evidence": spans.get(f"A{number}"), "distractor_span": spans.get(f"D{number}")}
    return {
        name: ",".join(f"{start}:{end}" for start, end in found) for name, found in named.items() if found
    }


def untagged(text: str) -> tuple[str, dict[str, list[tuple[int, int]]]]:
    """Return the text without span tags, and by tag the spans `(start, end)` in that text.

    Tags may nest and overlap, and one tag may come more than once.

    >>> untagged("<A1>He <D2>left</A1> early.</D2>")
    ('He left early.', {'A1': [(0, 7)], 'D2': [(3, 14)]})
    """
    plain, last = "", 0
    begun: dict[str, int] = {}
    spans: dict[str, list[tuple[int, int]]] = {}
    for match in _TAG.finditer(text):
        plain += text[last : match.start()]
        last = match.end()
        closes, tag = match.groups()
        if bool(closes) != (tag in begun):
            raise Fault(f"span tag {match.group()} is not balanced")
        if closes:
            spans.setdefault(tag, []).append((begun.pop(tag), len(plain)))
        else:
            begun[tag] = len(plain)
    if begun:
        raise Fault(f"span tag <{sorted(begun)[0]}> is never closed")
    return plain + text[last:], {tag: sorted(found) for tag, found in sorted(spans.items())}
