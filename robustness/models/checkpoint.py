"""A checkpoint opened, or refused in one paragraph: everything that would make its scores
meaningless or its files unsafe is found before the first row is scored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from robustness.edit_record import EDIT, EditRecord, edit_text, read_edit
from robustness.errors import ModelError
from robustness.models.adapters import merged, read_adapter
from robustness.models.kinds import ModelKind
from robustness.models.locate import Located, locate
from robustness.models.pairing import mismatches
from robustness.models.quiet import quiet
from robustness.models.vetting import has_tokenizer, vet_folder
from robustness.results import EXPLORATORY

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["Checkpoint", "kind_at", "open_checkpoint"]

_SANE_LENGTH = 1_000_000
"""Tokenizers without a limit of their own report a number near 1e30."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A fine-tuned network with its tokenizer, on the CPU, in fp32 and evaluation mode."""

    name: str
    revision: str
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    max_length: int
    """Tokens per row, special tokens included."""
    kind: ModelKind = ModelKind.MULTIPLE_CHOICE
    edit: EditRecord | None = None
    """What `robustness edit` did to it; None for a checkpoint as it was trained."""
    exploratory: str = ""
    """Why its numbers can carry no verdict; empty where they can."""
    warning: str = ""
    """What speaks against its parts being of one model; mostly empty."""

    def told(self, *warnings: str) -> dict[str, str]:
        """Return what a run's environment says of it, beside other warnings."""
        said = {
            EDIT: edit_text(self.edit) if self.edit else "",
            EXPLORATORY: self.exploratory,
            "warning": "; ".join(filter(None, (self.warning, *warnings))),
        }
        return {name: text for name, text in said.items() if text}


_AUTO = {
    ModelKind.MULTIPLE_CHOICE: "AutoModelForMultipleChoice",
    ModelKind.CLASSIFIER: "AutoModelForSequenceClassification",
    ModelKind.CAUSAL: "AutoModelForCausalLM",
    ModelKind.ENCODER_DECODER: "AutoModelForSeq2SeqLM",
}


def open_checkpoint(
    location: str,
    *,
    max_length: int | None = None,
    kind: str = ModelKind.MULTIPLE_CHOICE,
    untrained: bool = False,
) -> Checkpoint:
    """Return the checkpoint of a folder or Hub id `org/name[@revision]`, of a `ModelKind` or `auto`.

    Weights are read from safetensors alone and no code of the checkpoint is run. The folder of a PEFT
    adapter gives its base model with the adapter merged into it. Where it may be `untrained`, tensors
    that it lacks are random numbers, always the same, and it is exploratory. Raises `ModelError` for a
    checkpoint that cannot be read, is not of this kind or whose parts do not belong together.
    """
    found = locate(location)
    adapter = read_adapter(found)
    if adapter is None:
        made_as = vet_folder(found, kind=kind, untrained=untrained)
        (network, missing), base = _network(found, made_as), found
    else:
        base = locate(adapter.base)
        made_as = vet_folder(base, kind=adapter.kind_or(kind), adapted=True)
        plain, missing = _network(base, made_as)
        network, missing = merged(plain, adapter), missing - adapter.supplied
    exploratory = _lacking(found.name, missing, allowed=untrained)
    tokenizer = _tokenizer(found if has_tokenizer(found.folder) else base)
    _vet_vocabulary(found.name, network, tokenizer)
    _vet_numbers(found.name, network)
    network.eval()
    limit = _length_limit(found.name, network, tokenizer, asked=max_length)
    return Checkpoint(
        found.name,
        found.revision,
        network,
        tokenizer,
        limit,
        made_as,
        edit=read_edit(found.folder),
        exploratory=exploratory,
        warning=_unlike(network, tokenizer),
    )


def kind_at(location: str, *, asked: str = "auto", untrained: bool = False) -> ModelKind:
    """Return the kind of the checkpoint or adapter that lies somewhere, without loading it.

    Raises `ModelError` where `open_checkpoint` would for want of a usable folder or kind.
    """
    found = locate(location)
    adapter = read_adapter(found)
    if adapter is None:
        return vet_folder(found, kind=asked, untrained=untrained)
    return vet_folder(locate(adapter.base), kind=adapter.kind_or(asked), adapted=True)


