"""A digest of all that can change a score: weights, configuration, tokenizer, limit, arithmetic."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["combined", "fingerprint", "numeric_class"]

_VOLATILE = frozenset({"_name_or_path", "_commit_hash", "dtype", "torch_dtype", "transformers_version"})
"""Keys of a configuration that say where it came from, or how it was stored, not what it computes."""

_PER_CALL = frozenset({"padding", "truncation"})
"""Settings in tokenizer.json that the library overwrites with every call."""


def numeric_class(network: PreTrainedModel, *, device: str) -> str:
    """Return what decides the last bits: dtype, library minor versions, device kind, attention.

    Shaped like `fp32/torch2.13/transformers5.23/cpu/sdpa`.
    """
    import torch
    import transformers

    minor = [".".join(v.split(".")[:2]) for v in (torch.__version__, transformers.__version__)]
    attention = getattr(network.config, "_attn_implementation", None) or "eager"
    kind = torch.device(device).type
    return f"fp32/torch{minor[0]}/transformers{minor[1]}/{kind}/{attention}"


def fingerprint(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, *, max_length: int, numeric: str
) -> str:
    """Return 64 hexadecimal digits; equal for equal content in any folder and shard layout.

    Every part is length-prefixed. Tensors are hashed as loaded (fp32), by sorted name, with dtype
    and shape; a configuration key that only records an origin is left out.
    """
    digest = hashlib.sha256()
    config = {k: v for k, v in network.config.to_dict().items() if k not in _VOLATILE}
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    settings = {k: v for k, v in backend.items() if k not in _PER_CALL}
    for part in (config, settings, {"max_length": max_length, "numeric": numeric}):
        _add(digest, _canonical(part))
    _add(digest, _canonical({"inputs": sorted(tokenizer.model_input_names)}))
    _add_tensors(digest, network)
    return digest.hexdigest()


def combined(weights: str, settings: Mapping[str, str]) -> str:
    """Return the fingerprint of a model that is asked in a certain way: 64 hexadecimal digits.

    >>> combined("9f3c", {"likelihood": "raw"}) == combined("9f3c", {"likelihood": "byte"})
    False
    """
    text = json.dumps({"weights": weights, **settings}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _add_tensors(digest: hashlib._Hash, network: PreTrainedModel) -> None:
    import torch

    for name, tensor in sorted(network.state_dict().items()):
        _add(digest, f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        _add(digest, memoryview(flat.view(torch.uint8).numpy()))


def _add(digest: hashlib._Hash, part: bytes | memoryview) -> None:
    digest.update(len(part).to_bytes(8, "big"))
    digest.update(part)


def _canonical(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()
