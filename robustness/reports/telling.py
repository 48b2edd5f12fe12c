"""The few items that show best what a result means, each with its edits and probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from robustness.choices import chosen, finite
from robustness.domain import Example, Place, Polarity, Run, Scores, Suite, Variant, edited_spans
from robustness.results import Outcome, Result

__all__ = ["Compared", "Excerpt", "Telling", "compared", "index", "probabilities", "telling"]

SHOWN = 3
_WINDOW = 320
_BEFORE = 80
_TRIM = 300


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One changed text: a window of it as it was and as the attack left it."""

    place: Place
    index: int
    """Position of the option in the variant; 0 for passage and question."""
    before: str
    """For a new option the one that it stands in for; empty where nothing stood there."""
    after: str
    marks: tuple[tuple[int, int], ...]
    """Spans of `after` that the attack wrote, sorted and apart."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One item worth looking at. Positions are those of the variant unless a name says clean."""

    id: str
    source: str
    gold: int | None
    gold_clean: int | None
    chosen: tuple[int, ...]
    """More than one where scores tie."""
    chosen_clean: tuple[int, ...]
    probabilities: tuple[float, ...]
    """Softmax of the scores, in [0, 1], in the variant's order."""
    probabilities_clean: tuple[float, ...]
    option_map: tuple[int, ...]
    """Position in the variant -> position in the clean item; -1 where the option is new."""
    question: str = ""
    options: tuple[str, ...] = ()
    options_clean: tuple[str, ...] = ()
    edits: tuple[Excerpt, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """One option on both sides, matched by identity."""

    label: str
    gold: bool
    """Right in the variant; where nothing is right there, or it was taken away, in the clean item."""
    before: float | None
    """Probability in the clean item; None where the option is new."""
    after: float | None
    """Probability in the variant; None where the option was taken away."""
    chosen_before: bool
    chosen_after: bool


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
    shown: dict[str, Telling] = {}
    for outcome in sorted(tells, key=lambda o: (_rank(result, o), o.id)):
        if len(shown) == SHOWN:
            break
        if outcome.source not in shown:
            shown[outcome.source] = _item(outcome, run, items, text=text)
    return tuple(shown.values())


def compared(item: Telling) -> tuple[Compared, ...]:
    """Return the options of the variant in its order, then those it took away."""
    kept = tuple(
        Compared(
            label=item.options[position] if item.options else f"option {position}",
            gold=_gold(item, position, origin),
            before=item.probabilities_clean[origin] if origin >= 0 else None,
            after=item.probabilities[position],
            chosen_before=origin in item.chosen_clean,
            chosen_after=position in item.chosen,
        )
        for position, origin in enumerate(item.option_map)
    )
    gone = (place for place in range(len(item.probabilities_clean)) if place not in item.option_map)
    return kept + tuple(
        Compared(
            label=item.options_clean[place] if item.options_clean else f"clean option {place}",
            gold=place == item.gold_clean,
            before=item.probabilities_clean[place],
            after=None,
            chosen_before=place in item.chosen_clean,
            chosen_after=False,
        )
        for place in gone
    )


def _gold(item: Telling, position: int, origin: int) -> bool:
    if item.gold is None:
        return origin >= 0 and origin == item.gold_clean
    return position == item.gold


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


def _item(outcome: Outcome, run: Run, items: Index, *, text: bool) -> Telling:
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
        edits=tuple(_excerpts(variant, source)) if text else (),
    )


def _excerpts(variant: Variant, source: Example) -> Iterator[Excerpt]:
    for place, position in dict.fromkeys((e.place, e.index) for e in variant.edits):
        spans = _apart(edited_spans(variant.edits, place, position))
        origin = _origin(variant, source, position) if place == "option" else 0
        before = _field(source, place, origin)
        yield _excerpt((place, position), before, _field(variant.example, place, position), spans)


def _excerpt(where: tuple[Place, int], before: str, after: str, spans: Sequence[tuple[int, int]]) -> Excerpt:
    start = max(0, spans[0][0] - _BEFORE)
    end = start + _WINDOW
    lead = "…" if start else ""
    moved = len(lead) - start
    return Excerpt(
        place=where[0],
        index=where[1],
        before=_window(before, start, end),
        after=_window(after, start, end),
        marks=tuple((low + moved, min(high, end) + moved) for low, high in spans if low < end),
    )


def _window(text: str, start: int, end: int) -> str:
    if start and start >= len(text):
        return "…" + text[-_BEFORE:]
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans sorted and merged where they touch; later edits may have written over."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def _origin(variant: Variant, source: Example, position: int) -> int:
    """Return which option of the source an option came from; for a new one, which it stands in for."""
    if variant.option_map[position] >= 0:
        return variant.option_map[position]
    gone = [place for place in range(len(source.options)) if place not in variant.option_map]
    if position in gone:
        return position
    new = [place for place, origin in enumerate(variant.option_map) if origin < 0 and place not in gone]
    left = [place for place in gone if place >= len(variant.option_map) or variant.option_map[place] >= 0]
    return dict(zip(new, left, strict=False)).get(position, -1)


def _field(example: Example, place: Place, position: int) -> str:
    if place == "option":
        return example.options[position] if position >= 0 else ""
    return example.passage if place == "passage" else example.question


def _trim(text: str) -> str:
    return text if len(text) <= _TRIM else f"{text[:_TRIM]}…"