def _network(found: Located, kind: ModelKind) -> tuple[PreTrainedModel, frozenset[str]]:
    """Return the network and the tensors that its files lack, by name: random numbers, always the same."""
    import torch
    import transformers
    from safetensors import SafetensorError

    try:
        with quiet(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network, info = getattr(transformers, _AUTO[kind]).from_pretrained(
                found.folder,
                dtype=torch.float32,
                use_safetensors=True,
                ignore_mismatched_sizes=True,  # collected, and refused below with their names
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        raise ModelError(
            f"model {found.name!r}: transformers could not load it ({_one_line(error)}), but a "
            "complete checkpoint is needed; save or fetch it again"
        ) from error
    _vet_loading(found.name, info)
    return cast("PreTrainedModel", network), frozenset(map(str, info["missing_keys"]))


def _vet_loading(name: str, info: Mapping[str, Iterable[Iterable[object]]]) -> None:
    misshaped = [" ".join(map(str, key)) for key in info["mismatched_keys"]]
    faults = [*sorted(misshaped), *map(str, info["error_msgs"])]
    if faults:
        raise ModelError(
            f"model {name!r}: {len(faults)} tensor(s) do not fit config.json "
            f"({'; '.join(faults[:3])}), but weights and configuration of one model are needed; "
            "save or fetch it again"
        )


def _lacking(name: str, missing: Collection[str], *, allowed: bool) -> str:
    """Return why one that lacks tensors can carry no verdict, or refuse it; empty for a whole one."""
    shown = ", ".join(sorted(missing)[:5])
    if missing and not allowed:
        raise ModelError(
            f"model {name!r}: {len(missing)} tensor(s) are not in the checkpoint and would be "
            f"newly initialised with random numbers ({shown}), but trained ones are needed: the head was "
            "never trained or not saved; fine-tune the model first, or look at it all the same, without any "
            "verdict, with --model-arg untrained=exploratory"
        )
    return f"{len(missing)} tensor(s) were never trained and are random numbers ({shown})" if missing else ""


def _unlike(network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> str:
    names = ("bos", "cls", "eos", "mask", "pad", "sep")
    special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id", None) for name in names}
    embedded = network.get_input_embeddings().weight.shape[0]
    return mismatches(network.config.to_dict(), special, tokens=len(tokenizer), embedded=embedded)


def _tokenizer(found: Located) -> PreTrainedTokenizerFast:
    from transformers import AutoTokenizer

    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(
                found.folder, use_fast=True, trust_remote_code=False, local_files_only=True
            )
    except (OSError, ValueError, KeyError, ImportError, TypeError, AttributeError) as error:
        raise ModelError(
            f"model {found.name!r}: its tokenizer could not be loaded ({_one_line(error)}), but "
            "the one of the training is needed; save it again with a tokenizer.json"
        ) from error
    if not tokenizer.is_fast:
        raise ModelError(
            f"model {found.name!r}: {type(tokenizer).__name__} is a slow tokenizer, but character "
            "offsets are needed to tell what the model saw; save it with a tokenizer.json"
        )
    return cast("PreTrainedTokenizerFast", tokenizer)


def _vet_vocabulary(name: str, network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    embedded = network.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > embedded:
        raise ModelError(
            f"model {name!r}: the tokenizer has {len(tokenizer)} tokens, but the embedding has "
            f"{embedded}: they are not of one model; put the tokenizer of the training there"
        )


def _vet_numbers(name: str, network: PreTrainedModel) -> None:
    import torch

    bad = [key for key, value in network.state_dict().items() if not torch.isfinite(value).all()]
    if bad:
        raise ModelError(
            f"model {name!r}: NaN or infinite weights in {len(bad)} tensor(s) "
            f"({', '.join(sorted(bad)[:5])}), but finite ones are needed; the training diverged "
            "or the file is damaged: take an earlier checkpoint"
        )


def _length_limit(
    name: str,
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    *,
    asked: int | None,
) -> int:
    positions = _positions(network)
    if asked is not None:
        if positions is not None and asked > positions:
            raise ModelError(
                f"model {name!r}: --max-length is {asked}, but the model has {positions} "
                f"positions; use {positions} or less"
            )
        return asked
    own = tokenizer.model_max_length
    limits = [limit for limit in (own, positions) if limit is not None and limit < _SANE_LENGTH]
    if not limits:
        raise ModelError(
            f"model {name!r}: neither tokenizer nor configuration names a length limit, but one "
            "is needed to say what was cut; give --max-length"
        )
    return int(min(limits))


def _positions(network: PreTrainedModel) -> int | None:
    """Longest row in tokens; RoBERTa counts positions from behind its padding index."""
    for key, module in network.named_modules():
        if key.endswith("position_embeddings") and hasattr(module, "num_embeddings"):
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            return int(module.num_embeddings - reserved)
    named = getattr(network.config, "max_position_embeddings", None)
    return int(named) if named is not None and named > 0 else None


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}"
