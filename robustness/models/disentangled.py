"""Disentangled attention (He et al. 2021, DeBERTa, section 3.1) for the packed forward pass.

To content-to-content it adds content-to-position and position-to-content terms, over relative
positions that are the same for all rows of one length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robustness.models.packed import Attention

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["disentangled"]


def disentangled(encoder: Any, attention: Any) -> Attention:
    """Return the attention of one `DisentangledSelfAttention` for one batch.

    Args:
        encoder: the `DebertaV2Encoder` around it, which owns the embeddings of relative positions.
        attention: the module; its projections of those embeddings are made here, once.
    """
    factor = 1 + ("c2p" in attention.pos_att_type) + ("p2c" in attention.pos_att_type)
    tables = _projected(encoder, attention) if attention.relative_attention else {}

    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        from torch.nn.functional import scaled_dot_product_attention

        scale = (query.shape[-1] * factor) ** -0.5
        buckets = _buckets(attention, query, key) if tables else query
        terms = [_term(kind, (query, key), table, buckets) * scale for kind, table in tables.items()]
        bias = terms[0] + terms[1] if len(terms) > 1 else next(iter(terms), None)
        mixed: Tensor = scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=scale)
        return mixed

    return attend


def _buckets(attention: Any, query: Tensor, key: Tensor) -> Tensor:
    """Return int64[Q, L], the index of each pair's relative position in the tables."""
    from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

    apart: Tensor = build_relative_position(
        key, key, bucket_size=attention.position_buckets, max_position=attention.max_relative_positions
    )
    span = attention.pos_ebd_size
    near: Tensor = apart[0, : query.shape[-2]]
    within: Tensor = (near + span).clamp(0, 2 * span - 1)
    return within


def _projected(encoder: Any, attention: Any) -> dict[str, Tensor]:
    """Return float[heads, 2 * span, D] for each kind of term: keys, or queries, of positions."""
    embedded = encoder.get_rel_embedding()[: 2 * attention.pos_ebd_size]
    shared = attention.share_att_key
    names = {
        "c2p": "key_proj" if shared else "pos_key_proj",
        "p2c": "query_proj" if shared else "pos_query_proj",
    }
    heads = attention.num_attention_heads
    return {
        kind: getattr(attention, name)(embedded).view(len(embedded), heads, -1).transpose(0, 1)
        for kind, name in names.items()
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
