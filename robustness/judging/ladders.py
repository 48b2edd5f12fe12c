"""Severity ladders: accuracy at each severity of one attack, over the same items, and the area under it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, cast

from robustness.domain import Polarity, Suite
from robustness.judging.draws import clustered
from robustness.judging.joint_results import DosePoint, DoseResponse
from robustness.results import Outcome
from robustness.stats.dose_response import area_under

__all__ = ["dose_responses"]

_JUDGED_BY_ACCURACY: Final = (Polarity.ATTACK, Polarity.ABLATION)


def dose_responses(suite: Suite, outcomes: Sequence[Outcome]) -> tuple[DoseResponse, ...]:
    """Return the ladder of every attack and ablation that the suite runs at two severities and more.

    Several variants of one source count by their mean. Items that are missing, degraded or not
    applicable at any severity are left out of all, so that the curve is one of the same items.
    """
    rows: dict[str, dict[int, dict[str, list[Outcome]]]] = {}
    for row in outcomes:
        cell = rows.setdefault(row.attack, {}).setdefault(row.severity, defaultdict(list))
        cell[row.source].append(row)
    ladders = (
        _ladder(suite, name, dict(sorted(found.items())))
        for name, found in rows.items()
        if len(found) > 1 and _recipe(suite, name).get("polarity") in _JUDGED_BY_ACCURACY
    )
    return tuple(ladder for ladder in ladders if ladder is not None)


def _recipe(suite: Suite, name: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Mapping[str, Any]]", suite.plan["recipes"])[name]


def _ladder(
    suite: Suite, name: str, cells: Mapping[int, Mapping[str, Sequence[Outcome]]]
) -> DoseResponse | None:
    shared = sorted(set.intersection(*(_measured(cell) for cell in cells.values())))
    if not shared:
        return None
    first = next(iter(cells.values()))
    columns = {"0": [first[source][0].clean_credit for source in shared]}
    for severity, cell in cells.items():
        columns[str(severity)] = [_mean_credit(cell[source]) for source in shared]
    kind, doses = _doses(suite, name, tuple(cells))
    curves = list(zip(*columns.values(), strict=True))
    columns["area"] = [area_under(doses, curve) for curve in curves]
    columns["lost"] = [curve[0] - area for curve, area in zip(curves, columns["area"], strict=True)]
    drawn = clustered(suite, columns, [first[source][0].group for source in shared])
    points = zip((0, *cells), doses, strict=True)
    return DoseResponse(
        attack=name,
        polarity=Polarity(_recipe(suite, name)["polarity"]),
        dose=kind,
        n=len(shared),
        clusters=drawn.clusters,
        points=tuple(DosePoint(level, dose, drawn.mean(str(level))) for level, dose in points),
        area=drawn.mean("area"),
        area_lost=drawn.mean("lost", lowest=-1.0),
    )


def _measured(cell: Mapping[str, Sequence[Outcome]]) -> set[str]:
    return {
        source
        for source, rows in cell.items()
        if all(row.status == "ok" and not row.degraded for row in rows)
    }


def _mean_credit(rows: Sequence[Outcome]) -> float:
    return sum(row.credit for row in rows) / len(rows)


def _doses(
    suite: Suite, name: str, severities: Sequence[int]
) -> tuple[Literal["rate", "severity"], tuple[float, ...]]:
    """Return the doses with 0 for clean: rates where every level sets one and they rise, else severities."""
    levels = _recipe(suite, name)["levels"]
    rates = [levels[severity - 1].get("rate") for severity in severities]
    if all(isinstance(rate, float) for rate in rates) and all(a < b for a, b in pairwise((0.0, *rates))):
        return "rate", (0.0, *rates)
    return "severity", (0.0, *map(float, severities))
