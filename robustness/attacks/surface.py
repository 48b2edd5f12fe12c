"""Surface noise: the same words to the eye, other strings to a tokenizer. Options are never edited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from robustness.attacks.draft import Draft
from robustness.attacks.noise import Rate, sampled, share_of
from robustness.attacks.word_edits import CHOICES, WordEdits, word_edit
from robustness.domain import Edit, Example, NotApplicable, Place, Polarity, Variant
from robustness.rng import Rng
from robustness.text import Words, is_cjk, words

__all__ = ["SurfaceNoise"]

Kind: TypeAlias = Literal[
    "lower", "upper", "random-case", "spaces-added", "spaces-lost", "punctuation-lost", "final-mark",
    "homoglyph", "zero-width", "half-width",
]  # fmt: skip

# Cyrillic letters that common fonts draw like Latin ones (Unicode confusables).
_HOMOGLYPHS = str.maketrans("aceopsxyijABCEHIKMOPSTX", "асеорѕхуіјАВСЕНІКМОРЅТХ")
_ZERO_WIDTH = "\u200b"
_HALF_WIDTH = str.maketrans("，。！？：；（）“”", ',.!?:;()""')
# The colon of a speaker's name is kept: a turn without it is another text. So are signs that count.
_PUNCTUATION = frozenset('.,;!?"“”()[]…，。！？；、“”（）《》「」') | {"..", "...", "--", "—"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceNoise:
    """Case, spacing, punctuation or look-alike characters of passage and question changed."""

    name: str
    polarity: Polarity
    kind: Kind
    rate: Rate = 1.0
    """Share of the places that are changed, at least one; `lower`, `upper`, `final-mark` and
    `half-width` change all."""
    fields: Annotated[tuple[Literal["passage", "question"], ...], Field(min_length=1)] = (
        "passage",
        "question",
    )

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with another surface."""
        draft = Draft.of(example)
        for place in self.fields:
            text = example.passage if place == "passage" else example.question
            draft = draft.with_field(place, _CHANGES[self.kind](text, self.rate, rng))
        if (draft.passage, draft.question) == (example.passage, example.question):
            raise NotApplicable("nothing that this would change")
        yield draft.variant(self, severity)

    @property
    def edits_words(self) -> bool:
        """Whether the kind edits one place inside a word."""
        return self.kind in _IN_WORDS

    def word_edits(self, example: Example, rng: Rng) -> WordEdits:
        """Return a few edits of every word that has a place for one, and as many words as are edited."""
        edit, found, limits = _IN_WORDS[self.kind], list[Edit](), dict[Place, int]()
        for place in self.fields:
            taken = words(example.passage if place == "passage" else example.question)
            inside = {i: _places(word, edit) for i, word in enumerate(taken.words)}
            limits[place] = share_of(sum(map(bool, inside.values())), self.rate)
            for i, at in inside.items():
                rng.shuffle(at)
                found += [word_edit(place, taken, i, edit(taken.words[i], one)) for one in at[:CHOICES]]
        return WordEdits(tuple(found), limits)


def _lower(text: str, _: float, __: Rng) -> str:
    return text.lower()


def _upper(text: str, _: float, __: Rng) -> str:
    return text.upper()


def _random_case(text: str, rate: float, rng: Rng) -> str:
    letters = [i for i, c in enumerate(text) if len(c.swapcase()) == 1 and c.swapcase() != c]
    chosen = {letters[i] for i in sampled(len(letters), rate, rng)}
    return "".join(c.swapcase() if i in chosen else c for i, c in enumerate(text))


def _spaces_added(text: str, rate: float, rng: Rng) -> str:
    """Double a space; in Chinese, set one between two characters."""
    taken = words(text)
    chinese = is_cjk(text)
    inner = range(1, len(taken.words))
    places = [i for i in inner if taken.gaps[i] == " " or (chinese and not taken.gaps[i])]
    return _with_gaps(taken, places, sampled(len(places), rate, rng), added=" ")


