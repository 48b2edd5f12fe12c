"""Stories: reading comprehension data made from templates and a seed, for demos, tests and training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from robustness.demo.items import Item, items
from robustness.demo.story import tell
from robustness.demo.templates import SPLITS, Split
from robustness.domain import Example
from robustness.errors import UsageError, unknown
from robustness.rng import Rng, derive

__all__ = ["OVERLAP_SHARE", "PASSAGES", "read", "stories"]

PASSAGES: Mapping[str, int] = {"train": 2000, "dev": 100, "test": 100}
"""Passages of a split where no number is asked for: about four questions each."""

OVERLAP_SHARE = 0.25

_FEWEST_QUESTIONS, _MOST_QUESTIONS = 3, 5

_FULL_STORY = 5
"""Sentences from which on every distractor comes from where it should."""

_SHORTEST = 2
"""Sentences that a story must have room for: the longest template tells two."""


def stories(
    split: Split,
    *,
    seed: int = 0,
    passages: int | None = None,
    overlap_share: float = OVERLAP_SHARE,
    sentences: tuple[int, int] = (5, 9),
) -> tuple[Example, ...]:
    """Return generated questions, each with three or four options, over short passages.

    People go places, hand things over, are late for a reason, do one thing and not another, before
    or after a third; see `templates.toml`. Options are names, places, times, things or reasons.
    They are alike in kind, so that neither length nor position tells the gold option.

    Args:
        split: No (name, template) pair occurs in two of `train`, `dev` and `test`; all names and all
            templates occur in `train`.
        seed: Another seed, other stories. The same stories on any machine, and the first passages
            stay as they are when more are asked for.
        passages: How many; `PASSAGES[split]` where None. Three to five questions each.
        overlap_share: Share of items, in [0, 1], in which word overlap gives the answer away: the
            passage mentions the gold option, and no word of a distractor. In all others it mentions
            every option, and only the order of its words tells which is right.
        sentences: Fewest and most per passage. Below five, some distractors of the other items come
            from outside the passage, for want of enough inside: meant for training alone.

    `meta` holds `kind`, `template`, `overlap` ("yes" or "no") and `evidence`, the character spans
    `start:end[,start:end]` of the sentences that the answer depends on.

    >>> item = stories("test", passages=1)[0]
    >>> item.question, item.options[item.answer]
    ('What did Ella pack?', 'the bottle')
    """
    made: list[Example] = []
    seats = _Seats(f"{split}-{seed}")
    for number in range(PASSAGES[split] if passages is None else passages):
        group = f"{split}-{seed}-{number:05d}"
        rng = derive(seed, "stories", split, str(number))
        left = _asked(split, rng, sentences)
        for place in range(
            min(_FEWEST_QUESTIONS + rng.below(_MOST_QUESTIONS - _FEWEST_QUESTIONS + 1), len(left))
        ):
            overlap = _due(len(made), overlap_share)
            count = 2 if rng.below(8) == 0 else 3
            item = _taken(left, count, overlap=overlap)
            wrong = item.distractors(count, rng, overlap=overlap)
            example = _example(item, wrong, seats.next(len(wrong) + 1), overlap=overlap)
            made.append(replace(example, id=f"{group}-{place}", group=group))
    return tuple(made)


def _example(item: Item, wrong: tuple[str, ...], seat: int, *, overlap: bool) -> Example:
    """Return the example of an item, still named after its template alone."""
    evidence = item.story.spans[item.fact]
    return Example(
        id=item.fact.template.id,
        passage=item.story.passage,
        question=item.question,
        options=(*wrong[:seat], item.gold, *wrong[seat:]),
        answer=seat,
        group=item.fact.template.id,
        meta={
            "kind": item.ask.kind,
            "template": item.fact.template.id,
            "overlap": "yes" if overlap else "no",
            "evidence": ",".join(f"{start}:{end}" for start, end in evidence),
        },
    )


def _asked(split: Split, rng: Rng, sentences: tuple[int, int]) -> list[Item]:
    """Return the questions about a new story. A full one is told again until
    it offers distractors, inside and outside, for as many questions as may be asked about it."""
    while True:
        left = items(tell(split, rng, sentences=sentences), split, rng)
        ready = sum(item.offers(2, overlap=True) and item.offers(2, overlap=False) for item in left)
        if ready >= _MOST_QUESTIONS or left[0].story.passage.count(".") < _FULL_STORY:
            return left


def _taken(left: list[Item], count: int, *, overlap: bool) -> Item:
    """Remove and return the first item that offers `count` distractors, else two, else the first."""
    for least in (count, 2, 0):
        for item in left:
            if item.offers(least, overlap=overlap):
                left.remove(item)
                return item
    raise AssertionError("an item was asked for, but none is left")


class _Seats:
    """Positions for the gold option: each block of K items with K options uses every one once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._used: Counter[int] = Counter()

    def next(self, count: int) -> int:
        block, place = divmod(self._used[count], count)
        self._used[count] += 1
        return derive(0, "seats", self._name, str(count), str(block)).permutation(count)[place]


def _due(number: int, share: float) -> bool:
    """Whether item `number` is one of the share: after n items, round-down(n * share) were."""
    return int((number + 1) * share + 1e-9) > int(number * share + 1e-9)


def read(argument: str) -> Iterator[Example]:
    """Yield the items of `SPLIT[?KEY=VALUE&...]`, the argument of the data format `stories`.

    Keys: `passages`, `seed`, `overlap` (share, 0 to 1) and `sentences` (`LOW-HIGH`).

    Raises `UsageError` for another split, key or value.

    >>> len({item.group for item in read("test?passages=7&seed=1")})
    7
    """
    name, _, query = argument.partition("?")
    split = next((split for split in SPLITS if split == name), None)
    if split is None:
        raise UsageError(f"stories:{argument}: {unknown('split', name, SPLITS)}")
    chosen: dict[str, Any] = {}
    for part in query.split("&") if query else ():
        key, _, value = part.partition("=")
        if key not in _KEYS:
            raise UsageError(f"stories:{argument}: {unknown('key', key, _KEYS)}")
        keyword, convert, form = _KEYS[key]
        try:
            chosen[keyword] = convert(value)
        except ValueError as error:
            raise UsageError(
                f"stories:{argument}: {key} is {value!r}, but {form} is needed; mend it"
            ) from error
    yield from stories(split, **chosen)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    limits = (_count(low), _count(high or low))
    if not _SHORTEST <= limits[0] <= limits[1]:
        raise ValueError(text)
    return limits


_KEYS: Mapping[str, tuple[str, Callable[[str], object], str]] = {
    "passages": ("passages", _count, "a whole number"),
    "seed": ("seed", _count, "a whole number of 0 or more"),
    "overlap": ("overlap_share", _share, "a number from 0 to 1"),
    "sentences": ("sentences", _range, "LOW-HIGH with 2 or more sentences, such as 5-9,"),
}
"""Key of `read` -> argument of `stories`, its conversion, and its form in words."""
