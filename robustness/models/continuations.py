"""Prompts and continuations to token rows, with the boundary between them where the tokenizer puts it.

Prompt and continuation are tokenised joined, as training read them, never apart: a tokenizer may merge
across the boundary. What is scored starts at the first token in which an option's joined text differs
from the prompt's own tokens, and at the same token for all options of an item: all are conditioned on
the same tokens. A space at the prompt's end, the classic fault, cannot arise: `Template` refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from robustness.domain import Example
from robustness.errors import DataError, ModelError
from robustness.models.encoding import Row
from robustness.models.prompts import Asked, Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["Continuations", "Reader", "joined_reader", "read_all", "split_reader"]

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Continuations:
    """What a language model gets of one example."""

    rows: tuple[Row, ...]
    """One per option, in order; `types` is 1 for the tokens whose log-probabilities count, 0 for those
    they are conditioned on. None where question and options alone are too long."""
    sizes: tuple[int, ...]
    """Bytes of each option, in UTF-8."""
    visible: int
    """Characters of the passage that the rows cover, from its start; -1 where there are no rows."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How a family of models reads prompts and continuations."""

    rows: Callable[[Sequence[Asked]], list[tuple[Row, ...]]]
    """Prompts and continuations to rows, nothing cut."""
    length: Callable[[Row], int]
    """Tokens of a row that have to fit into the model together."""


def joined_reader(tokenizer: PreTrainedTokenizerFast) -> Reader:
    """Return a reader for causal models: prompt and continuation are one sequence.

    What the tokenizer puts before a text (a beginning-of-sequence token) is put there once, also where
    the template writes it out; what it puts behind one (an end-of-sequence token) is left out.
    """
    return Reader(partial(_joined, tokenizer, _opening(tokenizer)), lambda row: len(row.ids))


def split_reader(tokenizer: PreTrainedTokenizerFast) -> Reader:
    """Return a reader for encoder-decoders: the encoder reads the prompt, the decoder the option.

    Both get the special tokens that fine-tuning gives them; the end of the target is scored, so that
    an option is the whole answer and not the start of a longer one (Sanh et al. 2022, T0).
    """
    return Reader(partial(_split, tokenizer), lambda row: max(sum(row.types), row.types.count(0)))


def read_all(
    tokenizer: PreTrainedTokenizerFast,
    examples: Sequence[Example],
    *,
    template: Template,
    reader: Reader,
    max_length: int,
) -> tuple[Continuations, ...]:
    """Return the rows of each example, in order.

    Where a row of an example exceeds `max_length` tokens, the passage is cut from its end, at the same
    character for all of its options: the rows are those of the example with the shorter passage.
    Raises `DataError` for text that no tokenizer can read.
    """
    asked = [template.asked(example) for example in examples]
    _refuse_surrogates(examples)
    return tuple(
        _fitted(tokenizer, example, rows=rows, template=template, limit=(max_length, reader))
        for example, rows in zip(examples, reader.rows(asked), strict=True)
    )


def _fitted(
    tokenizer: PreTrainedTokenizerFast,
    example: Example,
    *,
    rows: tuple[Row, ...],
    template: Template,
    limit: tuple[int, Reader],
) -> Continuations:
    max_length, reader = limit
    kept = len(example.passage)
    asked = template.asked(example)
    while (over := max(map(reader.length, rows)) - max_length) > 0:
        if kept == 0:
            return Continuations((), asked.sizes, -1)
        kept = _shorter(tokenizer, asked, over=over)
        asked = template.cut(example, kept)
        rows = reader.rows([asked])[0]
    return Continuations(rows, asked.sizes, kept)


def _shorter(tokenizer: PreTrainedTokenizerFast, asked: Asked, *, over: int) -> int:
    """Return how many characters are left of a passage that loses `over` tokens, or a few more."""
    coded = tokenizer(
        asked.prompt, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
    )
    stop = asked.passage_at + asked.passage
    ends = [end for start, end in coded["offset_mapping"] if asked.passage_at < end and start < stop]
    left = ends[: max(0, len(ends) - over)]
    return max(0, min(max(left, default=0) - asked.passage_at, asked.passage - 1))


def _joined(
    tokenizer: PreTrainedTokenizerFast, opening: Ids, asked: Sequence[Asked]
) -> list[tuple[Row, ...]]:
    texts = [text for one in asked for text in (one.prompt, *(one.prompt + c for c in one.continuations))]
    coded = iter(_bare(tokenizer, texts))
    rows = []
    for one in asked:
        prompt = next(coded)
        wholes = [next(coded) for _ in one.continuations]
        start = min(_common(prompt, whole) for whole in wholes)
        before = opening if wholes[0][: len(opening)] != opening else ()
        if not before and not start:
            before = _substitute(tokenizer)
        rows.append(tuple(_row((*before, *whole), len(before) + start) for whole in wholes))
    return rows


def _split(tokenizer: PreTrainedTokenizerFast, asked: Sequence[Asked]) -> list[tuple[Row, ...]]:
    if not asked:
        return []
    prompts = tokenizer([one.prompt for one in asked], truncation=False, verbose=False)["input_ids"]
    targets = [continuation[1:] for one in asked for continuation in one.continuations]
    coded = iter(tokenizer(text_target=targets, truncation=False, verbose=False)["input_ids"])
    return [
        tuple(_row((*prompt, *next(coded)), len(prompt)) for _ in one.continuations)
        for one, prompt in zip(asked, prompts, strict=True)
    ]


def _row(ids: Ids, start: int) -> Row:
    return Row(ids, (0,) * start + (1,) * (len(ids) - start))


def _common(prompt: Ids, whole: Ids) -> int:
    """Length of the common start; at least one token stays behind it to be scored."""
    most = min(len(prompt), len(whole) - 1)
    if prompt[:most] == whole[:most]:
        return max(0, most)
    return next(at for at in range(most) if prompt[at] != whole[at])


def _bare(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> list[Ids]:
    if not texts:
        return []
    coded = tokenizer(texts, add_special_tokens=False, truncation=False, verbose=False)
    return [tuple(ids) for ids in coded["input_ids"]]


def _opening(tokenizer: PreTrainedTokenizerFast) -> Ids:
    whole = tuple(tokenizer("a", truncation=False, verbose=False)["input_ids"])
    bare = _bare(tokenizer, ["a"])[0]
    starts = range(len(whole) - len(bare) + 1)
    at = next((at for at in starts if whole[at : at + len(bare)] == bare), 0)
    return whole[:at]


def _substitute(tokenizer: PreTrainedTokenizerFast) -> Ids:
    """What the first token of all is conditioned on, where a prompt leaves nothing else."""
    own = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if own is None:
        raise ModelError(
            f"tokenizer {type(tokenizer).__name__!r}: a prompt without a token came, and there is no "
            "token for the start or end of a text, but one is needed before the option; put words of "
            "your own into the template"
        )
    return (int(own),)


def _refuse_surrogates(examples: Sequence[Example]) -> None:
    for example in examples:
        for text in (example.passage, example.question, *example.options):
            lone = next((char for char in text if "\ud800" <= char <= "\udfff"), None)
            if lone is not None:
                raise DataError(
                    f"example {example.id!r}: a lone surrogate {lone!r} came, but tokenizers need "
                    "valid Unicode; repair the text in the data file"
                )
