"""What a row of scores says: options chosen, credit earned, confidence shown, moved or not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from robustness.domain import Example, Run, Variant, edited_spans
from robustness.errors import ScoreError
from robustness.results import Outcome
from robustness.stats.calibration import brier, softmax
from robustness.text import fold

__all__ = [
    "NOT_NEEDED",
    "Reading",
    "chosen",
    "confidence",
    "credit",
    "finite",
    "gold_margin",
    "identities",
    "outcome",
    "overlap",
    "read",
    "right_options",
    "squared_error",
    "visible_share",
]


NOT_NEEDED: Final = "not-needed"
"""Status of a variant that was left unscored because its check was decided without it."""


def finite(scores: Sequence[float]) -> bool:
    """Return whether every score is a number; an infinity is a fault of the model, never a win.

    >>> finite((0.5, -2.0)), finite((0.5, float("inf")))
    (True, False)
    """
    return all(map(math.isfinite, scores))


def chosen(scores: Sequence[float]) -> frozenset[int]:
    """Return the positions that share the top score: one, or more where scores tie exactly.

    Args:
        scores: float[K], higher is better.

    Raises:
        ScoreError: no score came, or one of them is NaN or infinite.

    >>> sorted(chosen((0.2, 0.9, 0.9)))
    [1, 2]
    """
    if not scores or not finite(scores):
        raise ScoreError(
            f"choices: scores {tuple(scores)!r} came, but one finite number per option is needed; "
            f"leave the item out and count it as not measured"
        )
    top = max(scores)
    return frozenset(i for i, score in enumerate(scores) if score == top)


def credit(scores: Sequence[float], right: frozenset[int]) -> float:
    """Return the expected credit of picking one of the chosen options at random, in [0, 1].

    A tie between the gold option and one other earns 1/2; no right option at all earns 0. No
    order of the options can be of use, unlike "the first maximum wins".

    >>> credit((0.2, 0.9, 0.9), frozenset({2}))
    0.5
    """
    picks = chosen(scores)
    return len(picks & right) / len(picks)


def right_options(example: Example) -> frozenset[int]:
    """Return the positions of the gold option and of every option that reads the same.

    Two options are the same where they are equal after folding case, space and punctuation:
    an attack that turns a distractor into a copy of the gold option has made it right as well.
    Empty where the example has no answer.

    >>> right_options(Example("i", "", "Who?", ("Ann", "Bob", "ann."), 0, "g")) == {0, 2}
    True
    """
    if example.answer is None:
        return frozenset()
    keys = [fold(option) for option in example.options]
    return frozenset(i for i, key in enumerate(keys) if key == keys[example.answer])


def identities(option_map: Sequence[int], positions: Iterable[int]) -> frozenset[int]:
    """Return which options stand at `positions`: their source positions, all mapped in one step.

    An option that is new in the variant gets a negative identity of its own, which no option of
    the source and no other new option shares.

    >>> sorted(identities((2, 0, -1), {0, 2}))
    [-3, 2]
    """
    return frozenset(
        option_map[position] if option_map[position] >= 0 else -1 - position for position in positions
    )


def overlap(before: frozenset[int], after: frozenset[int]) -> float:
    """Return the Jaccard overlap of two sets of chosen options, in [0, 1]; 1 = the same choice.

    >>> overlap(frozenset({0, 1}), frozenset({1}))
    0.5
    """
    return len(before & after) / len(before | after)


def confidence(scores: Sequence[float]) -> float:
    """Return (top softmax - 1/K) / (1 - 1/K), in [0, 1]: 0 = all scores equal, 1 = certain.

    Raw softmax tops of two and of five options are not on one scale; these are. The sum is
    rounded once (`math.fsum`), so the order of the options cannot move the last digit.

    >>> confidence((3.0, 3.0, 3.0)), confidence((1000.0, 0.0))
    (0.0, 1.0)
    """
    top = max(scores)
    share = 1 / len(scores)
    softmax = 1 / math.fsum(math.exp(score - top) for score in scores)
    return min(1.0, max(0.0, (softmax - share) / (1 - share)))


def gold_margin(scores: Sequence[float], right: frozenset[int]) -> float:
    """Return the best right score minus the best other score, in score units.

    Negative where a wrong option leads; NaN where no option, or every option, is right.

    >>> gold_margin((0.5, 2.0, 1.0), frozenset({2}))
    -1.0
    """
    best = [score for i, score in enumerate(scores) if i in right]
    others = [score for i, score in enumerate(scores) if i not in right]
    return max(best) - max(others) if best and others else math.nan


def squared_error(scores: Sequence[float], right: frozenset[int]) -> float:
    """Return the Brier score of one item, in [0, 2]; lower is better, NaN where no option is right.

    Options that read like the gold one are one option with it: their probabilities are added.

    >>> squared_error((0.0, 0.0), frozenset({0})), squared_error((0.0, 0.0), frozenset({0, 1}))
    (0.5, 0.0)
    """
    if not right:
        return math.nan
    shares = softmax(scores)
    gold = min(1.0, math.fsum(shares[i] for i in sorted(right)))
    merged = (gold, *(share for i, share in enumerate(shares) if i not in right))
    return brier([merged], [0]) or 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One example as the model answered it; NaN throughout where it was not measured."""

    status: str
    """`ok`, `missing`, `non-finite` or `too-long`."""
    picks: frozenset[int] = frozenset()
    credit: float = math.nan
    margin: float = math.nan
    confidence: float = math.nan
    top: float = math.nan
    """Largest softmax probability."""
    brier: float = math.nan


