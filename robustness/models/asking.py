"""How a language model is asked: template, reader and unit, as the options say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from robustness.domain import Example
from robustness.models.checkpoint import Checkpoint
from robustness.models.continuations import Continuations, Reader, read_all
from robustness.models.encoding import Row
from robustness.models.likelihood import Likelihood, normalised
from robustness.models.options import ModelOptions
from robustness.models.prompts import template_for

__all__ = ["Asking", "asking"]


@dataclass(frozen=True, slots=True)
class Asking:
    """How examples become rows, and log-likelihoods become scores."""

    read: Callable[[Sequence[Example]], tuple[Continuations, ...]]
    unit: Callable[[float, Row, int], float]
    settings: Mapping[str, str]


def asking(checkpoint: Checkpoint, reader: Reader, options: ModelOptions) -> Asking:
    """Return how a checkpoint is asked. Raises `UsageError` for a template that cannot be used."""
    likelihood = Likelihood(options.likelihood)
    template = template_for(likelihood, options.template)

    def read(examples: Sequence[Example]) -> tuple[Continuations, ...]:
        return read_all(
            checkpoint.tokenizer, examples, template=template, reader=reader, max_length=checkpoint.max_length
        )

    def unit(raw: float, row: Row, size: int) -> float:
        return normalised(raw, likelihood, tokens=sum(row.types), size=size)

    return Asking(read, unit, {"likelihood": str(likelihood), "template": template.text})
