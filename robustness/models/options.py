"""How a model is run, as far as the user may choose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from robustness.errors import UsageError, unknown
from robustness.models.kinds import ModelKind
from robustness.models.likelihood import Likelihood

__all__ = ["ARGUMENTS", "ModelOptions", "with_arguments"]

ARGUMENTS = ("kind", "likelihood", "right_label", "template", "untrained")
"""Options that say how a model is asked, by the names that `--model-arg NAME=VALUE` takes."""

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Device, batch budget, length limit and threads, and how the model is asked; `None` lets the
    model decide.

    `max_length`, `likelihood`, `template` and `right_label` change what a model reads or says, and so
    its fingerprint. Raises `UsageError` for values that no model could run with.

    >>> ModelOptions(max_length=160).device
    'auto'
    """

    device: str = "auto"
    """`auto` takes a GPU where torch sees one; else `cpu`, `cuda` or `cuda:N`."""
    batch_tokens: int | None = None
    """Tokens per forward pass; 1,024 on a CPU, 16,384 on a GPU where `None`."""
    max_length: int | None = None
    """Tokens per row, special tokens included; as many as the checkpoint allows where `None`."""
    threads: int | None = None
    """Batches at once on a CPU, each on one thread; `OMP_NUM_THREADS`, or the usable cores, where `None`."""

    kind: str = "auto"
    """`auto` reads it off config.json; else a `ModelKind`, which the checkpoint must be of."""
    likelihood: str = "byte"
    """How a language model's log-likelihood becomes a score: `raw`, `token`, `byte` or `letter`."""
    template: str | None = None
    """A language model's prompt, or `@FILE` that holds it; see `prompts.Template`."""
    right_label: str | None = None
    """The label of a two-way classifier that says "this option is right", by its name in config.json."""

    untrained: str = "refuse"
    """A checkpoint that lacks tensors, such as a trained head: `refuse` it, or score it with random numbers
    in their place, `exploratory`: the run can carry no verdict."""

    @property
    def exploratory(self) -> bool:
        """Whether a checkpoint that lacks tensors is scored all the same."""
        return self.untrained == "exploratory"

    def __post_init__(self) -> None:
        _known("kind", self.kind, ("auto", *ModelKind))
        _known("likelihood", self.likelihood, tuple(Likelihood))
        _known("untrained", self.untrained, ("exploratory", "refuse"))
        if not _DEVICE.fullmatch(self.device):
            raise UsageError(
                f"--device: {self.device!r} came, but auto, cpu, cuda or cuda:N is needed; "
                "leave it out to let the machine decide"
            )
        for name in ("batch_tokens", "max_length", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                flag = name.replace("_", "-")
                raise UsageError(
                    f"--{flag}: {value!r} came, but a whole number of 1 or more is needed; "
                    "leave it out for the default"
                )


def with_arguments(options: ModelOptions, arguments: Sequence[str]) -> ModelOptions:
    """Return the options with what `NAME=VALUE` arguments set; the last of one name counts.

    Raises `UsageError` for an argument without `=` and for an unknown name.

    >>> with_arguments(ModelOptions(), ["likelihood=letter", "template={passage} {question}"]).likelihood
    'letter'
    """
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise UsageError(
                f"--model-arg: {argument!r} came, but NAME=VALUE is needed; names: {', '.join(ARGUMENTS)}"
            )
        field = name.strip().replace("-", "_")
        _known("model argument", field, ARGUMENTS)
        options = replace(options, **{field: value})  # type: ignore[arg-type]  # ARGUMENTS are all text
    return options


def _known(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UsageError(f"--model-arg: {unknown(what, name, map(str, known))}")
