"""Log-likelihoods from a causal model, each shared beginning computed once.

The sequences of a call are grown into a tree (`trie`). What fits into a budget is computed in one pass
in which a token attends to its own ancestors alone, by a mask of four dimensions and explicit positions;
a beginning that is too large for that is computed first and kept as a key-value cache. The head is
applied only where a log-probability is wanted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robustness.models.encoding import Row
from robustness.models.trie import Branch, grow

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import DynamicCache, PreTrainedModel

__all__ = ["FAMILIES", "TreeForward", "takes_trees"]

FAMILIES = frozenset(
    {
        "codegen", "cohere", "gemma", "gemma2", "gpt2", "gpt_neox", "gptj", "granite", "llama", "mistral",
        "olmo", "olmo2", "opt", "phi", "phi3", "qwen2", "qwen3", "smollm3", "stablelm", "starcoder2",
    }
)  # fmt: skip
"""Families whose attention is decided by mask and positions alone; each is tested."""

_GROWING_ROPES = frozenset({"dynamic", "longrope"})
"""Rotary embeddings that depend on the length of the whole input: nothing can be shared."""


@dataclass(frozen=True, slots=True)
class _Flat:
    """Branches laid out for one pass; a branch stands before its children."""

    ids: list[int]
    positions: list[int]
    spans: list[tuple[Branch, int, tuple[tuple[int, int], ...]]]
    """Branch, where it begins, and where its ancestors lie."""


def takes_trees(network: PreTrainedModel, *, longest: int) -> bool:
    """Return whether sequences of up to `longest` tokens may share their beginnings exactly."""
    config = network.config
    window = getattr(config, "sliding_window", None)
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    return (
        config.model_type in FAMILIES
        and (window is None or longest <= window)
        and rope.get("rope_type", "default") not in _GROWING_ROPES
    )


class TreeForward:
    """Log-likelihoods of rows; it counts forward_calls and tokens into `counts`."""

    __slots__ = ("_counts", "_device", "_network")

    def __init__(self, network: PreTrainedModel, *, device: str, counts: Counter[str]) -> None:
        self._network = network
        self._device = device
        self._counts = counts

    def __call__(self, rows: Sequence[Row], *, budget: int) -> list[float]:
        """Return float per row, in nats: the sum over its marked tokens; at most `budget` tokens a
        pass. Call in inference mode."""
        found: list[list[float]] = [[] for _ in rows]
        stems = grow([row.ids[:-1] for row in rows])
        for at, value in self._descend(rows, stems, None, budget=budget):
            found[at].append(value)
        # Rounded once: the order in which the passes came does not matter.
        return [math.fsum(values) for values in found]

    def _descend(
        self, rows: Sequence[Row], branches: Sequence[Branch], cache: DynamicCache | None, *, budget: int
    ) -> Iterator[tuple[int, float]]:
        """Yield (row, log-probability) for each wanted token below some branches behind a cache."""
        for group in _groups(branches, budget):
            if len(group) > 1 or group[0].size <= budget:
                yield from self._pass(rows, group, cache)
                continue
            own = _new_cache() if cache is None else cache
            for piece in _pieces(group[0], budget):
                yield from self._pass(rows, [piece], own, keep=True)
            yield from self._descend(rows, group[0].children, own, budget=budget)
            own.crop(-len(group[0].ids))

    def _pass(
        self, rows: Sequence[Row], group: Sequence[Branch], cache: DynamicCache | None, *, keep: bool = False
    ) -> Iterator[tuple[int, float]]:
        import torch

        flat = _flatten(group)
        wants = [want for span in flat.spans for want in _wants(rows, span[0], span[1])]
        asked = sorted({place for place, _, _ in wants}) or [len(flat.ids) - 1]
        extra: dict[str, Any] = {"attention_mask": _mask(flat, cache, self._network)} if _forks(flat) else {}
        if cache is not None:
            extra["past_key_values"] = cache
        out = self._network(
            input_ids=torch.tensor([flat.ids], device=self._device),
            position_ids=torch.tensor([flat.positions], device=self._device),
            logits_to_keep=torch.tensor(asked, device=self._device),
            use_cache=cache is not None,
            **extra,
        )
        self._counts["forward_calls"] += 1
        self._counts["tokens"] += len(flat.ids)
        if cache is not None and not keep:
            cache.crop(-len(flat.ids))
        if wants:
            where = {place: at for at, place in enumerate(asked)}
            values = _picked(out.logits[0], [(where[place], target) for place, target, _ in wants])
            yield from zip((row for _, _, row in wants), values, strict=True)


def _new_cache() -> DynamicCache:
    from transformers import DynamicCache

    return DynamicCache()


def _groups(branches: Sequence[Branch], budget: int) -> Iterator[list[Branch]]:
    """Yield neighbours that fit into one pass together, and those too large for one alone."""
    group: list[Branch] = []
    filled = 0
    for branch in branches:
        if group and filled + branch.size > budget:
            yield group
            group, filled = [], 0
        group.append(branch)
        filled += branch.size
    if group:
        yield group


def _pieces(branch: Branch, budget: int) -> Iterator[Branch]:
    for at in range(0, len(branch.ids), budget):
        ids = branch.ids[at : at + budget]
        yield Branch(ids, branch.start + at, branch.members, (), len(ids))


def _flatten(group: Sequence[Branch]) -> _Flat:
    flat = _Flat([], [], [])

    def lay(branch: Branch, above: tuple[tuple[int, int], ...]) -> None:
        begin = len(flat.ids)
        flat.ids.extend(branch.ids)
        flat.positions.extend(range(branch.start, branch.stop))
        flat.spans.append((branch, begin, above))
        for child in branch.children:
            lay(child, (*above, (begin, begin + len(branch.ids))))

    for branch in group:
        lay(branch, ())
    return flat


def _forks(flat: _Flat) -> bool:
    return len(flat.spans) > 1


def _mask(flat: _Flat, cache: DynamicCache | None, network: PreTrainedModel) -> Tensor:
    """Return float[1, 1, Q, past + Q]: 0 where a token may look, the lowest number elsewhere."""
    import torch

    past = 0 if cache is None else int(cache.get_seq_length())
    size = len(flat.ids)
    seen = torch.zeros(size, past + size, dtype=torch.bool)
    seen[:, :past] = True
    for branch, begin, above in flat.spans:
        stop = begin + len(branch.ids)
        for first, last in above:
            seen[begin:stop, past + first : past + last] = True
        own = torch.ones(stop - begin, stop - begin, dtype=torch.bool).tril()
        seen[begin:stop, past + begin : past + stop] = own
    mask = torch.zeros(size, past + size, dtype=network.dtype)
    mask.masked_fill_(~seen, torch.finfo(network.dtype).min)
    return mask[None, None].to(network.device)


def _wants(rows: Sequence[Row], branch: Branch, begin: int) -> Iterator[tuple[int, int, int]]:
    """Yield (place in the pass, token to come, row) for the wanted tokens that follow a branch's own."""
    for at in branch.members:
        row = rows[at]
        first = max(branch.start, row.types.index(1) - 1)
        for position in range(first, min(branch.stop, len(row.ids) - 1)):
            yield begin + position - branch.start, row.ids[position + 1], at


def _picked(logits: Tensor, wanted: Sequence[tuple[int, int]]) -> list[float]:
    """Return ln P of each (line of `logits`, token), without a softmax over everything."""
    import torch

    lines, tokens = (torch.tensor(part, device=logits.device) for part in zip(*wanted, strict=True))
    whole = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
    values = whole[lines, tokens] - torch.logsumexp(whole, dim=-1)[lines]
    return [float(value) for value in values.tolist()]
