"""Numbers in another form, or shifted everywhere at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from robustness.attacks.draft import Draft
from robustness.attacks.wordlists import word_list
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, words

__all__ = ["NumberForm", "NumbersShifted"]

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_MONTHS = "|".join((*word_list("names")["month"], "May", "Jan", "Feb", "Aug", "Sept", "Oct", "Nov", "Dec"))
# In ASCII terms a Chinese character is no part of a word. One that makes a time or date of it is.
_INTEGER = re.compile(
    r"(?<![\w.,:/$£€¥%°-])(?:[2-9]|[1-9][0-9]{1,3})(?![\w%°]|[.,:/-][0-9]|\s*[点时分月日号年小])", re.ASCII
)
_DIGITS = re.compile(r"[0-9]+")
# What makes an answer a computed one, or ties a number to another that would not move along.
_TIED = re.compile(
    r"\b(?:half|halves|twice|double[ds]?|triple|times|dozens?|percent|discount|total|altogether|sum|quarter|"
    r"plus|minus|each|per|pair|pairs|price|cost|earlier|later|ago)\b|[$£€¥%]|[+=×]"
    r"|一半|一倍|两倍|几倍|百分|折|共|总|每|各|元|块|提前|[早晚]到|多少钱"
    rf"|[0-9]\s*(?:[ap]\.?m\b|o.?clock)|[0-9]\s+(?:{_MONTHS})\b|\b(?:{_MONTHS})\.?\s+[0-9]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersShifted:
    """Every integer from 2 to 9999 that stands alone moved by one amount, in passage, question and options.

    Order and differences stay. Not where an option has a number that the passage has not, or where words
    speak of sums, dates or times: there the answer would not move along.
    """

    name: str
    polarity: Polarity
    most: int = 9
    """Largest shift; drawn from 1 to this."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with shifted numbers."""
        texts = (example.passage, example.question, *example.options)
        if any(_TIED.search(text) for text in texts):
            raise NotApplicable("numbers may be computed with, or be dates and times")
        here = set(_INTEGER.findall(example.passage))
        for text in texts[1:]:
            plain = _INTEGER.findall(text)
            if not set(plain) <= here or len(_DIGITS.findall(text)) > len(plain):
                raise NotApplicable("a number of question or options is not a plain one of the passage")
        if not here:
            raise NotApplicable("no integer standing alone in the passage")
        shift = 1 + rng.below(self.most)

        def moved(text: str) -> str:
            return _INTEGER.sub(lambda match: str(int(match.group()) + shift), text)

        draft = replace(
            Draft.of(example),
            passage=moved(example.passage),
            question=moved(example.question),
            options=tuple(map(moved, example.options)),
        )
        yield draft.noting(shift=shift, in_options=draft.options != example.options).variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberForm:
    """Numbers from two to twenty written in letters instead of digits, or the other way round, in passage
    and question. Prices, dates, times and numbers with a unit sign stay."""

    name: str
    polarity: Polarity
    to: Literal["letters", "digits"]

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with numbers in the other form."""
        draft = Draft.of(example)
        for place, text in (("passage", example.passage), ("question", example.question)):
            draft = draft.with_field("passage" if place == "passage" else "question", self._written(text))
        if (draft.passage, draft.question) == (example.passage, example.question):
            raise NotApplicable("no number from two to twenty standing alone")
        yield draft.variant(self, severity)

    def _written(self, text: str) -> str:
        taken = words(text)
        table = _to_letters() if self.to == "letters" else _to_digits()
        tokens = list(taken.words)
        for i, word in enumerate(tokens):
            # "1. Go" is a list and "Two" opens a sentence: both stay.
            if word in table and _alone(taken, i):
                tokens[i] = table[word]
        return replace(taken, words=tuple(tokens)).text


def _alone(taken: Words, at: int) -> bool:
    """Tell whether a number is no part of a price, date, time, list or longer number."""
    before = taken.words[at - 1] if at else ""
    behind = taken.words[at + 1] if at + 1 < len(taken.words) else ""
    if before and (not taken.gaps[at] or not before[-1].isalpha()):
        return False
    glued = behind and not taken.gaps[at + 1] and behind not in {".", ",", "?", "!", ";"}
    return not glued and bool(before) and not _counts_on(before, behind)


def _counts_on(before: str, behind: str) -> bool:
    numbers = _to_digits()
    neighbours = {before.lower(), behind.lower()}
    units = {
        "hundred",
        "thousand",
        "million",
        "billion",
        "percent",
        "am",
        "pm",
        "a.m.",
        "p.m.",
        "o",
        "o'clock",
    }
    months = set(word_list("names")["month"]) | {"May"}
    return bool(
        neighbours & (units | numbers.keys())
        or before in months
        or behind in months
        or behind[:1].isdigit()
        or behind in {"%", "$", "°"}
    )


@cache
def _to_letters() -> Mapping[str, str]:
    return {str(n): _SMALL[n] for n in range(2, len(_SMALL))}


@cache
def _to_digits() -> Mapping[str, str]:
    return {word: digits for digits, word in _to_letters().items()}
