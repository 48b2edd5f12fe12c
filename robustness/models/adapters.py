"""PEFT adapters: a small folder over a base model, merged into it before anything is scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from robustness.errors import ModelError
from robustness.models.kinds import ModelKind
from robustness.models.locate import Located, is_hub_id
from robustness.models.quiet import quiet
from robustness.models.vetting import read_json

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["Adapter", "merged", "read_adapter"]

_FILE = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"

_TASKS = {
    "SEQ_CLS": ModelKind.CLASSIFIER,
    "CAUSAL_LM": ModelKind.CAUSAL,
    "SEQ_2_SEQ_LM": ModelKind.ENCODER_DECODER,
}

_ORIGINS = frozenset({"base_model_name_or_path", "inference_mode", "peft_version", "revision"})
"""Settings that say where an adapter came from, not what it computes."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter folder, looked over but not loaded."""

    name: str
    folder: Path
    base: str
    """Folder or Hub id of the base model."""
    kind: ModelKind | None
    """What its task type says; None where it says nothing, as for multiple choice."""
    digest: str
    """SHA-256 of its settings and tensors."""
    supplied: frozenset[str]
    """Names, as in the whole network, of the tensors that it brings whole: a trained head."""

    def kind_or(self, asked: str) -> str:
        """Return the kind to open the base as; `asked` where the adapter does not say.

        Raises `ModelError` where the two differ.
        """
        if self.kind is not None and asked not in ("auto", self.kind):
            raise ModelError(
                f"model {self.name!r}: an adapter for the kind {str(self.kind)!r} came, but {asked!r} was "
                "asked for; leave the kind out"
            )
        return self.kind or asked


def read_adapter(found: Located) -> Adapter | None:
    """Return the adapter that a folder holds, or None for a whole checkpoint.

    Raises `ModelError` for an adapter without a base, with pickled weights, or without `peft`, which
    the extra `peft` installs.
    """
    if not (found.folder / _FILE).is_file():
        return None
    where = f"model {found.name!r}"
    settings = read_json(found.folder / _FILE, where)
    base = settings.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise ModelError(
            f"{where}: an adapter ({_FILE}) without base_model_name_or_path came, but the model that it "
            "changes is needed; write it there, or merge the adapter into its base model and save that"
        )
    if settings.get("megatron_config"):
        raise ModelError(
            f"{where}: {_FILE} asks to import a module of its choice (megatron_config), but code of others "
            "is never run; merge the adapter into its base model and save that"
        )
    if not (found.folder / _WEIGHTS).is_file():
        raise ModelError(
            f"{where}: the adapter has no {_WEIGHTS}, but its weights are needed, and pickled ones "
            "(adapter_model.bin) are never opened; save it with save_pretrained"
        )
    if find_spec("peft") is None:
        raise ModelError(
            f"{where}: an adapter ({_FILE}) came, but the package `peft` is not installed; "
            "pip install 'mcrc-robustness[peft]', or merge the adapter into its base model and save that"
        )
    tensors = _tensors(found.folder, where)
    return Adapter(
        name=found.name,
        folder=found.folder,
        base=_beside(found.folder, base),
        kind=_TASKS.get(str(settings.get("task_type"))),
        digest=_digest(settings, tensors),
        supplied=frozenset(_plain_name(name) for name in tensors),
    )


def merged(network: PreTrainedModel, adapter: Adapter) -> PreTrainedModel:
    """Return the base network with the adapter merged into its weights, in fp32.

    The digest of the adapter is put into the configuration, and so reaches the fingerprint. Raises
    `ModelError` for an adapter that does not fit the base, or cannot be merged (prompt tuning).
    """
    from peft import PeftModel

    try:
        with quiet():
            adapted = PeftModel.from_pretrained(network, str(adapter.folder), is_trainable=False)
            _vet_fit(adapted, adapter)
            whole = adapted.merge_and_unload(safe_merge=True)
    except (AttributeError, NotImplementedError) as error:
        raise ModelError(
            f"model {adapter.name!r}: its kind of adapter cannot be merged into the base model "
            f"({type(error).__name__}), but that is needed; use LoRA or another that changes weights"
        ) from error
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError(
            f"model {adapter.name!r}: the adapter could not be put over its base model "
            f"({type(error).__name__}: {' '.join(str(error).split())[:200]}), but the base of its training "
            "is needed; check base_model_name_or_path"
        ) from error
    whole.config.adapter_digest = adapter.digest
    return cast("PreTrainedModel", whole)


def _vet_fit(adapted: object, adapter: Adapter) -> None:
    """Every tensor of the file must have reached the network: peft passes over the others in silence."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    there = get_peft_model_state_dict(adapted)
    saved = load_file(adapter.folder / _WEIGHTS)
    lost = sorted(
        name
        for name, value in saved.items()
        if name not in there or there[name].shape != value.shape or not _equal(there[name], value)
    )
    if lost or len(there) > len(saved):
        names = lost or sorted(set(there) - set(saved))
        raise ModelError(
            f"model {adapter.name!r}: {len(names)} tensor(s) of the adapter and of its base model do not "
            f"match ({', '.join(names[:3])}), but the base of its training is needed; check "
            "base_model_name_or_path"
        )


def _equal(a: Tensor, b: Tensor) -> bool:
    import torch

    return bool(torch.equal(a.cpu().float(), b.float()))


def _beside(folder: Path, base: str) -> str:
    """A relative path is tried beside the adapter first, so that both can be moved together."""
    near = folder / base
    if not Path(base).is_absolute() and (near / "config.json").is_file():
        return str(near)
    known = Path(base).expanduser().is_dir() or is_hub_id(base)
    sibling = folder.parent / Path(base).name
    return str(sibling) if not known and (sibling / "config.json").is_file() else base


def _tensors(folder: Path, where: str) -> Mapping[str, Tensor]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors: Mapping[str, Tensor] = load_file(folder / _WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{where}: {_WEIGHTS} cannot be read ({type(error).__name__}), but the adapter's weights are "
            "needed; save or fetch it again"
        ) from error
    bad = sorted(name for name, value in tensors.items() if not torch.isfinite(value).all())
    if bad:
        raise ModelError(
            f"{where}: NaN or infinite weights in {len(bad)} tensor(s) of the adapter "
            f"({', '.join(bad[:3])}), but finite ones are needed; take an earlier or an undamaged one"
        )
    return tensors


def _digest(settings: Mapping[str, object], tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    own = {name: value for name, value in settings.items() if name not in _ORIGINS}
    digest.update(json.dumps(own, sort_keys=True, default=str).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"\0{name} {value.dtype} {tuple(value.shape)}\0".encode())
        digest.update(value.float().contiguous().reshape(-1).numpy().tobytes())
    return digest.hexdigest()


def _plain_name(name: str) -> str:
    """`base_model.model.classifier.weight` -> `classifier.weight`."""
    parts = name.removeprefix("base_model.model.").split(".")
    return ".".join(part for part in parts if part != "modules_to_save")
