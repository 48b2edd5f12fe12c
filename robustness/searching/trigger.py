"""Universal triggers (Wallace et al. 2019, section 2): one sequence of words for all items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from robustness.attacks.draft import Draft
from robustness.attacks.foreign_words import WordsPlanted, asked_words, plain
from robustness.domain import Example, Model
from robustness.errors import UsageError
from robustness.models.gradients import WordGradients, word_gradients
from robustness.rng import derive
from robustness.searching.lockstep import margin_of, scored
from robustness.searching.proposals import Family, candidate
from robustness.searching.universal import Prepared, probed, right_alone

__all__ = ["trigger"]

_CANDIDATES = 20
"""As in Wallace et al. 2019 for SQuAD."""


def trigger(family: Family, model: Model, examples: Sequence[Example], *, budget: int) -> Prepared:
    """Return the recipe with the words that lower the gold margin of these examples most.

    Word by word, the 20 words that the mean gradient likes best, none of them asked about, are scored on
    at most 64 examples that are right on the clean text; the one that leaves the fewest right stays, the
    lower mean margin where they tie. It ends after a round over all words that brings nothing, or where
    each example was asked `budget` times.

    Raises:
        UsageError: a recipe of another generator than `words-planted`, a model without gradients or a
            vocabulary without a word that may be planted, or no example that is right.
    """
    if not isinstance(family.attack, WordsPlanted):
        raise UsageError(
            f"attack {family.recipe.name!r}: a trigger is words planted before the passage, but this recipe "
            f"plants none; give --attack words-planted, or another method"
        )
    asked = frozenset(word for example in examples for word in asked_words(example))
    gradients = word_gradients(model, lambda word: plain(word) and word not in asked)
    items = right_alone(model, probed([e for e in examples if e.passage.strip()], family.seed))
    if not items or not gradients.vocabulary:
        raise UsageError(
            f"search: {len(items)} items that are right and {len(gradients.vocabulary)} words to plant came, "
            f"but both are needed to look for a trigger; give more data, or another model"
        )
    rng = derive(family.seed, "search", family.recipe.name, "trigger")
    first = tuple(rng.choice(gradients.vocabulary) for _ in range(family.attack.count))
    board = _Board(family, model, items, gradients)
    words, spent = board.climbed(first, budget=budget)
    return Prepared(replace(family.attack, words=words), " ".join(words), spent * len(items), len(items))


@dataclass(frozen=True, slots=True)
class _Board:
    """What a sequence of words is tried on."""

    family: Family
    model: Model
    items: tuple[Example, ...]
    gradients: WordGradients

    def climbed(self, words: tuple[str, ...], *, budget: int) -> tuple[tuple[str, ...], int]:
        """Return the best sequence that coordinate-wise exchange finds, and the queries per item."""
        (best,) = self._worth([words])
        spent, at, idle = 2, 0, 0  # the clean text and the first sequence
        while idle < len(words) and spent + 1 + _CANDIDATES <= budget:
            tried = [(*words[:at], word, *words[at + 1 :]) for word in self._liked(words, at)]
            worths = self._worth(tried)
            spent += 1 + len(tried)
            chosen = min(range(len(tried)), key=worths.__getitem__, default=None)
            if chosen is not None and worths[chosen] < best:
                words, best, idle = tried[chosen], worths[chosen], 0
            else:
                idle += 1
            at = (at + 1) % len(words)
        return words, spent

    def _planted(self, example: Example, words: Sequence[str]) -> Example:
        assert isinstance(self.family.attack, WordsPlanted)
        text = self.family.attack.beside(example.passage, words)
        return candidate(self.family, Draft.of(example).with_field("passage", text)).example

    def _worth(self, sequences: Sequence[Sequence[str]]) -> list[tuple[float, float]]:
        """Return, per sequence, the share of items that stay right and their mean gold margin."""
        made = [self._planted(example, words) for words in sequences for example in self.items]
        rows = scored(self.model, made)
        margins = [margin_of(example, row) for example, row in zip(made, rows, strict=True)]
        parts = [margins[at : at + len(self.items)] for at in range(0, len(margins), len(self.items))]
        return [(fmean(float(m > 0) for m in part), fmean(part)) for part in parts]

    def _liked(self, words: tuple[str, ...], at: int) -> list[str]:
        """Return the words that the gradient would rather see at one place, by the mean over all items."""
        assert isinstance(self.family.attack, WordsPlanted)
        changes = []
        for example in self.items:
            planted = self._planted(example, words)
            start = self.family.attack.offset(example.passage, words, at)
            changes.append(self.gradients.changes(planted, [(start, start + len(words[at]))])[0])
        stacked = np.array([change for change in changes if np.isfinite(change).all()])
        if not len(stacked):
            return []
        order = np.argsort(stacked.mean(axis=0), kind="stable")[:_CANDIDATES]
        liked = [self.gradients.vocabulary[int(i)] for i in order]
        return [word for word in liked if word != words[at]]
