"""Optimiser steps: AdamW, linear warm-up and decay, clipped gradients, a progress bar on stderr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from robustness.errors import ModelError
from robustness.progress import bar

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

__all__ = ["rate_share", "run_steps"]

B = TypeVar("B")

_WARM_UP = 0.06
_WEIGHT_DECAY = 0.01
_MOST_GRADIENT = 1.0


def rate_share(step: int, total: int) -> float:
    """Return which share of the peak learning rate step `step` (from 0) of `total` runs at.

    It rises linearly over the first 6 % of the steps and falls linearly to zero behind the last
    (Devlin et al. 2019, appendix A).

    >>> rate_share(0, 1000) < rate_share(59, 1000) == 1.0 > rate_share(999, 1000) > 0
    True
    """
    rise = max(1, round(total * _WARM_UP))
    return min((step + 1) / rise, (total - step) / (total - rise + 1))


def run_steps(
    parameters: Sequence[Parameter],
    batches: Sequence[B],
    loss: Callable[[B], Tensor],
    *,
    rate: float,
    name: str,
) -> tuple[float, ...]:
    """Take one optimiser step per batch, in place, and return the loss of each step.

    `name` stands before the progress bar.

    Raises `ModelError` at the first loss that is not finite.
    """
    import torch

    optimiser = torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.98), weight_decay=_WEIGHT_DECAY)
    total = len(batches)
    losses: list[float] = []
    with bar(total=total, unit="step", desc=name, leave=False) as shown:
        for batch in batches:
            for group in optimiser.param_groups:
                group["lr"] = rate * rate_share(len(losses), total)
            value = loss(batch)
            _refuse_divergence(value.item(), len(losses))
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            torch.nn.utils.clip_grad_norm_(parameters, _MOST_GRADIENT)
            optimiser.step()
            losses.append(value.item())
            shown.update()
            shown.set_postfix(loss=f"{sum(losses[-50:]) / len(losses[-50:]):.3f}", refresh=False)
    return tuple(losses)


def _refuse_divergence(value: float, step: int) -> None:
    from math import isfinite

    if not isfinite(value):
        raise ModelError(
            f"training: the loss is {value!r} at step {step + 1}, but it must be finite; lower "
            "--rate, or check the data for empty texts"
        )
