"""Units of one analysis and their partners in another, with what differs between them tested once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.neurons.changes import Changes, changes, pooled
from robustness.neurons.compared import Fate
from robustness.neurons.effects import DRAWS, unit_effects
from robustness.neurons.findings import Quadrant, UnitEffects
from robustness.neurons.matching import Matching
from robustness.neurons.pair import Analysis
from robustness.neurons.signflip import sign_flip_p
from robustness.neurons.sites import Site
from robustness.results import Estimate
from robustness.stats.equivalence import leaves_out_nought
from robustness.stats.multiplicity import benjamini_hochberg
from robustness.stats.resampling import sample

__all__ = ["Pairs", "Seen", "fate_of", "intervals", "pairs_of"]

Ints = npt.NDArray[np.intp]

_ALPHA: Final = 0.05
_MATERIAL: Final = 0.1
"""Spreads: what a single analysis takes as no change."""
_COLUMNS: Final = 64
_ROLES: Final = (Quadrant.SHORTCUT, Quadrant.GUARDIAN)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One analysis with all its units."""

    analysis: Analysis
    units: tuple[UnitEffects, ...]
    lift: Changes
    clean: Changes
    spread: float
    """Standard deviation of its clean margins, in logits."""

    @classmethod
    def of(cls, analysis: Analysis) -> Seen:
        """Return an analysis with the effects of all units of its cube."""
        cube, summary = analysis.cube, analysis.summary
        parts = [changes(cube.logits, cube.base, one) for one in analysis.portrait.conditions]
        units = unit_effects(
            [str(site) for site in cube.sites],
            cube.verified.tolist(),
            parts,
            tolerance=summary.tolerance,
            seed=int(summary.ablation["seed"]),
        )
        spread = float(parts[0].before.std()) or 1.0
        return cls(analysis, units, pooled(parts) or parts[0], parts[0], spread)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Units of A and their partners in B, with what is tested on those exact in both."""

    sides: tuple[Seen, Seen]
    sites: tuple[tuple[Site, Site], ...]
    places: tuple[Ints, Ints]
    """Rows of the two cubes."""
    exact: npt.NDArray[np.bool_]
    lift: Changes
    """B minus A by item, in spreads."""
    cost: Changes
    q_lift: tuple[float | None, ...]
    q_cost: tuple[float | None, ...]
    lift_shown: Mapping[int, Estimate]
    """Interval of each material change with a q of at most 5 %."""
    cost_shown: Mapping[int, Estimate]

    def units(self, at: int) -> tuple[UnitEffects, UnitEffects]:
        """Return both of a pair."""
        return self.sides[0].units[self.places[0][at]], self.sides[1].units[self.places[1][at]]


def pairs_of(sides: tuple[Seen, Seen], found: Matching) -> Pairs:
    """Return the pairs of a matching, tested by item: sign flips of whole passages, Benjamini-Hochberg."""
    rows = [{site: at for at, site in enumerate(seen.analysis.cube.sites)} for seen in sides]
    sites = tuple(pair for pair in sorted(found.partner.items()) if pair[0] in rows[0] and pair[1] in rows[1])
    first = np.array([rows[0][a] for a, _ in sites], np.intp)
    second = np.array([rows[1][b] for _, b in sites], np.intp)
    exact = sides[0].analysis.cube.verified[first] & sides[1].analysis.cube.verified[second]
    spreads = [seen.spread for seen in sides]
    lift = _apart(sides[0].lift, sides[1].lift, (first, second), spreads)
    gain = _apart(sides[0].clean, sides[1].clean, (first, second), spreads)
    cost = Changes(gain.condition, gain.before, -gain.margin)
    q_lift, q_cost = (_tested(part, exact) for part in (lift, cost))
    shown = (_candidates(part, q) for part, q in ((lift, q_lift), (cost, q_cost)))
    return Pairs(sides, sites, (first, second), exact, lift, cost, q_lift, q_cost, *shown)


def _apart(ours: Changes, theirs: Changes, places: tuple[Ints, Ints], spreads: Sequence[float]) -> Changes:
    margin = theirs.margin[places[1]] / spreads[1] - ours.margin[places[0]] / spreads[0]
    return Changes(ours.condition, np.zeros(margin.shape[1]), margin)


def _tested(part: Changes, exact: npt.NDArray[np.bool_]) -> tuple[float | None, ...]:
    at = np.flatnonzero(exact)
    adjusted = benjamini_hochberg(sign_flip_p(part.by_passage()[at]).tolist())
    known = dict(zip(at.tolist(), adjusted, strict=True))
    return tuple(known.get(place) for place in range(len(exact)))


def _candidates(part: Changes, q: Sequence[float | None]) -> dict[int, Estimate]:
    material = np.abs(part.mean) >= _MATERIAL
    return intervals(
        part, [at for at, own in enumerate(q) if own is not None and own <= _ALPHA and material[at]]
    )


def intervals(part: Changes, places: Sequence[int]) -> dict[int, Estimate]:
    """Return the mean change of some pairs with its 95 % interval over passages."""
    found: dict[int, Estimate] = {}
    for start in range(0, len(places), _COLUMNS):
        block = places[start : start + _COLUMNS]
        drawn = sample({str(at): part.margin[at].tolist() for at in block}, part.condition.groups,
                       seed=0, draws=DRAWS)  # fmt: skip
        for at in block:
            low, high = float(part.margin[at].min()), float(part.margin[at].max())
            found[at] = drawn.mean(str(at), lowest=low, highest=high)
    return found


def fate_of(pairs: Pairs, at: int) -> Fate:
    """Return what became of a unit of A in B."""
    if not pairs.exact[at]:
        return Fate.ESTIMATED
    a, b = (unit.quadrant for unit in pairs.units(at))
    if a == b and a in _ROLES:
        return Fate.KEPT
    # A candidate's interval may say less than its q where passages are few.
    lift = pairs.lift_shown.get(at)
    if (a in _ROLES) != (b in _ROLES):
        return _fate_of_one(pairs, at, lift)
    if any(leaves_out_nought(shown) for shown in (lift, pairs.cost_shown.get(at)) if shown is not None):
        return Fate.MOVED
    return Fate.OPEN if a in _ROLES else Fate.ALIKE


def _fate_of_one(pairs: Pairs, at: int, change: Estimate | None) -> Fate:
    """Return what is shown of a shortcut or guardian of one side: a lift that grew does not make it gone."""
    a, b = pairs.units(at)
    is_of_a = a.quadrant in _ROLES
    lift = ((a if is_of_a else b).lift.value or 0.0) * (-1 if is_of_a else 1)
    if change is None or not leaves_out_nought(change) or lift * (change.value or 0.0) <= 0:
        return Fate.OPEN
    return Fate.GONE if is_of_a else Fate.NEW
