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

__all__ = ["LEAST_BUDGET", "Found", "Terms", "margin_of", "scored", "search_items"]

LEAST_BUDGET = 2
"""The clean item, and one variant."""

_NOTHING = "what was found does not apply"
_Text: TypeAlias = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a search may spend and keep. Raises `UsageError` for a budget below 2."""

    budget: int
    """Most queries per item."""
    keep_own: bool = True
    """Whether the recipe's own variant may be the result, or is asked to compare with alone."""

    def __post_init__(self) -> None:
        if self.budget < LEAST_BUDGET:
            raise UsageError(
                f"--budget: {self.budget} came, but at least {LEAST_BUDGET} is needed, for the clean item "
                f"and one variant; give more"
            )


@dataclass(frozen=True, slots=True)
class Found:
    """The variant of one item that hurt most, and what it took."""

    variant: Variant
    queries: int
    """Items scored, the clean one included; a text that came twice counts once."""
    fixed_credit: float
    """What the recipe's own variant of the search's seed left right, in [0, 1]; the mean over several;
    NaN where it was not measured."""


class _Live:
    """One search under way."""

    __slots__ = ("_best", "_own", "_search", "_seen", "_started", "flipped", "queries", "step")

    def __init__(self, first: Step, search: Search) -> None:
        self.queries = 0
        self.flipped = False
        self.step: Step | None = first
        self._own: tuple[float, ...] = ()
        self._search, self._started = search, False
        self._seen: dict[_Text, tuple[float, float]] = {}
        self._best: tuple[tuple[bool, float], Variant] | None = None

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
        assert self.step is not None
        for proposal, row in zip(wanted, rows, strict=True):
            self._seen[text_of(proposal.variant.example)] = _read(proposal.variant.example, row)
        known: list[tuple[float, float]] = []
        for proposal in self.step.proposals:
            answer = self._seen.get(text_of(proposal.variant.example))
            if answer is not None:
                known.append(answer)
                self._consider(proposal, answer[0])
        self._own = self._own or tuple(earned for _, earned in known[1:])
        if self.flipped or self.queries >= budget or len(known) < len(self.step.proposals):
            self._end()
        else:
            self._advance([margin for margin, _ in known])

    def found(self) -> Found | None:
        """Return what the search came to; None where nothing was proposed that may be kept."""
        fixed = math.fsum(self._own) / len(self._own)
        return Found(self._best[1], self.queries, fixed) if self._best else None

    def _advance(self, margins: Sequence[float]) -> None:
        try:
            self.step = self._search.send(margins) if self._started else next(self._search)
        except StopIteration:
            self.step = None
        self._started = True

    def _end(self) -> None:
        self._search.close()
        self.step = None

    def _consider(self, proposal: Proposal, margin: float) -> None:
        if proposal.probe:
            return
        rank = proposal.variant.degraded, margin
        if self._best is None or rank < self._best[0]:
            self._best = rank, proposal.variant
        self.flipped = self.flipped or (margin < 0 and not proposal.variant.degraded)


def margin_of(example: Example, row: Scores) -> float:
    """Return the gold margin of a row of scores; infinity, which promises nothing, where it has none.

    >>> margin_of(Example("i", "", "Who?", ("Ann", "Bob"), 0, "g"), (float("nan"), 1.0))
    inf
    """
    margin = gold_margin(row, right_options(example)) if row and finite(row) else math.inf
    return math.inf if math.isnan(margin) else margin


def _read(example: Example, row: Scores) -> tuple[float, float]:
    earned = credit(row, right_options(example)) if row and finite(row) else math.nan
    return margin_of(example, row), earned


def search_items(
    family: Family,
    examples: Sequence[Example],
    model: Model,
    *,
    strategy: Strategy,
    terms: Terms,
) -> dict[str, Found | Skip]:
    """Return, by id, the variant of each example that lowers the gold margin most, or why it has none.

    Each step asks the model once, for all items that still search. An item starts with the clean text
    and the recipe's own variant, so that no search ends above the recipe it searches over, and stops
    where a wrong option leads, where the budget is spent, or where its strategy is at an end.
    The result depends on the family, the strategy, the terms and the item alone.

    Raises:
        ScoreError: the model returned another number of rows or scores than was asked for.
    """
    own = {example.id: drawn(family, example, 0) for example in examples}
    live: dict[str, _Live] = {}
    for example in examples:
        if not isinstance(first := own[example.id], Skip):
            start = (
                clean(family, example),
                *(Proposal(variant, probe=not terms.keep_own) for variant in first),
            )
            live[example.id] = _Live(Step(start), strategy(family, example))
    _advance_all(live, model, terms.budget)
    return {
        key: one if isinstance(one, Skip) else live[key].found() or Skip(key, family.name, _NOTHING)
        for key, one in own.items()
    }


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
