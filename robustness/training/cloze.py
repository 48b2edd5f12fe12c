"""The warm start of a new network: fill in the masked gold options, shortest passages first.

A small network that has never seen text gets next to nothing out of "which of four". The answers
to all questions about a passage are therefore first learned as masked tokens, in one row per
passage: one forward pass teaches several questions, where multiple choice needs four for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustness.domain import Example
from robustness.models.encoding import Row, encode
from robustness.rng import derive
from robustness.training.data import padded

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter
    from transformers import BertForMultipleChoice, PreTrainedTokenizerFast

__all__ = ["IGNORED", "Cloze", "cloze_loss", "clozes", "curriculum"]

IGNORED = -100
"""The target of a token that is not to be predicted, as torch's cross entropy has it."""


@dataclass(frozen=True, slots=True)
class Cloze:
    """One passage with its questions, each followed by masks in place of its gold option."""

    row: Row
    targets: tuple[int, ...]
    """The gold option's tokens where the row has masks, `IGNORED` elsewhere."""

    @property
    def length(self) -> int:
        """Tokens of the row."""
        return len(self.row.ids)


def clozes(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example], *, max_length: int, seed: int
) -> tuple[Cloze, ...]:
    """Return one cloze per passage; a row that is longer than `max_length` tokens is left out.

    A row is `[CLS] passage [SEP] question MASKS [SEP] question MASKS [SEP] ...`, its questions in an
    order that `seed` settles. The first of them stands just as in a row of multiple choice.
    """
    coded = encode(tokenizer, examples, max_length=tokenizer.model_max_length)
    golds = {example.options[example.answer or 0] for example in examples}
    hidden = {gold: len(tokenizer.tokenize(gold)) for gold in golds}
    groups: dict[tuple[str, str], list[tuple[Row, int]]] = {}
    for example, encoded in zip(examples, coded, strict=True):
        if encoded.rows:
            gold = example.answer or 0
            rows = groups.setdefault((example.group, example.passage), [])
            rows.append((encoded.rows[gold], hidden[example.options[gold]]))
    for (group, _), rows in groups.items():
        derive(seed, "cloze", group).shuffle(rows)
    made = (_cloze(rows, mask=tokenizer.mask_token_id) for rows in groups.values())
    return tuple(cloze for cloze in made if cloze.length <= max_length)


def _cloze(rows: Sequence[tuple[Row, int]], *, mask: int) -> Cloze:
    """Return the cloze of rows that share a passage; each comes with its number of gold tokens."""
    ids: list[int] = []
    types: list[int] = []
    targets: list[int] = []
    for row, hidden in rows:
        start = row.types.index(1) if ids else 0
        gold_at = len(row.ids) - 1 - hidden
        shown, gold, end = row.ids[start:gold_at], row.ids[gold_at:-1], row.ids[-1]
        ids += [*shown, *[mask] * hidden, end]
        targets += [*[IGNORED] * len(shown), *gold, IGNORED]
        types += row.types[start:]
    return Cloze(Row(tuple(ids), tuple(types)), tuple(targets))


def curriculum(
    items: Sequence[Cloze], size: int, *, seed: int, epochs: float
) -> tuple[tuple[Cloze, ...], ...]:
    """Return batches of `size` whose rows come from the shorter ones at first, from all in the end.

    After a share s of the steps, rows are drawn from the shortest max(0.1, 2 s) of all, so that
    the second half sees all lengths. Each batch holds rows of similar length.
    """
    ordered = sorted(items, key=lambda item: item.length)
    rng = derive(seed, "curriculum")
    total = max(1, round(epochs * len(items) / size))
    plan: list[tuple[Cloze, ...]] = []
    for step in range(total):
        reach = max(min(size, len(ordered)), int(len(ordered) * min(1.0, max(0.1, 2 * step / total))))
        centre = rng.below(max(1, reach - size + 1))
        window = ordered[max(0, centre - 3 * size) : min(reach, centre + 4 * size)]
        rng.shuffle(window)
        plan.append(tuple(window[:size]))
    return tuple(plan)


def cloze_loss(
    network: BertForMultipleChoice,
) -> tuple[tuple[Parameter, ...], Callable[[Sequence[Cloze]], Tensor]]:
    """Return what to train, and the mean loss of a batch in nats per masked token.

    The output layer is BERT's for masked tokens: it shares its matrix with the word embeddings, and
    the rest of it is forgotten after the warm start.
    """
    import torch
    from transformers.models.bert.modeling_bert import BertOnlyMLMHead

    encoder = network.bert
    output = BertOnlyMLMHead(network.config)
    output.predictions.decoder.weight = encoder.embeddings.word_embeddings.weight

    def loss(batch: Sequence[Cloze]) -> Tensor:
        inputs = padded([cloze.row for cloze in batch], network.config.pad_token_id)
        width = inputs["input_ids"].shape[1]
        targets = torch.tensor([(*cloze.targets, *(IGNORED,) * (width - cloze.length)) for cloze in batch])
        hidden = encoder(**inputs).last_hidden_state
        asked = targets != IGNORED
        return torch.nn.functional.cross_entropy(output(hidden[asked]), targets[asked])

    parameters = dict.fromkeys((*encoder.parameters(), *output.parameters()))
    return tuple(parameters), loss
