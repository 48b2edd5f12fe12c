"""What an analysis keeps of a checkpoint so that another one can be laid beside it, without either model.

The cube says what each ablation does to each sequence. A comparison also needs which items the
sequences belong to, what each unit does on the same tokens, and how far its weights are from another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity, Suite
from robustness.errors import OutputError, RobustnessError
from robustness.neurons.conditions import Condition, conditions
from robustness.neurons.sequences import Role, Sequences, sequences
from robustness.neurons.sites import Kind
from robustness.neurons.store import PORTRAIT
from robustness.neurons.verify import Layer
from robustness.rng import derive

if TYPE_CHECKING:
    from robustness.models.huggingface import HuggingFaceModel
    from robustness.neurons.wiring import Depth, Wiring

__all__ = ["Portrait", "portrait_of", "read_portrait", "signs", "write_portrait"]

Floats = npt.NDArray[np.floating]

TOKENS: Final = 512
"""Random clean tokens, of passage, question and options, on which activations are kept."""
SKETCH: Final = 32
"""Numbers kept of a unit's weights: the norm of a difference is known within about an eighth."""
_ROWS: Final = 64
_CHUNK: Final = 4_096
_HALF: Final = 65_504.0
"""What fp16 can hold; some networks have units beyond."""


class Portrait(NamedTuple):
    """What can be laid beside another checkpoint's."""

    conditions: tuple[Condition, ...]
    """Clean first; options are rows of the cube."""
    activations: Mapping[Layer, Floats]
    """float[tokens, width] by kind and depth; equal sequences give equal tokens."""
    weights: Mapping[Layer, Floats]
    """float[units, 2, sketch]: what a unit reads with and what it writes with, multiplied by random signs.
    Without `out` units, and empty for families whose parts are not known."""


def portrait_of(model: HuggingFaceModel, suite: Suite, kinds: Iterable[Kind]) -> Portrait:
    """Return the portrait of a loaded checkpoint on a suite, by a few forward passes over clean rows.

    Raises `DataError` where no item fits into the model.
    """
    from robustness.neurons.wiring import wiring

    data, wired, wanted = sequences(model, suite), wiring(model.network), tuple(sorted(set(kinds)))
    return Portrait(
        conditions=conditions(suite, data),
        activations=_activations(wired, data, wanted),
        weights=dict(_weights(wired, wanted)),
    )


def _activations(wired: Wiring, data: Sequences, kinds: tuple[Kind, ...]) -> dict[Layer, Floats]:
    import torch

    from robustness.neurons.batch import batch, chunks
    from robustness.neurons.trace import trace

    places = _tokens(data)
    rows = sorted({row for row, _ in places})
    part = Sequences(tuple(data.rows[r] for r in rows), tuple(data.roles[r] for r in rows), (), {})
    found: dict[Layer, list[tuple[int, Floats]]] = {}
    with torch.inference_mode():
        for chunk in chunks(part, tokens=_CHUNK):
            given = batch(data, [rows[at] for at in chunk], wired.network)
            inside = [(n, t, places[r, t]) for n, r in enumerate(given.rows) for t in _of(places, r)]
            for kind, depths in trace(wired, given, kinds).kinds.items():
                for layer, value in enumerate(depths):
                    kept = value[[n for n, *_ in inside], [t for _, t, _ in inside]].float().cpu().numpy()
                    found.setdefault((kind, layer), []).extend(
                        zip((at for *_, at in inside), kept, strict=True)
                    )
    return {key: np.stack([row for _, row in sorted(own, key=lambda p: p[0])]) for key, own in found.items()}


