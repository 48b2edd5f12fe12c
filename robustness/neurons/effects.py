"""From a cube of logits to effects by unit: means, intervals over passages, p-values, flips, quadrants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity
from robustness.neurons.conditions import CLEAN, Condition, flips, margins, rights, settled
from robustness.neurons.signflip import sign_flip_p
from robustness.results import Estimate
from robustness.stats.multiplicity import benjamini_hochberg
from robustness.stats.resampling import sample

__all__ = ["Changes", "Quadrant", "UnitEffects", "changes", "pooled", "quadrant", "traits", "unit_effects"]

Floats = npt.NDArray[np.float64]

DRAWS: Final = 2_000
_ALPHA: Final = 0.05
_COLUMNS: Final = 64


class Quadrant(StrEnum):
    """What ablating a unit does to the margins: under attack (lift) and on clean items (cost)."""

    SHORTCUT = "shortcut"
    """It lifts attacked margins, and the clean cost is below the tolerance."""
    GUARDIAN = "guardian"
    """It lowers attacked margins, and the clean cost is below the tolerance."""
    ESSENTIAL = "essential"
    """It lowers both."""
    INERT = "inert"
    """Both intervals lie within the tolerance."""
    UNDECIDED = "undecided"
    """The intervals do not tell."""
    ESTIMATED = "estimated"
    """Screened only: no exact effect, so no judgement."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Changes of the margins of E items, and of what is right, by U units."""

    condition: Condition
    before: Floats
    """float[E], margins of the model as it is."""
    margin: Floats
    """float[U, E], after minus before."""

    @property
    def mean(self) -> Floats:
        """float[U], the mean change of the margin."""
        return self.margin.mean(1)

    @property
    def after(self) -> Floats:
        """float[U, E], margins under ablation."""
        return self.before + self.margin

    @property
    def accuracy(self) -> Floats:
        """float[U], change of accuracy."""
        found: Floats = (rights(self.after) - rights(self.before)).mean(1)
        return found

    def by_passage(self) -> Floats:
        """float[U, G], changes of the margin summed by passage."""
        names, place = np.unique(np.array(self.condition.groups), return_inverse=True)
        sums = np.zeros((len(self.margin), len(names)))
        np.add.at(sums.T, place, self.margin.T)
        return sums


@dataclass(frozen=True, slots=True)
class UnitEffects:
    """One unit (or head) under all conditions."""

    id: str
    verified: bool
    effects: tuple[tuple[str, Estimate, int, int], ...]
    """Condition, change of the mean margin, items turned right, items turned wrong. Without an
    interval where the unit was only screened."""
    lift: Estimate
    """Change of the mean margin over all attacked items."""
    cost: Estimate
    """Loss of the mean margin on clean items; negative where ablation helps."""
    p: float | None
    """Sign-flip test of the lift, passages flipped as wholes."""
    q: float | None
    """Benjamini-Hochberg over all units of the analysis, unverified ones counted as 1."""
    quadrant: Quadrant
    traits: tuple[str, ...] = ()
    """`artefact`, `order`, `keyword`: see `traits`."""

    @property
    def discovered(self) -> bool:
        """Whether the lift differs from 0 after correction for the number of units."""
        return self.q is not None and self.q <= _ALPHA


def changes(cube: Floats, base: Floats, condition: Condition) -> Changes:
    """Return the changes of all units of a cube, float[U, N], against the logits float[N]."""
    before = margins(np.asarray(base, np.float64)[None], condition)[0]
    return Changes(condition, before, margins(settled(cube, base), condition) - before)


def pooled(parts: Sequence[Changes]) -> Changes | None:
    """Return all attacked items as one condition; None where there is no attack.

    Attacks alone: under an ablation of information nobody should score high, so a lift means nothing.
    """
    attacks = [part for part in parts if part.condition.polarity is Polarity.ATTACK]
    if not attacks:
        return None
    widest = max(part.condition.options.shape[1] for part in attacks)
    first = attacks[0].condition
    options = [_widened(part.condition, widest) for part in attacks]
    joined = replace(
        first,
        name="attacked",
        sources=tuple(s for part in attacks for s in part.condition.sources),
        groups=tuple(g for part in attacks for g in part.condition.groups),
        options=np.concatenate(options),
        gold=np.concatenate([part.condition.gold for part in attacks]),
    )
    before = np.concatenate([part.before for part in attacks])
    return Changes(joined, before, np.concatenate([part.margin for part in attacks], axis=1))


def _widened(condition: Condition, width: int) -> npt.NDArray[np.int64]:
    missing = width - condition.options.shape[1]
    return np.pad(condition.options, ((0, 0), (0, missing)), constant_values=-1)


