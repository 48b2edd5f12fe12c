"""Groups of units ablated at once, from the lowest layer that any of them touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustness.neurons.blocks import run
from robustness.neurons.exact import Prefix
from robustness.neurons.naive import ablated, edits
from robustness.neurons.sites import Site
from robustness.neurons.trace import intercepted

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["grouped"]


def grouped(prefix: Prefix, group: Sequence[Site]) -> Tensor:
    """Return float[N]: the logits with all units of a group replaced at once.

    The same function as `ablated`. Layers below the group are not run again; where weights are shared
    between depths, or the family is not known, all are.
    """
    wired, seen, replacement = prefix.wired, prefix.seen, prefix.replacement
    lowest = min((site.layer for site in group), default=wired.body.layers)
    if lowest == wired.body.layers:
        return seen.logits
    if wired.path == "hooks" or wired.body.shared or lowest <= 0:
        return ablated(wired, prefix.given, group, replacement)
    total = seen.logits.new_zeros(seen.logits.shape)
    for draw in range(replacement.ablation.passes):
        x = seen.kinds["out"][lowest - 1]
        with intercepted(wired, edits(wired, group, replacement, draw=draw)):
            for layer in range(lowest, wired.body.layers):
                x = run(wired, seen, x, layer=layer)
        total += wired.read(x[:, 0])
    return total / replacement.ablation.passes
