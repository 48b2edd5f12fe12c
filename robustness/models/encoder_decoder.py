"""Encoder-decoders: the encoder reads the prompt once, the decoder gives each option its likelihood.

The target is scored with the end-of-sequence token that fine-tuning puts behind it (Sanh et al. 2022,
T0, rank classification), so the log-likelihood is that of the option as the whole answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from robustness.models.arithmetic import device_for
from robustness.models.asking import asking
from robustness.models.batches import plan
from robustness.models.checked_scorer import Paths
from robustness.models.checkpoint import Checkpoint, open_checkpoint
from robustness.models.continuations import split_reader
from robustness.models.encoding import Row
from robustness.models.kinds import ModelKind
from robustness.models.options import ModelOptions
from robustness.models.row_model import RowModel, Ways

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ["EncoderOnce", "PlainPairs", "encoder_decoder_model", "load"]

Ids = tuple[int, ...]

_MAY_PAD = frozenset({"bart", "blenderbot-small", "m2m_100", "mbart", "mt5", "pegasus", "t5", "umt5"})
"""Families whose encoder leaves real tokens alone where padding is masked."""


def load(location: str, *, options: ModelOptions) -> RowModel:
    """Return the model of a checkpoint folder or Hub id `org/name[@revision]`, ready to score.

    Raises `ModelError` for one that cannot be used: see `open_checkpoint`.
    """
    checkpoint = open_checkpoint(
        location,
        max_length=options.max_length,
        kind=ModelKind.ENCODER_DECODER,
        untrained=options.exploratory,
    )
    return encoder_decoder_model(checkpoint, device=device_for(options.device), options=options)


def encoder_decoder_model(checkpoint: Checkpoint, *, device: str, options: ModelOptions) -> RowModel:
    """Return an opened checkpoint as a model."""
    network = checkpoint.network.to(device)
    counts: Counter[str] = Counter()

    def canonical() -> PlainPairs:
        return PlainPairs(deepcopy(network).to("cpu").double().eval(), device="cpu")

    fast = EncoderOnce(network, device=device, counts=counts)
    paths = Paths(fast, PlainPairs(network, device=device), canonical)
    asked = asking(checkpoint, split_reader(checkpoint.tokenizer), options)
    ways = Ways("encoder-decoder/1", asked.read, asked.unit, paths, counts, asked.settings)
    return RowModel(checkpoint, ways, device=device, options=options)


class EncoderOnce:
    """Log-likelihoods of rows: prompts are encoded once each, targets decoded in padded batches.

    It counts forward_calls (of encoder and decoder), encoder_rows, and tokens, padding included.
    """

    __slots__ = ("_counts", "_device", "_network")

    def __init__(self, network: PreTrainedModel, *, device: str, counts: Counter[str]) -> None:
        self._network = network
        self._device = device
        self._counts = counts

    def __call__(self, rows: Sequence[Row], *, budget: int) -> list[float]:
        """Return float per row, in nats: the sum over its target. Call in inference mode."""
        targets: dict[Ids, list[int]] = {}
        for at, row in enumerate(rows):
            targets.setdefault(_prompt(row), []).append(at)
        found = [0.0] * len(rows)
        prompts = [Row(prompt, ()) for prompt in targets]
        may_pad = self._network.config.model_type in _MAY_PAD
        for batch in plan(prompts, budget=budget, may_pad=may_pad):
            ids, mask = _padded([prompts[at].ids for at in batch], self._device)
            states = self._encoded(ids, mask)
            pairs = [(line, row) for line, at in enumerate(batch) for row in targets[prompts[at].ids]]
            for part in _portions(pairs, width=ids.shape[1], budget=budget):
                values = self._decoded(states, mask, {at: line for line, at in part}, rows)
                for at, value in values:
                    found[at] = value
        return found

    def _encoded(self, ids: Tensor, mask: Tensor) -> Tensor:
        self._counts["forward_calls"] += 1
        self._counts["encoder_rows"] += ids.shape[0]
        self._counts["tokens"] += ids.numel()
        states: Tensor = self._network.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    def _decoded(
        self, states: Tensor, mask: Tensor, lines: Mapping[int, int], rows: Sequence[Row]
    ) -> Iterator[tuple[int, float]]:
        """Yield (row, log-likelihood) for rows whose prompts are the given lines of `states`."""
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        own = [_target(rows[at]) for at in lines]
        ids, _ = _padded([(_start_of(self._network), *target[:-1]) for target in own], self._device)
        picked = torch.tensor(list(lines.values()), device=self._device)
        self._counts["forward_calls"] += 1
        self._counts["tokens"] += ids.numel()
        logits = self._network(
            encoder_outputs=BaseModelOutput(last_hidden_state=states[picked]),
            attention_mask=mask[picked],
            decoder_input_ids=ids,
            use_cache=False,
        ).logits
        yield from zip(lines, (_sum(logits[n], target) for n, target in enumerate(own)), strict=True)


class PlainPairs:
    """The same from plain Hugging Face: one prompt and one target at a time, nothing kept."""

    __slots__ = ("_device", "_network")

    def __init__(self, network: PreTrainedModel, *, device: str) -> None:
        self._network = network
        self._device = device

    def __call__(self, rows: Sequence[Row], *, budget: int) -> list[float]:
        """Return float per row, in nats; every budget is met by one row at a time."""
        assert budget > 0
        return [self._one(row) for row in rows]

    def _one(self, row: Row) -> float:
        import torch

        prompt, target = _prompt(row), _target(row)
        logits = self._network(
            input_ids=torch.tensor([prompt], device=self._device),
            decoder_input_ids=torch.tensor([(_start_of(self._network), *target[:-1])], device=self._device),
            use_cache=False,
        ).logits
        return _sum(logits[0], target)


def _start_of(network: PreTrainedModel) -> int:
    """The token that a decoder starts from."""
    own = network.config.decoder_start_token_id
    if own is None and network.generation_config is not None:
        own = network.generation_config.decoder_start_token_id
    return int(own if own is not None else network.config.pad_token_id or 0)


def _prompt(row: Row) -> Ids:
    return row.ids[: row.types.index(1)]


def _target(row: Row) -> Ids:
    return row.ids[row.types.index(1) :]


def _portions(
    pairs: Sequence[tuple[int, int]], *, width: int, budget: int
) -> Iterator[list[tuple[int, int]]]:
    """Yield pairs for one decoder pass each; every pair attends to a copy of its prompt's states."""
    size = max(1, 4 * budget // width)
    for start in range(0, len(pairs), size):
        yield list(pairs[start : start + size])


def _padded(lists: Sequence[Ids], device: str) -> tuple[Tensor, Tensor]:
    """Return int64[B, L] ids, zeros behind the shorter ones, and the mask of what is real."""
    import torch

    width = max(map(len, lists))
    ids = [[*line, *[0] * (width - len(line))] for line in lists]
    mask = [[1] * len(line) + [0] * (width - len(line)) for line in lists]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _sum(logits: Tensor, target: Ids) -> float:
    import torch

    own = torch.log_softmax(logits[: len(target)], dim=-1)
    at = torch.tensor(target, device=logits.device)[:, None]
    return math.fsum(own.gather(1, at)[:, 0].tolist())
