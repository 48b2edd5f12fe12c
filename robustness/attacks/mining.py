"""Pieces of the passage that could stand as options: what a model that matches words would take.

Found without a model. English: a phrase from a determiner, a preposition or "to" up to its last
content word, or a clause from a pronoun or "because" up to the next punctuation. Chinese: a whole clause,
since without a segmenter anything shorter might cut a word in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from robustness.attacks.likeness import PREPOSITIONS, Form, content_set, form
from robustness.domain import Example
from robustness.text import content_words, is_cjk, sentences, words

__all__ = ["pieces"]

_Build: TypeAlias = Literal["noun", "preposition", "infinitive", "clause"]

_SPEAKER = re.compile(r"\A\s*[^\W\d_][\w .'’-]{0,30}\s?[:：]\s*")
_CLAUSE = re.compile(r"[^，。！？；：、,.!?;:\s“”\"]+")
_DETERMINERS = frozenset("the a an his her their its my your our this that these those some no".split())
_SUBJECTS = frozenset("he she they it we you i there".split())
_SUBORDINATORS = frozenset("because as if when while after before".split())
_JOINING = frozenset("and but so or because that if when then".split())
# Words that carry no topic and end no phrase, beyond the function words of `content_words`.
_WEAK = frozenset(
    "can cannot will get got let just also very too here now yes no oh well ok okay please really still "
    "even more most much many only never always again such own same other all any each both go going "
    "up down out back "
    "want like know think say said tell see look make take".split()
)
_LONGEST = 16
"""Words of the longest piece: keeps the search linear in the passage."""


def pieces(example: Example, own: str, evidence: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the pieces of the passage in the build, kind and size of the option `own`, in order.

    Sentences that overlap the evidence or hold half of the gold option's content words are left
    out, and so are pieces that share one with it (in Chinese: half of its characters): what they say
    may be right.
    """
    wanted, build = form(own), _build(own)
    chinese = is_cjk(example.passage)
    gold = content_set(example.options[example.answer or 0])
    found: list[str] = []
    for sentence in _allowed(example, gold, evidence):
        if chinese:
            found += _clauses(sentence)
        else:
            found += [piece for kind, piece in _phrases(sentence) if kind == build]
    shared = max(1, len(gold) // 2) if chinese else 1
    fitting = (piece for piece in dict.fromkeys(found) if _fits(piece, wanted))
    return tuple(piece for piece in fitting if len(gold & content_set(piece)) < shared)


def _allowed(example: Example, gold: frozenset[str], evidence: Sequence[tuple[int, int]]) -> Iterator[str]:
    for start, end in sentences(example.passage):
        if any(low < end and start < high for low, high in evidence):
            continue
        sentence = example.passage[start:end]
        if not gold or 2 * len(gold & content_set(sentence)) < len(gold):
            yield _SPEAKER.sub("", sentence)


def _build(option: str) -> _Build:
    opener = form(option).opener
    if opener in _SUBJECTS | _SUBORDINATORS:
        return "clause"
    if opener == "to":
        return "infinitive"
    return "preposition" if opener in PREPOSITIONS else "noun"


@lru_cache(maxsize=1024)
def _clauses(sentence: str) -> tuple[str, ...]:
    return tuple(match.group() for match in _CLAUSE.finditer(sentence) if len(match.group()) > 1)


@lru_cache(maxsize=1024)
def _phrases(sentence: str) -> tuple[tuple[_Build, str], ...]:
    taken = words(sentence)
    lowered = tuple(word.lower() for word in taken.words)
    weak = _WEAK | PREPOSITIONS | _SUBJECTS | _SUBORDINATORS | _JOINING
    strong = tuple(word not in weak and bool(content_words(word)) for word in lowered)
    return tuple(
        (build, "".join(taken.words[i] + taken.gaps[i + 1] * (i + 1 < end) for i in range(start, end)))
        for start, build in _starts(taken.words, lowered, strong)
        for end in _ends(lowered, strong, start, whole=build == "clause")
    )


def _starts(
    tokens: Sequence[str], lowered: Sequence[str], strong: Sequence[bool]
) -> Iterator[tuple[int, _Build]]:
    for i, word in enumerate(lowered):
        before = lowered[i - 1] if i else "."
        named = i > 0 and strong[i] and not strong[i - 1] and tokens[i][0].isupper()
        headed = strong[i] and before in _DETERMINERS | PREPOSITIONS
        if word in _SUBJECTS:
            if before in _JOINING or not before[0].isalnum():
                yield i, "clause"
        elif word in _SUBORDINATORS:
            yield i, "clause"
        elif word == "to":
            yield i, "infinitive"
        elif word in PREPOSITIONS:
            yield i, "preposition"
        elif word in _DETERMINERS or named or headed or word[0].isdigit():
            yield i, "noun"


def _ends(lowered: Sequence[str], strong: Sequence[bool], start: int, *, whole: bool) -> Iterator[int]:
    """Yield where a piece from `start` may end: behind a content word that nothing goes on with; a
    clause only where the next punctuation stands."""
    for end in range(start + 1, min(len(lowered), start + _LONGEST) + 1):
        if not (lowered[end - 1][0].isalnum() or lowered[end - 1][0] in "'’"):
            return
        following = lowered[end] if end < len(lowered) else "."
        stopped = not following[0].isalnum() and following[0] not in "'’"
        goes_on = end < len(lowered) and (strong[end] or following[0] in "'’" or following == "n't")
        if strong[end - 1] and (stopped if whole else not goes_on):
            yield end


def _fits(piece: str, wanted: Form) -> bool:
    found = form(piece)
    return found.kind == wanted.kind and abs(found.size - wanted.size) <= max(1, wanted.size // 3)
