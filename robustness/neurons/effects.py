"""From a cube of logits to effects by unit: means, intervals over passages, p-values, flips, quadrants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity
from robustness.neurons.changes import Changes, pooled, specific
from robustness.neurons.conditions import Condition, flips
from robustness.neurons.findings import CLEAN, Quadrant, UnitEffects
from robustness.neurons.signflip import sign_flip_p
from robustness.results import Estimate
from robustness.stats.multiplicity import benjamini_hochberg
from robustness.stats.resampling import sample

__all__ = ["quadrant", "traits", "unit_effects"]

DRAWS: Final = 2_000
_ALPHA: Final = 0.05
_COLUMNS: Final = 64


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
        parts: the changes by condition, clean first. Without an attack all is said of clean items.
        tolerance: a change of the mean margin that counts as none.
        seed: of the draws of passages.
    """
    clean = parts[0]
    attacked = pooled(parts)
    lift_of, own_of = (clean, clean) if attacked is None else (attacked, specific(attacked, clean))
    exact = np.flatnonzero(np.asarray(verified, bool))
    p, q = _tested(own_of, exact)
    _, q_clean = _tested(clean, exact)
    several = {id(part): part for part in (*parts, lift_of, own_of)}
    intervals = {key: _intervals(part, exact, seed) for key, part in several.items()}
    turned = [flips(part.before, part.after) for part in parts]
    found = []
    for at, name in enumerate(names):
        own = tuple(
            (part.condition.name, intervals[id(part)][at], int(up[at]), int(down[at]))
            for part, (up, down) in zip(parts, turned, strict=True)
        )
        made = UnitEffects(
            id=name,
            verified=bool(verified[at]),
            effects=own,
            lift=intervals[id(lift_of)][at],
            cost=_turned(own[0][1]),
            specific=intervals[id(own_of)][at],
            p=p[at],
            q=q[at],
            q_clean=q_clean[at],
            quadrant=Quadrant.ESTIMATED,
        )
        found.append(replace(made, quadrant=quadrant(made, tolerance), traits=traits(made, parts, tolerance)))
    return tuple(found)


def _tested(part: Changes, exact: npt.NDArray[np.intp]) -> tuple[list[float | None], list[float | None]]:
    """Return p and q by unit, None where unverified; those still count for the correction, as 1."""
    values = np.ones(len(part.margin))
    values[exact] = sign_flip_p(part.by_passage()[exact])
    adjusted = benjamini_hochberg(values.tolist())
    known = set(exact.tolist())
    p = [float(value) if at in known else None for at, value in enumerate(values)]
    return p, [value if at in known else None for at, value in enumerate(adjusted)]


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
    """Return what the intervals of a unit say.

    Changes within the tolerance are inert however certain: thousands of units move every margin a
    little. Beyond it, shortcut and guardian need an attack-specific change, and essential a clean cost,
    that survive the correction for the number of units.
    """
    bounds = (unit.lift.low, unit.lift.high, unit.cost.low, unit.cost.high)
    if not unit.verified or None in bounds or unit.q is None or unit.q_clean is None:
        return Quadrant.ESTIMATED
    low, high, least, most = (float(bound or 0.0) for bound in bounds)
    if max(map(abs, (low, high, least, most))) <= tolerance:
        return Quadrant.INERT
    apart = unit.specific.value or 0.0
    if unit.q <= _ALPHA and low > 0 and apart > 0 and most < tolerance:
        return Quadrant.SHORTCUT
    if unit.q <= _ALPHA and high < 0 and apart < 0 and most < tolerance:
        return Quadrant.GUARDIAN
    if unit.q_clean <= _ALPHA and high < 0 and least > 0:
        return Quadrant.ESSENTIAL
    return Quadrant.UNDECIDED


def traits(unit: UnitEffects, parts: Iterable[Changes], tolerance: float) -> tuple[str, ...]:
    """Return the behavioural classes of a verified unit, from partial-input conditions.

    `artefact`: the clean cost is below the tolerance, yet the margin from the options alone falls
    (reliance on cues of the answers). `order`: the clean margin falls, the margin on shuffled passages
    does not (one of the units that use order). `keyword`: no clean cost, and a lift where keywords were
    inserted or shuffled into readable places. By whole intervals beyond the tolerance, each class at
    95 % and uncorrected.
    """
    if not unit.verified:
        return ()
    by_name = {name: estimate for name, estimate, *_ in unit.effects}
    kinds = {part.condition.name: _kind(part.condition) for part in parts}
    cheap = _below(unit.cost.high, tolerance)
    falls = _below(by_name[CLEAN].high, 0)
    material = _below(by_name[CLEAN].high, -tolerance)
    found = set()
    for name, estimate in by_name.items():
        kind = kinds[name]
        if kind == "artefact" and cheap and not falls and _below(estimate.high, -tolerance):
            found.add(kind)
        if kind == "order" and material and estimate.low is not None and estimate.low > -tolerance:
            found.add(kind)
        if kind == "keyword" and cheap and estimate.low is not None and estimate.low > tolerance:
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
