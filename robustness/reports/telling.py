"""The few items that show best what a result means, each with its edits and probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Final

from robustness.choices import chosen, finite
from robustness.domain import Example, Polarity, Run, Scores, Suite, Variant
from robustness.reports.curves import happened
from robustness.reports.excerpts import excerpts, opening
from robustness.reports.illustrations import Telling
from robustness.results import Outcome, Result

__all__ = ["SHOWN", "Index", "further", "index", "probabilities", "telling", "told"]

SHOWN = 3
_TRIM = 300
_TURNS: Final = ("lost", "won", "missed", "kept", "unanswerable")


@dataclass(frozen=True, slots=True)
class Index:
    """A suite by id, made once for all attacks."""

    examples: Mapping[str, Example]
    variants: Mapping[str, Variant]


def index(suite: Suite) -> Index:
    """Return the suite's examples and variants by id."""
    return Index({e.id: e for e in suite.examples}, {v.id: v for v in suite.variants})


def probabilities(scores: Scores) -> tuple[float, ...]:
    """Return the softmax of float[K] scores; empty where one of them is not a number.

    >>> probabilities((1000.0, 1000.0)), probabilities((float("nan"), 0.0))
    ((0.5, 0.5), ())
    """
    if not scores or not finite(scores):
        return ()
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


def telling(
    result: Result, outcomes: Iterable[Outcome], *, run: Run, items: Index, text: bool
) -> tuple[Telling, ...]:
    """Return up to three items of one result, the most telling first, one per clean source.

    Attack and contrast: clean right, now wrong, by the fall of the margin. Ablation: still right
    without what a reader needs, by confidence. Abstain: by confidence where no answer can be
    known. Degraded and unmeasured variants never appear. Without `text`: ids and numbers only.
    """
    tells = [o for o in outcomes if o.status == "ok" and not o.degraded and _tells(result, o)]
    first: dict[str, Outcome] = {}
    for outcome in sorted(tells, key=lambda o: (_rank(result, o), o.id)):
        first.setdefault(outcome.source, outcome)
    return told(result, islice(first.values(), SHOWN), run=run, items=items, text=text)


def further(
    result: Result, outcomes: Iterable[Outcome], *, beside: Sequence[Telling], most: int
) -> tuple[Outcome, ...]:
    """Return up to `most` outcomes to look at beside the telling ones, one per clean source.

    What became of them takes turns (lost, won, missed, kept), each the largest change of the margin
    first, so that what held is seen as well as what broke.
    """
    taken = {item.source for item in beside}
    left: dict[str, list[Outcome]] = {word: [] for word in _TURNS}
    for outcome in sorted(outcomes, key=lambda o: (_smallness(o), o.id)):
        if outcome.status == "ok" and not outcome.degraded and outcome.source not in taken:
            taken.add(outcome.source)
            left[happened(outcome, result.polarity)].append(outcome)
    turns = zip_longest(*left.values())
    return tuple(islice((o for turn in turns for o in turn if o is not None), most))


def told(
    result: Result, outcomes: Iterable[Outcome], *, run: Run, items: Index, text: bool
) -> tuple[Telling, ...]:
    """Return outcomes as items to look at; without `text` ids and numbers only."""
    return tuple(_item(result, outcome, (run, items), text=text) for outcome in outcomes)


def _tells(result: Result, outcome: Outcome) -> bool:
    match result.polarity:
        case Polarity.ABSTAIN:
            return outcome.credit < 1
        case Polarity.ABLATION:
            return outcome.credit == 1
        case _:
            return outcome.clean_credit == 1 and outcome.credit == 0


def _rank(result: Result, outcome: Outcome) -> float:
    if result.polarity in {Polarity.ATTACK, Polarity.CONTRAST}:
        return outcome.margin_change if math.isfinite(outcome.margin_change) else math.inf
    return -outcome.confidence


def _smallness(outcome: Outcome) -> float:
    return -abs(outcome.margin_change) if math.isfinite(outcome.margin_change) else -outcome.confidence


def _item(result: Result, outcome: Outcome, stored: tuple[Run, Index], *, text: bool) -> Telling:
    run, items = stored
    variant, source = items.variants[outcome.id], items.examples[outcome.source]
    scores, scores_clean = run.scores[outcome.id], run.scores[outcome.source]
    return Telling(
        id=outcome.id,
        source=outcome.source,
        gold=variant.example.answer,
        gold_clean=source.answer,
        chosen=tuple(sorted(chosen(scores))),
        chosen_clean=tuple(sorted(chosen(scores_clean))),
        probabilities=probabilities(scores),
        probabilities_clean=probabilities(scores_clean),
        option_map=variant.option_map,
        question=_trim(variant.example.question) if text else "",
        options=tuple(map(_trim, variant.example.options)) if text else (),
        options_clean=tuple(map(_trim, source.options)) if text else (),
        edits=excerpts(variant, source) if text else (),
        happened=happened(outcome, result.polarity),
        passage=opening(variant) if text else "",
    )


def _trim(text: str) -> str:
    return text if len(text) <= _TRIM else f"{text[:_TRIM]}…"
