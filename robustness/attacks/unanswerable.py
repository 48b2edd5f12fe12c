"""What a reader needs is taken away: fields removed, gold removed, evidence deleted, passage swapped.

Fields that are removed become the empty string and the model's template keeps its separators (Si et
al. 2019 leave this open; recorded here). What has no right option left is judged by confidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

from pydantic import Field

from robustness.attacks.corpus import Corpus
from robustness.attacks.draft import Draft
from robustness.attacks.spans import marked_spans, without
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import fold, is_cjk, refers_to_options

__all__ = [
    "EvidenceDeleted",
    "FieldsRemoved",
    "ForeignPassage",
    "GoldRemoved",
    "NoneOfTheAbove",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsRemoved:
    """Passage, question or both emptied at test time (Si et al. 2019 section 4.1; Kaushik and
    Lipton 2018; Sugawara et al. 2020, drop_context_words and drop_question_words)."""

    name: str
    polarity: Polarity
    fields: Annotated[tuple[Literal["passage", "question"], ...], Field(min_length=1)]

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with the named fields empty."""
        texts = {"passage": example.passage, "question": example.question}
        if not any(texts[place] for place in self.fields):
            raise NotApplicable(f"empty {' and '.join(self.fields)}")
        draft = Draft.of(example)
        for place in self.fields:
            draft = draft.with_field(place, "")
        yield draft.variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldRemoved:
    """The gold option taken out, the others kept in order (Raina and Gales 2022).

    Chance for a choice among what is left is 1 / (K - 1).
    """

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant without the gold option and without a right answer."""
        if len(example.options) < 3:
            raise NotApplicable("fewer than three options")
        _gold_to_replace(example)
        kept = tuple(i for i in range(len(example.options)) if i != example.answer)
        draft = replace(
            Draft.of(example),
            options=tuple(example.options[i] for i in kept),
            option_map=kept,
            answer=None,
        )
        yield draft.variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneOfTheAbove:
    """An option "None of the above." in the gold's place, or in a random distractor's
    (Tam et al. 2025: both variants are needed to tell rejection from a liking for the string)."""

    name: str
    polarity: Polarity
    replaces: Literal["gold", "distractor"]
    english: str = "None of the above."
    chinese: str = "以上都不对"

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant; `notes["planted"]` is the position of the new option."""
        answer = _gold_to_replace(example)
        wrong = [i for i in range(len(example.options)) if i != answer]
        position = answer if self.replaces == "gold" else rng.choice(wrong)
        item = " ".join((example.passage, example.question, *example.options))
        text = self.chinese if is_cjk(item) else self.english
        draft = Draft.of(example).with_option(position, text, new=True).noting(planted=position)
        yield draft.variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPassage:
    """The passage replaced by one of another item (the idea of SQuAD 2.0's negatives)."""

    name: str
    polarity: Polarity
    choose: Literal["random", "near"]
    corpus: Corpus = Corpus(())

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the passages to draw from."""
        return replace(self, corpus=corpus)

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with a foreign passage and without a right answer."""
        if not example.passage:
            raise NotApplicable("empty passage")
        if self.choose == "random":
            foreign = self.corpus.random_other(example, rng)
        else:
            foreign = self.corpus.nearest_other(example)
        draft = replace(Draft.of(example), passage=foreign, answer=None)
        yield draft.variant(self, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDeleted:
    """The sentences that the answer rests on cut out, where the data marks them
    (`meta["evidence"]`: OneStopQA's critical spans, Berzak et al. 2020; the stories)."""

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant without the evidence and without a right answer."""
        marked = example.meta.get("evidence", "")
        if not marked:
            raise NotApplicable("the data does not mark the evidence")
        passage = example.passage
        for start, end in sorted(marked_spans(marked, len(passage)), reverse=True):
            passage = without(passage, start, end)
        if not passage.strip():
            raise NotApplicable("nothing but evidence in the passage")
        if passage.split() == example.passage.split():
            raise NotApplicable("nothing but white space is marked as evidence")
        yield replace(Draft.of(example), passage=passage, answer=None).variant(self, severity)


def _gold_to_replace(example: Example) -> int:
    """Return the position of the gold option, where taking it away leaves no other right option."""
    if any(refers_to_options(option) for option in example.options):
        raise NotApplicable("an option refers to other options")
    if example.answer is None:
        raise NotApplicable("no option is right")
    gold = fold(example.options[example.answer])
    if sum(fold(option) == gold for option in example.options) > 1:
        raise NotApplicable("another option equals the gold option")
    return example.answer
