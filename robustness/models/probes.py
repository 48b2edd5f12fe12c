"""A few rows that depend on the model alone, to ask at every start whether it computes as it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robustness.domain import Example
from robustness.models.encoding import Encoded, Row, encode

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

__all__ = ["probes"]

_STORY = (
    "Mara unlocks the bakery at five. Her brother Ivo brings the flour by bicycle, because the van is "
    "being repaired until Friday. At seven the first customers ask for rye bread, but today there is "
    "only wheat. "
)
_ASKED = (
    ("Why does Ivo ride a bicycle?", ("The van is being repaired.", "He likes to ride.", "Rye is heavy.")),
    ("When does the bakery open?", ("At five.", "On Friday, after the first customers have gone home.")),
)
_LONGEST = 100
"""Copies of the story: more tokens than most limits, so that one probe has the full length."""


def probes(tokenizer: PreTrainedTokenizerFast, *, max_length: int) -> tuple[Row, ...]:
    """Return distinct rows, shortest first: bare options, short questions, one as long as is allowed.

    They do not depend on the data, so that what is measured on them is the same in every run.
    """
    examples = [
        Example(f"probe#{n}.{copies}", _STORY * copies, question, options, None, "probe")
        for copies in (0, 1)
        for n, (question, options) in enumerate(_ASKED)
    ]
    examples.append(Example("probe#long", _STORY * _LONGEST, "", ("Rye.", "Mara."), None, "probe"))
    coded: tuple[Encoded, ...] = encode(tokenizer, examples, max_length=max_length)
    *short, long = coded
    rows = {*(row for item in short for row in item.rows), *long.rows[:1]}
    return tuple(sorted(rows, key=lambda row: (len(row.ids), row.ids)))
