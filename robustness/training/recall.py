"""Recall: a second lesson for a new network, beside "which of four".

A small network that has never seen text gets next to nothing out of four options and one gold. It
is therefore also asked, at the last token before an option and two layers below the top, which
words the gold option has. The layers below learn to find the answer, those above to compare it with
the option that is shown. In a trial without layers between, a network of four learned nothing but
word overlap in 1,000 steps of multiple choice.

As a warm start, before any multiple choice, all questions about a passage share one row, shortest
passages first: one forward pass teaches several questions, where multiple choice needs four for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustness.models.encoding import Row
from robustness.rng import Rng, derive
from robustness.training.data import Item, padded

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertForMultipleChoice

__all__ = ["LAYERS_ABOVE", "Passage", "curriculum", "passages", "recall_loss", "warm_loss"]

LAYERS_ABOVE = 2
"""Layers between the recalled answer and the score."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One row with questions about one passage, each followed by one of its options."""

    row: Row
    asked: tuple[tuple[int, tuple[int, ...]], ...]
    """Position of the token before each option, and the gold option's own tokens."""

    @property
    def length(self) -> int:
        """Tokens of the row."""
        return len(self.row.ids)


def passages(items: Sequence[Item], *, max_length: int, seed: int) -> tuple[Passage, ...]:
    """Return the questions joined by passage, in random order, each with a random option.

    A row holds as many questions as fit into `max_length` tokens, so mostly all of its passage.
    """
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    made: list[Passage] = []
    for number, group in enumerate(groups.values()):
        rng = derive(seed, "passage", str(number))
        rng.shuffle(group)
        made += _joined(group, rng, max_length)
    return tuple(made)


def _joined(group: Sequence[Item], rng: Rng, max_length: int) -> Iterator[Passage]:
    ids: tuple[int, ...] = ()
    types: tuple[int, ...] = ()
    asked: list[tuple[int, tuple[int, ...]]] = []
    for item in group:
        shown = rng.below(len(item.rows))
        row = item.rows[shown]
        start = row.types.index(1)
        if ids and len(ids) + len(row.ids) - start > max_length:
            yield Passage(Row(ids, types), tuple(asked))
            ids, types, asked = (), (), []
        start = start if ids else 0
        asked.append((len(ids) + item.before[shown] - start, item.gold))
        ids, types = ids + row.ids[start:], types + row.types[start:]
    yield Passage(Row(ids, types), tuple(asked))


def curriculum(
    rows: Sequence[Passage], size: int, *, seed: int, epochs: float
) -> tuple[tuple[Passage, ...], ...]:
    """Return batches of `size`, whose rows come from the shorter ones at first, from all in the end.

    After a share s of the steps, rows are drawn from the shortest max(0.1, 2 s) of all, so that
    the second half sees all lengths. Each batch holds rows of similar length.
    """
    ordered = sorted(rows, key=lambda row: row.length)
    rng = derive(seed, "curriculum")
    total = max(1, round(epochs * len(rows) / size))
    plan: list[tuple[Passage, ...]] = []
    for step in range(total):
        share = min(1.0, max(0.1, 2 * step / total))
        reach = max(min(size, len(ordered)), int(len(ordered) * share))
        centre = rng.below(max(1, reach - size + 1))
        window = ordered[max(0, centre - 3 * size) : min(reach, centre + 4 * size)]
        rng.shuffle(window)
        plan.append(tuple(window[:size]))
    return tuple(plan)


def warm_loss(network: BertForMultipleChoice) -> Callable[[Sequence[Passage]], Tensor]:
    """Return the loss of a batch of passages: nats per gold token, averaged over the questions."""

    def loss(batch: Sequence[Passage]) -> Tensor:
        inputs = padded([passage.row for passage in batch], network.config.pad_token_id)
        with _lower_layers(network):
            hidden = network.bert(**inputs).last_hidden_state
        places = [(at, before, gold) for at, passage in enumerate(batch) for before, gold in passage.asked]
        return recall_loss(network, hidden, places)

    return loss


def recall_loss(
    network: BertForMultipleChoice,
    hidden: Tensor,
    places: Sequence[tuple[int, int, tuple[int, ...]]],
) -> Tensor:
    """Return the mean surprise, in nats, at the gold tokens, given (row, position, gold tokens).

    The hidden state float[B, T, H] at the position is compared with the word embeddings as they
    are, without a layer between: what it holds is then what an option's own token holds.
    """
    import torch

    rows, positions, golds = zip(*places, strict=True)
    found = hidden[list(rows), list(positions)]
    words = network.bert.embeddings.word_embeddings.weight
    surprise = -(found @ words.T).log_softmax(dim=-1)
    return torch.stack([one[list(gold)].mean() for one, gold in zip(surprise, golds, strict=True)]).mean()


@contextmanager
def _lower_layers(network: BertForMultipleChoice) -> Iterator[None]:
    """Run the network without its top layers, which the warm start does not train."""
    encoder = network.bert.encoder
    every = encoder.layer
    encoder.layer = every[: len(every) - LAYERS_ABOVE]
    try:
        yield
    finally:
        encoder.layer = every
