"""Two checkpoints' units beside each other, from two finished analyses and no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.neurons.agreement import overlap, rank_agreement
from robustness.neurons.changes import Changes
from robustness.neurons.compared import (
    SCHEMA,
    Agreement,
    Fate,
    LayerBeside,
    NeuronsCompared,
    Side,
    Turned,
    UnitBeside,
)
from robustness.neurons.findings import Quadrant
from robustness.neurons.matching import Matching, match, weight_changes
from robustness.neurons.pair import Analysis, body_of
from robustness.neurons.pairing import Pairs, Seen, fate_of, intervals, pairs_of
from robustness.neurons.sites import Site
from robustness.results import Estimate

__all__ = ["compare_analyses"]

Ints = npt.NDArray[np.intp]

_LISTED: Final = 100
_FILL: Final = 20
_ENOUGH: Final = 10


def compare_analyses(ours: Analysis, theirs: Analysis) -> NeuronsCompared:
    """Return what two checkpoints' units do beside each other; `read_pair` says which pairs can be.

    Effects are in spreads (of each checkpoint's own clean margins), so that a checkpoint whose logits
    are merely larger differs in nothing. That a unit is a shortcut in one alone is no difference: what
    is said to be gone, new or moved is tested on its own, paired by item, passages flipped as wholes
    and corrected over all units that are exact in both.
    """
    body = body_of(ours.summary)
    found = match(ours.portrait, theirs.portrait, body)
    pairs = pairs_of((Seen.of(ours), Seen.of(theirs)), found)
    fates = [fate_of(pairs, at) for at in range(len(pairs.sites))]
    clean = ours.portrait.conditions[0]
    data = ours.summary.data
    return NeuronsCompared(
        schema=SCHEMA,
        a=_side(pairs.sides[0], theirs),
        b=_side(pairs.sides[1], ours),
        suite=str(data["suite"]),
        suite_fingerprint=str(data["suite_fingerprint"]),
        items=len(clean),
        passages=len(set(clean.groups)),
        conditions=tuple(one.name for one in ours.portrait.conditions),
        attacked=pairs.sides[0].lift is not pairs.sides[0].clean,
        value=str(ours.summary.ablation["value"]),
        by_address=found.by_address,
        at_home=found.at_home,
        unmatched=1 - len(pairs.sites) / len(ours.cube.sites),
        exact=int(pairs.exact.sum()),
        fates={str(fate): fates.count(fate) for fate in Fate if fate in fates},
        units=tuple(_listed(pairs, fates, found)),
        quadrants=tuple(_quadrants(pairs)),
        agreement=tuple(_agreement(pairs)),
        layers=tuple(_layers(pairs, found)),
        notes=tuple(_notes(pairs, found)),
    )


def _side(seen: Seen, other: Analysis) -> Side:
    own = seen.analysis
    name, folder = str(own.summary.model["name"]), own.folder.resolve().name
    test = own.summary.headline
    return Side(
        label=f"{name} ({folder})" if name == other.summary.model["name"] else name,
        folder=folder,
        fingerprint=str(own.summary.model["fingerprint"]),
        spread=seen.spread,
        baseline=own.summary.baseline,
        members=test.members if test else (),
    )


def _listed(pairs: Pairs, fates: Sequence[Fate], found: Matching) -> Iterator[UnitBeside]:
    told = {fate: place for place, fate in enumerate((*Fate,))}
    size = np.abs(pairs.lift.mean)
    judged = [at for at, fate in enumerate(fates) if fate not in (Fate.ALIKE, Fate.ESTIMATED)]
    members = [set(seen.analysis.summary.headline.members) if seen.analysis.summary.headline else set()
               for seen in pairs.sides]  # fmt: skip
    in_sets = [at for at, (a, b) in enumerate(pairs.sites) if str(a) in members[0] or str(b) in members[1]]
    largest = sorted(np.flatnonzero(pairs.exact).tolist(), key=lambda at: -size[at])
    chosen = dict.fromkeys((*sorted(judged, key=lambda at: (told[fates[at]], -size[at])), *in_sets))
    for at in largest:
        if len(chosen) >= _FILL:
            break
        chosen.setdefault(at)
    weights = _relative_weights(pairs)
    order = sorted(list(chosen)[:_LISTED], key=lambda at: (told[fates[at]], -size[at]))
    for at in order:
        yield _beside(pairs, at, fates[at], (found, weights), members)


def _relative_weights(pairs: Pairs) -> Mapping[Site, float]:
    found: dict[Site, float] = {}
    portraits = (seen.analysis.portrait for seen in pairs.sides)
    for (kind, layer), moved in weight_changes(*portraits).items():
        middle = float(np.median(moved))
        if middle > 0:
            found |= {Site(kind, layer, at): float(own / middle) for at, own in enumerate(moved)}
    return found


def _beside(
    pairs: Pairs,
    at: int,
    fate: Fate,
    known: tuple[Matching, Mapping[Site, float]],
    members: Sequence[set[str]],
) -> UnitBeside:
    (a, b), (site, partner) = pairs.units(at), pairs.sites[at]
    spreads = [seen.spread for seen in pairs.sides]
    whose = [side for side, own, one in zip("AB", members, (site, partner), strict=True) if str(one) in own]
    return UnitBeside(
        id=str(site),
        partner=str(partner),
        fate=fate,
        quadrant_a=a.quadrant,
        quadrant_b=b.quadrant,
        lift_a=_scaled(a.lift, spreads[0]),
        lift_b=_scaled(b.lift, spreads[1]),
        lift_change=_changed(pairs.lift, pairs.lift_shown, at, exact=bool(pairs.exact[at])),
        q_lift=pairs.q_lift[at],
        cost_a=_scaled(a.cost, spreads[0]),
        cost_b=_scaled(b.cost, spreads[1]),
        cost_change=_changed(pairs.cost, pairs.cost_shown, at, exact=bool(pairs.exact[at])),
        q_cost=pairs.q_cost[at],
        likeness=known[0].likeness.get(site),
        weight_change=known[1].get(site) if known[0].by_address else None,
        sets=", ".join(whose),
    )


def _scaled(estimate: Estimate, spread: float) -> Estimate:
    ends = (None if end is None else end / spread for end in (estimate.value, estimate.low, estimate.high))
    return Estimate(*ends)


def _changed(part: Changes, shown: Mapping[int, Estimate], at: int, *, exact: bool) -> Estimate:
    if not exact:
        return Estimate(float(part.margin[at].mean()))
    return shown[at] if at in shown else intervals(part, [at])[at]


def _quadrants(pairs: Pairs) -> Iterator[Turned]:
    found: Counter[tuple[str, int, int]] = Counter()
    quadrants = list(Quadrant)
    for at in np.flatnonzero(pairs.exact).tolist():
        a, b = (quadrants.index(unit.quadrant) for unit in pairs.units(at))
        found[pairs.sites[at][0].kind, a, b] += 1
    for (kind, a, b), units in sorted(found.items()):
        yield Turned(kind, quadrants[a], quadrants[b], units)


def _agreement(pairs: Pairs) -> Iterator[Agreement]:
    kinds = [site.kind for site, _ in pairs.sites]
    for kind in sorted(set(kinds)):
        own = np.array([at for at, name in enumerate(kinds) if name == kind], np.intp)
        exact = own[pairs.exact[own]]
        # Estimates rank as well, but only where there is next to nothing exact.
        chosen, is_exact = (exact, True) if len(exact) >= min(_ENOUGH, len(own)) else (own, False)
        for effect, parts in (
            ("lift", [seen.lift for seen in pairs.sides]),
            ("clean cost", [_negative(seen.clean) for seen in pairs.sides]),
        ):
            yield _agreed(pairs, chosen, parts, (kind, effect, is_exact))


def _negative(part: Changes) -> Changes:
    return Changes(part.condition, part.before, -part.margin)


def _agreed(pairs: Pairs, chosen: Ints, parts: Sequence[Changes], about: tuple[str, str, bool]) -> Agreement:
    first, second = (
        Changes(part.condition, part.before, part.margin[rows[chosen]])
        for part, rows in zip(parts, pairs.places, strict=True)
    )
    sizes = np.unique(np.array(first.condition.groups), return_counts=True)[1].astype(np.float64)
    shown = overlap(first.mean, second.mean, [pairs.sites[at][0].layer for at in chosen.tolist()])
    return Agreement(
        kind=about[0],
        effect=about[1],
        units=len(chosen),
        exact=about[2],
        spearman=rank_agreement(first.by_passage(), second.by_passage(), sizes),
        top=shown.top,
        shared=tuple(str(pairs.sites[chosen[at]][0]) for at in shown.shared),
        expected=shown.expected,
        p=shown.p,
    )


def _layers(pairs: Pairs, found: Matching) -> Iterator[LayerBeside]:
    sizes = [np.abs(seen.lift.mean) / seen.spread for seen in pairs.sides]
    sites = [seen.analysis.cube.sites for seen in pairs.sides]
    for like in found.layers:
        key = (like.kind, like.layer)
        rows = [np.array([(s.kind, s.layer) == key for s in own], bool) for own in sites]
        if not rows[0].any():
            continue
        inside = [(a.kind, a.layer) == key for a, _ in pairs.sites]
        means = (float(size[row].mean()) for size, row in zip(sizes, rows, strict=True))
        yield LayerBeside(like, int(rows[0].sum()), int(pairs.exact[inside].sum()), *means)


def _notes(pairs: Pairs, found: Matching) -> Iterator[str]:
    yield (
        "Effects are shares of each checkpoint's own standard deviation of clean margins, which is taken as "
        "known; a change below a tenth of it counts as none."
    )
    yield (
        "The attacks are the same texts for both; those searched on one of the two are harder for that one "
        "than for the other."
    )
    if not found.by_address:
        yield (
            "Without a common initialisation a pair is two units that act alike on these tokens; that they "
            "do the same work is not shown."
        )
    if not pairs.exact.all():
        yield (
            f"{int((~pairs.exact).sum()):,} pairs are not exact in both and not judged; analyse both with "
            "--exact, or with more minutes."
        )
