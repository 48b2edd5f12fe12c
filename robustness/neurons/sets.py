"""Sets of units: chosen on one half of the passages, judged on the other, beside matched random sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.neurons.changes import changes, pooled
from robustness.neurons.conditions import Condition, rights
from robustness.neurons.engine import Ablator
from robustness.neurons.findings import CLEAN, HeldOut, SetTest
from robustness.neurons.sites import Kind, Site
from robustness.rng import derive
from robustness.stats.closed_form import mcnemar
from robustness.stats.resampling import sample

__all__ = ["Chosen", "halves", "matched", "select", "set_test", "within"]

Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.floating]

MOST_MEMBERS: Final = 32
_NEIGHBOURS: Final = 16
_GROWTH: Final = 0.05
"""A larger set must lift by this share more: else the smaller one says the same more plainly."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A set of units."""

    members: tuple[Site, ...]
    synergy: float
    """Joint lift minus the sum of single lifts, as screened."""
    steps: int


def halves(conditions: Sequence[Condition], *, seed: int) -> tuple[frozenset[str], frozenset[str]]:
    """Return two disjoint halves of the passages; equal for equal seeds and passages in any order."""
    groups = sorted({group for condition in conditions for group in condition.groups})
    order = derive(seed, "halves").permutation(len(groups))
    chosen = frozenset(groups[at] for at in order[: (len(groups) + 1) // 2])
    return chosen, frozenset(groups) - chosen


def within(conditions: Iterable[Condition], groups: frozenset[str]) -> tuple[Condition, ...]:
    """Return the conditions with the items of these passages alone; those without any are left out."""
    parts = (c.where(np.array([group in groups for group in c.groups], bool)) for c in conditions)
    return tuple(part for part in parts if len(part))


def select(
    ablator: Ablator,
    base: Logits,
    conditions: Sequence[Condition],
    *,
    tolerance: float,
    steps: Callable[[], bool] = lambda: True,
) -> Chosen:
    """Return a set of at most 32 units that lifts the margins of the attacks among `conditions`.

    Greedy and doubling (1, 2, 4, ... members): before each step the network is screened anew with
    the set so far ablated, and units join by their estimated lift where their clean cost stays below the
    tolerance. Of the nested sets the one with the largest exact lift at a clean cost below the tolerance is
    kept, a larger one only where it adds more than the tolerance and 5 %; the set is empty where none
    lifts beyond the tolerance. All numbers come from the items of `conditions` alone. A step begins only
    where `steps()` allows it.
    """
    rows = sorted({row for condition in conditions for row in condition.rows})
    local = [_local(condition, rows) for condition in conditions]
    own = np.asarray(base, np.float64)[rows]
    members: list[Site] = []
    singles: dict[Site, float] = {}
    best: tuple[float, tuple[Site, ...], float] = (0.0, (), 0.0)
    now = own
    done = 0
    while len(members) < MOST_MEMBERS and steps():
        done += 1
        ranked = _ranked(ablator, rows, local, (now, tolerance), members)
        joining = ranked[: max(1, len(members))][: MOST_MEMBERS - len(members)]
        if not joining:
            break
        if not singles:
            singles = dict(ranked)
        members += [site for site, _ in joining]
        now = ablator.group(members, rows).astype(np.float64)
        lift, cost = _lift_and_cost(now[None], own, local)
        if lift[0] > best[0] + max(tolerance, _GROWTH * best[0]) and cost[0] < tolerance:
            alone = sum(singles.get(site, 0.0) for site in members)
            best = (float(lift[0]), tuple(sorted(members)), float(lift[0]) - alone)
    return Chosen(best[1], best[2], done)


def _ranked(
    ablator: Ablator,
    rows: Sequence[int],
    local: Sequence[Condition],
    state: tuple[Floats, float],
    members: Sequence[Site],
) -> list[tuple[Site, float]]:
    """Units with an estimated lift and next to no estimated cost, the largest lift first."""
    now, tolerance = state
    found: list[tuple[Site, float]] = []
    taken = set(members)
    for (kind, layer), estimate in ablator.screen(rows, group=members).items():
        lift, cost = _lift_and_cost(now + estimate.astype(np.float64), now, local)
        for unit in np.flatnonzero((lift > 0) & (cost < tolerance)):
            site = Site(kind, layer, int(unit))
            if site not in taken:
                found.append((site, float(lift[unit])))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _lift_and_cost(cube: Floats, base: Floats, local: Sequence[Condition]) -> tuple[Floats, Floats]:
    """Return float[U], the mean lift over attacked items, and float[U], the clean cost."""
    parts = [changes(cube, base, condition) for condition in local]
    attacked = pooled(parts)
    clean = next((part for part in parts if part.condition.name == CLEAN), None)
    lift = attacked.mean if attacked is not None else np.zeros(len(cube))
    return lift, -clean.mean if clean is not None else np.zeros(len(cube))


def _local(condition: Condition, rows: Sequence[int]) -> Condition:
    """The condition with its options as positions in `rows`."""
    options = condition.options
    place = np.searchsorted(rows, np.maximum(options, 0))
    return replace(condition, options=np.where(options >= 0, place, -1))


def matched(
    members: Sequence[Site], size: Mapping[tuple[Kind, int], Floats], *, seed: int, count: int
) -> tuple[tuple[Site, ...], ...]:
    """Return `count` random sets with as many units in each kind and layer, and of like strength.

    Each member gives way to a random one of the 32 units of its layer nearest in `size`, mean |value|
    times the norm of the output weights; members of the set itself are left out where others are there.
    """
    found = []
    for number in range(count):
        rng = derive(seed, "matched", str(number))
        made: list[Site] = []
        for site in members:
            order = np.argsort(size[site.kind, site.layer], kind="stable")
            at = int(np.flatnonzero(order == site.index)[0])
            near = order[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1]
            choices = [Site(site.kind, site.layer, int(unit)) for unit in near]
            free = [s for s in choices if s not in made and s not in members]
            made.append(rng.choice(free or [s for s in choices if s not in made] or [site]))
        found.append(tuple(sorted(made)))
    return tuple(found)


def set_test(
    ablator: Ablator,
    base: Logits,
    conditions: Sequence[Condition],
    *,
    chosen: tuple[str, Chosen],
    random_sets: Iterable[Sequence[Sequence[Site]]] = (),
) -> SetTest:
    """Return how a chosen set does on the items of `conditions`, which must not have chosen it.

    Args:
        ablator: the network.
        base: float[N], logits of the model as it is.
        conditions: of the held-out half.
        chosen: the condition that the set was chosen on, and the set.
        random_sets: matched sets for comparison, in rounds; no round is asked for before the last is done.
    """
    selection, own_set = chosen
    rows = sorted({row for condition in conditions for row in condition.rows})
    local = [_local(condition, rows) for condition in conditions]
    own = np.asarray(base, np.float64)[rows]
    # An empty set changes nothing, and needs no pass.
    parts = [(ablator.group(own_set.members, rows) if own_set.members else own)[None]]
    parts += [ablator.groups(many, rows) for many in random_sets]
    cube = np.concatenate(parts).astype(np.float64)
    found = tuple(_held_out(cube, own, condition, ablator.ablation.seed) for condition in local)
    names = tuple(map(str, own_set.members))
    return SetTest(selection, names, own_set.synergy, found, len(cube) - 1, own_set.steps)


def _held_out(cube: Floats, own: Floats, condition: Condition, seed: int) -> HeldOut:
    seen = changes(cube, own, condition)
    before, after = rights(seen.before), rights(seen.after)
    change = after - before
    up, down = int((change[0] > 0).sum()), int((change[0] < 0).sum())
    drawn = sample({"change": change[0]}, condition.groups, seed=seed)
    others = change[1:].mean(1)
    band = None
    if len(others):
        low, high = np.quantile(others, [0.025, 0.975])
        band = (float(low), float(high))
    above = int((others >= change[0].mean()).sum())
    return HeldOut(
        condition=condition.name,
        polarity=None if condition.polarity is None else condition.polarity.value,
        n=len(condition),
        before=float(before.mean()),
        change=drawn.mean("change", lowest=-1.0, highest=1.0),
        margin=float(seen.mean[0]),
        p=mcnemar(up, down),
        random=band,
        random_p=(1 + above) / (1 + len(others)) if len(others) else None,
    )
