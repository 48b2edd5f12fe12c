"""LogiQA (Liu et al. 2020), English or Chinese: text in blocks, with a blank line between them.

A block is the gold letter (a to d), the context, the question and four options. Options that all
carry their own letter ("A.", "B.", ...) lose it: it would be wrong after any reordering. There are
no ids in the source. Hub: `EleutherAI/logiqa`, `lucasmccabe/logiqa`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from robustness.domain import Example
from robustness.readers.answers import from_digits, from_letter
from robustness.readers.files import read_text
from robustness.readers.identity import content_id, group_of
from robustness.readers.rows import Fault, Item, Row, attempt

__all__ = ["query_rows", "read", "rows"]

_BLOCK = 7


def read(argument: str) -> Iterator[Item]:
    """Yield the questions of one file; ids are digests of the content."""
    start, block = 1, list[str]()
    for number, line in enumerate((*read_text(argument).split("\n"), ""), 1):
        if line.strip():
            start = start if block else number
            block.append(line.rstrip("\r"))
        elif block:
            yield attempt(f"{argument}:{start}", partial(_of_block, tuple(block)))
            block = []


def _of_block(block: Sequence[str]) -> Example:
    if len(block) != _BLOCK:
        raise Fault(
            f"a block of {len(block)} lines came, but {_BLOCK} are needed: letter, context, "
            "question, four options"
        )
    letter, context, question, *options = block
    return _example(context, question, _bare(options), from_letter(letter.strip(), len(options)))


def _bare(options: Sequence[str]) -> tuple[str, ...]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    own = all(
        text[:1].upper() == letter and text[1:2] in tuple(".．)、:：")
        for text, letter in zip(options, letters, strict=False)
    )
    return tuple(text[2:].strip() for text in options) if own else tuple(options)


def _example(passage: str, question: str, options: tuple[str, ...], answer: int) -> Example:
    name = content_id(passage, question, options)
    return Example(name, passage, question, options, answer, group_of(passage, name))


def rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row of `EleutherAI/logiqa`: the label is a letter.

    >>> row = {"context": "All A are B.", "question": "So?", "options": ["x", "y"], "label": "b"}
    >>> [example.answer for example in rows(row, "hub:entry 1")]
    [1]
    """
    yield attempt(where, lambda: _letter_row(Row.of(value)))


def _letter_row(row: Row) -> Example:
    options = row.texts("options")
    answer = from_letter(row.get("label"), len(options))
    return _example(row.text("context"), row.text("question"), _bare(options), answer)


def query_rows(value: object, where: str) -> Iterator[Item]:
    """Yield the question of one row of `lucasmccabe/logiqa`: the answer counts from 0."""
    yield attempt(where, lambda: _query_row(Row.of(value)))


def _query_row(row: Row) -> Example:
    options = row.texts("options")
    answer = from_digits(row.get("correct_option"), len(options))
    return _example(row.text("context"), row.text("query"), _bare(options), answer)
