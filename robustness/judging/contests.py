"""One contestant beside another under one check: single runs or several seeds, paired or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity
from robustness.judging.comparisons import compared, on_common, ratio
from robustness.judging.draws import OfSuite, draw_seed, evidence
from robustness.judging.limits import LIMITS, PRIMARY
from robustness.results import Comparison, Estimate, Outcome
from robustness.stats.closed_form import mean
from robustness.stats.differences import independent_difference, placements
from robustness.stats.equivalence import Interval, p_value_within, shown
from robustness.stats.hierarchy import SeededSample, seeded_sample

__all__ = ["Condition", "Contest", "Runs", "contest"]

Floats: TypeAlias = npt.NDArray[np.float64]
Runs: TypeAlias = Sequence[Mapping[str, Outcome]]
"""The measured outcomes of each run of a contestant under one check, by item."""

_COLUMNS: Final = {
    "accuracy": ("credit",),
    "margin_retained": ("credit", "clean_credit", "chance", "chance_clean"),
    "auroc": ("auroc",),
}
"""What each measure of a condition is made of."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One check, or the unchanged questions."""

    attack: str
    severity: int
    polarity: Polarity | None
    """None for the unchanged questions."""

    @property
    def measure(self) -> str:
        """What it is judged by: accuracy, margin_retained or auroc."""
        return LIMITS[PRIMARY[self.polarity]] if self.polarity else "accuracy"


@dataclass(frozen=True, slots=True)
class Contest:
    """What two contestants show under one check."""

    found: Comparison
    """Ours minus theirs; not yet corrected for the number of comparisons."""
    p_equivalent: float | None
    """Of "they differ by the margin or more"; None without a margin."""
    paired: bool
    spread: tuple[float | None, float | None] = (None, None)
    """Sample standard deviation of the measure over our runs and over theirs; None for single runs."""


def contest(
    suite: OfSuite, ours: Runs, theirs: Runs, *, condition: Condition, margin: float | None = None
) -> Contest:
    """Return one contestant beside another on the items that every run of both measured.

    Two single runs are compared as a run is with its baseline. Several runs are seeds of one model:
    their mean stands for it, and the interval holds for new seeds as well as for new passages. Where
    the two have no item in common, each is measured on its own items and nothing is paired.

    Args:
        suite: the suite of both, or of the reference.
        ours: at least one run.
        theirs: at least one run of the reference.
        condition: the check.
        margin: largest difference that does not matter, in shares, above 0; None to ask for none.
    """
    common = _shared([*ours, *theirs])
    paired = bool(common) or not (_shared(ours) and _shared(theirs))
    if not paired:
        return _apart(suite, ours, theirs, condition=condition, margin=margin)
    if len(ours) == len(theirs) == 1:
        rows, others = ([side[0][name] for name in common] for side in (ours, theirs))
        needed = _COLUMNS[condition.measure]
        pair = on_common(suite, rows, {row.id: row for row in others}, names=needed)
        found = compared(pair, condition.attack, condition.severity, measure=condition.measure)
        difference = pair.difference(condition.measure) if margin else None
        alike = p_value_within(difference, margin) if difference and margin else None
        return Contest(found, alike, paired=True)
    return _seeded(suite, (ours, theirs), common, condition=condition, margin=margin)


def _shared(runs: Runs) -> list[str]:
    return sorted(set[str].intersection(*(set(run) for run in runs)))


def _seeded(
    suite: OfSuite,
    sides: tuple[Runs, Runs],
    common: Sequence[str],
    *,
    condition: Condition,
    margin: float | None,
) -> Contest:
    ours, theirs = (_columns(suite, runs, common, condition) for runs in sides)
    groups = [sides[0][0][name].group for name in common]
    if ours is None or theirs is None:
        return _contest(condition, None, sides=(ours, theirs), groups=groups, margin=margin)
    far = max(ours.high - theirs.low, theirs.high - ours.low)
    table = (ours.values[:, None, :] - theirs.values[None, :, :]) / far
    drawn = seeded_sample(table, groups, seed=draw_seed(suite), lowest=-1.0)

    def interval(level: float) -> Estimate:
        return _scaled(drawn.mean(level=level), far)

    return _contest(condition, interval, sides=(ours, theirs), groups=groups, margin=margin)


