from __future__ import annotations

import json
from typing import Any

import pytest

from robustness.domain import Example
from robustness.readers import arc, commonsenseqa, openbookqa
from robustness.readers.rows import InvalidRow

TEXTS = ["ice", "fire", "air", "sand", "salt"]


def row(labels: str, key: object, stem: str = "question") -> dict[str, Any]:
    choices = {"text": TEXTS[: len(labels)], "label": list(labels)}
    return {"id": "x1", stem: "What is hot?", "choices": choices, "answerKey": key}


@pytest.mark.parametrize(
    ("labels", "key", "gold"), [("ABCD", "B", 1), ("1234", "4", 3), ("ABC", "C", 2), ("ABCDE", "E", 4)]
)
def test_arc_keys_are_letters_or_digits_and_options_three_to_five(labels, key, gold):
    (example,) = arc.rows(row(labels, key), "f:1")
    assert isinstance(example, Example)
    assert (example.passage, example.answer, example.group) == ("", gold, "x1")
    assert example.options == tuple(TEXTS[: len(labels)])


@pytest.mark.parametrize("key", ["E", "b", 2, "", None])
def test_a_key_that_is_no_label_is_refused(key):
    (bad,) = arc.rows(row("ABCD", key), "f:1")
    assert isinstance(bad, InvalidRow)


def test_openbookqa_keys_may_carry_spaces():
    (example,) = openbookqa.rows({**row("ABCD", " C ", "question_stem"), "fact1": "hot"}, "f:1")
    assert isinstance(example, Example)
    assert example.answer == 2
    assert dict(example.meta) == {"fact1": "hot"}


def test_a_hidden_commonsenseqa_answer_is_named_as_such():
    (bad,) = commonsenseqa.rows(row("ABCDE", ""), "f:1")
    assert isinstance(bad, InvalidRow)
    assert "hidden" in bad.reason


@pytest.mark.parametrize("module", [arc, commonsenseqa, openbookqa])
def test_the_original_files_nest_stem_and_choices(module, tmp_path):
    choices = [{"text": text, "label": label} for text, label in zip(TEXTS, "ABCDE", strict=True)]
    nested = {"id": "x1", "question": {"stem": "What is hot?", "choices": choices}, "answerKey": "B"}
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps(nested))
    (example,) = module.read(str(path))
    assert (example.question, example.options, example.answer) == ("What is hot?", tuple(TEXTS), 1)


def test_texts_and_labels_must_be_as_many():
    broken = row("ABC", "A")
    broken["choices"]["label"].pop()
    (bad,) = arc.rows(broken, "f:1")
    assert bad == InvalidRow("f:1", "3 option texts but 2 labels came")
