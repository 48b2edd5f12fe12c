"""The items that a page shows one by one: which fit, and what they can be filtered by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from robustness.domain import Polarity
from robustness.reports.illustrations import Telling
from robustness.reports.sheet import named
from robustness.reports.summary import AttackSummary

__all__ = ["OUTCOMES", "ShownItem", "ShownItems", "shown_items"]

OUTCOMES: Mapping[str, str] = {
    "lost": "right, then wrong",
    "won": "wrong, then right",
    "kept": "right both times",
    "missed": "wrong both times",
    "unanswerable": "unanswerable",
}
"""What became of an item, in words."""

_ROOM: Final = 600_000
"""Characters of items on one page: with all else, a report stays far below 2 MB."""
_MARKUP: Final = 2_200
"""What an item's markup takes at most beside its texts, about."""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item of one condition."""

    condition: str
    """The condition's anchor on the page."""
    name: str
    """The condition's name."""
    style: str
    """Of its badge: `fail` for what should not be under this polarity, else `none`."""
    telling: Telling


@dataclass(frozen=True, slots=True)
class ShownItems:
    """The items of a page, in the order of the conditions."""

    items: tuple[ShownItem, ...]
    left_out: int
    """Items of the summary for which there was no room."""
    conditions: tuple[tuple[str, str, int], ...]
    """Anchor, name and number of items of each condition that has any."""
    outcomes: tuple[tuple[str, str, int], ...]
    """The same for what became of them; empty where the report is too old to say."""


def shown_items(attacks: Sequence[AttackSummary]) -> ShownItems:
    """Return the examples and further items of all conditions, as many as there is room for.

    Where there is not room for all, the conditions take turns, the most telling items first.
    """
    everything = [
        [
            ShownItem(f"c{n}", named(a.name, a.severity), _style(a.polarity, item), item)
            for item in (*a.examples, *a.items)
        ]
        for n, a in enumerate(attacks)
    ]
    fitting = set(_fitting(everything))
    items = tuple(one for row in everything for one in row if one in fitting)
    conditions = Counter((one.condition, one.name) for one in items)
    outcomes = Counter(one.telling.happened for one in items)
    return ShownItems(
        items=items,
        left_out=sum(map(len, everything)) - len(items),
        conditions=tuple((key, name, n) for (key, name), n in conditions.items()),
        outcomes=tuple((word, told, outcomes[word]) for word, told in OUTCOMES.items() if outcomes[word]),
    )


def _style(polarity: Polarity, item: Telling) -> str:
    wrong = "kept" if polarity is Polarity.ABLATION else "lost"
    return "fail" if item.happened == wrong else "none"


def _fitting(everything: Sequence[Sequence[ShownItem]]) -> Iterator[ShownItem]:
    room = _ROOM
    for turn in zip_longest(*everything):
        for one in turn:
            if one is not None:
                room -= _size(one.telling)
                if room < 0:
                    return
                yield one


def _size(item: Telling) -> int:
    texts = (item.question, item.passage, *item.options, *item.options_clean)
    edits = [text for edit in item.edits for text in (edit.before, edit.after)]
    # Escaped text grows: quotes and ampersands take five characters, other scripts three bytes.
    return _MARKUP + sum(len(text.encode("utf-8", "replace")) for text in (*texts, *edits)) * 3 // 2
