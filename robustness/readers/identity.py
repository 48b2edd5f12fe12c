"""Names that do not depend on file order, and one stable order of options."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from robustness.domain import Example
from robustness.rng import derive

__all__ = ["content_id", "group_of", "numbered", "shuffled"]


def content_id(passage: str, question: str, options: Sequence[str]) -> str:
    """Return an id for an item whose source has none; the order of the options does not matter.

    >>> content_id("", "Who?", ["a", "b"]) == content_id("", "Who?", ["b", "a"])
    True
    """
    return "content-" + _digest(passage, question, *sorted(options))


def group_of(passage: str, id: str) -> str:  # noqa: A002 (the field's own name)
    """Return the passage's digest as group; an item without passage is a group of its own."""
    return "passage-" + _digest(passage) if passage.strip() else id


def _digest(*texts: str) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def shuffled(example: Example, *, dataset: str) -> tuple[Example, tuple[int, ...]]:
    """Return the example with its options in a stable order, and where each one came from.

    For sources that put the gold option first. The order depends on the data set's name and the
    item's id alone.
    """
    order = tuple(derive(0, dataset, example.id).permutation(len(example.options)))
    answer = None if example.answer is None else order.index(example.answer)
    return replace(example, options=tuple(example.options[i] for i in order), answer=answer), order


def numbered(examples: Iterable[Example]) -> tuple[Example, ...]:
    """Return the examples in order, with `-2`, `-3`, ... behind repeated content ids.

    Only an id that is the item's own content can repeat without a fault. Which copy gets which
    number is decided by the content too, so that shuffled files give the same items.
    """
    given = tuple(examples)
    copies: dict[str, list[int]] = {}
    for place, example in enumerate(given):
        if example.id.endswith(content_id(example.passage, example.question, example.options)):
            copies.setdefault(example.id, []).append(place)
    renamed = dict(enumerate(given))
    for places in copies.values():
        ranked = sorted(places, key=lambda place: _rank(given[place]))
        for number, place in enumerate(ranked[1:], 2):
            renamed[place] = replace(given[place], id=f"{given[place].id}-{number}")
    return tuple(renamed.values())


def _rank(example: Example) -> tuple[object, ...]:
    return example.options, example.answer, tuple(sorted(example.meta.items()))
