"""Character noise: spelling that a reader reads through and that a keyword matcher trips over.

Numbers, negations and the first and last letter of a word stay; options are never edited, so no option
can be told by its spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from robustness.attacks.draft import Draft
from robustness.attacks.word_edits import CHOICES, WordEdits, word_edit
from robustness.attacks.wordlists import word_list
from robustness.domain import Edit, Example, NotApplicable, Place, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, is_cjk, words

__all__ = ["CharacterNoise", "Rate", "sampled", "share_of", "swapped"]

Rate: TypeAlias = Annotated[float, Field(gt=0, le=1)]
Kind: TypeAlias = Literal["swap", "insert", "delete", "substitute", "keyboard"]

_SHORTEST = 4
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# A Chinese character that turns the sentence around or counts is a word that must stay.
_KEPT_CHARACTERS = frozenset("不没无未别非莫零一二两三四五六七八九十百千万亿半几男女")
_DRAWS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterNoise:
    """One edit inside each of a share of the words of passage and question.

    Words of four letters and more are eligible (Pruthi et al. 2019), in Chinese single characters, half
    as large a share of them. A misspelling that is another word of the item is drawn again.
    """

    name: str
    polarity: Polarity
    kind: Kind
    rate: Rate = 0.1
    """Share of the eligible words of each field that get an edit; at least one does."""
    fields: Annotated[tuple[Literal["passage", "question"], ...], Field(min_length=1)] = (
        "passage",
        "question",
    )
    protect: tuple[Literal["names", "option-words"], ...] = ()
    """Words that stay whole: capitalised inside a sentence; part of an option."""
    edits_words: ClassVar[bool] = True

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with misspelt words."""
        draft, changed, eligible = Draft.of(example), 0, 0
        known = _vocabulary(example)
        protected = _option_words(example) if "option-words" in self.protect else frozenset[str]()
        for place, text in _texts(example, self.fields):
            taken = words(text)
            chinese = is_cjk(text)
            places = self._eligible(taken, protected, chinese=chinese)
            new, count = self._edited(taken, places, known, rng)
            draft = draft.with_field(place, new.text)
            changed += count
            eligible += len(places)
        if not changed:
            raise NotApplicable("no word that can be misspelt")
        yield draft.noting(words_changed=changed, words_eligible=eligible).variant(self, severity)

    def word_edits(self, example: Example, rng: Rng) -> WordEdits:
        """Return a few misspellings of every eligible word, and as many words per field as are misspelt."""
        known, found, limits = _vocabulary(example), list[Edit](), dict[Place, int]()
        protected = _option_words(example) if "option-words" in self.protect else frozenset[str]()
        for place, text in _texts(example, self.fields):
            taken = words(text)
            places = self._eligible(taken, protected, chinese=is_cjk(text))
            limits[place] = share_of(len(places), self._share(taken, places))
            for at in places:
                found += self._edits_at(place, taken, at, known, rng)
        return WordEdits(tuple(found), limits)

    def _edits_at(
        self, place: Place, taken: Words, at: int, known: frozenset[str], rng: Rng
    ) -> Iterator[Edit]:
        word = taken.words[at]
        if len(word) == 1:
            tokens = list(taken.words)
            if self._edit_character(tokens, at):
                size = 2 if self.kind == "swap" else 1
                yield word_edit(place, taken, at, "".join(tokens[at : at + size]), size=size)
            return
        made = dict.fromkeys(self._misspelt(word, known, rng) for _ in range(2 * CHOICES))
        for other in [other for other in made if other != word][:CHOICES]:
            yield word_edit(place, taken, at, other)

    def _share(self, taken: Words, places: Sequence[int]) -> float:
        """Single characters carry more than words of letters do: half as many are edited."""
        return self.rate / 2 if any(len(taken.words[i]) == 1 for i in places) else self.rate

    def _eligible(self, taken: Words, protected: frozenset[str], *, chinese: bool) -> list[int]:
        if chinese:
            return [
                i
                for i, word in enumerate(taken.words)
                if is_cjk(word) and word not in _KEPT_CHARACTERS and (self.kind != "swap" or _pairs(taken, i))
            ]
        kept = _negations() | protected
        names = _capitalised_inside(taken) if "names" in self.protect else frozenset[int]()
        return [
            i
            for i, word in enumerate(taken.words)
            if len(word) >= _SHORTEST and word.isalpha() and word.lower() not in kept and i not in names
        ]

    def _edited(
        self, taken: Words, places: Sequence[int], known: frozenset[str], rng: Rng
    ) -> tuple[Words, int]:
        tokens, changed = list(taken.words), 0
        for i in sampled(len(places), self._share(taken, places), rng):
            at = places[i]
            if len(tokens[at]) == 1:
                changed += self._edit_character(tokens, at)
            elif (word := self._misspelt(tokens[at], known, rng)) != tokens[at]:
                tokens[at] = word
                changed += 1
        return replace(taken, words=tuple(tokens)), changed

    def _edit_character(self, tokens: list[str], at: int) -> bool:
        if self.kind == "swap":
            # The one on the right may have been moved already: a swap of equals is none.
            if len(tokens[at + 1]) != 1 or tokens[at] == tokens[at + 1]:
                return False
            tokens[at], tokens[at + 1] = tokens[at + 1], tokens[at]
        elif self.kind == "delete":
            tokens[at] = ""
        else:
            tokens[at] *= 2
        return True

    def _misspelt(self, word: str, known: frozenset[str], rng: Rng) -> str:
        for _ in range(_DRAWS):
            made = _EDITS[self.kind](word, rng)
            if made.lower() not in known:
                return made
        return word


