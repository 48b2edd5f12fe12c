"""Where a family keeps its parts: what to hook, and which parts the exact fast path may recompute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from robustness.errors import UsageError
from robustness.neurons.sites import Anatomy, Kind, anatomy

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from transformers import PreTrainedModel

__all__ = ["Depth", "Path", "Wiring", "wiring"]

Path = Literal["parts", "modules", "hooks"]
"""`parts`: post-norm with absolute positions, recomputed part by part. `modules`: post-norm, restarted
by whole layers (DeBERTa's relative positions stay inside them). `hooks`: anything, whole forwards."""

_BERT: Final = (
    "attention.self.query attention.self.key attention.self.value attention.output.dense "
    "attention.output.LayerNorm intermediate.dense intermediate.intermediate_act_fn output.dense "
    "output.LayerNorm"
)
_DEBERTA: Final = (
    _BERT.replace("query", "query_proj").replace("key", "key_proj").replace("value", "value_proj")
)
_DISTILBERT: Final = (
    "attention.q_lin attention.k_lin attention.v_lin attention.out_lin sa_layer_norm ffn.lin1 "
    "ffn.activation ffn.lin2 output_layer_norm"
)
_ALBERT: Final = (
    "attention.query attention.key attention.value attention.dense attention.LayerNorm ffn activation "
    "ffn_output full_layer_layer_norm"
)
_PARTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "bert": ("encoder.layer", _BERT),
        "roberta": ("encoder.layer", _BERT),
        "xlm-roberta": ("encoder.layer", _BERT),
        "camembert": ("encoder.layer", _BERT),
        "electra": ("encoder.layer", _BERT),
        "deberta-v2": ("encoder.layer", _DEBERTA),
        "distilbert": ("transformer.layer", _DISTILBERT),
        "albert": ("encoder.albert_layer_groups", _ALBERT),
    }
)
"""Family -> its list of layers, and the parts of a layer in the order of `Depth`."""

_HEAD_OUTPUTS: Final = (
    "attention.output.dense",
    "attention.attn.o",
    "attention.out_proj",
    "out_lin",
    "attn.Wo",
)
"""Where other families project the joined heads."""

_SEQUENCE_FIRST: Final = frozenset({"xlnet"})


@dataclass(frozen=True, slots=True)
class Depth:
    """One layer as the forward pass meets it. ALBERT meets the same modules at every depth.

    On the hook path only `layer`, `attention_out` and `ffn_out` are known, the latter two perhaps not.
    """

    layer: Any
    query: Any = None
    key: Any = None
    value: Any = None
    attention_out: Any = None
    attention_norm: Any = None
    ffn_in: Any = None
    activation: Any = None
    ffn_out: Any = None
    ffn_norm: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """A network, its parts by depth, and how its read-out vector becomes a logit."""

    network: PreTrainedModel
    body: Anatomy
    depths: tuple[Depth, ...]
    path: Path
    read: Callable[[Tensor], Tensor]
    """float[..., d], the last layer's output at position 0 -> float[...], the logit."""
    sequence_first: bool = False

    def place(self, kind: Kind, layer: int) -> tuple[Module, int, bool]:
        """Return where a kind lives at a depth: module, which of its calls, and whether its input
        (True) or its output is the tensor float[N, S, width].

        Raises `UsageError` where the family has no such place.
        """
        field = {"ffn": "ffn_out", "head": "attention_out", "out": "ffn_norm"}[kind]
        if self.path == "hooks" and kind == "out":
            field = "layer"
        modules = [getattr(depth, field) for depth in self.depths]
        module = modules[layer]
        if module is None:
            raise UsageError(
                f"sites {kind!r}: no place for them was found in a network of family "
                f"{self.body.family!r}; choose other sites"
            )
        return module, sum(m is module for m in modules[:layer]), kind != "out"

    @property
    def head_size(self) -> int:
        """Columns of one head in the joined context vector."""
        out = self.depths[0].attention_out
        return int(out.in_features) // self.body.heads if out is not None and self.body.heads else 0

    def columns(self, kind: Kind, index: int) -> slice:
        """Return the columns that a unit takes in the tensor of its place."""
        size = self.head_size if kind == "head" else 1
        return slice(index * size, (index + 1) * size)


