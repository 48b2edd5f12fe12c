"""Many searches at once: each step of all live items is one call of the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from robustness.choices import credit, finite, gold_margin, right_options
from robustness.domain import Example, Model, Scores, Skip, Variant
from robustness.errors import ScoreError, UsageError
from robustness.searching.proposals import Family, Proposal, Search, Step, Strategy, clean, drawn, text_of

__all__ = ["LEAST_BUDGET", "Found", "scored", "search_items"]

LEAST_BUDGET = 2
"""The clean item, and one variant."""

_Text: TypeAlias = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """The variant of one item that hurt most, and what it took."""

    variant: Variant
    queries: int
    """Items scored, the clean one included; a text that came twice counts once."""
    fixed_credit: float
    """What the recipe's own variant of the search's seed left right, in [0, 1]; the mean over several."""


class _Live:
    """One search under way."""

    __slots__ = ("_best", "_own", "_search", "_seen", "_started", "flipped", "queries", "step")

    def __init__(self, untouched: Proposal, own: Sequence[Variant], search: Search) -> None:
        self.queries = 0
        self.flipped = False
        self.step: Step | None = Step((untouched, *map(Proposal, own)))
        self._own: tuple[float, ...] = ()
        self._search, self._started = search, False
        self._seen: dict[_Text, tuple[float, float]] = {}
        self._best: tuple[tuple[bool, float], Variant] = ((True, math.inf), own[0])

    def wanted(self, budget: int) -> list[Proposal]:
        """Return the proposals that are new, as far as the budget reaches; spend it."""
        assert self.step is not None
        fresh: dict[_Text, Proposal] = {}
        for proposal in self.step.proposals:
            if (key := text_of(proposal.variant.example)) not in self._seen:
                fresh.setdefault(key, proposal)
        self.queries += self.step.spent
        taken = list(fresh.values())[: max(0, budget - self.queries)]
        self.queries += len(taken)
        return taken

    def answered(self, wanted: Sequence[Proposal], rows: Sequence[Scores], budget: int) -> None:
        """Take the scores of what was wanted, and go on to the next step if there is to be one."""
        for proposal, row in zip(wanted, rows, strict=True):
            self._take(proposal, row)
        assert self.step is not None
        answers = [self._seen.get(text_of(p.variant.example)) for p in self.step.proposals]
        known = [answer for answer in answers if answer is not None]
        self._own = self._own or tuple(earned for _, earned in known[1:])
        if self.flipped or self.queries >= budget or len(known) < len(answers):
            self._end()
        else:
            self._advance([margin for margin, _ in known])

    def found(self) -> Found:
        """Return what the search came to."""
        fixed = math.fsum(self._own) / len(self._own)
        return Found(self._best[1], self.queries, fixed)

    def _advance(self, margins: Sequence[float]) -> None:
        try:
            self.step = self._search.send(margins) if self._started else next(self._search)
        except StopIteration:
            self.step = None
        self._started = True

    def _end(self) -> None:
        self._search.close()
        self.step = None

    def _take(self, proposal: Proposal, row: Scores) -> None:
        variant = proposal.variant
        right = right_options(variant.example)
        measured = bool(row) and finite(row)
        margin = gold_margin(row, right) if measured else math.inf
        margin = math.inf if math.isnan(margin) else margin
        self._seen[text_of(variant.example)] = margin, credit(row, right) if measured else math.nan
        if proposal.probe:
            return
        rank = variant.degraded, margin
        if rank < self._best[0]:
            self._best = rank, variant
        self.flipped = self.flipped or (margin < 0 and not variant.degraded)


def search_items(
    family: Family, examples: Sequence[Example], model: Model, *, strategy: Strategy, budget: int
) -> dict[str, Found | Skip]:
    """Return, by id, the variant of each example that lowers the gold margin most, or why it has none.

    Each step asks the model once, for all items that still search. An item starts with the clean text
    and the recipe's own variant, so that no search ends above the recipe it searches over, and stops
    where a wrong option leads, where `budget` queries are spent, or where its strategy is at an end.
    The result depends on the family, the strategy, the budget and the item alone.

    Raises:
        UsageError: a budget below 2.
        ScoreError: the model returned another number of rows or scores than was asked for.
    """
    if budget < LEAST_BUDGET:
        raise UsageError(
            f"--budget: {budget} came, but at least {LEAST_BUDGET} is needed, for the clean item and one "
            f"variant; give more"
        )
    own = {example.id: drawn(family, example, 0) for example in examples}
    live = {
        example.id: _Live(clean(family, example), first, strategy(family, example))
        for example in examples
        if not isinstance(first := own[example.id], Skip)
    }
    _advance_all(live, model, budget)
    return {key: one if isinstance(one, Skip) else live[key].found() for key, one in own.items()}


def _advance_all(live: Mapping[str, _Live], model: Model, budget: int) -> None:
    while open_ones := [one for one in live.values() if one.step is not None]:
        wanted = [one.wanted(budget) for one in open_ones]
        rows = scored(model, [p.variant.example for each in wanted for p in each])
        for one, proposals in zip(open_ones, wanted, strict=True):
            one.answered(proposals, rows[: len(proposals)], budget)
            rows = rows[len(proposals) :]


def scored(model: Model, items: Sequence[Example]) -> tuple[Scores, ...]:
    """Return what the model says to these items, in order; raises `ScoreError` for rows of wrong shape."""
    rows = tuple(map(tuple, model.score(items))) if items else ()
    if [len(row) for row in rows] != [len(item.options) for item in items]:
        raise ScoreError(
            f"{model.name}: {len(rows)} rows of scores came for {len(items)} items, or one that is not as "
            f"long as its options are many; return one row per item, in order, and one score per option"
        )
    return rows
