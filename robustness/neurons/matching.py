"""Which unit of one checkpoint is which of another: by address where both began alike, else by likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.neurons.portrait import Portrait
from robustness.neurons.sites import Anatomy, Site
from robustness.neurons.verify import Layer

__all__ = ["LayerLikeness", "Matching", "correlations", "linear_cka", "match", "svcca", "weight_changes"]

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.intp]

_HOME: Final = 0.5
"""Share of units that must find themselves before addresses are taken to mean the same."""
_FLOOR: Final = 0.95
_SHUFFLES: Final = 20
_VARIANCE: Final = 0.99


@dataclass(frozen=True, slots=True)
class LayerLikeness:
    """How alike one kind and layer of two checkpoints are, on the same tokens."""

    kind: str
    layer: int
    same_place: float | None
    """Median |correlation| (heads: linear CKA) of units with one address; None where all are constant."""
    at_home: float | None
    """Share of units of A whose most alike unit in B has their own address."""
    matched: float
    """Share of units of A that have a partner in B at all."""
    cka: float
    """Linear CKA of the whole layer, in [0, 1] (Kornblith et al. 2019, section 3)."""
    cka_floor: float
    """What 95 % of 20 shuffles of the tokens stay below."""
    svcca: float
    """Mean canonical correlation of the directions that hold 99 % of the variance, at most a tenth as many
    as tokens (Raghu et al. 2017, section 2)."""
    svcca_floor: float
    weight_change: float | None
    """Median over units of the norm of the change of a unit's weights, relative to their norm in A."""


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
    tables = {key: _likeness(ours.activations[key], theirs.activations[key], key, body) for key in keys}
    found = {key: _at_home(table) for key, table in tables.items()}
    deciding = [key for key in keys if key[0] != "head"] or keys
    counted = [(own, n) for own, n in (found[key] for key in deciding) if own is not None]
    units = sum(n for _, n in counted)
    home = sum(own * n for own, n in counted) / units if units else 0.0
    if home >= _HOME:
        pairs = {key: [(at, at) for at in range(len(tables[key]))] for key in keys}
    else:
        pairs = {key: _pairs(tables[key], (ours, theirs), key, body) for key in keys}
    moved = weight_changes(ours, theirs)
    layers = tuple(
        _layer(key, tables[key], pairs[key], (ours, theirs), moved.get(key), found[key][0]) for key in keys
    )
    partner = {Site(*key, a): Site(*key, b) for key in keys for a, b in pairs[key]}
    likeness = {
        Site(*key, a): float(tables[key][a, b])
        for key in keys
        for a, b in pairs[key]
        if np.isfinite(tables[key][a, b])
    }
    return Matching(home >= _HOME, home, partner, likeness, layers)


def _likeness(ours: Floats, theirs: Floats, key: Layer, body: Anatomy) -> Floats:
    """Return float[units, units]: |correlation|, or the CKA of heads; NaN for constant units."""
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


def _at_home(table: Floats) -> tuple[float | None, int]:
    """Share of units that are most alike to the one of their own address, and of how many; ties count."""
    alive = np.isfinite(np.diagonal(table))
    if not alive.any():
        return None, 0
    best = np.nanmax(table[alive], axis=1)
    return float((np.diagonal(table)[alive] >= best - 1e-9).mean()), int(alive.sum())


def _pairs(
    table: Floats, sides: tuple[Portrait, Portrait], key: Layer, body: Anatomy
) -> list[tuple[int, int]]:
    theirs = sides[1].activations[key]
    mixed = theirs[np.array(_shuffle(len(theirs), 0))]
    chance = _likeness(sides[0].activations[key], mixed, key, body)
    by_chance = [chance[a, b] for a, b in _assigned(chance)]
    floor = float(np.quantile(by_chance, _FLOOR)) if by_chance else 1.0
    return [(a, b) for a, b in _assigned(table) if table[a, b] > floor]


def _assigned(table: Floats) -> list[tuple[int, int]]:
    """One to one, the largest sum; pairs with a constant unit are left out."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.nan_to_num(table), maximize=True)
    return [(int(a), int(b)) for a, b in zip(rows, columns, strict=True) if np.isfinite(table[a, b])]


def _shuffle(count: int, number: int) -> list[int]:
    from robustness.rng import derive

    return derive(number, "tokens").permutation(count)


def _layer(  # noqa: PLR0913 - one line of the table, put together in one place
    key: Layer,
    table: Floats,
    pairs: list[tuple[int, int]],
    sides: tuple[Portrait, Portrait],
    moved: Floats | None,
    at_home: float | None,
) -> LayerLikeness:
    ours, theirs = (side.activations[key] for side in sides)
    own = np.diagonal(table)
    orders = [np.array(_shuffle(len(theirs), at)) for at in range(_SHUFFLES)]
    cka, svcca_found = _cka(ours, theirs, orders), _svcca(ours, theirs, orders)
    return LayerLikeness(
        kind=key[0],
        layer=key[1],
        same_place=float(np.nanmedian(own)) if np.isfinite(own).any() else None,
        at_home=at_home,
        matched=len(pairs) / len(table),
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
