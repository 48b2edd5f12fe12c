"""Numbers as reports may hold them: finite, or None."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from robustness.results import Estimate

__all__ = ["finite_estimate", "finite_number", "finite_value", "measured"]

T = TypeVar("T")


def finite_number(value: object) -> float | None:
    """Return a finite number as a float, and None for everything else.

    >>> finite_number(1), finite_number(float("nan")), finite_number("1")
    (1.0, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def finite_estimate(estimate: Estimate) -> Estimate:
    """Return the estimate with None for what is not finite."""
    return Estimate(*map(finite_number, (estimate.value, estimate.low, estimate.high)))


def finite_value(value: object) -> object:
    """Return floats as finite or None, however deep they lie in dataclasses and tuples.

    >>> finite_value((1, "a", float("inf"), Estimate(float("nan"))))
    (1, 'a', None, Estimate(value=None, low=None, high=None))
    """
    if isinstance(value, float):
        return finite_number(value)
    if isinstance(value, tuple):
        return tuple(map(finite_value, value))
    if is_dataclass(value) and not isinstance(value, type):
        numbers = {field.name: finite_value(getattr(value, field.name)) for field in fields(value)}
        return replace(value, **cast("dict[str, Any]", numbers))
    return value


def measured(value: T) -> T:
    """Return a frozen dataclass of results with None for what is not finite."""
    return cast("T", finite_value(value))
