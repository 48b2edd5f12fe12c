"""Magnets (Lin, Zou and Ding 2021): options that attract a model whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from robustness.attacks.corpus import Corpus
from robustness.attacks.distractors import ReplaceDistractors
from robustness.attacks.likeness import content_set, too_alike_to_any
from robustness.attacks.references import dependence
from robustness.domain import Example, Model
from robustness.errors import UsageError
from robustness.rng import derive
from robustness.searching.lockstep import scored
from robustness.searching.proposals import Family
from robustness.searching.universal import Prepared, probed
from robustness.text import fold

__all__ = ["Ranked", "magnets"]

_KEPT = 20
"""Magnets that are planted: of these the one of fitting length that shares no word with the item."""
_LEAST_ITEMS = 5
"""An option that could be asked about fewer items says too little."""


@dataclass(frozen=True)
class Ranked(Corpus):
    """A corpus whose stock options were ranked by asking a model."""

    ranked: tuple[str, ...] = ()

    @cached_property
    def stock_options(self) -> tuple[str, ...]:
        """The options that attracted most, first."""
        return self.ranked


def magnets(family: Family, model: Model, examples: Sequence[Example], *, budget: int) -> Prepared:
    """Return the recipe with the 20 options that win most often over the own options of foreign items.

    At most `budget` distinct options of these examples are each set beside the options of at most 64
    examples of other passages, with whose passage and question they share no content word. An option's
    rank is its mean win rate: the share of the item's own options that score below it.

    Raises:
        UsageError: a recipe that is not `replace-distractors` from the stock, or no option to rank.
    """
    attack = family.attack
    if not isinstance(attack, ReplaceDistractors) or attack.origin != "stock":
        raise UsageError(
            f"attack {family.recipe.name!r}: magnets are planted as distractors from the stock, but this "
            f"recipe does not do that; give --attack magnet-stock, or another method"
        )
    items = probed(examples, family.seed)
    rates: dict[str, list[float]] = {}
    pairs = [
        (option, item) for option in _pool(examples, budget, family.seed) for item in _foreign(option, items)
    ]
    rows = scored(model, [_beside(text, item) for (_, text), item in pairs])
    for ((_, text), _), row in zip(pairs, rows, strict=True):
        rates.setdefault(text, []).append(fmean(float(own < row[-1]) for own in row[:-1]))
    often = {text: fmean(won) for text, won in rates.items() if len(won) >= _LEAST_ITEMS}
    ranked = tuple(sorted(often, key=lambda text: (-often[text], text))[:_KEPT])
    if not ranked:
        raise UsageError(
            f"search: 0 options that could be asked about {_LEAST_ITEMS} foreign items came, but at least "
            f"one is needed to look for magnets; give more data"
        )
    corpus = Ranked(attack.corpus.passages, attack.corpus.questions, ranked)
    return Prepared(replace(attack, corpus=corpus), "; ".join(ranked[:5]), len(pairs), len(items))


def _pool(examples: Sequence[Example], budget: int, seed: int) -> list[tuple[str, str]]:
    """Return (group, option) for a random sample of the distinct options that stand by themselves."""
    distinct: dict[str, tuple[str, str]] = {}
    for example in examples:
        for option in example.options:
            if content_set(option) and not dependence(option):
                distinct.setdefault(fold(option), (example.group, option))
    found = [distinct[key] for key in sorted(distinct)]
    return [found[at] for at in sorted(derive(seed, "search", "magnets").permutation(len(found))[:budget])]


def _foreign(option: tuple[str, str], items: Sequence[Example]) -> Iterator[Example]:
    """Yield the items of which an option of elsewhere cannot be the answer."""
    group, text = option
    said = content_set(text)
    for item in items:
        there = content_set(item.passage) | content_set(item.question)
        if item.group != group and there.isdisjoint(said) and not too_alike_to_any(text, item.options):
            yield item


def _beside(option: str, item: Example) -> Example:
    return replace(item, options=(*item.options, option))