def _spaces_lost(text: str, rate: float, rng: Rng) -> str:
    """Join two words of letters alone; numbers and line ends keep their spaces."""
    taken = words(text)
    tokens = taken.words
    places = [
        i
        for i in range(1, len(tokens))
        if taken.gaps[i] == " " and tokens[i - 1].isalpha() and tokens[i].isalpha()
    ]
    return _with_gaps(taken, places, sampled(len(places), rate, rng), added="")


def _with_gaps(taken: Words, places: Sequence[int], chosen: Sequence[int], *, added: str) -> str:
    gaps = list(taken.gaps)
    for i in chosen:
        gaps[places[i]] = gaps[places[i]] + added if added else ""
    return replace(taken, gaps=tuple(gaps)).text


def _punctuation_lost(text: str, rate: float, rng: Rng) -> str:
    taken = words(text)
    places = [
        i
        for i, word in enumerate(taken.words)
        if word in _PUNCTUATION and not (_digit_before(taken, i) and _digit_behind(taken, i))
    ]
    chosen = {places[i] for i in sampled(len(places), rate, rng)}
    kept = tuple("" if i in chosen else word for i, word in enumerate(taken.words))
    return replace(taken, words=kept).text


def _digit_before(taken: Words, at: int) -> bool:
    return at > 0 and not taken.gaps[at] and taken.words[at - 1][-1:].isdigit()


def _digit_behind(taken: Words, at: int) -> bool:
    behind = taken.words[at + 1 : at + 2]
    return bool(behind) and not taken.gaps[at + 1] and behind[0][:1].isdigit()


def _final_mark(text: str, _: float, __: Rng) -> str:
    """Drop the last mark, or set a question mark where there is none (CheckList's punctuation test)."""
    body = text.rstrip()
    bare = body.rstrip(".?!。？！")
    if not bare:
        return text
    return bare if bare != body else body + ("？" if is_cjk(text) else "?")


def _homoglyph(text: str, rate: float, rng: Rng) -> str:
    return _in_words(text, rate, rng, _look_alike_at)


def _zero_width(text: str, rate: float, rng: Rng) -> str:
    return _in_words(text, rate, rng, _zero_width_at)


def _in_words(text: str, rate: float, rng: Rng, edit: Callable[[str, int], str]) -> str:
    """Edit one place in each of a share of the words that have one."""
    taken = words(text)
    places = [(i, _places(word, edit)) for i, word in enumerate(taken.words)]
    places = [(i, inside) for i, inside in places if inside]
    tokens = list(taken.words)
    for number in sampled(len(places), rate, rng):
        i, inside = places[number]
        tokens[i] = edit(tokens[i], rng.choice(inside))
    return replace(taken, words=tuple(tokens)).text


def _places(word: str, edit: Callable[[str, int], str]) -> list[int]:
    if not word.isalpha():
        return []
    # A word of one character has no inside, but Chinese text has a place before each of its words.
    return [at for at in range(0 if is_cjk(word) else 1, len(word)) if edit(word, at) != word]


def _look_alike_at(word: str, at: int) -> str:
    return word[:at] + word[at].translate(_HOMOGLYPHS) + word[at + 1 :]


def _zero_width_at(word: str, at: int) -> str:
    return word[:at] + _ZERO_WIDTH + word[at:]


_IN_WORDS: Mapping[str, Callable[[str, int], str]] = MappingProxyType(
    {"homoglyph": _look_alike_at, "zero-width": _zero_width_at}
)


def _half_width(text: str, _: float, __: Rng) -> str:
    return text.translate(_HALF_WIDTH)


_CHANGES: Mapping[Kind, Callable[[str, float, Rng], str]] = MappingProxyType(
    {
        "lower": _lower,
        "upper": _upper,
        "random-case": _random_case,
        "spaces-added": _spaces_added,
        "spaces-lost": _spaces_lost,
        "punctuation-lost": _punctuation_lost,
        "final-mark": _final_mark,
        "homoglyph": _homoglyph,
        "zero-width": _zero_width,
        "half-width": _half_width,
    }
)
