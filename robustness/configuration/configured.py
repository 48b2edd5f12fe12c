"""A plan under a configuration: what is measured stays, what it is held to is the configuration's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from robustness.configuration.config import Config
from robustness.configuration.tables import OFF, AskedLimits, KnownFailure, LimitsTable
from robustness.errors import PlanError, UsageError, unknown

__all__ = ["configured", "refuse_stale"]


def configured(document: Mapping[str, Any], config: Config) -> Mapping[str, Any]:
    """Return a plan with all that a configuration says of judging; what is to be measured stays.

    Limits go key by key: plan < family < attack < severity, and "off" leaves none.

    Raises:
        PlanError: a family, attack or severity that the plan does not have.
    """
    families = {name: recipe["family"] for name, recipe in document["recipes"].items()}
    _refuse_unknown(document, config.limits, families)
    # To stop early takes gates that may be looked at early.
    looks = {"gate": "anytime"} if config.sequential else {}
    checks = [
        {**entry, **looks, "severities": [severity], **_limits(entry, severity, config.limits, families)}
        for entry in document["checks"]
        for severity in entry["severities"]
    ]
    names = ("gate", "correction", "min_passages")
    own = {name: value for name in names if (value := getattr(config, name)) is not None} | looks
    return {
        **document,
        **own,
        "checks": checks,
        "known_failures": [failure.model_dump(mode="json") for failure in config.known_failures],
        "slices": list(config.slices),
        "regression": config.regression,
        "missing_baseline": config.on_missing_baseline,
    }


def _limits(
    entry: Mapping[str, Any], severity: int, limits: LimitsTable, families: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    tables = limits.over(entry["attack"], severity, family=families.get(entry["attack"], ""))
    kinds = set(AskedLimits.model_fields) - {"baseline"}
    absolute = (table.model_dump(include=kinds, exclude_none=True) for table in tables)
    relative = (table.baseline.model_dump(exclude_none=True) for table in tables)
    return {
        "limits": _over(entry["limits"], absolute),
        "baseline_limits": _over(entry.get("baseline_limits", {}), relative),
    }


def _over(limits: Mapping[str, float], tables: Iterable[Mapping[str, float]]) -> dict[str, float]:
    for table in tables:
        limits = {**limits, **table}
    return {kind: limit for kind, limit in limits.items() if limit != OFF}


def _refuse_unknown(document: Mapping[str, Any], limits: LimitsTable, families: Mapping[str, str]) -> None:
    severities = {entry["attack"]: entry["severities"] for entry in document["checks"]}
    for family in limits.family:
        if family not in families.values():
            raise PlanError(f"limits.family: {unknown('family', family, {*families.values()})}")
    for attack, table in limits.attacks.items():
        if attack not in severities:
            raise PlanError(f"limits: {unknown('attack of this suite', attack, severities)}")
        for severity in table.severities:
            if severity not in severities[attack]:
                raise PlanError(
                    f"limits.{attack}: severity {severity} came, but this suite has {severities[attack]}"
                )


def refuse_stale(document: Mapping[str, Any], failures: Iterable[KnownFailure], *, today: date) -> None:
    """Return if every known failure speaks of a check of the plan, and none has expired.

    Raises:
        UsageError: one does not, or has.
    """
    severities: dict[str, list[int]] = {}
    for entry in document["checks"]:
        severities.setdefault(entry["attack"], []).extend(entry["severities"])
    for failure in failures:
        _refuse_one(failure, severities, today)


def _refuse_one(failure: KnownFailure, severities: Mapping[str, list[int]], today: date) -> None:
    where = f"known failure of {failure.attack!r}"
    if failure.attack not in severities:
        raise UsageError(f"known_failures: {unknown('attack of this suite', failure.attack, severities)}")
    if failure.severity is not None and failure.severity not in severities[failure.attack]:
        raise UsageError(f"{where}: this suite has no severity {failure.severity}; mend or remove it")
    if failure.until < today:
        raise UsageError(
            f"{where}: it was expected until {failure.until}, and that day is over; {failure.owner} "
            f"has to mend the model or set a new day"
        )
