"""Wrong options from elsewhere: mined, borrowed, added, taken away. Passage, question and gold stay.

What is planted must be wrong, which nobody checks by hand here. So a candidate that may say the same
as any option is refused, and questions that a true statement or its denial would answer are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, Self, TypeAlias

from pydantic import NonNegativeInt

from robustness.attacks.corpus import Corpus
from robustness.attacks.draft import Draft
from robustness.attacks.likeness import content_set, dressed, form, too_alike_to_any
from robustness.attacks.mining import pieces
from robustness.attacks.references import dependence, refuse_references
from robustness.attacks.spans import marked_spans
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import is_cjk

__all__ = ["AddDistractor", "Origin", "RemoveDistractor", "ReplaceDistractors"]

Origin: TypeAlias = Literal["passage", "siblings", "like-items", "stock", "overlapping"]
"""Where an option comes from. `passage`: a piece of it in the form of the option replaced. `siblings`:
options of the other questions about it. `like-items`: options of other passages in its form. `stock`: the
options that most items of the data set share. `overlapping`: options of other passages that share most
words with this one. None needs a model."""

_LOOKED_AT = 20
"""Candidates of fitting length that are compared: keeps the search linear."""

_NEGATIVE = re.compile(
    r"\b(?:not|never|except|false|wrong|incorrect|least|n't|cannot)\b|n['’]t\b", re.IGNORECASE
)
_NEGATIVE_CHINESE = re.compile(r"不|没|非|无|除|错误|有误")
_OPEN = re.compile(
    r"\b(?:true|correct|right|mention\w*|state[ds]?|learn\w*|know\w*|infer\w*|conclude\w*|impl(?:y|ies|ied)|"
    r"suggest\w*|say\w*|said|tell\w*|told|mean[st]?|describe\w*|about|according|following|statements?)\b"
    r"|说法|正确|知道|了解|推断|推出|可以看出|意思|符合|根据|下列|以下|哪[项个]是|告诉|介绍|认为",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Foreign:
    """What replacing and adding share: the origin, and the other items."""

    name: str
    polarity: Polarity
    origin: Origin
    corpus: Corpus = Corpus(())

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the options to draw from."""
        return replace(self, corpus=corpus)

    def _candidates(self, example: Example, own: str, rng: Rng) -> Iterable[str]:
        if self.origin == "like-items":
            return self.corpus.like_options(own, example, rng)
        if self.origin == "stock":
            return _near(_irrelevant(self.corpus.stock_options, example), own)
        if self.origin == "overlapping":
            return _near(_apart_from_gold(self.corpus.overlapping_options(example), example), own)
        if self.origin == "passage":
            found = list(pieces(example, own, _evidence(example)))
            rng.shuffle(found)
            return found
        siblings = list(self.corpus.siblings(example))
        rng.shuffle(siblings)
        return sorted(_near(siblings, own), key=lambda text: form(text).kind != form(own).kind)

    def _drawn(self, example: Example, own: str, refused: Sequence[str], rng: Rng) -> str:
        """Return the first candidate that is none of the refused options; empty where there is none."""
        for candidate in self._candidates(example, own, rng):
            if not dependence(candidate) and not too_alike_to_any(candidate, refused):
                return dressed(candidate, own)
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceDistractors(_Foreign):
    """Distractors replaced by wrong options from elsewhere.

    Where fewer are found than asked for, the original ones stay (as in AdvRACE's Distractor Extraction);
    `notes["replaced"]` counts. A single one is noted as `planted`: how often it is chosen is reported.
    """

    count: NonNegativeInt = 0
    """How many; 0 = all."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with distractors replaced, in random places."""
        gold = _gold(example)
        _refuse_question(example, self.origin)
        wrong = [i for i in range(len(example.options)) if i != gold]
        rng.shuffle(wrong)
        draft = Draft.of(example)
        placed: list[int] = []
        for position in wrong:
            if self.count and len(placed) == self.count:
                break
            refused = (*example.options, *draft.options)
            text = self._drawn(example, example.options[position], refused, rng)
            if text:
                draft = draft.with_option(position, text, new=True)
                placed.append(position)
        if not placed:
            raise NotApplicable(_NOTHING[self.origin])
        draft = draft.noting(replaced=len(placed))
        yield (draft.noting(planted=placed[0]) if self.count == 1 else draft).variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDistractor(_Foreign):
    """One wrong option more, at a random place. Chance goes from 1/K to 1/(K + 1)."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant; `notes["planted"]` is the place of the new option."""
        gold = _gold(example)
        _refuse_question(example, self.origin)
        models = [text for i, text in enumerate(example.options) if i != gold]
        rng.shuffle(models)
        drawn = (self._drawn(example, like, example.options, rng) for like in models)
        text = next(filter(None, drawn), "")
        if not text:
            raise NotApplicable(_NOTHING[self.origin])
        place = rng.below(len(example.options) + 1)
        origins = list(range(len(example.options)))
        draft = replace(
            Draft.of(example),
            options=(*example.options[:place], text, *example.options[place:]),
            option_map=(*origins[:place], -1, *origins[place:]),
            answer=gold + (place <= gold),
        )
        yield draft.noting(planted=place).variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDistractor:
    """One random distractor taken away. Chance goes from 1/K to 1/(K - 1)."""

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with one distractor less."""
        gold = _gold(example)
        if len(example.options) < 3:
            raise NotApplicable("fewer than three options")
        gone = rng.choice([i for i in range(len(example.options)) if i != gold])
        kept = tuple(i for i in range(len(example.options)) if i != gone)
        options = tuple(example.options[i] for i in kept)
        draft = replace(Draft.of(example), options=options, option_map=kept, answer=kept.index(gold))
        yield draft.variant(self, severity)


_NOTHING = {
    "passage": "no piece of the passage has the form of a distractor",
    "siblings": "no option of another question about the passage fits",
    "like-items": "no option of another item has the form of a distractor",
    "stock": "no stock option is foreign to the passage",
    "overlapping": "no option of another item shares words with the passage",
}


def _gold(example: Example) -> int:
    refuse_references(example)
    if example.answer is None:
        raise NotApplicable("no option is right")
    return example.answer


def _refuse_question(example: Example, origin: Origin) -> None:
    """Refuse questions that the planted option might answer."""
    question = example.question
    chinese = is_cjk(example.passage or question)
    if (_NEGATIVE_CHINESE if chinese else _NEGATIVE).search(question):
        raise NotApplicable("the question asks for what is not so")
    if origin in ("passage", "siblings") and _OPEN.search(question):
        raise NotApplicable("any true statement might answer the question")


def _evidence(example: Example) -> list[tuple[int, int]]:
    marked = example.meta.get("evidence", "")
    return marked_spans(marked, len(example.passage)) if marked else []


def _irrelevant(options: Iterable[str], example: Example) -> Iterator[str]:
    """Yield the options that share no content word with passage and question."""
    there = content_set(example.passage) | content_set(example.question)
    return (text for text in options if content_set(text) and there.isdisjoint(content_set(text)))


def _apart_from_gold(options: Iterable[str], example: Example) -> Iterator[str]:
    """Yield the options that share no content word with the gold option."""
    gold = content_set(example.options[example.answer or 0])
    return (text for text in options if gold.isdisjoint(content_set(text)))


def _near(options: Iterable[str], own: str) -> list[str]:
    """Return the first options about as long as the one replaced, nearest in length first, so that
    length does not give them away."""
    slack = max(1 if is_cjk(own) else 3, len(own) // 3)
    fitting = (text for text in options if abs(len(text) - len(own)) <= slack)
    return sorted(islice(fitting, _LOOKED_AT), key=lambda text: abs(len(text) - len(own)))
