"""A layer recomputed from its parts or as a module, whole or for the read-out position alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from robustness.neurons.stream import Stream
from robustness.neurons.trace import Trace
from robustness.neurons.wiring import Depth, Wiring

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["entered", "feed", "onward", "read_out", "run"]


def onward(wired: Wiring, seen: Trace, x: Tensor, *, layer: int) -> Tensor:
    """Return float[U, N], the logits when layer `layer` receives x, float[U, N, S, d]."""
    units, rows = x.shape[:2]
    flat = x.flatten(0, 1)
    last = wired.body.layers - 1
    for at in range(layer, last):
        flat = run(wired, seen, flat, layer=at)
    read = _last(wired, seen, flat) if layer <= last else flat[:, 0]
    return wired.read(read).reshape(units, rows)


def entered(wired: Wiring, seen: Trace, stream: Stream, *, layer: int, bases: dict[str, Tensor]) -> Tensor:
    """Return float[U, N, S, d], the output of a layer whose input is a stream.

    `bases` keeps the projections that all units of the layer share; give the same one each time.
    """
    if wired.path != "parts":
        whole = stream.whole()
        return run(wired, seen, whole.flatten(0, 1), layer=layer).reshape(whole.shape)
    depth, size = wired.depths[layer], stream.base.shape[-1]
    weight, bias = _joined(depth)
    if "qkv" not in bases:
        bases["qkv"] = stream.base @ weight.T
    mapped = stream.project(weight, bias, bases["qkv"]).flatten(0, 1)
    query, key, value = (mapped[..., at : at + size] for at in (0, size, 2 * size))
    x = stream.whole().flatten(0, 1)
    context = _attend(wired, query, key, value, mask=_mask(seen, layer, x.shape[0]))
    out = feed(depth, depth.attention_norm(depth.attention_out(context).add_(x)))
    return out.reshape(*stream.delta.shape, size)


def feed(depth: Depth, x: Tensor) -> Tensor:
    """Return the feed-forward block of a layer behind its attention, LayerNorm included."""
    inner = depth.activation(depth.ffn_in(x))
    return depth.ffn_norm(depth.ffn_out(inner).add_(x))  # type: ignore[no-any-return]


def read_out(wired: Wiring, seen: Trace, stream: Stream) -> Tensor:
    """Return float[U, N], the logits when the last layer's input is a stream.

    Position 0 alone asks; keys and values are absorbed: W_K moves onto the query and W_V behind the
    mix, so no token but the first is projected, and the stream is never written out. What is equal
    for all keys (the key bias, the shift) cancels in the softmax.
    """
    if wired.path != "parts":
        return onward(wired, seen, stream.whole(), layer=wired.body.layers - 1)
    depth = wired.depths[-1]
    first = stream.first().whole()[:, :, 0].transpose(0, 1)  # float[N, U, d]
    rows, units, _ = first.shape
    asked = _asked(wired, depth, first)  # float[N, U, H, d]
    heads = asked.shape[2]
    delta, scale = stream.delta.transpose(0, 1), _turned(stream.scale)  # float[N, U, S]
    scores = (asked.flatten(1, 2) @ stream.base.mT).reshape(rows, units, heads, -1)
    scores -= delta.unsqueeze(2) * (asked * stream.step[:, None]).sum(-1, keepdim=True)
    if scale is not None:
        scores *= scale.unsqueeze(2)
    shares = _shares(scores, _first_mask(seen, rows), rows)
    weights = shares if scale is None else shares * scale.unsqueeze(2)
    mixed = (weights.flatten(1, 2) @ stream.base).reshape(rows, units, heads, -1)
    mixed -= (weights * delta.unsqueeze(2)).sum(-1, keepdim=True) * stream.step[:, None]
    if stream.shift is not None:
        mixed += stream.shift
    context = _valued(wired, depth, mixed)
    out = feed(depth, depth.attention_norm(depth.attention_out(context).add_(first)))
    return wired.read(out).T.reshape(units, rows)


def _turned(scale: Tensor | None) -> Tensor | None:
    return None if scale is None else scale.transpose(0, 1)


def _joined(depth: Depth) -> tuple[Tensor, Tensor]:
    """Query, key and value projections as one; copied each time, a layer's weights being small."""
    import torch

    parts = (depth.query, depth.key, depth.value)
    return torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts])


def _attend(wired: Wiring, query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None) -> Tensor:
    from torch.nn.functional import scaled_dot_product_attention

    q, k, v = (_by_head(part, wired.body.heads).transpose(1, 2) for part in (query, key, value))
    return scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


