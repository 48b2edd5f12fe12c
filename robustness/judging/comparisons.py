"""One run beside a baseline's: paired by item, clustered by passage, on what both measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from robustness.domain import Polarity, Suite
from robustness.judging.draws import BASELINE, COLUMNS, Evidence, OfSuite, clustered, evidence
from robustness.judging.forms import form
from robustness.judging.limits import LIMITS, PRIMARY, Limit
from robustness.results import Comparison, Outcome, Result
from robustness.stats.differences import Ratio, ratio_difference, weighted_mean
from robustness.stats.equivalence import Interval, p_value_beyond, shown
from robustness.stats.intervals import at_level
from robustness.stats.multiplicity import holm
from robustness.stats.resampling import Sample

if TYPE_CHECKING:
    from robustness.choices import Reading

__all__ = [
    "Pair",
    "adjusted",
    "clean_comparison",
    "compared",
    "comparison",
    "on_common",
    "paired",
    "ratio",
]

_DIFFERENCES: Final[Mapping[str, tuple[str, float]]] = {
    "drop": ("drop", 2.0),
    "accuracy": ("credit", 1.0),
    "consistency": ("same_choice", 1.0),
    "auroc": ("auroc", 3.0),
}
"""Measures whose difference is a mean: their column, and how far a difference of two can be from 0."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One check of two runs, on the items that both measured."""

    found: Evidence
    """Our rows; the baseline's columns are named with `BASELINE` before them."""
    left_out: int
    """Items that we measured and the baseline did not."""

    @property
    def n(self) -> int:
        """Items."""
        return len(self.found.rows)

    def estimate(self, measure: str, run: str = "") -> float | None:
        """Return what one of the two runs measured over the common items.

        Args:
            measure: a field of `Result`.
            run: empty for ours, `BASELINE` for the baseline's.
        """
        drawn = self.found.drawn
        if measure in _DIFFERENCES:
            return drawn.average(run + _DIFFERENCES[measure][0])
        return ratio(drawn, measure, run).of(drawn)

    def difference(self, measure: str) -> Interval | None:
        """Return ours minus the baseline's, at any level; None where one of the two is not defined."""
        drawn = self.found.drawn
        if not self.n:
            return None
        if measure in _DIFFERENCES:
            return _of_columns(drawn, *_DIFFERENCES[measure])
        if not self._defined(measure):
            return None
        found = ratio_difference(drawn, *(ratio(drawn, measure, run) for run in ("", BASELINE)))
        return at_level(found) if found else None

    def p_value_beyond(self, limit: Limit) -> float | None:
        """Return the one-sided p-value of "no worse than the baseline by more than the allowance"."""
        if shape := form(limit, self.found.drawn):
            return shape.p_value(self.found.drawn)
        found = self.difference(LIMITS[limit.kind])
        return p_value_beyond(found, limit.value) if found else None

    def _defined(self, measure: str) -> bool:
        """Whether both denominators are clearly above 0, as each run's own measure needs."""
        drawn = self.found.drawn
        if measure != "margin_retained":
            return True
        return all(
            drawn.margin_retained(
                f"{run}credit", f"{run}clean_credit", chances=(f"{run}chance", f"{run}chance_clean")
            ).value
            is not None
            for run in ("", BASELINE)
        )


def _of_columns(drawn: Sample, column: str, far: float) -> Interval | None:
    """Return the difference of our column and the baseline's, which lies in [-far, far]."""
    found = weighted_mean(drawn, {column: 1.0, BASELINE + column: -1.0}, bounds=(-far, far))
    return at_level(found) if found else None


def ratio(drawn: Sample, measure: str, run: str = "") -> Ratio:
    """Return a rate as the ratio of two sums.

    Args:
        drawn: columns of one run, or of two.
        measure: `attack_success_rate` or `margin_retained`.
        run: empty for ours, `BASELINE` for the baseline's.
    """
    if measure == "attack_success_rate":
        return Ratio({f"{run}lost": 1.0}, {f"{run}clean_credit": 1.0}, (0.0, 1.0))
    chance = drawn.average(f"{run}chance") or 0.0
    lead = (drawn.average(f"{run}clean_credit") or 0.0) - (drawn.average(f"{run}chance_clean") or 0.0)
    extremes = (-chance / lead, (1 - chance) / lead) if lead > 0 else (0.0, 0.0)
    return Ratio(
        {f"{run}credit": 1.0, f"{run}chance": -1.0},
        {f"{run}clean_credit": 1.0, f"{run}chance_clean": -1.0},
        extremes,
    )


def on_common(
    suite: OfSuite,
    rows: Sequence[Outcome],
    theirs: Mapping[str, Outcome],
    *,
    names: Collection[str] = COLUMNS,
) -> Pair:
    """Return two runs on the items that both measured.

    Args:
        suite: the suite of both.
        rows: our scored outcomes.
        theirs: the other run's outcomes by variant id.
        names: of the columns that are needed.
    """
    common = [row for row in rows if row.id in theirs and theirs[row.id].status == "ok"]
    both = evidence(suite, common, baseline=[theirs[row.id] for row in common], names=names)
    return Pair(both, len(rows) - len(common))


def paired(suite: Suite, ours: Evidence | None, theirs: Mapping[str, Outcome]) -> Pair:
    """Return the check on the items that both runs measured.

    Args:
        suite: the suite of both runs.
        ours: our scored outcomes; None where nothing was scored.
        theirs: the baseline's outcomes by variant id.
    """
    pair = on_common(suite, ours.rows if ours else (), theirs)
    return replace(pair, found=replace(pair.found, unseen=ours.unseen)) if ours else pair


def comparison(pair: Pair, found: Result) -> Comparison:
    """Return one check beside the baseline's, by the measure that its polarity is about."""
    measure = LIMITS[PRIMARY[Polarity(found.polarity)]]
    return compared(pair, found.name, found.severity, measure=measure)


def compared(pair: Pair, attack: str, severity: int, *, measure: str) -> Comparison:
    """Return one check beside the baseline's, by any measure."""
    difference, p_value = shown(pair.difference(measure))
    return Comparison(
        attack=attack,
        severity=severity,
        measure=measure,
        value=pair.estimate(measure) if pair.n else None,
        baseline=pair.estimate(measure, BASELINE) if pair.n else None,
        difference=difference,
        p_value=p_value,
        p_adjusted=None,
        n=pair.n,
        clusters=pair.found.drawn.clusters,
    )


def clean_comparison(suite: Suite, ours: Mapping[str, Reading], theirs: Mapping[str, Reading]) -> Comparison:
    """Return accuracy on the unchanged questions beside the baseline's."""
    common = [e for e in suite.examples if ours[e.id].status == theirs[e.id].status == "ok"]
    made = {
        "credit": [ours[e.id].credit for e in common],
        f"{BASELINE}credit": [theirs[e.id].credit for e in common],
    }
    drawn = clustered(suite, made, [e.group for e in common])
    difference, p_value = shown(_of_columns(drawn, "credit", 1.0))
    return Comparison(
        attack="clean",
        severity=0,
        measure="accuracy",
        value=drawn.average("credit"),
        baseline=drawn.average(f"{BASELINE}credit"),
        difference=difference,
        p_value=p_value,
        p_adjusted=None,
        n=drawn.n,
        clusters=drawn.clusters,
    )


def adjusted(made: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Return the comparisons with their p-values after Holm."""
    both = zip(made, holm([one.p_value for one in made]), strict=True)
    return tuple(replace(one, p_adjusted=p) for one, p in both)
