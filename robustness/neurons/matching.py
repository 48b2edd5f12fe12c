"""Which unit of one checkpoint is which of another: by address where both began alike, else by likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from robustness.neurons.compared import LayerLikeness
from robustness.neurons.portrait import Portrait
from robustness.neurons.sites import Anatomy, Site
from robustness.neurons.verify import Layer

__all__ = ["Matching", "correlations", "linear_cka", "match", "svcca", "weight_changes"]

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.intp]
Pair = tuple[int, int, float]
"""Unit of A, unit of B, likeness."""

_HOME: Final = 0.5
"""Share of units that must find themselves before addresses are taken to mean the same."""
_FLOOR: Final = 0.95
_SHUFFLES: Final = 20
_VARIANCE: Final = 0.99


@dataclass(frozen=True, slots=True)
class Matching:
    """Partners of units, and why these."""

    by_address: bool
    """Whether most units find themselves, so that an address means the same unit in both."""
    at_home: float
    """Share of units of A whose most alike unit in B has their own address, over all layers judged."""
    partner: Mapping[Site, Site]
    """Unit of A -> unit of B. By activations, units whose likeness could be chance are left out."""
    likeness: Mapping[Site, float]
    """Of a unit of A and its partner, in [0, 1]; units that are constant on the tokens are left out."""
    layers: tuple[LayerLikeness, ...]


def match(ours: Portrait, theirs: Portrait, body: Anatomy) -> Matching:
    """Return which unit of B stands beside which of A.

    Fine-tunings of one initialisation keep their units: then the most alike unit in B of a unit of A
    has its own address, and addresses are compared. Where fewer than half find themselves, units are
    assigned one to one by the sum of |correlation| (MaxCorr: Bau et al. 2019, section 3.2; Hungarian
    assignment), and a pair is kept where it is more alike than 95 % of pairs assigned on shuffled tokens.
    Heads, judged by the CKA of their context vectors, only decide where there is nothing else.
    """
    keys = sorted(ours.activations.keys() & theirs.activations.keys())
    sides = (ours, theirs)
    seen = {key: _glance(_likeness(sides, key, body)) for key in keys}
    deciding = [seen[key] for key in keys if key[0] != "head"] or list(seen.values())
    units = sum(one.alive for one in deciding)
    home = sum((one.at_home or 0.0) * one.alive for one in deciding) / units if units else 0.0
    by_address = home >= _HOME
    pairs = {key: seen[key].by_address if by_address else _assigned_pairs(sides, key, body) for key in keys}
    moved = weight_changes(ours, theirs)
    layers = tuple(_layer(key, seen[key], pairs[key], sides, moved.get(key)) for key in keys)
    known = [(Site(*key, a), Site(*key, b), like) for key in keys for a, b, like in pairs[key]]
    return Matching(
        by_address=by_address,
        at_home=home,
        partner={a: b for a, b, _ in known},
        likeness={a: like for a, _, like in known if np.isfinite(like)},
        layers=layers,
    )


class _Glance(NamedTuple):
    """What is kept of the likeness of all units with all: tables of whole networks would fill memory."""

    own: Floats
    """float[units], of units with one address; NaN for constant ones."""
    at_home: float | None
    """Share of units that are most alike to the one of their own address, ties counted."""
    alive: int

    @property
    def by_address(self) -> list[Pair]:
        return [(at, at, float(like)) for at, like in enumerate(self.own)]


def _glance(table: Floats) -> _Glance:
    own = np.diagonal(table).copy()
    alive = np.isfinite(own)
    if not alive.any():
        return _Glance(own, None, 0)
    best = np.nanmax(table[alive], axis=1)
    return _Glance(own, float((own[alive] >= best - 1e-9).mean()), int(alive.sum()))


def _likeness(
    sides: tuple[Portrait, Portrait], key: Layer, body: Anatomy, *, order: Ints | None = None
) -> Floats:
    """Return float[units, units]: |correlation|, or the CKA of heads; NaN for constant units.

    With an `order`, the tokens of the second side are in it.
    """
    ours, theirs = (side.activations[key] for side in sides)
    theirs = theirs if order is None else theirs[order]
    if key[0] != "head":
        return np.abs(correlations(ours, theirs))
    parts = [np.split(values, body.heads, axis=1) for values in (ours, theirs)]
    return np.array([[linear_cka(a, b) for b in parts[1]] for a in parts[0]])


def correlations(ours: Floats, theirs: Floats) -> Floats:
    """Return float[U, V]: the correlation over tokens of each column with each; NaN for constant ones.

    >>> correlations(np.array([[1.0], [2.0], [4.0]]), np.array([[-1.0, 5.0], [-2.0, 5.0], [-4.0, 5.0]]))
    array([[-1., nan]])
    """
    scaled = []
    for values in (ours, theirs):
        centred = values - values.mean(0)
        norm = np.sqrt(np.square(centred).sum(0))
        # What fp16 leaves of a constant is no signal.
        alive = norm > 1e-3 * np.sqrt(np.square(values).sum(0)) + 1e-12
        scaled.append(np.divide(centred, norm, out=np.full_like(centred, np.nan), where=alive))
    found: Floats = np.clip(scaled[0].T @ scaled[1], -1.0, 1.0)
    return found


def _assigned_pairs(sides: tuple[Portrait, Portrait], key: Layer, body: Anatomy) -> list[Pair]:
    """One to one by likeness, those alone that are more alike than 95 % of pairs on shuffled tokens."""
    table = _likeness(sides, key, body)
    chance = _likeness(sides, key, body, order=np.array(_shuffle(len(sides[1].activations[key]), 0)))
    by_chance = [like for *_, like in _assigned(chance)]
    floor = float(np.quantile(by_chance, _FLOOR)) if by_chance else 1.0
    return [pair for pair in _assigned(table) if pair[2] > floor]


def _assigned(table: Floats) -> list[Pair]:
    """One to one, the largest sum; pairs with a constant unit are left out."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.nan_to_num(table), maximize=True)
    found = ((int(a), int(b), float(table[a, b])) for a, b in zip(rows, columns, strict=True))
    return [pair for pair in found if np.isfinite(pair[2])]


