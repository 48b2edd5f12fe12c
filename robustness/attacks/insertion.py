"""Readable text set into the passage that leaves the answer as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self

from robustness.attacks.corpus import Corpus
from robustness.attacks.draft import Draft
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import fold, is_cjk, sentences

__all__ = ["ForeignSentence"]

_DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSentence:
    """One readable sentence of another passage at one end: the content-free control for every
    insertion (CheckList, Ribeiro et al. 2020: a random sentence in the context must change nothing).

    A sentence that holds the text of one of the item's options is not drawn.
    """

    name: str
    polarity: Polarity
    position: Literal["end", "start"] = "end"
    corpus: Corpus = Corpus(())

    def bind(self, corpus: Corpus) -> Self:
        """Return the attack with the passages to draw from."""
        return replace(self, corpus=corpus)

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with a foreign sentence beside the passage."""
        if not example.passage:
            raise NotApplicable("empty passage")
        sentence = self._sentence(example, rng)
        between = "" if is_cjk(example.passage) else " "
        parts = (example.passage, sentence) if self.position == "end" else (sentence, example.passage)
        draft = replace(Draft.of(example), passage=between.join(parts))
        yield draft.variant(self, severity)

    def _sentence(self, example: Example, rng: Rng) -> str:
        options = [fold(option) for option in example.options]
        for _ in range(_DRAWS):
            passage = self.corpus.random_other(example, rng)
            start, end = rng.choice(sentences(passage))
            sentence = passage[start:end]
            folded = fold(sentence)
            if not any(option in folded for option in options):
                return sentence
        raise NotApplicable("no foreign sentence without an option's text")
