"""A packed forward pass: no padding, attention row by row, the last layer for the read-out alone.

The tokens of all rows lie behind one another in one float[T, H] tensor. Everything but attention
treats each token by itself, so it runs over that tensor; attention runs within each row. Of the last
layer only the first token of each row is read, so only its query, output and feed-forward parts are
computed. The modules called are the network's own, weights, hooks and all.

On one thread a row's score is the same to the last bit whatever rows share its batch: a matrix
product over at least `LEAST_ROWS` rows sums each of them in the same order (measured with MKL; the
shadow check asks again at every start).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from robustness.models.encoding import Row

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LEAST_ROWS", "Attention", "Encoder", "Layer", "Packed", "dot_product"]

LEAST_ROWS = 8
"""Matrix products of fewer rows take another kernel, whose last bits differ."""

Map = Callable[["Tensor"], "Tensor"]


class Attention(Protocol):
    """Attention of some queries of a row over all of its tokens."""

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Take float[G, heads, Q, D] and twice float[G, heads, L, D], give float[G, heads, Q, D].

        The queries are the first Q of the L tokens; all G rows are equally long.
        """
        ...


@dataclass(frozen=True, slots=True)
class Layer:
    """One post-norm transformer layer, taken apart."""

    query: Map
    key: Map
    value: Map
    mix: Map
    """The linear map behind attention."""
    attention_norm: Map
    feed_forward: Map
    """Both linear maps and what is between them."""
    norm: Map
    heads: int
    attention: Callable[[], Attention]
    """Called once per batch, for what all its rows share."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A network taken apart: embeddings, layers, read-out."""

    embed: Callable[[Tensor, Tensor | None, Tensor], Tensor]
    """Token ids, types and positions, each int64[1, T] -> float[1, T, H]."""
    positions: Callable[[Sequence[int]], Sequence[int]]
    """A row's token ids -> their positions."""
    layers: tuple[Layer, ...]
    read: Map
    """The last layer's first token, float[1, H] -> one score."""


def dot_product(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return plain scaled dot-product attention."""
    from torch.nn.functional import scaled_dot_product_attention

    return scaled_dot_product_attention(query, key, value)


@dataclass(frozen=True, slots=True)
class Packed:
    """The packed forward pass of an encoder, on the CPU."""

    encoder: Encoder

    def __call__(self, rows: Sequence[Row]) -> list[float]:
        """Return one score per row, in order; fastest where rows of one length are neighbours."""
        import torch

        ends = _ends(rows)
        hidden = self._embedded(rows)
        *lower, last = self.encoder.layers
        for layer in lower:
            hidden = _whole(layer, hidden, ends)
        first = _first(last, hidden, ends)
        # One at a time: a product with a single column sums in an order that the batch decides.
        scores = [self.encoder.read(first[at : at + 1]).reshape(1) for at in range(len(rows))]
        return [float(score) for score in torch.cat(scores).tolist()]

    def cost(self, rows: Sequence[Row]) -> int:
        """Return how many tokens are computed for these rows."""
        return max(LEAST_ROWS, sum(len(row.ids) for row in rows))

    def _embedded(self, rows: Sequence[Row]) -> Tensor:
        """Return float[T, H]; a few spare tokens behind the rows where those are less than enough."""
        import torch

        spare = max(0, LEAST_ROWS - sum(len(row.ids) for row in rows))
        ids = [token for row in rows for token in row.ids]
        types = [kind for row in rows for kind in row.types]
        places = [place for row in rows for place in self.encoder.positions(row.ids)]
        given = [torch.tensor([line + line[-1:] * spare]) for line in (ids, types, places) if line]
        embedded = self.encoder.embed(given[0], given[1] if types else None, given[-1])
        return embedded[0]


def _ends(rows: Sequence[Row]) -> list[int]:
    ends = [0]
    for row in rows:
        ends.append(ends[-1] + len(row.ids))
    return ends


def _groups(ends: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield (start, number of rows, length) of each stretch of equally long neighbours."""
    start, count, length = 0, 0, -1
    for low, high in pairwise(ends):
        if high - low == length:
            count += 1
            continue
        if count:
            yield start, count, length
        start, count, length = low, 1, high - low
    yield start, count, length


def _split(tensor: Tensor, stretch: tuple[int, int, int], heads: int) -> Tensor:
    """Return float[G, heads, L, D] of one stretch of float[T, H]."""
    start, count, length = stretch
    part = tensor[start : start + count * length]
    return part.view(count, length, heads, -1).transpose(1, 2)


def _whole(layer: Layer, hidden: Tensor, ends: Sequence[int]) -> Tensor:
    query, key, value = layer.query(hidden), layer.key(hidden), layer.value(hidden)
    attend = layer.attention()
    context = query.new_zeros(query.shape)
    for stretch in _groups(ends):
        parts = (_split(each, stretch, layer.heads) for each in (query, key, value))
        start, count, length = stretch
        mixed = attend(*parts).transpose(1, 2)
        context[start : start + count * length] = mixed.reshape(count * length, -1)
    return _behind(layer, context, hidden)


def _first(layer: Layer, hidden: Tensor, ends: Sequence[int]) -> Tensor:
    """Return float[R', H], the layer's output at the first token of each row; R' >= R rows."""
    import torch

    starts = [*ends[:-1], *[0] * max(0, LEAST_ROWS - len(ends) + 1)]
    top = hidden[torch.tensor(starts)]
    query, key, value = layer.query(top), layer.key(hidden), layer.value(hidden)
    attend = layer.attention()
    context = query.new_zeros(query.shape)
    at = 0
    for stretch in _groups(ends):
        count = stretch[1]
        own = _split(query, (at, count, 1), layer.heads)
        mixed = attend(own, _split(key, stretch, layer.heads), _split(value, stretch, layer.heads))
        context[at : at + count] = mixed.transpose(1, 2).reshape(count, -1)
        at += count
    return _behind(layer, context, top)


def _behind(layer: Layer, context: Tensor, hidden: Tensor) -> Tensor:
    attended = layer.attention_norm(layer.mix(context) + hidden)
    return layer.norm(layer.feed_forward(attended) + attended)
