"""All attacks at once: what is still right under every one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from robustness.domain import Polarity, Suite
from robustness.judging.draws import clustered
from robustness.results import Estimate, Outcome, Result, RobustAccuracy
from robustness.stats import closed_form

__all__ = ["robust_accuracy"]

_NONE: Final = Estimate(None)


def robust_accuracy(
    suite: Suite,
    clean: Mapping[str, float],
    items: Sequence[Outcome],
    results: Sequence[Result],
) -> RobustAccuracy:
    """Return accuracy where an example counts by the product of its credits, clean included.

    Over the checks of polarity `attack` except the control. An attack that does not apply to an
    example, or is degraded there, counts as a factor of 1 and leaves the null's exponent alone:
    the null is the mean of clean credit x (1 - q)^m with each example's own m. Undefined where no
    attack was measured, or where any variant among them was not.

    Args:
        suite: the suite that the outcomes belong to.
        clean: credit by id of each example measured under clean; no others are counted.
        items: the outcomes of the suite.
        results: its results.
    """
    control = suite.plan.get("control")
    counted = [r for r in results if r.polarity is Polarity.ATTACK and r.name != control and r.n]
    checks = {(r.name, r.severity) for r in counted}
    factors: dict[str, list[float]] = {id_: [] for id_ in clean}
    for row in items:
        if (row.attack, row.severity) in checks and not row.degraded and row.source in factors:
            factors[row.source].append(row.credit)
    rate = next((r.attack_success_rate.value for r in results if r.name == control), None)
    means = {r.name: r.accuracy.value for r in counted if r.accuracy.value is not None}
    lowest = min(sorted(means), key=means.__getitem__, default=None)
    null = [clean[id_] * (1 - (rate or 0.0)) ** len(found) for id_, found in factors.items()]
    return RobustAccuracy(
        worst_case=_worst_case(suite, clean, factors),
        null=closed_form.mean(null) if rate is not None and counted else None,
        control=str(control) if control is not None else None,
        control_rate=rate,
        attacks=len(counted),
        lowest=means[lowest] if lowest is not None else None,
        lowest_attack=lowest,
        mean=closed_form.mean(list(means.values())),
        n=len(clean),
    )


def _worst_case(suite: Suite, clean: Mapping[str, float], factors: Mapping[str, Sequence[float]]) -> Estimate:
    products = [clean[id_] * math.prod(found) for id_, found in factors.items()]
    if not any(factors.values()) or any(map(math.isnan, products)):
        return _NONE
    group = {example.id: example.group for example in suite.examples}
    return clustered(suite, {"all": products}, [group[i] for i in factors]).mean("all")