def _tokens(data: Sequences) -> dict[tuple[int, int], int]:
    """Return (row, token) -> place among the kept tokens, the same for equal sequences."""
    clean = data.clean or tuple(range(len(data)))
    order = derive(0, "portrait", data.digest).permutation(len(clean))
    rows = sorted(clean[at] for at in order[:_ROWS])
    each = max(1, -(-TOKENS // len(rows)))
    found: list[tuple[int, int]] = []
    for row in rows:
        own = [t for t, role in enumerate(data.roles[row]) if role not in (Role.SPECIAL, Role.PAD)]
        mixed = derive(0, "portrait", data.digest, str(row)).permutation(len(own))
        found += [(row, own[at]) for at in sorted(mixed[:each])]
    return {place: at for at, place in enumerate(found[:TOKENS])}


def _of(places: Mapping[tuple[int, int], int], row: int) -> list[int]:
    return [token for own, token in places if own == row]


def _weights(wired: Wiring, kinds: Sequence[Kind]) -> Iterator[tuple[Layer, Floats]]:
    for layer, depth in enumerate(wired.depths):
        if "ffn" in kinds and depth.ffn_in is not None and hasattr(depth.ffn_out, "weight"):
            yield ("ffn", layer), _sketched(_array(depth.ffn_in), _array(depth.ffn_out).T)
        if "head" in kinds and depth.query is not None:
            yield ("head", layer), _sketched(*_heads(depth, wired.body.heads))


def _heads(depth: Depth, heads: int) -> tuple[Floats, Floats]:
    """Return float[heads, ...] twice: rows of query, key and value, and columns of the output."""
    reads = [_array(module).reshape(heads, -1) for module in (depth.query, depth.key, depth.value)]
    return np.concatenate(reads, axis=1), _array(depth.attention_out).T.reshape(heads, -1)


def _array(linear: Any) -> Floats:
    found: Floats = linear.weight.detach().float().cpu().numpy()
    return found


def _sketched(reads: Floats, writes: Floats) -> Floats:
    return np.stack([reads @ signs(reads.shape[1]), writes @ signs(writes.shape[1])], axis=1)


def signs(length: int, *, width: int = SKETCH) -> Floats:
    """Return float32[length, width] of random signs over sqrt(width): norms survive the product.

    Achlioptas 2003, JCSS 66, p. 671. From raw bits of PCG64, whose stream numpy promises to keep.

    >>> bool(abs(signs(3, width=4)).max() == 0.5)
    True
    """
    raw = np.random.PCG64(0).random_raw(length * width) >> np.uint64(63)
    found: Floats = (2.0 * raw.astype(np.float32) - 1.0) / np.sqrt(np.float32(width))
    return found.reshape(length, width)


def write_portrait(folder: Path, made: Portrait) -> Path:
    """Write `portrait.npz` into a neuron folder, whole or not at all; ids and numbers alone.

    Raises `OutputError` where it cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    for at, own in enumerate(made.conditions):
        arrays[f"condition.{at}"] = np.array([own.name, own.polarity or ""])
        arrays[f"sources.{at}"], arrays[f"groups.{at}"] = np.array(own.sources), np.array(own.groups)
        arrays[f"options.{at}"], arrays[f"gold.{at}"] = own.options, own.gold
    for (kind, layer), values in made.activations.items():
        is_small = float(np.abs(values).max(initial=0.0)) < _HALF
        arrays[f"activations.{kind}.{layer}"] = values.astype(np.float16 if is_small else np.float32)
    for (kind, layer), values in made.weights.items():
        arrays[f"weights.{kind}.{layer}"] = values.astype(np.float32)
    path, draft = folder / PORTRAIT, folder / f".{PORTRAIT}.{token_hex(4)}"
    try:
        with draft.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"neurons {folder}: {error.strerror or error}, but a portrait needs a writable place; choose "
            "another folder or free it"
        ) from error
    return path


def read_portrait(folder: Path) -> Portrait:
    """Return the portrait of a neuron folder, whose digests the caller has checked.

    Raises `RobustnessError` where there is none (analyses before this version kept none) or a damaged one.
    """
    path = folder / PORTRAIT
    if not path.is_file():
        raise RobustnessError(
            f"neurons {folder}: there is no {PORTRAIT}, but a comparison needs what it holds (items and "
            "activations); run the analysis again with this version"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (ValueError, OSError, BadZipFile) as error:
        raise RobustnessError(
            f"neurons {folder}: {PORTRAIT} cannot be read ({type(error).__name__}), but a comparison needs "
            "it; run the analysis again"
        ) from error
    count = sum(name.startswith("condition.") for name in arrays)
    return Portrait(
        tuple(_condition(arrays, at) for at in range(count)),
        _layers(arrays, "activations"),
        _layers(arrays, "weights"),
    )


def _condition(arrays: Mapping[str, npt.NDArray[Any]], at: int) -> Condition:
    name, polarity = (str(text) for text in arrays[f"condition.{at}"])
    return Condition(
        name=name,
        polarity=Polarity(polarity) if polarity else None,
        sources=tuple(map(str, arrays[f"sources.{at}"])),
        groups=tuple(map(str, arrays[f"groups.{at}"])),
        options=arrays[f"options.{at}"],
        gold=arrays[f"gold.{at}"],
    )


def _layers(arrays: Mapping[str, npt.NDArray[Any]], what: str) -> dict[Layer, Floats]:
    found: dict[Layer, Floats] = {}
    for name, values in arrays.items():
        head, *rest = name.split(".")
        if head == what:
            kind: Any = rest[0]
            found[kind, int(rest[1])] = values.astype(np.float64)
    return found
