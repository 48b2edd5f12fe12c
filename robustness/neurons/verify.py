"""Which units to compute exactly: the top layers whole, below them what the screen points at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from robustness.errors import UsageError
from robustness.neurons.certificate import (
    CALIBRATION,
    LEAST_CALIBRATION,
    conformal_radius,
    correlation,
    most_missed,
)
from robustness.neurons.findings import LayerCertificate
from robustness.neurons.sites import Kind, Site
from robustness.rng import derive

__all__ = ["Budget", "Verification", "Work", "verified"]

Floats = npt.NDArray[np.float64]

_TRUSTED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Budget:
    """How many units may be computed exactly below the exhaustive layers, and how many sets drawn."""

    verify: int = 256
    """Units with the largest estimated effect, over all layers."""
    calibrate: int = CALIBRATION
    """Random units per layer."""
    audit: int = 100
    """Random units among those never verified, per layer."""
    escalate: int = 0
    """Layers that may be verified whole where their screen is poor."""
    random_sets: int = 200
    transfer: bool = True
    """Whether each attack chooses a set of its own, for the transfer matrix."""
    patch: bool = True
    """Whether the most telling units are patched between clean and attacked inputs."""
    heads: bool = True
    """Whether all heads are computed exactly: few, but each costs as much as a unit of its layer."""
    minutes: float | None = None
    """Time for all of it: what does not fit is left out and named. None takes as long as it takes."""
    seed: int = 0
    """Of the random units."""

    def __post_init__(self) -> None:
        if self.minutes is not None and not self.minutes > 0:
            raise UsageError(f"budget: {self.minutes} minutes came, but more than 0 are needed")


class Work(Protocol):
    """Exact effects, which are expensive."""

    def __call__(self, sites: Sequence[Site], /) -> Floats:
        """Return float[U], the exact effects of the sites."""

    def fits(self, sites: Sequence[Site], /, aside: Sequence[Site] = ()) -> int:
        """Return how many of the sites, from the first, fit into the time left, that for `aside` kept."""

    def piece(self, sites: Sequence[Site], /) -> int:
        """Return how many of the sites to compute before time is looked at again; all where it never ends."""


@dataclass(slots=True)
class Verification:
    """Exact effects as they come in, and one certificate per layer."""

    exact: dict[Site, float] = field(default_factory=dict)
    certificates: tuple[LayerCertificate, ...] = ()


Layer = tuple[Kind, int]


def verified(
    estimates: Mapping[Site, float],
    exhaustive: Sequence[Layer],
    work: Work,
    *,
    budget: Budget,
    threshold: float,
) -> Verification:
    """Return exact effects of the units worth it, and what may have been missed.

    Per kind and layer: those in `exhaustive` whole; of the others `budget.calibrate` random units
    calibrate the screen, layers whose screen is poor are verified whole up to `budget.escalate`, the
    units with the largest estimates are verified up to `budget.verify` in all, and an audit of random
    units bounds the rest. What does not fit into the time left is not begun, the top layers first.

    Args:
        estimates: screened effect of every unit.
        exhaustive: kind and depth of layers to compute whole, the most wanted first.
        work: computes exact effects.
        budget: how many.
        threshold: an effect of this size is worth reporting.
    """
    state = Verification()
    layers: dict[Layer, list[Site]] = {}
    for site in sorted(estimates):
        layers.setdefault((site.kind, site.layer), []).append(site)
    whole = _take_layers(state, {key: layers[key] for key in exhaustive if key in layers}, work)
    rest = sorted((key for key in layers if key not in whole), key=lambda key: (-key[1], key[0]))
    screens = _calibrated(estimates, state, {key: layers[key] for key in rest}, work, budget)
    poor = [key for key in rest if _is_poor(screens[key], threshold)]
    for key in sorted(poor, key=lambda key: _trust(screens[key]))[: budget.escalate]:
        _take(state, layers[key], work)
    candidates = [site for key in rest for site in layers[key] if site not in state.exact]
    top = sorted(candidates, key=lambda site: (-abs(estimates[site]), site))[: budget.verify]
    # The audit draws from what is not even wanted, so it can be paid for before the last minute.
    spare = {key: sorted(set(layers[key]) - state.exact.keys() - set(top)) for key in rest}
    sound = [key for key in rest if screens[key].radius is not None]
    audits = {key: _drawn(spare[key], budget.audit, (budget.seed, "audit", key)) for key in sound}
    _take_fitting(state, top, work, aside=[site for own in audits.values() for site in own])
    done = {key: audits[key] for key in _take_layers(state, audits, work)}
    state.certificates = tuple(
        _certificate(
            state, layers[key], screens.get(key), (done.get(key, ()), len(spare.get(key, ()))), threshold
        )
        for key in layers
    )
    return state


@dataclass(frozen=True, slots=True)
class _Screen:
    radius: float | None
    correlation: float | None


def _take(state: Verification, sites: Sequence[Site], work: Work) -> bool:
    """Compute all of the sites, or none where they do not fit into the time left.

    In pieces: where work turns out slower than it was priced, the rest is left, and False comes back.
    """
    wanted = sorted(set(sites) - state.exact.keys())
    while wanted:
        if work.fits(wanted) < len(wanted):
            return False
        wanted = _piece(state, wanted, work)
    return True


def _take_fitting(state: Verification, sites: Sequence[Site], work: Work, aside: Sequence[Site]) -> None:
    """Compute the first of the sites, as many as fit; each piece tells anew what work takes."""
    left = [site for site in sites if site not in state.exact]
    while count := work.fits(left, aside) if left else 0:
        left = [*_piece(state, left[:count], work), *left[count:]]


def _piece(state: Verification, sites: Sequence[Site], work: Work) -> list[Site]:
    """Compute the first of the sites, and return the others."""
    count = work.piece(sites)
    state.exact.update(zip(sites[:count], map(float, work(sites[:count])), strict=True))
    return list(sites[count:])


def _take_layers(state: Verification, parts: Mapping[Layer, Sequence[Site]], work: Work) -> set[Layer]:
    """Compute all parts at once, which shares the prefix, or else one by one what fits."""
    if _take(state, [site for own in parts.values() for site in own], work):
        return set(parts)
    return {key for key, own in parts.items() if _take(state, own, work)}


def _calibrated(
    estimates: Mapping[Site, float],
    state: Verification,
    layers: Mapping[Layer, Sequence[Site]],
    work: Work,
    budget: Budget,
) -> dict[Layer, _Screen]:
    """Calibrate each layer by random units, by fewer ones where time is short."""
    found, sizes = dict.fromkeys(layers, _Screen(None, None)), dict.fromkeys(layers, 0)
    few, many = min(budget.calibrate, LEAST_CALIBRATION), budget.calibrate
    # Where time ends, the few first: they are a part of the many, and tell what those will take.
    for count in (many, few) if budget.minutes is None else (few, many):
        missing = {key: own for key, own in layers.items() if sizes[key] < count}
        drawn = {key: _drawn(own, count, (budget.seed, "calibrate", key)) for key, own in missing.items()}
        for key in _take_layers(state, drawn, work):
            found[key], sizes[key] = _screen(estimates, state, drawn[key]), count
    return found


def _drawn(units: Sequence[Site], count: int, name: tuple[int, str, Layer]) -> list[Site]:
    seed, step, (kind, layer) = name
    order = derive(seed, step, kind, str(layer)).permutation(len(units))
    return sorted(units[at] for at in order[:count])


def _screen(estimates: Mapping[Site, float], state: Verification, sites: Sequence[Site]) -> _Screen:
    guessed, exact = [estimates[site] for site in sites], [state.exact[site] for site in sites]
    residuals = [a - b for a, b in zip(guessed, exact, strict=True)]
    return _Screen(conformal_radius(residuals), correlation(guessed, exact))


def _is_poor(screen: _Screen, threshold: float) -> bool:
    wide = screen.radius is None or screen.radius > threshold
    # No correlation at all means that nothing varied: then the radius alone says it.
    return wide or (screen.correlation is not None and screen.correlation < _TRUSTED)


def _trust(screen: _Screen) -> float:
    return 1.0 if screen.correlation is None else screen.correlation


def _certificate(
    state: Verification,
    units: Sequence[Site],
    screen: _Screen | None,
    audit: tuple[Sequence[Site], int],
    threshold: float,
) -> LayerCertificate:
    sites, spare = audit
    done = sum(site in state.exact for site in units)
    waiting = len(units) - done - (spare - len(sites))  # wanted, but the time was over
    exceeding = sum(abs(state.exact[site]) >= threshold for site in sites)
    is_whole = done == len(units)
    sound = screen is not None and not _is_poor(screen, threshold)
    return LayerCertificate(
        kind=units[0].kind,
        layer=units[0].layer,
        units=len(units),
        verified=done,
        radius=0.0 if is_whole else screen.radius if screen else None,
        correlation=screen.correlation if screen else None,
        audited=len(sites),
        exceeding=exceeding,
        missed=0 if is_whole else waiting + most_missed(spare, len(sites), exceeding),
        threshold=threshold,
        status="exhaustive" if is_whole else "certified" if sound else "not certified",
    )
