"""What may be chosen about a training run."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.errors import UsageError
from robustness.training.conditions import condition_recipe

__all__ = ["SCRATCH", "Training"]

SCRATCH = "scratch"
"""The base that stands for a new small BERT."""


@dataclass(frozen=True, slots=True)
class Training:
    """How to train. Everything that changes the result is in here or in the data.

    Raises `UsageError` for a number out of range or an unknown condition.
    """

    condition: str = "plain"
    """A name of `training.conditions.CONDITIONS`."""
    epochs: float = 3.0
    """Passes over the training questions; fractions are allowed."""
    batch_size: int = 16
    """Questions per step."""
    rate: float = 3e-5
    """Peak learning rate; a new network needs about 1e-3."""
    seed: int = 0
    max_length: int = 256
    """Tokens per row, special tokens included; a longer passage is cut."""
    warm_epochs: float = 0.0
    """Passes of the cloze warm start over the passages; for the base `scratch` alone."""
    threads: int = 1
    """Threads of torch. A sum taken in another order rounds differently, so results differ by it."""

    def __post_init__(self) -> None:
        condition_recipe(self.condition)
        for name in ("epochs", "batch_size", "rate", "max_length", "threads"):
            if not getattr(self, name) > 0:
                raise UsageError(
                    f"--{name.replace('_', '-')}: {getattr(self, name)!r} came, but a number "
                    "above 0 is needed; leave it out for the default"
                )
        if not self.warm_epochs >= 0:
            raise UsageError(
                f"--warm-epochs: {self.warm_epochs!r} came, but 0 or more is needed; leave it out for none"
            )
