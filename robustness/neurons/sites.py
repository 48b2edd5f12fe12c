"""Addresses of units: `ffn.L.i`, `out.L.i`, `head.L.h`, depths from 0, `*` for all depths at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, cast

from robustness.errors import ModelError, UsageError, unknown

__all__ = [
    "EVERY",
    "KINDS",
    "Anatomy",
    "Kind",
    "Site",
    "anatomy",
    "enumerate_sites",
    "kinds_named",
    "parse_site",
]

Kind = Literal["ffn", "out", "head"]

KINDS: Final[tuple[Kind, ...]] = ("ffn", "out", "head")
"""`ffn`: one coordinate behind the activation of a feed-forward block, the only basis with an
element-wise non-linearity. `out`: one coordinate of a layer's output, behind its last LayerNorm.
`head`: one attention head's context vector, before the output projection."""

EVERY: Final = -1
"""Depth of a unit that is meant at all depths: ALBERT shares one block, so `ffn.*.7` is one unit."""

_ADDRESS = re.compile(r"(ffn|out|head)\.(\*|0|[1-9]\d*)\.(0|[1-9]\d*)")


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One unit. Sites sort by kind, then depth, then index, as numbers (2 before 10)."""

    kind: Kind
    layer: int
    """Depth from 0, or `EVERY`."""
    index: int

    def __str__(self) -> str:
        return f"{self.kind}.{'*' if self.layer == EVERY else self.layer}.{self.index}"


class _Config(Protocol):
    """A configuration of the transformers library; attributes differ between families."""

    model_type: str


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What of a network can be addressed."""

    family: str
    layers: int
    """Depths, counted as the forward pass goes through them."""
    hidden: int
    ffn: int
    """Width of the feed-forward block."""
    heads: int
    shared: bool = False
    """Whether depths share weights (ALBERT): then `*` is an address too."""

    def width(self, kind: Kind) -> int:
        """Return how many units of a kind one layer has."""
        return {"ffn": self.ffn, "out": self.hidden, "head": self.heads}[kind]

    def check(self, site: Site) -> Site:
        """Return `site`, or raise `UsageError` where this network has no such unit."""
        if site.layer == EVERY and not self.shared:
            raise UsageError(
                f"site {site}: '*' means one unit at all depths, but {self.family} shares no weights "
                f"between depths; name one of 0..{self.layers - 1}"
            )
        if site.layer >= self.layers or site.index >= self.width(site.kind):
            raise UsageError(
                f"site {site}: it is not in this network, which has {self.layers} layers "
                f"(0..{self.layers - 1}) of {self.width(site.kind)} {site.kind} units; choose another"
            )
        return site


def parse_site(text: str) -> Site:
    """Return the unit of an address.

    Raises `UsageError` for anything but `ffn|out|head . depth|* . index`.

    >>> parse_site("ffn.10.3"), str(parse_site("head.*.0"))
    (Site(kind='ffn', layer=10, index=3), 'head.*.0')
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise UsageError(
            f"site {text!r}: an address is kind.depth.index, such as ffn.4.117, out.0.3, head.5.11 or "
            "ffn.*.7 (all depths of a network that shares them); depths and indices count from 0"
        )
    kind, layer, index = found.groups()
    return Site(cast("Kind", kind), EVERY if layer == "*" else int(layer), int(index))


def kinds_named(text: str) -> tuple[Kind, ...]:
    """Return the kinds of a list with commas, sorted; `all` is every kind.

    Raises `UsageError` for an unknown one.

    >>> kinds_named("head,ffn"), kinds_named("all")
    (('ffn', 'head'), ('ffn', 'head', 'out'))
    """
    names = {name.strip() for name in text.split(",")}
    strange = names - {*KINDS, "all"}
    if strange:
        raise UsageError("--units: " + unknown("kind of unit", min(strange), [*KINDS, "all"]))
    return tuple(sorted(KINDS if "all" in names else cast("set[Kind]", names)))


def enumerate_sites(
    body: Anatomy, kinds: Iterable[Kind] = ("ffn",), *, layers: Sequence[int] | None = None
) -> Iterator[Site]:
    """Yield all units of the kinds in the layers (all of them unless given), in ascending order.

    >>> body = Anatomy("bert", layers=2, hidden=4, ffn=8, heads=2)
    >>> [str(site) for site in enumerate_sites(body, ["head"])]
    ['head.0.0', 'head.0.1', 'head.1.0', 'head.1.1']
    """
    depths = range(body.layers) if layers is None else sorted(set(layers))
    for kind in sorted(set(kinds)):
        for layer in depths:
            for index in range(body.width(kind)):
                yield body.check(Site(kind, layer, index))


def anatomy(config: _Config) -> Anatomy:
    """Return what a network of this configuration has.

    Raises `ModelError` for a configuration that names no depth, width or heads.
    """
    layers = _number(config, "num_hidden_layers", "n_layers", "n_layer")
    inner = int(getattr(config, "inner_group_num", 1))  # ALBERT: blocks within one group
    return Anatomy(
        family=config.model_type,
        layers=layers * inner,
        hidden=_number(config, "hidden_size", "dim", "d_model"),
        ffn=_number(config, "intermediate_size", "hidden_dim", "d_inner", "ffn_dim"),
        heads=_number(config, "num_attention_heads", "n_heads", "n_head", default=0),
        shared=int(getattr(config, "num_hidden_groups", layers)) < layers,
    )


def _number(config: _Config, *names: str, default: int | None = None) -> int:
    for name in names:
        value = getattr(config, name, None)
        if isinstance(value, int):
            return value
    if default is not None:
        return default
    raise ModelError(
        f"model of family {config.model_type!r}: its configuration has no {names[0]!r}, but depth and "
        "widths are needed to address units; neuron analysis does not know this family"
    )