def sampled(count: int, rate: float, rng: Rng) -> list[int]:
    """Return a sorted sample of range(count), `rate` of it, at least one where there is any.

    >>> from robustness.rng import derive
    >>> len(sampled(40, 0.1, derive(0, "x")))
    4
    """
    return sorted(rng.permutation(count)[: share_of(count, rate)])


def share_of(count: int, rate: float) -> int:
    """Return `rate` of a count, at least one where there is any.

    >>> share_of(40, 0.1), share_of(3, 0.1), share_of(0, 0.1)
    (4, 1, 0)
    """
    return min(count, max(1, round(rate * count))) if count else 0


def swapped(word: str, at: int) -> str:
    """Return the word with the characters at `at` and `at + 1` swapped.

    >>> swapped("lamp", 1)
    'lmap'
    """
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _swap(word: str, rng: Rng) -> str:
    places = [i for i in range(1, len(word) - 2) if word[i] != word[i + 1]]
    return swapped(word, rng.choice(places)) if places else word


def _insert(word: str, rng: Rng) -> str:
    at = 1 + rng.below(len(word) - 1)
    return word[:at] + _like(rng.choice(_LETTERS), word) + word[at:]


def _delete(word: str, rng: Rng) -> str:
    at = 1 + rng.below(len(word) - 2)
    return word[:at] + word[at + 1 :]


def _substitute(word: str, rng: Rng) -> str:
    at = 1 + rng.below(len(word) - 2)
    letter = rng.choice([c for c in _LETTERS if c != word[at].lower()])
    return word[:at] + _like(letter, word) + word[at + 1 :]


def _keyboard(word: str, rng: Rng) -> str:
    places = [i for i in range(1, len(word) - 1) if word[i].lower() in _neighbours()]
    if not places:
        return word
    at = rng.choice(places)
    return word[:at] + _like(rng.choice(_neighbours()[word[at].lower()]), word) + word[at + 1 :]


_EDITS: Mapping[Kind, Callable[[str, Rng], str]] = MappingProxyType(
    {
        "swap": _swap,
        "insert": _insert,
        "delete": _delete,
        "substitute": _substitute,
        "keyboard": _keyboard,
    }
)


def _like(letter: str, word: str) -> str:
    return letter.upper() if word.isupper() else letter


@cache
def _neighbours() -> Mapping[str, str]:
    """Return letter -> letters on the keys around it (QWERTY; each row half a key right of the one above)."""
    found = {}
    for y, row in enumerate(_ROWS):
        for x, letter in enumerate(row):
            around = [(y, x - 1), (y, x + 1), (y - 1, x), (y - 1, x + 1), (y + 1, x - 1), (y + 1, x)]
            keys = [_ROWS[b][a] for b, a in around if 0 <= b < len(_ROWS) and 0 <= a < len(_ROWS[b])]
            found[letter] = "".join(keys)
    return found


@cache
def _negations() -> frozenset[str]:
    numerals: list[str] = word_list("closed-class")["numerals"]
    return frozenset((*word_list("antonyms")["negations"], *numerals))


def _pairs(taken: Words, at: int) -> bool:
    """Tell whether the next word is an ideograph that may change places with this one."""
    if at + 1 == len(taken.words) or taken.gaps[at + 1]:
        return False
    follower = taken.words[at + 1]
    return follower != taken.words[at] and is_cjk(follower) and follower not in _KEPT_CHARACTERS


def _capitalised_inside(taken: Words) -> frozenset[int]:
    """Return the indices of capitalised words that do not open a sentence."""
    ends = '.!?:"“‘'
    return frozenset(
        i for i, word in enumerate(taken.words) if i and word[0].isupper() and taken.words[i - 1] not in ends
    )


def _texts(example: Example, fields: Sequence[Literal["passage", "question"]]) -> Iterator[tuple[Place, str]]:
    for place in fields:
        yield place, example.passage if place == "passage" else example.question


def _vocabulary(example: Example) -> frozenset[str]:
    texts = (example.passage, example.question, *example.options)
    return frozenset(lowered for text in texts for lowered in map(str.lower, words(text).words))


def _option_words(example: Example) -> frozenset[str]:
    return frozenset(word.lower() for option in example.options for word in words(option).words)
