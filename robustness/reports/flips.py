"""Who flipped: items that one contestant gets right and the other does not, and the most telling ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robustness.judging.contests import Condition
from robustness.reports.contestants import Contestant
from robustness.reports.illustrations import Excerpt
from robustness.reports.matching import Items
from robustness.reports.stored import ItemRow
from robustness.stats.closed_form import mcnemar

__all__ = ["Flipped", "FlippedOption", "Flips", "flips"]

SHOWN = 3
_WINDOW = 320
_BEFORE = 80
_TRIM = 300


@dataclass(frozen=True, slots=True)
class FlippedOption:
    """One option with what both contestants think of it."""

    label: str
    """Its text; `option 2` where no text may appear."""
    gold: bool
    reference: float
    """Probability, the mean over runs."""
    contestant: float
    chosen_reference: bool
    """By at least one run."""
    chosen_contestant: bool


@dataclass(frozen=True, slots=True)
class Flipped:
    """One item that the two contestants answer differently, one of them right."""

    id: str
    question: str
    """Empty where no text may appear, as is the passage."""
    passage: Excerpt | None
    options: tuple[FlippedOption, ...]


@dataclass(frozen=True, slots=True)
class Flips:
    """A flip matrix: how many items both, one or neither of the two get right."""

    both: int
    lost: int
    """The reference is right and the contestant is not; with ties or seeds, less often so."""
    won: int
    """The contestant is right and the reference is not; with ties or seeds, more often so."""
    neither: int
    """Neither is; with ties or seeds, both as often."""
    p_value: float
    """Exact McNemar (the sign test, where there are ties), two-sided: items as independent, so no
    standing rests on it."""
    lost_items: tuple[Flipped, ...]
    """Up to three, the most telling first."""
    won_items: tuple[Flipped, ...]


def flips(
    sides: tuple[Contestant, Contestant], items: tuple[Items, Items], condition: Condition, *, text: bool
) -> Flips | None:
    """Return the flip matrix of two contestants; None where no option is right, or nothing is paired.

    Ties share the credit and seeds share it too, so an item is lost where the contestant earns less
    of it than the reference does, and won where it earns more.

    Args:
        sides: the contestant and the reference.
        items: their outcomes, from `matched`.
        condition: the check.
        text: whether passages, questions and options may appear.
    """
    common = sorted(set[str].intersection(*(set(run) for side in items for run in side)))
    if not common or condition.measure == "auroc":
        return None
    ours, theirs = ({name: _credit(side, name) for name in common} for side in items)
    lost = {items[0][0][name].id: theirs[name] - ours[name] for name in common if ours[name] < theirs[name]}
    won = {items[0][0][name].id: ours[name] - theirs[name] for name in common if ours[name] > theirs[name]}
    both = sum(ours[name] == theirs[name] == 1 for name in common)
    return Flips(
        both=both,
        lost=len(lost),
        won=len(won),
        neither=len(common) - both - len(lost) - len(won),
        p_value=mcnemar(len(lost), len(won)),
        lost_items=_telling(sides, lost, text=text, sign=-1),
        won_items=_telling(sides, won, text=text, sign=1),
    )


def _credit(runs: Items, name: str) -> float:
    return sum(run[name].credit for run in runs) / len(runs)


def _telling(
    sides: tuple[Contestant, Contestant], moved: Mapping[str, float], *, text: bool, sign: int
) -> tuple[Flipped, ...]:
    """Return the items of most credit, and then those in which the gold option moved furthest, one of
    each source."""
    shown: dict[str, Flipped] = {}
    for name in sorted(moved, key=lambda name: (-moved[name], -sign * _moved(sides, name), name)):
        source = sides[0].runs[0].rows.cell(name, "source")
        if len(shown) < SHOWN:
            shown.setdefault(source, _flipped(sides, name, text=text))
    return tuple(shown.values())


def _moved(sides: tuple[Contestant, Contestant], name: str) -> float:
    """Return how much more probable the gold option is to the contestant than to the reference."""
    gold = sides[0].runs[0].rows.cell(name, "answer")
    ours, theirs = (_probabilities(side, name) for side in sides)
    return 0.0 if gold is None else ours[gold] - theirs[gold]


def _probabilities(one: Contestant, name: str) -> tuple[float, ...]:
    told = [run.rows.cell(name, "probabilities") for run in one.runs]
    return tuple(sum(shares) / len(told) for shares in zip(*told, strict=True))


def _flipped(sides: tuple[Contestant, Contestant], name: str, *, text: bool) -> Flipped:
    holder = next((run for side in sides for run in side.runs if run.text), None) if text else None
    row: ItemRow = (holder or sides[0].runs[0]).rows[name]
    return Flipped(
        id=name,
        question=_trim(row["question"]) if holder else "",
        passage=_passage(row, holder.rows[row["source"]]) if holder else None,
        options=_options(sides, name, row.get("options") if holder else None),
    )


def _options(
    sides: tuple[Contestant, Contestant], name: str, texts: Sequence[str] | None
) -> tuple[FlippedOption, ...]:
    gold = sides[0].runs[0].rows.cell(name, "answer")
    ours, theirs = (_probabilities(side, name) for side in sides)
    picked = [{place for run in side.runs for place in run.rows.cell(name, "chosen")} for side in sides]
    return tuple(
        FlippedOption(
            label=_trim(texts[place]) if texts else f"option {place + 1}",
            gold=place == gold,
            reference=theirs[place],
            contestant=ours[place],
            chosen_reference=place in picked[1],
            chosen_contestant=place in picked[0],
        )
        for place in range(len(ours))
    )


def _passage(row: ItemRow, source: ItemRow) -> Excerpt:
    """Return the stretch of the passage that differs from the clean one, or its beginning."""
    after, before = row["passage"], source["passage"]
    start = _agree(before, after)
    end = len(after) - _agree(before[start:][::-1], after[start:][::-1])
    begin = max(0, start - _BEFORE) if start < end else 0
    lead = "…" if begin else ""
    shown = after[begin : begin + _WINDOW]
    tail = "…" if begin + _WINDOW < len(after) else ""
    moved = len(lead) - begin
    marks = ((start + moved, min(end, begin + _WINDOW) + moved),) if start < end else ()
    return Excerpt("passage", 0, _trim(before), f"{lead}{shown}{tail}", marks)


def _agree(first: str, second: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(first), len(second)))


def _trim(text: str) -> str:
    return text if len(text) <= _TRIM else f"{text[:_TRIM]}…"
