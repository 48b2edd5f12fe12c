"""What a plan holds results to: kinds of limits, limits per check, known failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from robustness.domain import Polarity, Suite
from robustness.errors import PlanError, unknown
from robustness.results import MIN_PASSAGES

__all__ = [
    "COUNTS",
    "LIMITS",
    "PRIMARY",
    "Check",
    "Limit",
    "checks",
    "highest",
    "known_failure",
    "min_passages",
    "refuse_limit",
]

LIMITS: Final[Mapping[str, str]] = {
    "max_drop": "drop",
    "min_accuracy": "accuracy",
    "max_success_rate": "attack_success_rate",
    "min_consistency": "consistency",
    "max_margin_retained": "margin_retained",
    "min_auroc": "auroc",
    "min_applicable": "share of examples that the attack applies to",
    "max_truncated": "truncated",
}
"""Every kind of limit, and what of a `Result` it bounds. Shares, not percent."""

COUNTS: Final = ("min_applicable", "max_truncated")
"""Counts of this very suite: no interval, no baseline, no second look."""

PRIMARY: Final[Mapping[Polarity, str]] = {
    Polarity.ATTACK: "min_accuracy",
    Polarity.CONTRAST: "min_accuracy",
    Polarity.ABLATION: "max_margin_retained",
    Polarity.ABSTAIN: "min_auroc",
}
"""The kind that a `regression` allowance is about."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of one check."""

    kind: str
    """One of `LIMITS`."""
    value: float
    """Share; against a baseline, what may be lost."""
    gate: str = "fixed"
    baseline: bool = False
    """Whether it bounds the difference to a baseline."""

    @property
    def least(self) -> bool:
        """Whether more is better: a `min_` limit."""
        return self.kind.startswith("min_")

    @property
    def bound(self) -> float:
        """What the measure, or its difference to the baseline's, is held to.

        >>> Limit("min_accuracy", 0.02, baseline=True).bound
        -0.02
        """
        return -self.value if self.baseline and self.least else self.value


def highest(kind: str) -> float:
    """Return the largest value that a limit of a kind can have.

    Every measure is a share of at most 1, but margin retained, of which an ablation may leave more
    than there was. A limit of 25 is meant as percent, and would let everything pass.

    >>> highest("max_drop"), highest("max_margin_retained")
    (1.0, 2.0)
    """
    return 2.0 if kind == "max_margin_retained" else 1.0


def refuse_limit(attack: str, kind: str, value: object) -> None:
    """Return if a limit is of a known kind and its value is a fraction that can be kept or missed.

    Raises:
        PlanError: it is not.
    """
    if kind not in LIMITS:
        raise PlanError(f"attack {attack!r}: {unknown('limit', kind, LIMITS)}")
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest(kind):
        return
    raise PlanError(
        f"attack {attack!r}: {kind} = {value!r} came, but a fraction in [0, {highest(kind):g}] is needed; "
        f"5 % is 0.05"
    )


@dataclass(frozen=True, slots=True)
class Check:
    """One attack at one severity, with the limits that the plan sets on it."""

    attack: str
    severity: int
    limits: tuple[Limit, ...]

    @property
    def max_drop(self) -> float | None:
        """The drop that matters: the limit on it, if there is one."""
        return next((x.value for x in self.limits if x.kind == "max_drop" and not x.baseline), None)


def checks(suite: Suite, *, baseline: bool) -> Iterator[Check]:
    """Yield the checks of the suite's plan, in its order.

    Args:
        suite: the suite; unknown kinds of limits pass through.
        baseline: whether a baseline came. Without one, limits against it stand (to be INVALID) unless
            the plan says `"missing_baseline": "skip"`.
    """
    plan: Any = suite.plan
    compared = baseline or plan.get("missing_baseline", "fail") != "skip"
    for entry in plan.get("checks", ()):
        gate = entry.get("gate") or plan.get("gate") or "fixed"
        limits = [Limit(kind, value, gate) for kind, value in entry.get("limits", {}).items()]
        if compared:
            limits += [Limit(kind, value, gate, baseline=True) for kind, value in _allowances(plan, entry)]
        for severity in entry.get("severities", (1,)):
            yield Check(entry["attack"], severity, tuple(limits))


def _allowances(plan: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    own = entry.get("baseline_limits") or {}
    yield from own.items()
    if plan.get("regression") is not None and not own:
        polarity = plan.get("recipes", {}).get(entry["attack"], {}).get("polarity", Polarity.ATTACK)
        yield PRIMARY[Polarity(polarity)], plan["regression"]


def min_passages(suite: Suite) -> int:
    """Return with how many passages a limit can be decided."""
    plan: Any = suite.plan
    return int(plan.get("min_passages", MIN_PASSAGES))


def known_failure(suite: Suite, attack: str, severity: int) -> str:
    """Return until when, whose and why a failure of this check is expected; empty where it is not."""
    plan: Any = suite.plan
    for entry in plan.get("known_failures") or ():
        if entry["attack"] == attack and entry.get("severity") in (None, severity):
            return f"until {entry['until']} ({entry['owner']}): {entry['reason']}"
    return ""