def run(wired: Wiring, seen: Trace, x: Tensor, *, layer: int) -> Tensor:
    """Return the output of a whole layer for x, float[B, S, d], B a multiple of the trace's rows."""
    depth = wired.depths[layer]
    if wired.path != "parts":
        args, kwargs = _repeated(seen, layer, x.shape[0])
        output = depth.layer(x, *args, **kwargs)
        return cast("Tensor", output[0] if isinstance(output, tuple) else output)
    query, key, value = depth.query(x), depth.key(x), depth.value(x)
    context = _attend(wired, query, key, value, mask=_mask(seen, layer, x.shape[0]))
    return feed(depth, depth.attention_norm(depth.attention_out(context).add_(x)))


def _last(wired: Wiring, seen: Trace, x: Tensor) -> Tensor:
    """Return float[B, d], the last layer at position 0, keys and values absorbed."""
    depth, last = wired.depths[-1], wired.body.layers - 1
    if wired.path != "parts":
        return run(wired, seen, x, layer=last)[:, 0]
    first = x[:, :1]
    asked = _asked(wired, depth, first)[:, 0]  # float[B, H, d]
    rows = seen.logits.shape[0]
    scores = asked @ x.mT
    scores = scores.reshape(-1, rows, *scores.shape[1:]).transpose(0, 1)
    shares = _shares(scores, _first_mask(seen, rows), rows).transpose(0, 1).flatten(0, 1)
    context = _valued(wired, depth, shares @ x)
    return feed(depth, depth.attention_norm(depth.attention_out(context).add_(x[:, 0])))


def _asked(wired: Wiring, depth: Depth, first: Tensor) -> Tensor:
    """Return float[..., H, d], the scaled queries with W_K moved onto them."""
    heads = wired.body.heads
    query = _by_head(depth.query(first), heads)
    weight = _rows_by_head(depth.key.weight, heads)  # float[H, dh, d]
    moved = query.flatten(0, -3).transpose(0, 1) @ weight  # float[H, B, d]
    scale = query.shape[-1] ** -0.5
    asked: Tensor = moved.transpose(0, 1).reshape(*query.shape[:-1], -1) * scale
    return asked


def _valued(wired: Wiring, depth: Depth, mixed: Tensor) -> Tensor:
    """Return float[..., d], the joined head contexts of mixed inputs, float[..., H, d]."""
    heads = wired.body.heads
    weight = _rows_by_head(depth.value.weight, heads)
    context = mixed.flatten(0, -3).transpose(0, 1) @ weight.mT  # float[H, B, dh]
    joined: Tensor = context.transpose(0, 1).flatten(1) + depth.value.bias
    return joined.reshape(*mixed.shape[:-2], -1)


def _by_head(value: Tensor, heads: int) -> Tensor:
    """Split the last axis: float[..., H dh] -> float[..., H, dh]."""
    return value.reshape(*value.shape[:-1], heads, -1)


def _rows_by_head(weight: Tensor, heads: int) -> Tensor:
    """Split the first axis: float[H dh, d] -> float[H, dh, d]."""
    return weight.reshape(heads, -1, weight.shape[-1])


def _shares(scores: Tensor, mask: Tensor | None, rows: int) -> Tensor:
    """Softmax over keys of float[N, U, H, S]; the mask is float[N, 1, 1 or H, S]."""
    assert scores.shape[0] == rows
    return (scores if mask is None else scores + mask).softmax(-1)


def _given_mask(seen: Trace, layer: int) -> Tensor | None:
    args, kwargs = seen.arguments[layer]
    mask: Tensor | None = args[0] if args else kwargs.get("attention_mask")
    return mask


def _mask(seen: Trace, layer: int, size: int) -> Tensor | None:
    mask = _given_mask(seen, layer)
    return None if mask is None else _tiled(mask, size, seen.logits.shape[0])


def _first_mask(seen: Trace, rows: int) -> Tensor | None:
    """The last layer's mask for the query at position 0, to be added."""
    mask = _given_mask(seen, len(seen.arguments) - 1)
    if mask is None:
        return None
    first = mask.expand(rows, -1, -1, -1)[:, None, :, 0]
    if first.dtype.is_floating_point:
        return first
    return seen.logits.new_zeros(first.shape).masked_fill_(~first, float("-inf"))


def _tiled(value: Tensor, size: int, rows: int) -> Tensor:
    return value if value.shape[0] == 1 else value.repeat(size // rows, *(1,) * (value.dim() - 1))


def _repeated(seen: Trace, layer: int, size: int) -> tuple[list[Any], dict[str, Any]]:
    """A layer's further arguments for `size` rows: masks are by row, the rest is for all rows."""
    from torch import Tensor as Kind

    rows = seen.logits.shape[0]

    def fit(value: Any) -> Any:
        return _tiled(value, size, rows) if isinstance(value, Kind) and value.dim() == 4 else value

    args, kwargs = seen.arguments[layer]
    return [fit(value) for value in args], {name: fit(value) for name, value in kwargs.items()}
