"""The tables of a configuration: limits by attack, severity and family, and known failures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from robustness.errors import unknown

__all__ = [
    "OFF",
    "Allowances",
    "AskedLimits",
    "AttackLimits",
    "KnownFailure",
    "LimitsTable",
    "StrictTable",
]

OFF: Final = -1.0
"""What the limit "off" is read as; no limit is below 0."""


class StrictTable(BaseModel):
    """A table without unknown keys, whose values are of their own type: `"3"` is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _off(given: object, check: ValidatorFunctionWrapHandler) -> float | None:
    if given == "off":
        return OFF
    checked: float | None = check(given)
    return checked


_Amount = Annotated[float | None, Field(ge=0), WrapValidator(_off)]
_Share = Annotated[float | None, Field(ge=0, le=1), WrapValidator(_off)]


class Allowances(StrictTable):
    """`baseline` in a table of limits: by how much a measure may be worse than the baseline's."""

    max_drop: _Share = None
    min_accuracy: _Share = None
    max_success_rate: _Share = None
    min_consistency: _Share = None
    max_margin_retained: _Amount = None
    min_auroc: _Share = None


class AskedLimits(Allowances):
    """Limits as fractions, each over the plan's; `"off"` takes the plan's away."""

    min_applicable: _Share = None
    max_truncated: _Share = None
    baseline: Allowances = Allowances()


class AttackLimits(AskedLimits):
    """`[limits.ATTACK]`: limits of every severity, and one table for each severity of its own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AskedLimits] = Field(init=False)

    @model_validator(mode="before")
    @classmethod
    def _severities(cls, given: object) -> object:
        for key in given if isinstance(given, dict) else ():
            if key not in AskedLimits.model_fields and not key.isdecimal():
                raise ValueError(unknown("limit", key, AskedLimits.model_fields))
        return given

    @property
    def severities(self) -> Mapping[int, AskedLimits]:
        """The severities that have a table of their own."""
        return {int(key): table for key, table in (self.__pydantic_extra__ or {}).items()}


class LimitsTable(StrictTable):
    """`[limits]`: a table per attack, and `[limits.family.FAMILY]`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AttackLimits] = Field(init=False)

    family: dict[str, AskedLimits] = {}

    @property
    def attacks(self) -> Mapping[str, AttackLimits]:
        """The table of each attack that has one."""
        return dict(self.__pydantic_extra__ or {})

    def over(self, attack: str, severity: int, *, family: str) -> tuple[AskedLimits, ...]:
        """Return the tables that speak of one check, each over the one before it.

        >>> table = {"a": {"max_drop": 0.1, "2": {"max_drop": 0.3}}}
        >>> [one.max_drop for one in LimitsTable.model_validate(table).over("a", 2, family="f")]
        [0.1, 0.3]
        """
        own = self.attacks.get(attack)
        found = (self.family.get(family), own, own.severities.get(severity) if own else None)
        return tuple(table for table in found if table is not None)


class KnownFailure(StrictTable):
    """A failure that is expected, for a while, by somebody."""

    attack: str = Field(min_length=1)
    severity: int | None = Field(None, ge=1)
    """Every severity of the attack where it is left out."""
    until: date
    """The last day on which it is expected; from the next day on the entry is an error."""
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
