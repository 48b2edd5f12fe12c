"""The row that ARC, OpenBookQA and CommonsenseQA share: a question whose options carry labels."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.readers.answers import from_label
from robustness.readers.rows import Fault, Row

__all__ = ["labelled"]


def labelled(row: Row, stem: str) -> tuple[str, tuple[str, ...], int]:
    """Return (question, options, answer) of a row; the answer key is stripped of spaces.

    Two layouts: the Hub's `{STEM, choices: {text, label}, answerKey}`, and that of the original
    files, `{question: {stem, choices: [{text, label}, ...]}, answerKey}`.

    >>> choices = {"text": ["ice", "fire"], "label": ["1", "2"]}
    >>> labelled(Row({"question": "What is hot?", "choices": choices, "answerKey": "2 "}), "question")
    ('What is hot?', ('ice', 'fire'), 1)
    """
    nested = isinstance(row.fields.get("question"), dict)
    asked = row.row("question") if nested else row
    texts, labels = _choices(asked)
    key = row.fields.get("answerKey")
    answer = from_label(key.strip() if isinstance(key, str) else key, labels)
    return asked.text("stem" if nested else stem), texts, answer


def _choices(asked: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(asked.get("choices"), dict):
        columns = asked.row("choices")
        texts, labels = columns.texts("text"), columns.texts("label")
    else:
        each: Sequence[Row] = [Row.of(choice) for choice in asked.items("choices")]
        texts = tuple(choice.text("text") for choice in each)
        labels = tuple(choice.text("label") for choice in each)
    if len(texts) != len(labels):
        raise Fault(f"{len(texts)} option texts but {len(labels)} labels came")
    return texts, labels
