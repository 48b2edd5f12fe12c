"""What only several answers together tell: contrast sets, and which kind of wrong option was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, cast

from robustness.attacks.contrast import contrast_sets
from robustness.attacks.starc import role_profiles
from robustness.domain import Polarity, Run, Suite
from robustness.judging.draws import clustered
from robustness.judging.joint_results import ContrastGroups, RoleShares
from robustness.results import Estimate

__all__ = ["contrast_groups", "role_shares"]


def contrast_groups(suite: Suite, run: Run) -> tuple[ContrastGroups, ...]:
    """Return the contrast consistency of each recipe of polarity contrast that has a set, in plan order."""
    recipes = cast("Mapping[str, Mapping[str, Any]]", suite.plan.get("recipes", {}))
    names = [name for name, made in recipes.items() if made.get("polarity") == Polarity.CONTRAST]
    return tuple(found for found in (_groups(suite, run, name) for name in names) if found.sets)


def _groups(suite: Suite, run: Run, name: str) -> ContrastGroups:
    sets = contrast_sets(suite, run, name)
    groups = [group for group, _ in sets]
    values = [value for _, value in sets]
    if not values or any(map(isnan, values)):
        return ContrastGroups(name, len(sets), len(set(groups)), Estimate(None))
    drawn = clustered(suite, {"all": values}, groups)
    return ContrastGroups(name, len(sets), drawn.clusters, drawn.mean("all"))


def role_shares(suite: Suite, run: Run) -> tuple[RoleShares, ...]:
    """Return the choices by role, clean first; empty for data that marks no roles."""
    return tuple(
        RoleShares(found.attack, found.severity, found.n, found.chosen, found.errors)
        for found in role_profiles(suite, run)
    )
