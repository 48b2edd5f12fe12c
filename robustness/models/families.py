"""Known multiple-choice networks taken apart for the packed forward pass; `None` for all others.

A wrong entry cannot give a wrong score: the shadow check compares it with the plain forward pass at
every start and falls back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from robustness.models.disentangled import disentangled
from robustness.models.packed import Attention, Encoder, Layer, dot_product

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["FAMILIES", "encoder_of"]


def encoder_of(network: PreTrainedModel) -> Encoder | None:
    """Return the parts of a network of a known family, where its settings are the usual ones."""
    build = FAMILIES.get(type(network).__name__.removesuffix("ForMultipleChoice"))
    settings = network.config
    unusual = (
        not type(network).__name__.endswith("ForMultipleChoice")
        or getattr(settings, "is_decoder", False)
        or getattr(settings, "position_embedding_type", "absolute") not in ("absolute", None)
        or getattr(settings, "summary_type", "first") != "first"
        or getattr(settings, "conv_kernel_size", 0) > 0
    )
    return None if build is None or unusual else build(network)


def _bert(network: Any) -> Encoder:
    body = network.base_model
    return Encoder(
        embed=partial(_embedded, body.embeddings),
        positions=_counted,
        layers=tuple(map(_layer, body.encoder.layer)),
        read=lambda first: network.classifier(body.pooler(first[:, None])),
    )


def _roberta(network: Any) -> Encoder:
    body = network.base_model
    return Encoder(
        embed=partial(_embedded, body.embeddings),
        positions=partial(_counted_behind, pad=int(body.embeddings.padding_idx)),
        layers=tuple(map(_layer, body.encoder.layer)),
        read=lambda first: network.classifier(body.pooler(first[:, None])),
    )


def _electra(network: Any) -> Encoder:
    body = network.base_model
    project = getattr(body, "embeddings_project", None)

    def embed(ids: Tensor, types: Tensor | None, positions: Tensor) -> Tensor:
        small = _embedded(body.embeddings, ids, types, positions)
        return small if project is None else project(small)

    return Encoder(
        embed=embed,
        positions=_counted,
        layers=tuple(map(_layer, body.encoder.layer)),
        read=lambda first: network.classifier(network.sequence_summary(first[:, None])),
    )


def _albert(network: Any) -> Encoder:
    body = network.base_model
    inner = body.encoder
    per_group = network.config.num_hidden_layers / network.config.num_hidden_groups
    groups = [inner.albert_layer_groups[int(n / per_group)] for n in range(network.config.num_hidden_layers)]
    return Encoder(
        embed=lambda *given: inner.embedding_hidden_mapping_in(_embedded(body.embeddings, *given)),
        positions=_counted,
        layers=tuple(_albert_layer(layer) for group in groups for layer in group.albert_layers),
        read=lambda first: network.classifier(body.pooler_activation(body.pooler(first))),
    )


def _distilbert(network: Any) -> Encoder:
    body = network.base_model
    return Encoder(
        embed=lambda ids, _, positions: body.embeddings(ids, position_ids=positions),
        positions=_counted,
        layers=tuple(map(_distilbert_layer, body.transformer.layer)),
        read=lambda first: network.classifier(network.pre_classifier(first).relu()),
    )


def _deberta(network: Any) -> Encoder:
    body = network.base_model
    return Encoder(
        embed=partial(_embedded, body.embeddings),
        positions=_counted,
        layers=tuple(_deberta_layer(body.encoder, layer) for layer in body.encoder.layer),
        read=lambda first: network.classifier(network.pooler(first[:, None])),
    )


FAMILIES: Mapping[str, Callable[[Any], Encoder]] = MappingProxyType(
    {
        "Albert": _albert,
        "Bert": _bert,
        "Camembert": _roberta,
        "DebertaV2": _deberta,
        "DistilBert": _distilbert,
        "Electra": _electra,
        "Roberta": _roberta,
        "XLMRoberta": _roberta,
    }
)
"""Class name without `ForMultipleChoice` -> what takes such a network apart."""


def _embedded(embeddings: Any, ids: Tensor, types: Tensor | None, positions: Tensor) -> Tensor:
    import torch

    # Always given: what the module would fill in counts from the row's start, and there are many rows.
    kinds = torch.zeros_like(ids) if types is None else types
    done: Tensor = embeddings(input_ids=ids, token_type_ids=kinds, position_ids=positions)
    return done


def _counted(ids: Sequence[int]) -> Sequence[int]:
    return range(len(ids))


def _counted_behind(ids: Sequence[int], *, pad: int) -> Sequence[int]:
    """RoBERTa counts from behind its padding index and passes over tokens that are padding."""
    if pad not in ids:
        return range(pad + 1, pad + 1 + len(ids))
    return [
        n + pad if token != pad else pad
        for token, n in zip(ids, accumulate(t != pad for t in ids), strict=True)
    ]


def _plain_attention() -> Attention:
    return dot_product


def _layer(layer: Any) -> Layer:
    attention, mix = layer.attention.self, layer.attention.output
    return Layer(
        query=attention.query,
        key=attention.key,
        value=attention.value,
        mix=mix.dense,
        attention_norm=mix.LayerNorm,
        feed_forward=lambda hidden: layer.output.dense(layer.intermediate(hidden)),
        norm=layer.output.LayerNorm,
        heads=attention.num_attention_heads,
        attention=_plain_attention,
    )


def _albert_layer(layer: Any) -> Layer:
    attention = layer.attention
    return Layer(
        query=attention.query,
        key=attention.key,
        value=attention.value,
        mix=attention.dense,
        attention_norm=attention.LayerNorm,
        feed_forward=layer.ff_chunk,
        norm=layer.full_layer_layer_norm,
        heads=attention.num_attention_heads,
        attention=_plain_attention,
    )


def _distilbert_layer(layer: Any) -> Layer:
    attention = layer.attention
    return Layer(
        query=attention.q_lin,
        key=attention.k_lin,
        value=attention.v_lin,
        mix=attention.out_lin,
        attention_norm=layer.sa_layer_norm,
        feed_forward=layer.ffn.ff_chunk,
        norm=layer.output_layer_norm,
        heads=attention.n_heads,
        attention=_plain_attention,
    )


def _deberta_layer(encoder: Any, layer: Any) -> Layer:
    attention, mix = layer.attention.self, layer.attention.output
    return Layer(
        query=attention.query_proj,
        key=attention.key_proj,
        value=attention.value_proj,
        mix=mix.dense,
        attention_norm=mix.LayerNorm,
        feed_forward=lambda hidden: layer.output.dense(layer.intermediate(hidden)),
        norm=layer.output.LayerNorm,
        heads=attention.num_attention_heads,
        attention=lambda: disentangled(encoder, attention),
    )
