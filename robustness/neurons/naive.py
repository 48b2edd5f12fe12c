"""The reference path: hooks and whole forward passes, for any family, single units and groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from robustness.neurons.batch import Batch, forward
from robustness.neurons.sites import EVERY, Kind, Site
from robustness.neurons.trace import Edit, intercepted
from robustness.neurons.values import Values
from robustness.neurons.wiring import Wiring

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ablated", "edits"]


def ablated(wired: Wiring, given: Batch, group: Iterable[Site], replacement: Values) -> Tensor:
    """Return float[N]: the logits while all units of a group are replaced at once, in one forward pass.

    For `resample` the mean over one pass per draw. An empty group leaves the model as it is.

    Raises `UsageError` for a unit that the network does not have.
    """
    sites = tuple(group)
    passes = replacement.ablation.passes
    total: Tensor | None = None
    for draw in range(passes):
        with intercepted(wired, edits(wired, sites, replacement, draw=draw)):
            logits = forward(wired.network, given)
        total = logits if total is None else total + logits
    assert total is not None
    return total / passes


def edits(
    wired: Wiring, group: Iterable[Site], replacement: Values, *, draw: int = 0
) -> dict[tuple[Kind, int], Edit]:
    """Return what to do to the tensor of each place so that all units of a group are replaced.

    Raises `UsageError` for a unit that the network does not have.
    """
    places = _by_place(wired, group)
    return {place: _edit(wired, place, units, replacement, draw) for place, units in places.items()}


def _by_place(wired: Wiring, group: Iterable[Site]) -> dict[tuple[Kind, int], list[int]]:
    places: dict[tuple[Kind, int], list[int]] = {}
    for site in sorted(set(group)):
        wired.body.check(site)
        for layer in range(wired.body.layers) if site.layer == EVERY else (site.layer,):
            places.setdefault((site.kind, layer), []).append(site.index)
    return places


def _edit(wired: Wiring, key: tuple[Kind, int], units: list[int], replacement: Values, draw: int) -> Edit:
    kind, layer = key
    columns = [at for unit in units for at in _range(wired.columns(kind, unit))]

    def edit(value: Tensor) -> Tensor:
        changed = value.clone()
        changed[..., columns] = replacement.at(kind, layer, value, draw=draw)[..., columns]
        return changed

    return edit


def _range(columns: slice) -> range:
    return range(columns.start, columns.stop)
