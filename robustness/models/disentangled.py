"""Disentangled attention (He et al. 2021, DeBERTa, section 3.1) for the packed forward pass.

To content-to-content it adds content-to-position and position-to-content terms, over relative
positions that are the same for all rows of one length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robustness.models.packed import Attention, dot_product

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["disentangled"]


def disentangled(encoder: Any, attention: Any) -> Attention:
    """Return the attention of one `DisentangledSelfAttention` for one batch.

    Args:
        encoder: the `DebertaV2Encoder` around it, which owns the embeddings of relative positions.
        attention: the module; its projections of those embeddings are made here, once.
    """
    kinds = attention.pos_att_type
    factor = 1 + ("c2p" in kinds) + ("p2c" in kinds)
    by_position = _projected(encoder, attention) if attention.relative_attention else {}
    span = attention.pos_ebd_size if attention.relative_attention else 0

    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        from torch.nn.functional import scaled_dot_product_attention

        scale = (query.shape[-1] * factor) ** -0.5
        bias = None
        for name, table in by_position.items():
            term = _term(name, (query, key), table, _buckets(attention, query, key)) * scale
            bias = term if bias is None else bias + term
        return scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=scale)

    def _buckets(attention: Any, query: Tensor, key: Tensor) -> Tensor:
        """Return int64[Q, L], the index of each pair's relative position in the tables."""
        from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

        apart = build_relative_position(
            key, key, bucket_size=attention.position_buckets, max_position=attention.max_relative_positions
        )
        return (apart[0, : query.shape[-2]] + span).clamp(0, 2 * span - 1)

    return attend if by_position or factor > 1 else dot_product


def _projected(encoder: Any, attention: Any) -> dict[str, Tensor]:
    """Return float[heads, 2 * span, D] for each kind of term: keys, or queries, of positions."""
    embedded = encoder.get_rel_embedding()[: 2 * attention.pos_ebd_size]
    shared = attention.share_att_key
    maps = {
        "c2p": attention.key_proj if shared else getattr(attention, "pos_key_proj", None),
        "p2c": attention.query_proj if shared else getattr(attention, "pos_query_proj", None),
    }
    heads = attention.num_attention_heads
    return {
        kind: maps[kind](embedded).view(len(embedded), heads, -1).transpose(0, 1)
        for kind in ("c2p", "p2c")
        if kind in attention.pos_att_type
    }


def _term(kind: str, pair: tuple[Tensor, Tensor], table: Tensor, buckets: Tensor) -> Tensor:
    """Return float[G, heads, Q, L], one term of the attention scores, before scaling."""
    query, key = pair
    shape = (*query.shape[:2], *buckets.shape)
    if kind == "c2p":
        return (query @ table.transpose(-1, -2)).gather(-1, buckets.expand(shape))
    # The bucket of (key, query) is the mirrored one of (query, key), and tables are mirrored for it.
    against = (key @ table.transpose(-1, -2)).transpose(-1, -2)
    return against.gather(-2, buckets.expand(shape))
