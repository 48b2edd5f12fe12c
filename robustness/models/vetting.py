"""A checkpoint folder looked over before anything in it is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from robustness.errors import ModelError
from robustness.models.kinds import ModelKind, kind_of
from robustness.models.locate import Located

__all__ = ["has_tokenizer", "read_json", "vet_folder"]

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_TOKENIZER_FILES = ("tokenizer.json", "vocab*", "*.model", "*.codes")


def vet_folder(
    found: Located, *, kind: str = "multiple-choice", adapted: bool = False, untrained: bool = False
) -> ModelKind:
    """Return the kind of a checkpoint whose files are whole and plain, or raise `ModelError`.

    Refused are quantised weights, code that comes with the checkpoint, architectures of another kind,
    pickled weights, and folders without configuration, weights or tokenizer. The base of an adapter
    (`adapted`) may lack the tokenizer and the head, which come with the adapter; one that may be
    `untrained` lacks its head, whatever architecture it names.
    """
    where, folder = f"model {found.name!r}", found.folder
    config = read_json(folder / "config.json", where)
    for name, settings in (
        ("config.json", config),
        ("tokenizer_config.json", read_json(folder / "tokenizer_config.json", where, needed=False)),
    ):
        if "auto_map" in settings:
            raise ModelError(
                f"{where}: {name} asks to run code that comes with the checkpoint (auto_map), but "
                "code of others is never run; use an architecture that transformers contains"
            )
    if "quantization_config" in config:
        raise ModelError(
            f"{where}: config.json asks for quantised weights, whose scores can depend on the "
            "other rows of a batch, but fp32 is needed for a verdict; give the full checkpoint"
        )
    said = (adapted or untrained) and kind != "auto"
    found_kind = ModelKind(kind) if said else kind_of(config, asked=kind, where=where)
    _vet_weights_format(where, folder)
    if not adapted and not has_tokenizer(folder):
        # transformers would make up an empty tokenizer here and score unknown tokens.
        raise ModelError(
            f"{where}: the folder holds no tokenizer, but the one of the training is needed; save "
            "it there with tokenizer.save_pretrained(FOLDER)"
        )
    return found_kind


def has_tokenizer(folder: Path) -> bool:
    """Return whether a folder holds the files of a tokenizer."""
    return bool(_any_file(folder, _TOKENIZER_FILES))


def read_json(path: Path, where: str, *, needed: bool = True) -> Mapping[str, object]:
    """Return the object of a JSON file, {} where it is not there and not needed, or raise `ModelError`."""
    if not path.is_file():
        if not needed:
            return {}
        raise ModelError(
            f"{where}: the folder has no {path.name}, but a checkpoint folder written by "
            "save_pretrained is needed; check the path"
        )
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"{where}: {path.name} is not JSON ({error}), but it must be; save or fetch it again"
        ) from error
    if not isinstance(value, dict):
        raise ModelError(
            f"{where}: {path.name} holds a {type(value).__name__}, but an object is needed; save "
            "or fetch it again"
        )
    return value


def _vet_weights_format(where: str, folder: Path) -> None:
    if any((folder / name).is_file() for name in _WEIGHTS):
        return
    pickles = _any_file(folder, _PICKLES)
    if pickles:
        raise ModelError(
            f"{where}: the weights are a pickle ({', '.join(pickles)}), which can run code when "
            "opened, but safetensors are needed; where you trust the file, convert it: "
            'python -c "from transformers import AutoModelForMultipleChoice as M; '
            "M.from_pretrained('FOLDER').save_pretrained('FOLDER')\""
        )
    raise ModelError(
        f"{where}: no weights in {' or '.join(_WEIGHTS)}, but they are needed (pickled weights "
        "are never fetched or opened); save the model with save_pretrained"
    )


def _any_file(folder: Path, patterns: Iterable[str]) -> tuple[str, ...]:
    found = {path.name for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    return tuple(sorted(found))