def read(example: Example, run: Run) -> Reading:
    """Return how the model of `run` answered one clean example or variant.

    Raises:
        ScoreError: the row has another number of scores than the example has options.
    """
    scores = run.scores.get(example.id)
    if run.visible.get(example.id, 0) < 0:
        return Reading("too-long")
    if scores is None:
        return Reading("missing")
    if len(scores) != len(example.options):
        raise ScoreError(
            f"run of {run.model!r}, item {example.id!r}: {len(scores)} score(s) came, but one for "
            f"each of its {len(example.options)} options is needed; score the suite again"
        )
    if not finite(scores):
        return Reading("non-finite")
    right = right_options(example)
    return Reading(
        status="ok",
        picks=chosen(scores),
        credit=credit(scores, right),
        margin=gold_margin(scores, right),
        confidence=confidence(scores),
        top=max(softmax(scores)),
        brier=squared_error(scores, right),
    )


def outcome(variant: Variant, source: Example, clean: Reading, run: Run) -> Outcome:
    """Return one variant beside its source, whose own reading is `clean`.

    It is `ok` only where both were measured; else it carries the variant's reason, or the source's.
    """
    seen = read(variant.example, run)
    return Outcome(
        id=variant.id,
        source=source.id,
        attack=variant.attack,
        severity=variant.severity,
        group=source.group,
        status=clean.status if seen.status == "ok" else seen.status,
        degraded=variant.degraded,
        chance_clean=source.chance,
        chance=variant.example.chance,
        clean_credit=clean.credit,
        credit=seen.credit,
        same_choice=_same_choice(variant, clean, seen),
        top=seen.top,
        brier=seen.brier,
        margin_change=seen.margin - clean.margin,
        confidence_clean=clean.confidence,
        confidence=seen.confidence,
        planted=_planted(variant, seen),
        visible_share=visible_share(variant, run),
    )


def _same_choice(variant: Variant, clean: Reading, seen: Reading) -> float:
    if not clean.picks or not seen.picks:
        return math.nan
    return overlap(clean.picks, identities(variant.option_map, seen.picks))


def _planted(variant: Variant, seen: Reading) -> float:
    position = variant.notes.get("planted")
    if not seen.picks or not isinstance(position, int) or isinstance(position, bool):
        return math.nan
    return (position in seen.picks) / len(seen.picks)


def visible_share(variant: Variant, run: Run) -> float:
    """Return the share of the passage characters written by edits that the model saw, in [0, 1].

    1 where no edit wrote into the passage, and where the run does not say what was visible. Edits
    that overlap count each character once.
    """
    limit = run.visible.get(variant.id)
    if limit is None:
        return 1.0
    written, visible, end = 0, 0, 0
    for span in sorted(edited_spans(variant.edits, "passage")):
        low, end = max(span[0], end), max(span[1], end)
        written += end - low
        visible += max(0, min(end, limit) - low)
    return visible / written if written else 1.0
