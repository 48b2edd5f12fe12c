"""What kind of model a checkpoint is: read off the architecture that its configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from robustness.errors import ModelError

__all__ = ["ENDINGS", "ModelKind", "kind_of"]


class ModelKind(StrEnum):
    """How a checkpoint turns a passage, a question and an option into a score."""

    MULTIPLE_CHOICE = "multiple-choice"
    """A trained head that gives each option a logit."""
    CLASSIFIER = "classifier"
    """A classifier of one option at a time, with one label or two."""
    CAUSAL = "causal"
    """A decoder: the log-likelihood of an option behind a prompt."""
    ENCODER_DECODER = "encoder-decoder"
    """An encoder that reads the prompt, and a decoder that gives the option its log-likelihood."""


ENDINGS: Mapping[ModelKind, tuple[str, ...]] = {
    ModelKind.MULTIPLE_CHOICE: ("ForMultipleChoice",),
    ModelKind.CLASSIFIER: ("ForSequenceClassification",),
    ModelKind.CAUSAL: ("ForCausalLM", "LMHeadModel"),
    ModelKind.ENCODER_DECODER: ("ForConditionalGeneration",),
}
"""How the names of architectures of a kind end in transformers."""

_BOTH_WAYS = frozenset(
    {
        "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie",
        "modernbert", "mpnet", "roberta", "xlm", "xlm-roberta", "xlnet",
    }
)  # fmt: skip
"""Families that look both ways unless `is_decoder` is set: no causal language models, whatever the name."""


def kind_of(config: Mapping[str, object], *, asked: str = "auto", where: str = "model") -> ModelKind:
    """Return the kind of a checkpoint, from its `config.json` or as `asked`.

    Raises `ModelError` for an architecture of none of the kinds, and for one that is not of the kind
    that was asked for.

    >>> kind_of({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}).value
    'causal'
    """
    named = config.get("architectures")
    names = [str(name) for name in named] if isinstance(named, list) else []
    found = next((kind for name in names for kind in ENDINGS if name.endswith(ENDINGS[kind])), None)
    if found is None or asked not in ("auto", found):
        wanted = [end for kind in ENDINGS if asked in ("auto", kind) for end in ENDINGS[kind]]
        head = "head" if asked == "auto" else f"{asked} head"
        raise ModelError(
            f"{where}: config.json names the architecture {named!r}, but one that ends in "
            f"{' or '.join(wanted)} is needed: this is a plain encoder, or a model for another task, "
            f"without a trained {head}; fine-tune it first (robustness train)"
        )
    _vet_direction(found, config, where)
    return found


def _vet_direction(kind: ModelKind, config: Mapping[str, object], where: str) -> None:
    family = config.get("model_type")
    if kind is ModelKind.CAUSAL and family in _BOTH_WAYS and not config.get("is_decoder"):
        raise ModelError(
            f"{where}: a {family} language model without is_decoder came, which reads what it is to "
            "predict, but a causal one is needed; fine-tune it for multiple choice instead"
        )
    # Absent where it is the family's own default, as in T5; the vision and speech models of the same
    # ending nest a text model or take no text.
    nested = {"vision_config", "audio_config", "num_mel_bins"} & set(config)
    if kind is ModelKind.ENCODER_DECODER and nested:
        raise ModelError(
            f"{where}: a {family} came, whose configuration has {', '.join(sorted(nested))}, but a model "
            "of text alone is needed; give its language model as a checkpoint of its own"
        )
