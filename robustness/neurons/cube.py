"""The cube of logits `Z[unit, sequence]`: screened for all units, exact where a plan and time allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from robustness.errors import UsageError
from robustness.neurons.changes import lift
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import Condition, margins
from robustness.neurons.engine import Ablator
from robustness.neurons.sites import Kind, Site, enumerate_sites
from robustness.neurons.verify import Budget, Layer, Verification, verified
from robustness.neurons.work import Progress, Work, one_pass

__all__ = ["TOP", "Cube", "Exact", "cube", "exhaustive"]

Floats = npt.NDArray[np.floating]
Exact = Literal["all"] | int
"""Layers, from the top, in which every unit is computed exactly."""

TOP: Final = 2
_TOLERANCE: Final = 0.1
_BACKWARD: Final = 3
"""A forward and a backward pass beside a forward pass."""


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Logits by unit and sequence, exact where verified, else estimated."""

    sites: tuple[Site, ...]
    base: Floats
    """float[N], the model as it is."""
    logits: Floats
    """float[U, N]."""
    verified: npt.NDArray[np.bool_]
    """bool[U]."""
    size: Mapping[Layer, Floats]
    """Mean |value| by unit."""
    tolerance: float
    """A change of the mean margin that counts as none."""
    state: Verification


def exhaustive(kinds: Iterable[Kind], layers: int, exact: Exact, budget: Budget) -> list[Layer]:
    """Return the layers to compute whole, the cheapest first.

    Raises `UsageError` for more layers than there are.
    """
    if exact != "all" and not 0 <= exact <= layers:
        raise UsageError(
            f"exact: {exact!r} came, but the network has {layers} layers; give 0..{layers} or 'all'"
        )
    first = 0 if exact == "all" else layers - exact
    # Without an end of time all heads: together they cost less than one layer of units.
    heads = budget.heads and budget.minutes is None
    wanted = [(k, at) for k in kinds for at in range(layers) if at >= first or (k == "head" and heads)]
    return sorted(wanted, key=lambda key: (-key[1], key[0]))


def cube(
    ablator: Ablator,
    found: Sequence[Condition],
    *,
    plan: tuple[Exact, Budget],
    clock: Clock,
    progress: Progress | None,
) -> Cube:
    """Return the cube of all units of the ablator's kinds on its sequences.

    Raises `UsageError` where the time left is too short even for the screen.
    """
    exact, budget = plan
    whole = exhaustive(ablator.kinds, ablator.wired.body.layers, exact, budget)
    once = one_pass(ablator)
    _refuse_too_short(clock, ablator, 1 + _BACKWARD)
    with clock.measured("forward", once):
        base, size = ablator.base()
    _refuse_too_short(clock, ablator, _BACKWARD)
    sites = tuple(enumerate_sites(ablator.wired.body, ablator.kinds))
    with clock.measured("screen", once):
        estimates = ablator.screen()
    logits = np.concatenate([base + estimates[key] for key in sorted(estimates)])
    if progress is not None:
        progress("screen", logits.size)
    tolerance = _TOLERANCE * float(margins(base[None].astype(np.float64), found[0])[0].std())
    with clock.measured("margins", logits.size):
        guessed = dict(zip(sites, lift(logits, base, found).tolist(), strict=True))
    work = Work(ablator, found, (sites, base, logits), (clock, budget), progress)
    state = verified(guessed, whole, work, budget=budget, threshold=tolerance)
    return Cube(sites, base, logits, work.known, size, tolerance, state)


def _refuse_too_short(clock: Clock, ablator: Ablator, passes: int) -> None:
    """Refuse a budget under which not even the screen could end: nothing could be said."""
    needed = clock.takes("forward", passes * one_pass(ablator))
    if needed > clock.left:
        minutes = (clock.seconds or 0.0) / 60
        raise UsageError(
            f"budget: {minutes:g} minutes came, but the screen of {len(ablator.data)} sequences needs about "
            f"{(clock.elapsed + needed) / 60:.1f} on this machine; give more minutes or fewer questions"
        )