def wiring(network: PreTrainedModel) -> Wiring:
    """Return the wiring of a multiple-choice network; any family, the fast path for those known.

    Raises `UsageError` where not even layers can be found, `ModelError` for an unknown configuration.
    """
    body = anatomy(network.config)
    known = _PARTS.get(body.family)
    if known is not None and _is_plain(network):
        holder, names = known
        depths = tuple(_depth(layer, names) for layer in _layers(network, holder, body))
        path: Path = "modules" if body.family == "deberta-v2" else "parts"
        return Wiring(network, body, depths, path, lambda x: _read(network, x))
    return Wiring(
        network, body, tuple(_found(network, body)), "hooks", _no_read, body.family in _SEQUENCE_FIRST
    )


def _no_read(_: Tensor) -> Tensor:
    raise AssertionError("the hook path reads whole forwards")


def _is_plain(network: PreTrainedModel) -> bool:
    """Whether the network is the plain encoder of its family, read out at position 0."""
    config = network.config
    convolved = int(getattr(config, "conv_kernel_size", 0) or 0) > 0  # DeBERTa-v2-xlarge
    first = getattr(config, "summary_type", "first") == "first"  # ELECTRA, on request, reads others
    return not (getattr(config, "is_decoder", False) or convolved) and first


def _depth(layer: Module, names: str) -> Depth:
    parts = [_reach(layer, name) for name in names.split()]
    return Depth(layer, *parts)


def _reach(module: Module, path: str) -> Any:
    found: Any = module
    for name in path.split("."):
        found = getattr(found, name)
    return found


def _layers(network: PreTrainedModel, holder: str, body: Anatomy) -> Iterator[Any]:
    listed = _reach(network.base_model, holder)
    if body.family != "albert":
        yield from listed
        return
    count = network.config.num_hidden_layers
    for at in range(count):
        yield from listed[int(at / (count / len(listed)))].albert_layers


def _read(network: Any, vector: Tensor) -> Tensor:
    """Apply the head of a family to read-out vectors, without dropout (evaluation mode)."""
    x, family = vector.unsqueeze(-2), network.config.model_type
    flat = x.reshape(-1, 1, x.shape[-1])
    if family == "distilbert":
        pooled = network.pre_classifier(flat[:, 0]).relu()
    elif family == "albert":
        pooled = network.albert.pooler_activation(network.albert.pooler(flat[:, 0]))
    elif family == "electra":
        pooled = network.sequence_summary(flat)
    elif family == "deberta-v2":
        pooled = network.pooler(flat)
    else:
        pooled = network.base_model.pooler(flat)
    logits: Tensor = network.classifier(pooled)
    return logits.reshape(vector.shape[:-1])


def _found(network: PreTrainedModel, body: Anatomy) -> Iterator[Depth]:
    """Find layers by their number, and the linear maps that end feed-forward and attention blocks."""
    from torch.nn import Linear, ModuleList

    lists = (m for m in network.modules() if isinstance(m, ModuleList) and len(m) == body.layers)
    layers = next(lists, None)
    if layers is None:
        raise UsageError(
            f"model of family {body.family!r}: no list of {body.layers} layers was found in it; neuron "
            "analysis needs one"
        )
    for layer in layers:
        linear = {name: m for name, m in layer.named_modules() if isinstance(m, Linear)}
        sized = [m for m in linear.values() if (m.in_features, m.out_features) == (body.ffn, body.hidden)]
        heads = [m for name, m in linear.items() if name.endswith(_HEAD_OUTPUTS)]
        yield Depth(layer, attention_out=heads[0] if heads else None, ffn_out=sized[-1] if sized else None)
