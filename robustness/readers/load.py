"""`--data FORMAT:ARGUMENT` -> a Dataset: every item usable, every id unique, every byte accounted for."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TypeAlias

from robustness.domain import Example
from robustness.errors import DataError, UsageError, unknown
from robustness.readers.files import Origin, digest_of, file_origin
from robustness.readers.identity import numbered
from robustness.readers.rows import InvalidRow, Item

__all__ = ["Dataset", "load"]

Read: TypeAlias = Callable[[str], Iterator[Item]]

_GROUP = "robustness.readers"
_EXAMPLES = "dream:test.json, race:RACE/test, jsonl:mine.jsonl, hub:ehovy/race/high/test, stories:test"


@dataclass(frozen=True, slots=True)
class Dataset:
    """What was read, and from where."""

    examples: tuple[Example, ...]
    """In file order, at least one."""
    source: str
    """For people: the spec with at most two parts of its path; a Hub revision resolved."""
    digest: str
    """sha256 over names and bytes of the files read, or over the Hub's id and commit, or, where
    there is neither, over the items."""
    invalid: tuple[InvalidRow, ...]
    """Rows left out; empty unless that was asked for."""


def load(spec: str, *, limit: int | None = None, skip_invalid: bool = False) -> Dataset:
    """Return the items of `FORMAT:ARGUMENT`.

    Args:
        spec: A format of `robustness.readers.FORMATS` or of an installed reader, a colon, and what
            that format needs, mostly a path.
        limit: Keep the first items in file order.
        skip_invalid: Leave unusable rows out and list them, instead of stopping at the first.

    Raises:
        UsageError: The format is unknown, or the spec is not of this form.
        DataError: A file is missing or empty, a row is unusable, an id repeats, nothing is left.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "mine.jsonl")
    >>> row = '{"id": "1", "passage": "", "question": "Hot?", "options": ["ice", "fire"], "answer": 1}'
    >>> _ = file.write_text(row)
    >>> dataset = load(f"jsonl:{file}")
    >>> [example.options for example in dataset.examples]
    [('ice', 'fire')]
    """
    if limit is not None and limit < 1:
        raise UsageError(f"limit: {limit} came, but 1 or more is needed; leave it out for all items")
    name, argument = _parsed(spec)
    read, origin_of = _reader(name)
    origin = origin_of(argument)
    examples, invalid = _collected(read(origin.argument), limit=limit, skip_invalid=skip_invalid)
    source = f"{name}:{origin.label}"
    if not examples:
        raise _nothing_left(source, invalid)
    unique = numbered(examples)
    _refuse_repeated_ids(source, unique)
    return Dataset(unique, source, _digest(origin, unique), invalid)


def _parsed(spec: str) -> tuple[str, str]:
    name, colon, argument = spec.partition(":")
    if not colon or not argument:
        raise UsageError(f"data: {spec!r} came, but FORMAT:PATH is needed, such as {_EXAMPLES}")
    return name, argument


def _reader(name: str) -> tuple[Read, Callable[[str], Origin]]:
    """Return the format's function, and the one that fixes its origin.

    A reader's module may define `origin(argument) -> Origin`. Without it our own formats read one
    file, and an installed reader's argument is taken as it is.
    """
    from robustness.readers import FORMATS

    read = _resolved(FORMATS[name]) if name in FORMATS else _installed(name, FORMATS)
    module = sys.modules.get(getattr(read, "__module__", ""))
    ours = getattr(read, "__module__", "").startswith("robustness.readers.")
    return read, getattr(module, "origin", file_origin if ours else _opaque)


def _resolved(target: str) -> Read:
    module, _, attribute = target.partition(":")
    read: Read = getattr(import_module(module), attribute)
    return read


def _installed(name: str, table: Iterable[str]) -> Read:
    from importlib.metadata import entry_points

    found = entry_points(group=_GROUP)
    if name not in found.names:
        raise UsageError(f"data: {unknown('format', name, {*table, *found.names})}")
    read: Read = found[name].load()
    return read


def _opaque(argument: str) -> Origin:
    return Origin(argument, argument)


def _collected(
    items: Iterator[Item], *, limit: int | None, skip_invalid: bool
) -> tuple[list[Example], tuple[InvalidRow, ...]]:
    examples: list[Example] = []
    invalid: list[InvalidRow] = []
    for item in items:
        if isinstance(item, Example):
            examples.append(item)
            if len(examples) == limit:
                break
        elif skip_invalid:
            invalid.append(item)
        else:
            raise DataError(
                f"{item.where}: {item.reason}; mend the row, or pass --skip-invalid, which skips, "
                "counts and lists such rows"
            )
    return examples, tuple(invalid)


def _nothing_left(source: str, invalid: Sequence[InvalidRow]) -> DataError:
    if not invalid:
        return DataError(f"{source}: no question came, but at least one is needed; is it this format?")
    first = f"{invalid[0].where}: {invalid[0].reason}"
    return DataError(
        f"{source}: all {len(invalid)} rows are unusable, so nothing is left; the first: {first}"
    )


def _refuse_repeated_ids(source: str, examples: Sequence[Example]) -> None:
    seen: dict[str, int] = {}
    for place, example in enumerate(examples, 1):
        first = seen.setdefault(example.id, place)
        if first != place:
            raise DataError(
                f"{source}: items {first} and {place} both have the id {example.id!r}, but ids must "
                "be unique; rename one, or read one split at a time"
            )


def _digest(origin: Origin, examples: Sequence[Example]) -> str:
    if origin.files:
        return digest_of(origin.files)
    if origin.revision:
        return hashlib.sha256(origin.argument.encode()).hexdigest()
    digest = hashlib.sha256()
    for e in examples:
        fields = [e.id, e.passage, e.question, e.options, e.answer, e.group, sorted(e.meta.items())]
        digest.update(json.dumps(fields).encode() + b"\n")
    return digest.hexdigest()
