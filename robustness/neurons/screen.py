"""First-order estimates of every ablation at once: one forward and one backward pass.

`delta z = sum over tokens of (replacement - value) * dz/dvalue`, called attribution patching. Sequences of
a batch do not interact, so the gradient of the summed logits holds each sequence's own. An estimate
tells where to look; saturated and cancelling paths mislead it, so what matters is verified exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from robustness.neurons.batch import Batch, forward
from robustness.neurons.naive import edits
from robustness.neurons.sites import Kind, Site
from robustness.neurons.trace import Edit, intercepted
from robustness.neurons.values import Replacement
from robustness.neurons.wiring import Wiring

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["screened"]


def screened(
    wired: Wiring,
    given: Batch,
    replacement: Replacement,
    *,
    kinds: Iterable[Kind],
    group: Iterable[Site] = (),
) -> dict[tuple[Kind, int], Tensor]:
    """Return float[units, N] by kind and depth: the estimated change of each logit.

    With a `group` the network is screened while that group is ablated (its first draw, for
    `resample`): what a further unit would add. Members of the group then change nothing.
    The batch must not be made in inference mode.
    """
    import torch

    places = [(kind, layer) for kind in sorted(set(kinds)) for layer in range(wired.body.layers)]
    ablations = edits(wired, group, replacement)
    values: dict[tuple[Kind, int], Tensor] = {}
    probes: dict[tuple[Kind, int], Tensor] = {}
    watched = {place: _watch(place, ablations.get(place), values, probes) for place in places}
    with torch.inference_mode(mode=False), torch.enable_grad(), intercepted(wired, ablations | watched):
        total = forward(wired.network, given).sum()
        gradients = torch.autograd.grad(total, [probes[place] for place in places])
    with torch.no_grad():
        return {
            place: _by_unit(
                wired, place[0], (replacement.expected(*place, values[place]) - values[place]) * slope
            )
            for place, slope in zip(places, gradients, strict=True)
        }


def _watch(
    place: tuple[Kind, int],
    ablation: Edit | None,
    values: dict[tuple[Kind, int], Tensor],
    probes: dict[tuple[Kind, int], Tensor],
) -> Edit:
    """Add a zero whose gradient is the value's, whether or not weights ask for theirs."""

    def watch(value: Tensor) -> Tensor:
        seen = value if ablation is None else ablation(value)
        values[place] = seen.detach()
        probes[place] = seen.new_zeros(seen.shape).requires_grad_()
        return seen + probes[place]

    return watch


def _by_unit(wired: Wiring, kind: Kind, change: Tensor) -> Tensor:
    """Sum float[N, S, width] over tokens, and over the columns of a head."""
    summed = change.sum(1)
    if kind == "head":
        summed = summed.reshape(len(summed), wired.body.heads, -1).sum(-1)
    return summed.T
