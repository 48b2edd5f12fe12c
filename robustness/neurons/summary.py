"""A whole analysis as plain data, to JSON and back: neither torch nor numpy."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

from robustness.errors import DataError
from robustness.neurons.findings import HeldOut, LayerCertificate, Patched, Quadrant, SetTest, UnitEffects
from robustness.results import Estimate

__all__ = ["LayerProfile", "NeuronSummary", "from_json", "to_json"]

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class LayerProfile:
    """One kind and layer at a glance."""

    kind: str
    layer: int
    units: int
    verified: int
    mean_size: float
    """Mean |change of the attacked margin| over its units, exact where known, else estimated."""
    largest: float
    """The largest of them."""
    quadrants: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NeuronSummary:
    """One analysis. Effects are changes of margins (gold logit minus the best other), in logits."""

    model: Mapping[str, Any]
    """name, fingerprint, and the anatomy: family, layers, hidden, ffn, heads."""
    data: Mapping[str, Any]
    """suite, n_items, n_sequences, conditions, seed, sequences_sha."""
    ablation: Mapping[str, Any]
    """value, draws, level, seed, reference_sha, block_bytes, positions."""
    baseline: Mapping[str, tuple[float, float, int]]
    """Condition -> accuracy, mean margin, items."""
    tolerance: float
    """Clean cost that counts as none: a tenth of the standard deviation of clean margins."""
    units: tuple[UnitEffects, ...]
    """Discovered units first, then the largest exact effects; at most 100. The cube has all."""
    heads: tuple[UnitEffects, ...]
    """All heads, where they were analysed."""
    quadrants: Mapping[str, Mapping[str, int]]
    """Kind -> quadrant -> units."""
    traits: Mapping[str, int]
    """Verified units by behavioural class: `artefact`, `order`, `keyword`."""
    layers: tuple[LayerProfile, ...]
    sets: tuple[SetTest, ...]
    """The first was chosen on all attacks: its held-out test is the headline."""
    transfer: Mapping[str, Mapping[str, float]]
    """Attack that chose a set -> attack -> change of the mean margin on the held-out half."""
    screen: tuple[LayerCertificate, ...]
    patching: tuple[Patched, ...]
    """The most telling units, patched between clean and attacked inputs."""
    counts: Mapping[str, int]
    """What was computed: cells, sequences, spot checks."""
    notes: tuple[str, ...]

    @property
    def discoveries(self) -> int:
        """Shortcuts and guardians among the units and heads listed."""
        return sum(unit.discovered for unit in (*self.units, *self.heads))

    @property
    def headline(self) -> SetTest | None:
        """The held-out test of the set chosen on all attacks."""
        return self.sets[0] if self.sets else None


def to_json(summary: NeuronSummary) -> str:
    """Return the summary as JSON text: keys in the order of the fields, `null` for NaN."""
    return json.dumps({"schema": SCHEMA, **_plain(asdict(summary))}, indent=1, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(own) for own in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_json(text: str, *, where: str = "neurons.json") -> NeuronSummary:
    """Return the summary that `to_json` wrote.

    Raises `DataError` for anything else, or another schema.
    """
    try:
        read = json.loads(text)
        if read.pop("schema") != SCHEMA:
            raise ValueError(f"another schema than {SCHEMA}")
        made = NeuronSummary(
            **{
                **read,
                "baseline": {name: tuple(own) for name, own in read["baseline"].items()},
                "units": tuple(map(_unit, read["units"])),
                "heads": tuple(map(_unit, read["heads"])),
                "layers": tuple(LayerProfile(**own) for own in read["layers"]),
                "sets": tuple(map(_set, read["sets"])),
                "screen": tuple(LayerCertificate(**own) for own in read["screen"]),
                "patching": tuple(map(_patched, read["patching"])),
                "notes": tuple(read["notes"]),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{where}: {error}, but a neuron summary of schema {SCHEMA} is needed; run the analysis again"
        ) from error
    return made


def _unit(read: dict[str, Any]) -> UnitEffects:
    effects = tuple((name, Estimate(**own), up, down) for name, own, up, down in read["effects"])
    return UnitEffects(
        **{
            **read,
            "effects": effects,
            "lift": Estimate(**read["lift"]),
            "cost": Estimate(**read["cost"]),
            "specific": Estimate(**read["specific"]),
            "quadrant": Quadrant(read["quadrant"]),
            "traits": tuple(read["traits"]),
        }
    )


def _set(read: dict[str, Any]) -> SetTest:
    heldout = tuple(
        HeldOut(
            **{
                **own,
                "change": Estimate(**own["change"]),
                "random": None if own["random"] is None else tuple(own["random"]),
            }
        )
        for own in read["heldout"]
    )
    return SetTest(**{**read, "members": tuple(read["members"]), "heldout": heldout})


def _patched(read: dict[str, Any]) -> Patched:
    ends = {name: Estimate(**read[name]) for name in ("total", "indirect", "restored")}
    return Patched(**{**read, **ends})
