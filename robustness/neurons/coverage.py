"""What certificates are worth: drawn again and again against effects that are all known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from robustness.neurons.changes import lift
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import Condition
from robustness.neurons.cube import Exact, cube
from robustness.neurons.engine import Ablator
from robustness.neurons.findings import LayerCertificate
from robustness.neurons.sites import Site
from robustness.neurons.verify import Budget, verified

__all__ = ["TOP_UNITS", "BothWays", "Coverage", "Known", "LayerCoverage", "both_ways", "coverage"]

TOP_UNITS: Final = 32
"""Units with the largest true effects, of which none may be lost beyond the bound."""


@dataclass(frozen=True, slots=True)
class BothWays:
    """The lift of every unit of some layers, exact and screened."""

    exact: Mapping[Site, float]
    screened: Mapping[Site, float]
    tolerance: float
    """The threshold that an analysis of the same items has."""

    @property
    def top(self) -> tuple[Site, ...]:
        """The 32 units with the largest exact effects, the largest first."""
        return tuple(sorted(self.exact, key=lambda site: (-abs(self.exact[site]), site))[:TOP_UNITS])


def both_ways(ablator: Ablator, found: Sequence[Condition], *, layers: Exact = "all") -> BothWays:
    """Return the lift of every unit of the top `layers`, computed exactly and to first order.

    It takes as long as it takes: see `Cost`.
    """
    only = Budget(verify=0, calibrate=0, audit=0, heads=False)
    made = cube(ablator, found, plan=(layers, only), clock=Clock(), progress=None)
    estimates = ablator.screen()
    logits = np.concatenate([made.base + estimates[key] for key in sorted(estimates)])
    exact = made.state.exact
    every = zip(made.sites, lift(logits, made.base, found).tolist(), strict=True)
    return BothWays(exact, {site: effect for site, effect in every if site in exact}, made.tolerance)


@dataclass(frozen=True, slots=True)
class Known:
    """Exact effects that are known already; time never ends."""

    truth: Mapping[Site, float]

    def __call__(self, sites: Sequence[Site], /) -> npt.NDArray[np.float64]:
        """Return float[U], the effects of the sites."""
        return np.array([self.truth[site] for site in sites], np.float64)

    def fits(self, sites: Sequence[Site], /, aside: Sequence[Site] = ()) -> int:
        """Return the number of sites: all fit."""
        return len(sites)

    def piece(self, sites: Sequence[Site], /) -> int:
        """Return the number of sites: all at once."""
        return len(sites)


@dataclass(frozen=True, slots=True)
class LayerCoverage:
    """One layer in one repeat."""

    kind: str
    layer: int
    seed: int
    covered: float | None
    """Share of the units that did not calibrate whose exact effect lies within the radius of its
    estimate; None without a radius."""
    above: int
    """Units at or above the threshold that were never verified."""
    top: int
    """Of those, units of the true top."""
    bound: int
    """The printed 95 % bound on `above`."""
    status: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """All layers and repeats."""

    threshold: float
    exceeding: int
    """Units whose true effect is at or above the threshold, over all layers."""
    layers: tuple[LayerCoverage, ...]

    @property
    def covered(self) -> float:
        """Mean share of units within the radius, over layers and repeats; nan where no layer has one."""
        shares = [own.covered for own in self.layers if own.covered is not None]
        return float(np.mean(shares)) if shares else float("nan")

    @property
    def held(self) -> float:
        """Share of layers and repeats whose bound is no smaller than what was missed."""
        return float(np.mean([own.above <= own.bound for own in self.layers]))

    @property
    def top_beyond(self) -> int:
        """Units of the true top that were missed beyond the printed bound, over layers and repeats."""
        return sum(max(0, own.top - own.bound) for own in self.layers)


def coverage(
    effects: BothWays,
    *,
    threshold: float | None = None,
    budget: Budget | None = None,
    seeds: Iterable[int] = range(20),
) -> Coverage:
    """Return what the certificates of repeated draws say, beside the truth.

    Every repeat draws its calibration and audit units anew and verifies what a real analysis would; all
    exact effects are known, so repeats cost next to nothing. No layer is taken as exhaustive.

    Args:
        effects: of every unit.
        threshold: an effect of this size is worth reporting; the tolerance where None.
        budget: units to calibrate, verify and audit; its own seed is not used.
        seeds: one for each repeat.

    >>> exact = {Site("ffn", 0, at): 0.01 * (at % 7) for at in range(200)}
    >>> effects = BothWays(exact, {site: own + 0.001 for site, own in exact.items()}, tolerance=0.05)
    >>> found = coverage(effects, budget=Budget(verify=80, audit=20), seeds=range(3))
    >>> found.covered, found.top_beyond, found.exceeding
    (1.0, 0, 56)
    """
    truth, estimates, wanted = effects.exact, effects.screened, budget or Budget()
    limit, top = effects.tolerance if threshold is None else threshold, frozenset(effects.top)
    rows: list[LayerCoverage] = []
    for seed in seeds:
        drawn = replace(wanted, seed=seed)
        state = verified(estimates, [], Known(truth), budget=drawn, threshold=limit)
        calibrating = _calibrating(estimates, drawn)
        for own in state.certificates:
            units = [site for site in truth if (site.kind, site.layer) == (own.kind, own.layer)]
            others = [site for site in units if site not in calibrating]
            apart = [abs(truth[site] - estimates[site]) for site in others]
            above = [s for s in units if s not in state.exact and abs(truth[s]) >= limit]
            rows.append(_row(own, seed, apart, (len(above), sum(site in top for site in above))))
    exceeding = sum(abs(effect) >= limit for effect in truth.values())
    return Coverage(limit, exceeding, tuple(rows))


def _calibrating(estimates: Mapping[Site, float], budget: Budget) -> frozenset[Site]:
    """Units that calibrate: what the same draw computes with nothing else to verify."""
    few = replace(budget, verify=0, audit=0, escalate=0)
    state = verified(estimates, [], Known(estimates), budget=few, threshold=0.0)
    return frozenset(state.exact)


def _row(own: LayerCertificate, seed: int, apart: Sequence[float], missed: tuple[int, int]) -> LayerCoverage:
    covered = None
    if own.radius is not None and apart:
        covered = float(np.mean(np.array(apart) <= own.radius))
    return LayerCoverage(own.kind, own.layer, seed, covered, *missed, own.missed, own.status)
