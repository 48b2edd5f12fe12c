"""Causal language models: the log-likelihood of each option behind a prompt.

Source of the scoring: Brown et al. 2020 (GPT-3), section 2.4, and the multiple-choice tasks of
lm-evaluation-harness; `likelihood.Likelihood` says which unit is whose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from robustness.errors import ModelError
from robustness.models.arithmetic import device_for, plain_arithmetic
from robustness.models.asking import asking
from robustness.models.checked_scorer import Paths
from robustness.models.checkpoint import Checkpoint, open_checkpoint
from robustness.models.continuations import joined_reader
from robustness.models.encoding import Row
from robustness.models.kinds import ModelKind
from robustness.models.options import ModelOptions
from robustness.models.plain_forward import PlainForward, is_causal
from robustness.models.quiet import quiet
from robustness.models.row_model import RowModel, Ways
from robustness.models.tree_forward import TreeForward, takes_trees

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["causal_model", "load"]


def load(location: str, *, options: ModelOptions) -> RowModel:
    """Return the model of a checkpoint folder or Hub id `org/name[@revision]`, ready to score.

    Raises `ModelError` for one that cannot be used: see `open_checkpoint`.
    """
    checkpoint = open_checkpoint(
        location,
        max_length=options.max_length,
        kind=ModelKind.CAUSAL,
        untrained=options.exploratory,
    )
    return causal_model(checkpoint, device=device_for(options.device), options=options)


def causal_model(checkpoint: Checkpoint, *, device: str, options: ModelOptions) -> RowModel:
    """Return an opened checkpoint as a model.

    Raises `ModelError` for a network whose predictions change with what stands behind them.
    """
    network = checkpoint.network.to(device)
    _refuse_foresight(checkpoint, device=device)
    counts: Counter[str] = Counter()
    asked = asking(checkpoint, joined_reader(checkpoint.tokenizer), options)
    paths = _paths(network, device, counts)
    ways = Ways("causal/1", asked.read, asked.unit, paths, counts, asked.settings)
    return RowModel(checkpoint, ways, device=device, options=options)


def _paths(network: PreTrainedModel, device: str, counts: Counter[str]) -> Paths:
    tree = TreeForward(network, device=device, counts=counts)
    plain = PlainForward(network, device=device, counts=counts)

    def fast(rows: Sequence[Row], *, budget: int) -> list[float]:
        shares = takes_trees(network, longest=max(len(row.ids) for row in rows))
        return (tree if shares else plain)(rows, budget=budget)

    def canonical() -> PlainForward:
        exact = deepcopy(network).to("cpu").double().eval()
        return PlainForward(exact, device="cpu", counts=Counter())

    unseen: Counter[str] = Counter()  # what the check costs is in shadow_rows
    return Paths(fast, PlainForward(network, device=device, counts=unseen), canonical)


def _refuse_foresight(checkpoint: Checkpoint, *, device: str) -> None:
    size = min(len(checkpoint.tokenizer), 8)
    row = Row(tuple(range(size)), (0,) * size)
    with plain_arithmetic(device, threads=1), quiet():
        causal = is_causal(checkpoint.network, row, device=device)
    if not causal:
        raise ModelError(
            f"model {checkpoint.name!r}: its predictions change with the tokens behind them, but a causal "
            "language model is needed; save it with is_decoder set, or fine-tune it for multiple choice"
        )
