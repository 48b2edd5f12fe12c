"""Examples to token rows: passage first, question and option second, one truncation per question.

The pair is passage | question + " " + option, as in the fine-tuning scripts of BERT (Devlin et al.
2019) and RACE. An empty question leaves just the option; an empty passage keeps the template's
separators. A cloze question keeps its blank `_`: the option follows it and is never put into it, so
that every attack on the question reaches the model as it was written.

Special tokens written out in a text ("[SEP]") are read as such, as the tokenizer's own call does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from robustness.domain import Example
from robustness.errors import DataError, ModelError

if TYPE_CHECKING:
    from transformers import BatchEncoding, PreTrainedTokenizerFast

__all__ = ["Encoded", "Row", "Span", "encode", "pair_texts"]


@dataclass(frozen=True, slots=True)
class Row:
    """One model input: a passage and one option, after truncation. Equal rows get equal scores."""

    ids: tuple[int, ...]
    """Token ids, special tokens included, no padding."""
    types: tuple[int, ...]
    """Segment type of each token; empty for tokenizers without them."""


class Span(NamedTuple):
    """Where the texts of a row begin and end, as positions of tokens."""

    passage: int
    passage_end: int
    question: int
    option: int
    """The first token that ends behind the question."""
    option_end: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of one example."""

    rows: tuple[Row, ...]
    """One per option, in order; none where question and option alone are too long."""
    visible: int
    """Characters of the passage that the rows cover, from its start; -1 where there are no rows."""
    spans: tuple[Span, ...] = ()
    """One per row."""


@dataclass(frozen=True, slots=True)
class _Segment:
    ids: tuple[int, ...]
    ends: tuple[int, ...]
    """Character offset behind each token."""


@dataclass(frozen=True, slots=True)
class _Template:
    """What the tokenizer puts around a pair."""

    before: Row
    between: Row
    after: Row
    passage_type: tuple[int, ...]
    """One type, or none where the tokenizer has none."""
    tail_type: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.before.ids) + len(self.between.ids) + len(self.after.ids)

    def row(self, passage: tuple[int, ...], tail: tuple[int, ...]) -> Row:
        types = (
            *self.before.types,
            *self.passage_type * len(passage),
            *self.between.types,
            *self.tail_type * len(tail),
            *self.after.types,
        )
        return Row((*self.before.ids, *passage, *self.between.ids, *tail, *self.after.ids), types)

    def span(self, passage: int, tail: _Segment, *, question: int) -> Span:
        """Return the places in a row of `passage` tokens and a tail whose question has so many characters."""
        start = len(self.before.ids)
        behind = start + passage + len(self.between.ids)
        asked = sum(end <= question for end in tail.ends)
        return Span(start, start + passage, behind, behind + asked, behind + len(tail.ids))


def pair_texts(example: Example) -> tuple[str, tuple[str, ...]]:
    """Return the first segment, and the second for each option.

    Training and scoring both read examples through this.

    >>> pair_texts(Example("m1#0", "Tom ran.", "Who ran?", ("Tom", "Ann"), 0, "m1"))
    ('Tom ran.', ('Who ran? Tom', 'Who ran? Ann'))
    """
    question = example.question
    return example.passage, tuple(
        " ".join(text for text in (question, option) if text) for option in example.options
    )


