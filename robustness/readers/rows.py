"""One row on its way to an Example: typed fields, checks, and what is said of a row that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from robustness.domain import Example
from robustness.errors import DataError

__all__ = [
    "MAX_OPTIONS",
    "MAX_ROW",
    "Fault",
    "InvalidRow",
    "Item",
    "Row",
    "RowReader",
    "attempt",
    "checked",
]

MAX_ROW = 50_000_000
"""Bytes of one line, and characters of one item; larger is a wrong file, not a question."""
MAX_OPTIONS = 1000


class Fault(Exception):  # noqa: N818 (it never leaves the readers: it becomes an InvalidRow)
    """Why a row cannot be an example; `line` counts from the start of the text that was parsed."""

    def __init__(self, reason: str, *, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that is not an example: where it stands and why."""

    where: str
    """`FILE:LINE`, or `FILE:entry N` (from 1) where the format has no lines."""
    reason: str


Item: TypeAlias = Example | InvalidRow
RowReader: TypeAlias = Callable[[object, str], Iterator[Item]]
"""(row as parsed, where it stands) -> the items in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row's fields, read with the type that the format promises; anything else is a `Fault`.

    >>> Row.of({"question": "Who?"}).text("question")
    'Who?'
    """

    fields: Mapping[str, object]

    @staticmethod
    def of(value: object) -> Row:
        """Return the row of a JSON object."""
        if not isinstance(value, Mapping):
            raise Fault(f"{_kind(value)} came, but an object with named fields is needed")
        return Row(value)

    def get(self, name: str) -> object:
        """Return a field of any type; it must be there."""
        if name not in self.fields:
            have = ", ".join(sorted(map(str, self.fields))) or "none"
            raise Fault(f"field {name!r} is missing; the row has {have!r:.300}")
        return self.fields[name]

    def text(self, name: str) -> str:
        """Return a string field."""
        value = self.get(name)
        if not isinstance(value, str):
            raise Fault(f"field {name!r} is {_kind(value)}, but a string is needed")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a field that is a list of strings."""
        value = self.items(name)
        for position, text in enumerate(value):
            if not isinstance(text, str):
                raise Fault(f"{name}[{position}] is {_kind(text)}, but a string is needed")
        return tuple(str(text) for text in value)

    def items(self, name: str) -> Sequence[object]:
        """Return a field that is a list of anything."""
        value = self.get(name)
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Fault(f"field {name!r} is {_kind(value)}, but a list is needed")
        return value

    def row(self, name: str) -> Row:
        """Return a field that is an object itself."""
        value = self.get(name)
        if not isinstance(value, Mapping):
            raise Fault(f"field {name!r} is {_kind(value)}, but an object is needed")
        return Row(value)

    def key(self, name: str) -> str:
        """Return an identifier: a non-empty string, or an integer as its digits."""
        value = self.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not self.text(name).strip():
            raise Fault(f"field {name!r} is empty, but it names the item")
        return self.text(name)

    def notes(self, *names: str) -> dict[str, str]:
        """Return those of the named fields that hold non-empty strings, for `Example.meta`."""
        found = ((name, self.fields.get(name)) for name in names)
        return {name: value for name, value in found if isinstance(value, str) and value}


def _kind(value: object) -> str:
    return "null" if value is None else f"{type(value).__name__} {value!r:.60}"


def attempt(where: str, make: Callable[[], Example], *, part: str = "") -> Item:
    """Return the checked example, or the row's place and the reason why there is none.

    `part` names the question within a row that holds several.
    """
    try:
        return checked(make())
    except (Fault, DataError) as fault:
        return InvalidRow(where, f"{part}: {fault}" if part else str(fault))


def checked(example: Example) -> Example:
    """Return the example itself, once its fields are found usable.

    Refused: an empty question or option, more than `MAX_OPTIONS` options or `MAX_ROW` characters,
    NUL and lone surrogates. Everything else is kept character for character; nothing is
    normalised. An empty passage is allowed.
    """
    if len(example.options) > MAX_OPTIONS:
        raise Fault(f"{len(example.options)} options came, but at most {MAX_OPTIONS} are read")
    if not example.question.strip():
        raise Fault("the question is empty")
    for position, option in enumerate(example.options):
        if not option.strip():
            raise Fault(f"option {position} (from 0) is empty; leave missing options out")
    texts = _texts(example)
    if sum(map(len, texts.values())) > MAX_ROW:
        raise Fault(f"the item has more than {MAX_ROW:,} characters; is this the right file?")
    for place, text in texts.items():
        _refuse_unstorable(place, text)
    return example


def _texts(example: Example) -> dict[str, str]:
    options = {f"option {i}": option for i, option in enumerate(example.options)}
    meta = {f"meta {name!r}": name + value for name, value in example.meta.items()}
    named = {"id": example.id, "group": example.group}
    return {**named, "passage": example.passage, "question": example.question, **options, **meta}


def _refuse_unstorable(place: str, text: str) -> None:
    if "\0" in text:
        raise Fault(f"{place} holds a NUL character at {text.index(chr(0))}; remove it")
    try:
        text.encode()
    except UnicodeEncodeError as broken:
        code = ord(text[broken.start])
        raise Fault(
            f"{place} holds half a character (lone surrogate U+{code:04X}) at {broken.start}; "
            "write the character whole"
        ) from None
