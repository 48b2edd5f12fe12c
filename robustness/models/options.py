"""How a model is run, as far as the user may choose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from robustness.errors import UsageError

__all__ = ["ModelOptions"]

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Device, batch budget, length limit and threads; `None` lets the model decide.

    Only `max_length` changes what a model reads, and so its fingerprint. Raises `UsageError` for
    values that no model could run with.

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

    def __post_init__(self) -> None:
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