def encode(
    tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example], *, max_length: int
) -> tuple[Encoded, ...]:
    """Return the token rows of each example, in order.

    Where the longest question + option and the passage exceed `max_length` tokens (special tokens
    included), the passage alone is cut, from its tail and to the same number of tokens for every
    option: a longer distractor must not read less than the gold. Where nothing is cut, each row
    equals `tokenizer(passage, text_pair)`. Each distinct text is tokenised once.

    Raises `ModelError` for a tokenizer without offsets, `DataError` for text it cannot read.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"tokenizer: {type(tokenizer).__name__!r} is a slow one, but character offsets are "
            "needed to tell what a model saw; save the checkpoint with a tokenizer.json"
        )
    if not examples:
        return ()
    texts = [pair_texts(example) for example in examples]
    try:
        segments = _segments(tokenizer, texts)
    except TypeError:
        _refuse_surrogates(examples)
        raise
    template = _template(tokenizer, segments, texts)
    return tuple(
        _encoded(example, template=template, segments=segments, max_length=max_length) for example in examples
    )


def _encoded(
    example: Example,
    *,
    template: _Template,
    segments: Mapping[str, _Segment],
    max_length: int,
) -> Encoded:
    passage, tails = pair_texts(example)
    whole = segments[passage]
    ends = [segments[tail] for tail in tails]
    room = max_length - template.size - max(len(end.ids) for end in ends)
    if room < 0:
        return Encoded((), -1)
    kept = whole.ids[:room]
    is_cut = len(kept) < len(whole.ids)
    visible = max(whole.ends[:room], default=0) if is_cut else len(passage)
    rows = tuple(template.row(kept, end.ids) for end in ends)
    spans = tuple(template.span(len(kept), end, question=len(example.question)) for end in ends)
    return Encoded(rows, visible, spans)


def _segments(
    tokenizer: PreTrainedTokenizerFast, texts: Iterable[tuple[str, tuple[str, ...]]]
) -> dict[str, _Segment]:
    distinct = list(dict.fromkeys(text for passage, tails in texts for text in (passage, *tails)))
    coded = _call(tokenizer, distinct, None)
    return {
        text: _Segment(tuple(ids), tuple(end for _, end in offsets))
        for text, ids, offsets in zip(distinct, coded["input_ids"], coded["offset_mapping"], strict=True)
    }


def _template(
    tokenizer: PreTrainedTokenizerFast,
    segments: Mapping[str, _Segment],
    texts: Iterable[tuple[str, tuple[str, ...]]],
) -> _Template:
    """Read the template off one real pair of the batch, and check that pair against the parts."""
    pairs = [(passage, tails[0]) for passage, tails in texts]
    filled = [text for text in segments if segments[text].ids]
    if not filled:
        raise DataError(f"encoding: none of {len(segments)} texts gives a single token; check the data")
    passage, tail = next(
        ((a, b) for a, b in pairs if segments[a].ids and segments[b].ids), (filled[0], filled[0])
    )
    coded = _call(tokenizer, [passage], [tail])
    whole = _row(coded)
    places = coded.sequence_ids(0)
    start, tail_start = places.index(0), places.index(1)
    stop, tail_stop = start + places.count(0), tail_start + places.count(1)
    template = _Template(
        before=_part(whole, 0, start),
        between=_part(whole, stop, tail_start),
        after=_part(whole, tail_stop, len(places)),
        passage_type=whole.types[start : start + 1],
        tail_type=whole.types[tail_start : tail_start + 1],
    )
    if template.row(segments[passage].ids, segments[tail].ids) != whole:
        raise ModelError(
            f"tokenizer {type(tokenizer).__name__!r}: a pair is not its two texts plus constant "
            "special tokens, but that is needed to cut all options alike; use another tokenizer"
        )
    return template


def _row(coded: BatchEncoding) -> Row:
    types = coded.get("token_type_ids")
    return Row(tuple(coded["input_ids"][0]), tuple(types[0]) if types else ())


def _part(row: Row, start: int, stop: int) -> Row:
    return Row(row.ids[start:stop], row.types[start:stop])


def _call(tokenizer: PreTrainedTokenizerFast, first: list[str], second: list[str] | None) -> BatchEncoding:
    """Tokenise texts bare, or pairs with their special tokens; never cut, never padded."""
    return tokenizer(
        first,
        second,
        add_special_tokens=second is not None,
        truncation=False,
        padding=False,
        return_offsets_mapping=True,
        verbose=False,
    )


def _refuse_surrogates(examples: Iterable[Example]) -> None:
    for example in examples:
        text = "".join((example.passage, example.question, *example.options))
        lone = next((char for char in text if "\ud800" <= char <= "\udfff"), None)
        if lone is not None:
            raise DataError(
                f"example {example.id!r}: a lone surrogate {lone!r} came, but tokenizers need "
                "valid Unicode; repair the text in the data file"
            )
