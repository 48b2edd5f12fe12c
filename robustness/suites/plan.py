"""Plans: which recipes run at which severities, and what each result is held to."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from robustness.attacks.composition import composed
from robustness.attacks.recipes import Recipe, recipe, recipe_names
from robustness.content import content_file, content_names, load_toml
from robustness.errors import PlanError, unknown
from robustness.results import MIN_PASSAGES
from robustness.suites.audit import SENTINELS

__all__ = ["Allowances", "Check", "Correction", "Gate", "Limits", "Plan", "plan", "plan_names"]

Gate: TypeAlias = Literal["fixed", "anytime"]
"""One look at all passages, or valid however often one looks."""

Correction: TypeAlias = Literal["none", "holm"]
"""Whether a FAIL has to hold for the gates of a run together."""


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Allowances(_Content):
    """What may be lost against a baseline, as fractions: `max_drop = 0.02` lets the drop be 0.02 larger
    than the baseline's, `min_accuracy = 0.02` the accuracy 0.02 smaller."""

    model_config = ConfigDict(strict=True)

    max_drop: float | None = Field(None, ge=0, le=1)
    min_accuracy: float | None = Field(None, ge=0, le=1)
    max_success_rate: float | None = Field(None, ge=0, le=1)
    min_consistency: float | None = Field(None, ge=0, le=1)
    max_margin_retained: float | None = Field(None, ge=0, le=2)
    min_auroc: float | None = Field(None, ge=0, le=1)


class Limits(Allowances):
    """What a result is held to, as fractions; each is judged on its confidence bound."""

    min_applicable: float | None = Field(None, ge=0, le=1)
    max_truncated: float | None = Field(None, ge=0, le=1)
    baseline: Allowances | None = None
    """`limits = { max_drop = 0.10, baseline = { max_drop = 0.02 } }`"""

    def absolute(self) -> dict[str, float]:
        """Return the limits on this model alone, by kind.

        >>> Limits(max_drop=0.1, baseline=Allowances(max_drop=0.02)).absolute()
        {'max_drop': 0.1}
        """
        return self.model_dump(exclude_none=True, exclude={"baseline"})

    def against_baseline(self) -> dict[str, float]:
        """Return what may be lost against a baseline, by kind.

        >>> Limits(max_drop=0.1, baseline=Allowances(max_drop=0.02)).against_baseline()
        {'max_drop': 0.02}
        """
        return self.baseline.model_dump(exclude_none=True) if self.baseline else {}


class Check(_Content):
    """One recipe in a plan, or several run one after another."""

    attack: str
    """Name of a recipe; of a composition any other name, its parts with `+` between them by default."""
    compose: tuple[str, ...] = ()
    """`compose = ["addsent2pas-shuffle", "swap-letters"]`: each on what the one before it made."""
    severities: tuple[int, ...] = Field((1,), min_length=1)
    limits: Limits = Limits()
    gate: Gate | None = None
    """The plan's gate where it is left out."""
    reason: str = ""
    """Why these limits."""
    accept_leaks: tuple[str, ...] = ()
    """Sentinels that may beat this recipe on this data although the recipe does not declare it."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("compose") and "attack" not in given:
            return {**given, "attack": "+".join(map(str, given["compose"]))}
        return given

    def recipe(self) -> Recipe:
        """Return the recipe that this check runs. Raises `PlanError` as `recipe` and `composed` do."""
        if not self.compose:
            return recipe(self.attack)
        if self.attack in recipe_names():
            raise PlanError(f"attack {self.attack!r}: a recipe has this name; give the composition another")
        return composed(self.compose, self.attack)


class Plan(_Content):
    """A suite to be: `suites/NAME.toml`."""

    name: str
    description: str
    min_passages: int = Field(MIN_PASSAGES, ge=2)
    control: str | None = None
    """The recipe whose success rate is the harmless flip rate behind the null of robust accuracy."""
    gate: Gate = "fixed"
    """`anytime`: passages count in a fixed random order, and one may stop at any of them."""
    correction: Correction = "none"
    """`holm`: a FAIL of a fixed gate must hold after Holm over all gates, else it is UNDECIDED."""
    check: tuple[Check, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Plan:
        attacks = [check.attack for check in self.check]
        twice = {name for name in attacks if attacks.count(name) > 1}
        if twice:
            raise ValueError(f"attack {sorted(twice)[0]!r} stands twice; list its severities in one check")
        repeated = [check.attack for check in self.check if len({*check.severities}) < len(check.severities)]
        if repeated:
            raise ValueError(f"attack {repeated[0]!r} has one severity twice; list each once")
        if self.control is not None and self.control not in attacks:
            raise ValueError(f"control {self.control!r} is not among the checks")
        return self

    def recipes(self) -> dict[str, Recipe]:
        """Return the recipe of every check, by the name in the plan.

        Raises `PlanError` for an unknown attack, a severity that its recipe does not have, an attack
        given as a file (results are joined by name) and an unknown sentinel in `accept_leaks`.
        """
        found = {check.attack: check.recipe() for check in self.check}
        for check in self.check:
            _named_alike(check.attack, found[check.attack].name)
            for sentinel in check.accept_leaks:
                if sentinel not in SENTINELS:
                    raise PlanError(f"attack {check.attack!r}: {unknown('sentinel', sentinel, SENTINELS)}")
            for severity in check.severities:
                found[check.attack].attack(severity)
        return found

    def as_json(self) -> dict[str, Any]:
        """Return plan and recipes in JSON types, as a `Suite` keeps them."""
        checks = [
            {
                "attack": check.attack,
                "severities": list(check.severities),
                "limits": check.limits.absolute(),
                "baseline_limits": check.limits.against_baseline(),
                "gate": check.gate,
                "reason": check.reason,
                "accept_leaks": list(check.accept_leaks),
            }
            for check in self.check
        ]
        return {
            "name": self.name,
            "description": self.description,
            "min_passages": self.min_passages,
            "control": self.control,
            "gate": self.gate,
            "correction": self.correction,
            "checks": checks,
            "recipes": {name: made.model_dump(mode="json") for name, made in self.recipes().items()},
        }


def _named_alike(attack: str, name: str) -> None:
    if attack != name:
        raise PlanError(
            f"attack {attack!r}: a file came, but a plan needs the name {name!r}; put the file into the "
            f"folder attacks/ where you start the command"
        )


def plan_names() -> tuple[str, ...]:
    """Return the names of all plans, sorted.

    >>> {"core", "si2019", "shortcuts", "abstain"} <= set(plan_names())
    True
    """
    return content_names("suites")


def plan(name: str) -> Plan:
    """Return the plan of that name (or of that .toml file).

    >>> plan("si2019").check[0].attack
    'addsent2pas-shuffle'
    """
    loaded = load_toml(content_file("suites", name, noun="suite"), Plan)
    if not loaded.name:
        raise PlanError(f"plan {name!r}: its name is empty; give it one")
    return loaded