def _apart(
    suite: OfSuite, ours: Runs, theirs: Runs, *, condition: Condition, margin: float | None
) -> Contest:
    names = _shared(ours), _shared(theirs)
    sides = tuple(_columns(suite, runs, n, condition) for runs, n in zip((ours, theirs), names, strict=True))
    groups = [[runs[0][name].group for name in n] for runs, n in zip((ours, theirs), names, strict=True)]
    # The side with fewer passages bounds what can be told.
    fewer = min(groups, key=lambda one: len(set(one)))
    if sides[0] is None or sides[1] is None:
        return _contest(condition, None, sides=sides, groups=fewer, margin=margin, paired=False)
    seeds = [draw_seed(suite, "apart", place) for place in ("ours", "theirs")]
    first, second = map(_Scaled.of, (sides[0], sides[1]), groups, seeds)

    def interval(level: float) -> Estimate:
        return independent_difference(first.mean(level), second.mean(level))

    return _contest(condition, interval, sides=sides, groups=fewer, margin=margin, paired=False)


def _contest(  # noqa: PLR0913 - one place where a contest without a pair is put together
    condition: Condition,
    interval: Interval | None,
    *,
    sides: tuple[_Columns | None, ...],
    groups: Sequence[str],
    margin: float | None,
    paired: bool = True,
) -> Contest:
    difference, p_value = shown(interval)
    found = Comparison(
        attack=condition.attack,
        severity=condition.severity,
        measure=condition.measure,
        value=sides[0].mean if sides[0] else None,
        baseline=sides[1].mean if sides[1] else None,
        difference=difference,
        p_value=p_value,
        p_adjusted=None,
        n=len(groups),
        clusters=len(set(groups)),
    )
    spread = (sides[0].spread if sides[0] else None, sides[1].spread if sides[1] else None)
    return Contest(found, p_value_within(interval, margin) if interval and margin else None, paired, spread)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Numbers per run and item whose mean over the items is the measure of the run."""

    values: Floats
    """float[runs, N]"""
    low: float
    """The least and the most that the measure of a passage can be."""
    high: float

    @property
    def mean(self) -> float:
        """The measure, over all runs."""
        return float(self.values.mean())

    @property
    def spread(self) -> float | None:
        """Sample standard deviation over runs; None for one."""
        return float(np.std(self.values.mean(axis=1), ddof=1)) if len(self.values) > 1 else None


def _columns(suite: OfSuite, runs: Runs, common: Sequence[str], condition: Condition) -> _Columns | None:
    """Return the columns of the runs; None where there are no items or one run has no such measure."""
    rows = [[run[name] for name in common] for run in runs]
    if not common:
        return None
    match condition.measure:
        case "auroc":
            table = [
                placements([r.confidence_clean for r in run], [r.confidence for r in run]) for run in rows
            ]
            return _Columns(np.asarray(table), -1.0, 2.0)
        case "margin_retained":
            return _retained(suite, rows, condition)
        case _:
            return _Columns(np.asarray([[r.credit for r in run] for run in rows]), 0.0, 1.0)


def _retained(suite: OfSuite, rows: Sequence[Sequence[Outcome]], condition: Condition) -> _Columns | None:
    """Return the margin retained as a mean, to first order in how passages differ (delta method)."""
    table, ends = [], []
    for run in rows:
        drawn = evidence(suite, run).drawn
        chances = ("chance", "chance_clean")
        if drawn.margin_retained("credit", "clean_credit", chances=chances).value is None:
            return None
        shape = ratio(drawn, "margin_retained")
        value = shape.of(drawn)
        assert value is not None
        top = np.asarray([r.credit - r.chance for r in run])
        bottom = np.asarray([r.clean_credit - r.chance_clean for r in run])
        table.append(value + (top - value * bottom) / (mean(bottom.tolist()) or 1.0))
        ends.append(shape.extremes)
    return _Columns(np.asarray(table), min(low for low, _ in ends), max(high for _, high in ends))


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A sample in units of the furthest that its mean can be from 0."""

    drawn: SeededSample
    far: float

    @classmethod
    def of(cls, side: _Columns, groups: Sequence[str], seed: int) -> _Scaled:
        far = max(abs(side.low), abs(side.high))
        return cls(seeded_sample(side.values / far, groups, seed=seed, lowest=side.low / far), far)

    def mean(self, level: float) -> Estimate:
        return _scaled(self.drawn.mean(level=level), self.far)


def _scaled(found: Estimate, far: float) -> Estimate:
    assert found.value is not None and found.low is not None and found.high is not None  # noqa: PT018
    return Estimate(found.value * far, round(found.low * far, 12), round(found.high * far, 12))
