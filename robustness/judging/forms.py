"""Limits as means: numbers per item whose mean is at most 0 just where the limit is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.judging.draws import BASELINE
from robustness.judging.limits import Limit
from robustness.results import Outcome
from robustness.stats.differences import weighted_mean
from robustness.stats.equivalence import p_value_beyond
from robustness.stats.intervals import at_level
from robustness.stats.resampling import Sample

__all__ = ["MEANS", "Form", "form"]

Floats = npt.NDArray[np.float64]

MEANS: Final[Mapping[str, tuple[str, float]]] = {
    "max_drop": ("drop", -1.0),
    "min_accuracy": ("credit", 0.0),
    "min_consistency": ("same_choice", 0.0),
}
"""Kinds whose measure is the mean of a column, and the least that the column can be; the most is 1."""


@dataclass(frozen=True, slots=True)
class Form:
    """A limit as a mean over items: constant + sum(weight x column), at most 0 where it is kept."""

    weights: Mapping[str, float]
    constant: float
    bounds: tuple[float, float]
    """The least and the most that it can be for an item."""
    base: Mapping[str, float]
    """The denominator of a ratio, as weights of columns; empty for a mean."""
    sequential: bool = True
    """Whether an item's number is its own affair, so that passages can be looked at one by one."""

    def values(self, drawn: Sample) -> Floats:
        """Return float[N], one number per item."""
        made = np.full(drawn.n, self.constant)
        for column, weight in self.weights.items():
            made = made + weight * drawn.values[column]
        return made

    def bases(self, drawn: Sample) -> Floats:
        """Return float[N], what each item adds to the denominator; 1 for a mean."""
        if not self.base:
            return np.ones(drawn.n)
        return np.asarray(sum(weight * drawn.values[column] for column, weight in self.base.items()))

    def p_value(self, drawn: Sample) -> float | None:
        """Return the one-sided p-value of "the limit is kept"; None for no items."""
        found = weighted_mean(drawn, self.weights, constant=self.constant, bounds=self.bounds)
        return p_value_beyond(at_level(found), 0.0) if found else None


def form(limit: Limit, drawn: Sample, unseen: Sequence[Outcome] = ()) -> Form | None:
    """Return a limit as a mean; None for counts, and for differences of ratios to a baseline's.

    Args:
        limit: the limit.
        drawn: the columns of the rows.
        unseen: rows that are still to come, whose chances bound what an item can be as well.
    """
    if limit.kind in MEANS:
        return _mean(limit, *MEANS[limit.kind])
    if limit.kind == "min_auroc":
        return _auroc(limit)
    if limit.baseline:
        return None
    if limit.kind == "max_success_rate":
        base, bounds = {"clean_credit": 1.0}, (-limit.value, 1 - limit.value)
        return Form({"lost": 1.0, "clean_credit": -limit.value}, 0.0, bounds, base)
    return _margin(limit.value, drawn, unseen) if limit.kind == "max_margin_retained" else None


def _mean(limit: Limit, column: str, lowest: float) -> Form:
    sign = -1.0 if limit.least else 1.0
    weights = {column: sign}
    low, high = sorted((sign * lowest, sign))
    if limit.baseline:
        weights[BASELINE + column] = -sign
        low, high = lowest - 1, 1 - lowest
    constant = -sign * limit.bound
    return Form(weights, constant, (low + constant, high + constant), {})


def _auroc(limit: Limit) -> Form:
    """By placement values, which lie in [-1, 2]: each depends on all other items."""
    if limit.baseline:
        weights, bounds = {"auroc": -1.0, f"{BASELINE}auroc": 1.0}, (-3.0, 3.0)
    else:
        weights, bounds = {"auroc": -1.0}, (-2.0, 1.0)
    around = bounds[0] + limit.bound, bounds[1] + limit.bound
    return Form(weights, limit.bound, around, {}, sequential=False)


def _margin(limit: float, drawn: Sample, unseen: Sequence[Outcome]) -> Form:
    """The lead over chance less L times the clean lead; chances are known before any answer is."""
    chance = np.append(drawn.values["chance"], [row.chance for row in unseen])
    clean = np.append(drawn.values["chance_clean"], [row.chance_clean for row in unseen])
    weights = {"credit": 1.0, "chance": -1.0, "clean_credit": -limit, "chance_clean": limit}
    low = float((-chance - limit * (1 - clean)).min()) if len(chance) else -1.0
    high = float((1 - chance + limit * clean).max()) if len(chance) else 1.0
    base = {"clean_credit": 1.0, "chance_clean": -1.0}
    return Form(weights, 0.0, (low, high), base)
