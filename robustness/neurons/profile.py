"""Units at a glance: the most telling ones, and one line per kind and layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from robustness.neurons.findings import Quadrant, UnitEffects
from robustness.neurons.sites import Anatomy, parse_site
from robustness.neurons.summary import LayerProfile

__all__ = ["counted", "profile", "top_units"]

_LISTED: Final = 100


def top_units(units: Iterable[UnitEffects], *, count: int = _LISTED) -> tuple[UnitEffects, ...]:
    """Return discovered units, then others by the size of their lift; exact ones alone."""
    known = [unit for unit in units if unit.verified]
    order = sorted(known, key=lambda unit: (not unit.discovered, -abs(unit.lift.value or 0.0)))
    return tuple(order[:count])


def profile(units: Sequence[UnitEffects], body: Anatomy) -> tuple[LayerProfile, ...]:
    """Return one line per kind and layer, lowest layer first."""
    by_layer: dict[tuple[str, int], list[UnitEffects]] = {}
    for unit in units:
        site = body.check(parse_site(unit.id))
        by_layer.setdefault((site.kind, site.layer), []).append(unit)
    return tuple(
        LayerProfile(
            kind=kind,
            layer=layer,
            units=len(own),
            verified=sum(unit.verified for unit in own),
            mean_size=float(np.mean([abs(unit.lift.value or 0.0) for unit in own])),
            largest=max(abs(unit.lift.value or 0.0) for unit in own),
            quadrants=counted(own),
        )
        for (kind, layer), own in sorted(by_layer.items())
    )


def counted(units: Iterable[UnitEffects]) -> dict[str, int]:
    """Return units by quadrant, those without any left out, in the order of `Quadrant`."""
    found = Counter(unit.quadrant for unit in units)
    return {str(kind): found[kind] for kind in Quadrant if found[kind]}