def _shuffle(count: int, number: int) -> list[int]:
    from robustness.rng import derive

    return derive(number, "tokens").permutation(count)


def _layer(
    key: Layer,
    seen: _Glance,
    pairs: list[Pair],
    sides: tuple[Portrait, Portrait],
    moved: Floats | None,
) -> LayerLikeness:
    ours, theirs = (side.activations[key] for side in sides)
    orders = [np.array(_shuffle(len(theirs), at)) for at in range(_SHUFFLES)]
    cka, svcca_found = _cka(ours, theirs, orders), _svcca(ours, theirs, orders)
    return LayerLikeness(
        kind=key[0],
        layer=key[1],
        same_place=float(np.nanmedian(seen.own)) if seen.alive else None,
        at_home=seen.at_home,
        matched=len(pairs) / len(seen.own),
        cka=cka[0],
        cka_floor=float(np.quantile(cka[1:], _FLOOR)),
        svcca=svcca_found[0],
        svcca_floor=float(np.quantile(svcca_found[1:], _FLOOR)),
        weight_change=None if moved is None else float(np.median(moved)),
    )


def linear_cka(ours: Floats, theirs: Floats) -> float:
    """Return linear centred kernel alignment of float[N, P] and float[N, Q], in [0, 1]; 0 for constants.

    >>> x = np.array([[0.0, 1.0], [2.0, 1.0], [1.0, 3.0]])
    >>> round(linear_cka(x, 3 * x[:, ::-1]), 9)
    1.0
    """
    return _cka(ours, theirs, [])[0]


def _cka(ours: Floats, theirs: Floats, orders: Sequence[Ints]) -> list[float]:
    """The alignment, then the same for each order of the tokens of `theirs`."""
    a, b = (side - side.mean(0) for side in (ours, theirs))
    first, second = a @ a.T, b @ b.T  # by way of tokens: an order of them is an order of rows and columns
    size = np.sqrt(np.square(first).sum() * np.square(second).sum())
    if not size > 0:
        return [0.0] * (1 + len(orders))
    mixed = (second[np.ix_(order, order)] for order in orders)
    return [float((first * one).sum() / size) for one in (second, *mixed)]


def svcca(ours: Floats, theirs: Floats) -> float:
    """Return the mean canonical correlation of the main directions of float[N, P] and float[N, Q].

    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(svcca(x, x @ np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]])), 9)
    1.0
    """
    return _svcca(ours, theirs, [])[0]


def _svcca(ours: Floats, theirs: Floats, orders: Sequence[Ints]) -> list[float]:
    left, right = _directions(ours), _directions(theirs)
    if not (left.shape[1] and right.shape[1]):
        return [0.0] * (1 + len(orders))
    mixed = (right[order] for order in orders)
    found = (np.linalg.svd(left.T @ one, compute_uv=False) for one in (right, *mixed))
    return [float(np.clip(sizes, 0.0, 1.0).mean()) for sizes in found]


def _directions(values: Floats) -> Floats:
    left, sizes, _ = np.linalg.svd(values - values.mean(0), full_matrices=False)
    energy = np.square(sizes)
    if energy.sum() <= 0:
        return left[:, :0]
    enough = int(np.searchsorted(np.cumsum(energy) / energy.sum(), _VARIANCE)) + 1
    found: Floats = left[:, : max(1, min(enough, len(values) // 10))]
    return found


def weight_changes(ours: Portrait, theirs: Portrait) -> dict[Layer, Floats]:
    """Return float[units] by kind and layer: the norm of the change of a unit's weights over their norm in A.

    What it reads with and what it writes with together, by address, from the sketches of both.
    """
    found: dict[Layer, Floats] = {}
    for key in ours.weights.keys() & theirs.weights.keys():
        a, b = ours.weights[key], theirs.weights[key]
        change = np.sqrt(np.square(b - a).sum((1, 2)))
        norm = np.sqrt(np.square(a).sum((1, 2)))
        found[key] = np.divide(change, norm, out=np.zeros_like(change), where=norm > 0)
    return found