def unit_effects(
    names: Sequence[str],
    verified: Sequence[bool],
    parts: Sequence[Changes],
    *,
    tolerance: float,
    seed: int,
) -> tuple[UnitEffects, ...]:
    """Return the effects of each unit, in the order of `names`.

    Args:
        names: str[U], addresses.
        verified: bool[U], whether the cube holds exact logits.
        parts: the changes by condition, clean first.
        tolerance: clean cost that counts as none, in units of the margin.
        seed: of the draws of passages.
    """
    attacked = pooled(parts)
    lift_of = parts[0] if attacked is None else attacked
    exact = np.flatnonzero(np.asarray(verified, bool))
    p_values: list[float | None] = [1.0] * len(names)
    for at, p in zip(exact, sign_flip_p(lift_of.by_passage()[exact]), strict=True):
        p_values[at] = float(p)
    q_values = benjamini_hochberg(p_values)
    intervals = {
        id(part): _intervals(part, exact, seed) for part in {id(p): p for p in (*parts, lift_of)}.values()
    }
    turned = [flips(part.before, part.after) for part in parts]
    found = []
    for at, name in enumerate(names):
        own = tuple(
            (part.condition.name, intervals[id(part)][at], int(up[at]), int(down[at]))
            for part, (up, down) in zip(parts, turned, strict=True)
        )
        lift, clean = intervals[id(lift_of)][at], own[0][1]
        made = UnitEffects(
            id=name,
            verified=bool(verified[at]),
            effects=own,
            lift=lift,
            cost=_turned(clean),
            p=p_values[at] if verified[at] else None,
            q=q_values[at] if verified[at] else None,
            quadrant=Quadrant.ESTIMATED,
        )
        found.append(replace(made, quadrant=quadrant(made, tolerance), traits=traits(made, parts, tolerance)))
    return tuple(found)


def _turned(clean: Estimate) -> Estimate:
    def minus(value: float | None) -> float | None:
        return None if value is None else 0.0 - value

    return Estimate(minus(clean.value), minus(clean.high), minus(clean.low))


def _intervals(part: Changes, exact: npt.NDArray[np.intp], seed: int) -> list[Estimate]:
    """Return the mean change by unit, with a clustered interval for those at `exact`."""
    means = part.mean
    found = [Estimate(float(value)) for value in means]
    for start in range(0, len(exact), _COLUMNS):
        block = exact[start : start + _COLUMNS]
        columns = {str(at): part.margin[at] for at in block}
        drawn = sample(columns, part.condition.groups, seed=seed, draws=DRAWS)
        for at in block:
            low, high = float(part.margin[at].min()), float(part.margin[at].max())
            found[at] = drawn.mean(str(at), lowest=low, highest=high)
    return found


def quadrant(unit: UnitEffects, tolerance: float) -> Quadrant:
    """Return what the intervals of a unit say; shortcut, guardian and essential must also be
    discovered, that is survive the correction for the number of units."""
    lift, cost = unit.lift, unit.cost
    if not unit.verified or lift.low is None or lift.high is None or cost.low is None or cost.high is None:
        return Quadrant.ESTIMATED
    cheap = cost.high < tolerance
    if unit.discovered and lift.low > 0 and cheap:
        return Quadrant.SHORTCUT
    if unit.discovered and lift.high < 0 and cost.low > 0:
        return Quadrant.ESSENTIAL
    if unit.discovered and lift.high < 0 and cheap:
        return Quadrant.GUARDIAN
    if max(abs(bound) for bound in (lift.low, lift.high, cost.low, cost.high)) <= tolerance:
        return Quadrant.INERT
    return Quadrant.UNDECIDED


def traits(unit: UnitEffects, parts: Iterable[Changes], tolerance: float) -> tuple[str, ...]:
    """Return the behavioural classes of a verified unit, from partial-input conditions.

    `artefact`: the clean cost is below the tolerance, yet the margin from the options alone falls
    (reliance on cues of the answers). `order`: the clean margin falls, the margin on shuffled passages
    does not (one of the units that use order). `keyword`: no clean cost, and a lift where keywords were
    inserted or shuffled into readable places. By whole intervals, each class at 95 % and uncorrected.
    """
    if not unit.verified:
        return ()
    by_name = {name: estimate for name, estimate, *_ in unit.effects}
    kinds = {part.condition.name: _kind(part.condition) for part in parts}
    cheap = _below(unit.cost.high, tolerance)
    falls = _below(by_name[CLEAN].high, 0)
    found = set()
    for name, estimate in by_name.items():
        kind = kinds[name]
        if kind == "artefact" and cheap and not falls and _below(estimate.high, 0):
            found.add(kind)
        if kind == "order" and falls and estimate.low is not None and estimate.low > -tolerance:
            found.add(kind)
        if kind == "keyword" and cheap and estimate.low is not None and estimate.low > 0:
            found.add(kind)
    return tuple(sorted(found))


def _below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit


def _kind(condition: Condition) -> str:
    """Which class a condition can show: recipes are named by what they do."""
    name = condition.name.partition(".")[0]
    if condition.polarity is Polarity.ABLATION:
        if name == "options-only":
            return "artefact"
        return "order" if name.endswith("-shuffle") else ""
    is_inserted = name.startswith(("add", "sent2", "ans2"))
    return "keyword" if condition.polarity is Polarity.ATTACK and is_inserted else ""
