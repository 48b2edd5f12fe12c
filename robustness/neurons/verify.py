"""Which units to compute exactly: the top layers whole, below them what the screen points at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.neurons.certificate import (
    CALIBRATION,
    LayerCertificate,
    conformal_radius,
    correlation,
    most_missed,
)
from robustness.neurons.sites import Site
from robustness.rng import derive

__all__ = ["Budget", "Verification", "verified"]

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
    seed: int = 0
    """Of the random units."""


Exactly = Callable[[Sequence[Site]], Floats]
"""Sites -> float[U], their exact effects; expensive."""


@dataclass(slots=True)
class Verification:
    """Exact effects as they come in, and one certificate per layer."""

    exact: dict[Site, float] = field(default_factory=dict)
    certificates: tuple[LayerCertificate, ...] = ()


def verified(
    estimates: Mapping[Site, float],
    exhaustive: Sequence[tuple[str, int]],
    exactly: Exactly,
    *,
    budget: Budget,
    threshold: float,
) -> Verification:
    """Return exact effects of the units worth it, and what may have been missed.

    Per kind and layer: those in `exhaustive` whole; of the others `budget.calibrate` random units
    calibrate the screen, the units with the largest estimates are verified up to `budget.verify` in
    all, layers whose screen is poor are verified whole up to `budget.escalate`, and an audit of random
    units bounds the rest.

    Args:
        estimates: screened effect of every unit.
        exhaustive: kind and depth of layers to compute whole.
        exactly: computes exact effects.
        budget: how many.
        threshold: an effect of this size is worth reporting.
    """
    state = Verification()
    layers: dict[tuple[str, int], list[Site]] = {}
    for site in sorted(estimates):
        layers.setdefault((site.kind, site.layer), []).append(site)
    whole = set(exhaustive)
    drawn = {
        key: _drawn(units, budget.calibrate, (budget.seed, "calibrate", key)) for key, units in layers.items()
    }
    _take(state, [site for key in whole for site in layers.get(key, ())], exactly)
    rest = [key for key in layers if key not in whole]
    _take(state, [site for key in rest for site in drawn[key]], exactly)
    screens = {key: _screen(estimates, state, drawn[key]) for key in rest}
    poor = sorted(
        (key for key in rest if _is_poor(screens[key], threshold)), key=lambda k: _trust(screens[k])
    )
    grown = set(poor[: budget.escalate])
    _take(state, [site for key in grown for site in layers[key]], exactly)
    candidates = [site for key in rest for site in layers[key] if site not in state.exact]
    top = sorted(candidates, key=lambda site: (-abs(estimates[site]), site))[: budget.verify]
    _take(state, top, exactly)
    audits = {key: _audit(state, layers[key], budget.audit, (budget.seed, "audit", key)) for key in rest}
    hidden = {key: sum(site not in state.exact for site in layers[key]) for key in rest}
    _take(state, [site for units in audits.values() for site in units], exactly)
    state.certificates = tuple(
        _certificate(
            state, layers[key], screens.get(key), (audits.get(key, ()), hidden.get(key, 0)), threshold
        )
        for key in layers
    )
    return state


@dataclass(frozen=True, slots=True)
class _Screen:
    radius: float | None
    correlation: float | None


def _take(state: Verification, sites: Sequence[Site], exactly: Exactly) -> None:
    wanted = sorted(set(sites) - state.exact.keys())
    if wanted:
        state.exact.update(zip(wanted, map(float, exactly(wanted)), strict=True))


def _drawn(units: Sequence[Site], count: int, name: tuple[int, str, tuple[str, int]]) -> list[Site]:
    seed, step, (kind, layer) = name
    order = derive(seed, step, kind, str(layer)).permutation(len(units))
    return sorted(units[at] for at in order[:count])


def _audit(
    state: Verification, units: Sequence[Site], count: int, name: tuple[int, str, tuple[str, int]]
) -> list[Site]:
    return _drawn([site for site in units if site not in state.exact], count, name)


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
    sites, hidden = audit
    done = sum(site in state.exact for site in units)
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
        missed=0 if is_whole else most_missed(hidden, len(sites), exceeding),
        threshold=threshold,
        status="exhaustive" if is_whole else "certified" if sound else "not certified",
    )
