"""Word and sentence order destroyed: everything that a bag-of-words matcher uses stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from robustness.attacks.draft import Draft
from robustness.attacks.operators import Shuffled, shuffle_degree, shuffle_words
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import join, sentences, words

__all__ = ["SentenceOrder", "WordOrder"]

_STOPS = frozenset(".!?。！？")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordOrder:
    """Words permuted inside a field, a sentence, a window or as blocks."""

    name: str
    polarity: Polarity
    fields: Annotated[tuple[Literal["passage", "question"], ...], Field(min_length=1)] = ("passage",)
    scope: Literal["field", "sentence"] = "field"
    """`field` permutes across sentence boundaries (Si et al. 2019 section 4.1, P-Shuffle);
    `sentence` inside each sentence (Sugawara et al. 2020, shuffle_sentence_words)."""
    block: PositiveInt = 1
    """Words that stay together: the n-gram shuffle of Pham et al. 2021."""
    window: NonNegativeInt = 0
    """Permute inside consecutive windows of this many words; 0 = the whole scope."""
    keep_final: bool = False
    """Leave the last word of each scope in place (Sugawara), or its final stop (Pham)."""
    spacing: Literal["spaced", "natural"] = "spaced"

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant in which every named field has its words permuted."""
        draft = Draft.of(example)
        texts = {"passage": example.passage, "question": example.question}
        degrees, reasons = [], []
        for place in self.fields:
            if not texts[place].strip():
                raise NotApplicable(f"empty {place}")
            text, shuffled = self._shuffled(texts[place], rng)
            draft = draft.with_field(place, text)
            degrees.append(shuffled.degree)
            reasons.append(f"{place}: {shuffled.degraded}" if shuffled.degraded else "")
        reason = "; ".join(filter(None, reasons))
        draft = draft.noting(shuffle_degree=round(min(degrees), 6))
        yield replace(draft, degraded=reason).variant(self, severity)

    def _shuffled(self, text: str, rng: Rng) -> tuple[str, Shuffled]:
        if self.scope == "field":
            original = words(text).words
            result = self._scope(original, rng)
            return join(result, spacing=self.spacing), _outcome(original, result)
        pieces, befores, afters = [], [], []
        end = 0
        for start, stop in sentences(text):
            original = words(text[start:stop]).words
            result = self._scope(original, rng)
            pieces += [text[end:start], join(result, spacing=self.spacing)]
            befores.append(original)
            afters.append(result)
            end = stop
        before, after = tuple(chain(*befores)), tuple(chain(*afters))
        return "".join([*pieces, text[end:]]), _outcome(before, after)

    def _scope(self, original: Sequence[str], rng: Rng) -> tuple[str, ...]:
        head, final = list(original), []
        if self.keep_final and len(head) > 1 and (self.block == 1 or head[-1] in _STOPS):
            final = [head.pop()]
        size = self.window or len(head)
        windows = [head[i : i + size] for i in range(0, len(head), size)] if head else []
        return (*chain.from_iterable(self._window(window, rng) for window in windows), *final)

    def _window(self, window: Sequence[str], rng: Rng) -> tuple[str, ...]:
        if self.block == 1:
            return shuffle_words(window, rng, degree=0.0).words
        blocks = [tuple(window[i : i + self.block]) for i in range(0, len(window), self.block)]

        def read(order: Sequence[str]) -> tuple[str, ...]:
            return tuple(chain.from_iterable(blocks[int(i)] for i in order))

        # Blocks may hold the same words: an order counts as another one only if it reads so.
        order = shuffle_words(
            [str(i) for i in range(len(blocks))],
            rng,
            degree=0.0,
            guard=lambda candidate: read(candidate) != tuple(window),
        )
        return read(order.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceOrder:
    """Sentences permuted, each whole (Sugawara et al. 2020). A speaker moves with the first sentence
    of the turn; the white space between sentences stays where it stood."""

    name: str
    polarity: Polarity

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with the passage's sentences in another order."""
        text = example.passage
        spans = sentences(text)
        if len(spans) < 2:
            raise NotApplicable("fewer than two sentences")
        pieces = [text[start:end] for start, end in spans]
        shuffled = shuffle_words(pieces, rng, degree=0.0)
        rebuilt, end = [], 0
        for (start, stop), piece in zip(spans, shuffled.words, strict=True):
            rebuilt += [text[end:start], piece]
            end = stop
        draft = Draft.of(example).with_field("passage", "".join([*rebuilt, text[end:]]))
        draft = draft.noting(shuffle_degree=round(shuffled.degree, 6), sentences=len(spans))
        yield replace(draft, degraded=shuffled.degraded).variant(self, severity)


def _outcome(before: Sequence[str], after: Sequence[str]) -> Shuffled:
    degree = shuffle_degree(before, after)
    return Shuffled(tuple(after), degree, 1, "" if degree > 0 else "no other order of these words")
