"""A sentence of the passage said twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robustness.attacks.draft import Draft
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.text import join, sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatSentence:
    """Repeats one sentence at the passage's end, `times` over."""

    name: str
    polarity: Polarity
    times: int = 1

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with a longer passage."""
        spans = sentences(example.passage)
        if not spans:
            raise NotApplicable("no sentence to repeat")
        start, end = rng.choice(spans)
        said = example.passage[start:end]
        glue = join([example.passage.rstrip()[-1], said[0]])[1:-1]
        passage = example.passage.rstrip() + (glue + said) * self.times
        yield Draft.of(example).with_field("passage", passage).variant(self, severity)
