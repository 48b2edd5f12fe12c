"""One contestant beside another under one check: single runs or several seeds, paired or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from robustness.stats.differences import independent_difference, p_value_by_inversion, placements
from robustness.stats.hierarchy import SeededSample, seeded_sample
from robustness.stats.resampling import DRAWS

__all__ = ["Condition", "Contest", "Runs", "contest"]

Floats: TypeAlias = npt.NDArray[np.float64]
Interval: TypeAlias = Callable[[float], Estimate]
"""The difference at a level."""

Runs: TypeAlias = Sequence[Mapping[str, Outcome]]
"""The measured outcomes of each run of a contestant under one check, by item."""

_NOTHING: Final = Estimate(None)


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

    @property
    def names(self) -> tuple[str, ...]:
        """What its draws depend on."""
        return (self.attack, str(self.severity)) if self.polarity else ()


@dataclass(frozen=True, slots=True)
class Contest:
    """What two contestants show under one check."""

    found: Comparison
    """Ours minus theirs; not yet corrected for the number of comparisons."""
    p_equivalent: float | None
    """Of "they differ by the margin or more"; None without a margin."""
    paired: bool


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
        pair = on_common(suite, [ours[0][name] for name in common], theirs[0], *condition.names)
        found = compared(pair, condition.attack, condition.severity, measure=condition.measure)
        alike = pair.p_value_within(condition.measure, margin) if margin and pair.n else None
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
        values = [side and side.mean for side in (ours, theirs)]
        return _contest(condition, None, values=values, size=(len(common), groups), margin=margin)
    far = max(ours.high - theirs.low, theirs.high - ours.low)
    table = (ours.values[:, None, :] - theirs.values[None, :, :]) / far
    drawn = seeded_sample(table, groups, seed=draw_seed(suite, *condition.names), lowest=-1.0)

    def interval(level: float) -> Estimate:
        return _scaled(drawn.mean(level=level), far)

    values = [ours.mean, theirs.mean]
    return _contest(condition, interval, values=values, size=(len(common), groups), margin=margin)


def _apart(
    suite: OfSuite, ours: Runs, theirs: Runs, *, condition: Condition, margin: float | None
) -> Contest:
    sides, groups, samples = [], [], []
    for place, runs in enumerate((ours, theirs)):
        common = _shared(runs)
        side = _columns(suite, runs, common, condition)
        passages = [runs[0][name].group for name in common]
        sides.append(side)
        groups.append(passages)
        if side is not None:
            seed = draw_seed(suite, *condition.names, "apart", str(place))
            samples.append(_Scaled.of(side, passages, seed))
    values = [side and side.mean for side in sides]
    # The smaller side bounds what can be told.
    size = min(((len(one), one) for one in groups), key=lambda one: len(set(one[1])))
    if len(samples) < 2:
        return _contest(condition, None, values=values, size=size, margin=margin, paired=False)

    def interval(level: float) -> Estimate:
        return independent_difference(samples[0].mean(level), samples[1].mean(level))

    return _contest(condition, interval, values=values, size=size, margin=margin, paired=False)


def _contest(  # noqa: PLR0913 - one place where a contest without a pair is put together
    condition: Condition,
    interval: Interval | None,
    *,
    values: Sequence[float | None],
    size: tuple[int, Sequence[str]],
    margin: float | None,
    paired: bool = True,
) -> Contest:
    found = Comparison(
        attack=condition.attack,
        severity=condition.severity,
        measure=condition.measure,
        value=values[0],
        baseline=values[1],
        difference=interval(0.95) if interval else _NOTHING,
        p_value=_p_of_none(interval) if interval else None,
        p_adjusted=None,
        n=size[0],
        clusters=len(set(size[1])),
    )
    return Contest(found, _p_within(interval, margin) if interval and margin else None, paired)


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
        drawn = evidence(suite, run, *condition.names).drawn
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


def _turned(interval: Interval) -> Interval:
    def turned(level: float) -> Estimate:
        found = interval(level)
        assert found.value is not None and found.low is not None and found.high is not None  # noqa: PT018
        return Estimate(-found.value, -found.high, -found.low)

    return turned


def _p_of_none(interval: Interval) -> float:
    finest = 1 / (DRAWS + 1)
    sides = (p_value_by_inversion(one, 0.0, finest=finest) for one in (interval, _turned(interval)))
    return min(1.0, 2 * min(sides))


def _p_within(interval: Interval, margin: float) -> float:
    finest = 1 / (DRAWS + 1)
    sides = (p_value_by_inversion(one, -margin, finest=finest) for one in (interval, _turned(interval)))
    return max(sides)
