"""The exact fast path: a cached prefix, the edit at its own place, and only what lies behind it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from robustness.neurons.batch import Batch
from robustness.neurons.blocks import entered, feed, onward, read_out
from robustness.neurons.naive import ablated
from robustness.neurons.sites import EVERY, Kind, Site
from robustness.neurons.stream import Stream, normed, plain
from robustness.neurons.trace import Trace
from robustness.neurons.values import Values
from robustness.neurons.wiring import Wiring

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["BLOCK_BYTES", "Place", "Prefix", "exact"]

BLOCK_BYTES: Final = 6 * 2**20
"""Default size of the widest tensor of a block of units: what a core's share of the last-level cache holds
beside the weights. Measured on MiniLM: 6 and 8 MiB do best, 12 lose 2 to 30 % on a busy machine."""


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """One batch with all that is shared between its ablations."""

    wired: Wiring
    given: Batch
    seen: Trace
    replacement: Values


Place = tuple[Kind, int, Sequence[int]]
"""Kind, depth, and the units' indices there."""


def exact(prefix: Prefix, place: Place, *, block_bytes: int = BLOCK_BYTES) -> Tensor:
    """Return float[U, N]: the logits with each unit of one kind and depth replaced, one at a time.

    The same function of the weights as `ablated`, up to rounding; on the hook path `ablated` itself.
    Units go through in their order, in blocks whose widest tensor takes about `block_bytes`.
    """
    kind, layer, units = place
    wired, seen, replacement = prefix.wired, prefix.seen, prefix.replacement
    if wired.path == "hooks" or layer == EVERY:
        return _by_hooks(prefix, place)
    size = _block(wired, prefix.given, place, block_bytes // seen.logits.element_size())
    passes = replacement.ablation.passes
    parts: list[Tensor] = []
    bases: dict[str, Tensor] = {}
    value = seen.kinds[kind][layer]
    deltas = [value - replacement.at(kind, layer, value, draw=draw) for draw in range(passes)]
    for start in range(0, len(units), size):
        block = units[start : start + size]
        logits = [_edited(wired, seen, delta, (kind, layer, block), bases) for delta in deltas]
        parts.append(sum(logits[1:], logits[0]) / passes)
    return _cat(parts, seen)


def _cat(parts: list[Tensor], seen: Trace) -> Tensor:
    import torch

    return torch.cat(parts) if parts else seen.logits.new_zeros((0, seen.logits.shape[0]))


def _by_hooks(prefix: Prefix, place: Place) -> Tensor:
    kind, layer, units = place
    sites = [Site(kind, layer, unit) for unit in units]
    found = [ablated(prefix.wired, prefix.given, [site], prefix.replacement)[None] for site in sites]
    return _cat(found, prefix.seen)


def _block(wired: Wiring, given: Batch, place: Place, numbers: int) -> int:
    """How many units at once: rows are units x sequences, and the widest tensor has `numbers` numbers."""
    kind, layer, _ = place
    rows, tokens = given.shape
    body, behind = wired.body, wired.body.layers - 1 - layer
    if behind == 0:
        each = rows * body.ffn
    elif behind == 1 and wired.path == "parts" and kind != "head":
        each = rows * (body.heads * (body.hidden + tokens) + body.ffn)
    else:
        each = rows * tokens * body.ffn
    return max(1, numbers // each)


def _edited(
    wired: Wiring,
    seen: Trace,
    delta: Tensor,
    place: Place,
    bases: dict[str, Tensor],
) -> Tensor:
    """Return float[U, N] for one block and one draw; delta, float[N, S, width], is value - replacement."""
    kind, layer, units = place
    is_last = layer == wired.body.layers - 1
    if kind == "head":
        return _heads(wired, seen, delta, (layer, units))
    stream = _stream(wired, seen, delta, place, is_last=is_last)
    if is_last:
        return wired.read(stream.whole()[:, :, 0])
    if layer == wired.body.layers - 2:
        return read_out(wired, seen, stream)
    x = entered(wired, seen, stream, layer=layer + 1, bases=bases)
    return onward(wired, seen, x, layer=layer + 2)


def _stream(
    wired: Wiring,
    seen: Trace,
    delta: Tensor,
    place: Place,
    *,
    is_last: bool,
) -> Stream:
    """The output of layer `layer` under the edits; position 0 alone for the last layer."""
    kind, layer, units = place
    depth, chosen = wired.depths[layer], list(units)
    tokens = slice(0, 1) if is_last else slice(None)
    moved = delta[:, tokens, chosen].permute(2, 0, 1)
    if kind == "ffn":
        total = seen.ffn_sum[layer][:, tokens]
        return normed(depth.ffn_norm, total, depth.ffn_out.weight[:, chosen].T, moved)
    output = seen.kinds["out"][layer][:, tokens]
    step = output.new_zeros((len(chosen), output.shape[-1]))
    step[range(len(chosen)), chosen] = 1
    return plain(output, step, moved)


def _heads(wired: Wiring, seen: Trace, delta: Tensor, place: tuple[int, Sequence[int]]) -> Tensor:
    """Heads: an edit of rank d_h in front of the LayerNorm behind attention, and all behind it."""
    import torch

    layer, units = place
    depth = wired.depths[layer]
    tokens = slice(0, 1) if layer == wired.body.layers - 1 else slice(None)
    total, moved = seen.attention_sum[layer][:, tokens], delta[:, tokens]
    weight = depth.attention_out.weight
    columns = [wired.columns("head", unit) for unit in units]
    sums = torch.stack([total - moved[..., at] @ weight[:, at].T for at in columns])
    x = feed(depth, depth.attention_norm(sums))
    return onward(wired, seen, x, layer=layer + 1)
