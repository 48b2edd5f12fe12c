"""What a training starts from: a checkpoint, or a new network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from robustness.domain import Example
from robustness.errors import ModelError, UsageError
from robustness.models.locate import locate
from robustness.models.quiet import quiet
from robustness.training.options import SCRATCH, Training
from robustness.training.scratch import Shape, network, tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["opened"]


def opened(
    base: str, examples: Sequence[Example], training: Training
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return the network and the tokenizer to train: new ones, or those of a checkpoint.

    A base needs no multiple-choice head: a new one is made where it is missing.

    Raises `ModelError` for a base that cannot be loaded, `UsageError` for a warm start of one.
    """
    import torch
    from transformers import AutoModelForMultipleChoice, AutoTokenizer

    if base == SCRATCH:
        shape = Shape(positions=training.max_length)
        coder = tokenizer(examples, size=shape.vocabulary, max_length=training.max_length)
        return network(shape, vocabulary=len(coder), seed=training.seed), coder
    if training.warm_epochs:
        raise UsageError(
            f"--warm-epochs: {training.warm_epochs!r} came with the base {base!r}, but only the "
            f"base {SCRATCH!r} has a warm start; leave it out"
        )
    found = locate(base)
    try:
        with quiet():
            model = AutoModelForMultipleChoice.from_pretrained(
                found.folder, dtype=torch.float32, use_safetensors=True, local_files_only=True
            )
            coder = AutoTokenizer.from_pretrained(found.folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"base {found.name!r}: transformers could not load it ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:200]}), but an encoder with a tokenizer in "
            "safetensors is needed; fetch or save it again"
        ) from error
    positions = getattr(model.config, "max_position_embeddings", 0)
    if 0 < positions < training.max_length:
        raise UsageError(
            f"--max-length: {training.max_length} came, but the base {found.name!r} has "
            f"{positions} positions; give {positions} or less"
        )
    return cast("PreTrainedModel", model), cast("PreTrainedTokenizerFast", coder)
