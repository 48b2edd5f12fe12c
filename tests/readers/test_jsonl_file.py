from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Example
from robustness.readers.jsonl_file import read, rows
from robustness.readers.load import load
from robustness.readers.rows import InvalidRow

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "data-format.md"

ROW = {"passage": "Tom ran.", "question": "Who?", "options": ["Ann", "Tom"], "answer": 1}
storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(storable, st.lists(storable.filter(str.strip), min_size=2, max_size=26), st.data())
def test_a_written_row_is_read_back_exactly(tmp_path_factory, passage, options, data):
    answer = data.draw(st.integers(0, len(options) - 1))
    row = {"id": "é1", "passage": passage, "question": "Q", "options": options, "answer": answer}
    path = tmp_path_factory.mktemp("own") / "mine.jsonl"
    path.write_text(json.dumps({**row, "group": "g", "kind": "why"}, ensure_ascii=False), newline="")
    (example,) = read(str(path))
    assert example == Example("é1", passage, "Q", tuple(options), answer, "g", {"kind": "why"})


def test_the_examples_of_the_documentation_are_read(tmp_path):
    text = DOCUMENTATION.read_text(encoding="utf-8")
    blocks = re.findall(r"```(jsonl|csv)\n(.*?)```", text, flags=re.S)
    assert [kind for kind, _ in blocks] == ["jsonl", "csv"]
    for kind, block in blocks:
        path = tmp_path / f"mine.{kind}"
        path.write_text(block, encoding="utf-8")
        examples = load(f"{kind}:{path}").examples
        assert [len(e.options) for e in examples] == [3, 2]
        assert [e.answer for e in examples] == [1, 0]


def test_id_and_group_may_be_left_out_or_null():
    (bare,) = rows(ROW, "f:1")
    (null,) = rows({**ROW, "id": None, "group": None}, "f:1")
    assert bare == null
    assert isinstance(bare, Example)
    assert bare.group.startswith("passage-")


def test_composed_and_decomposed_letters_are_two_items():
    (one,) = rows({**ROW, "passage": "caf\u00e9"}, "f:1")
    (two,) = rows({**ROW, "passage": "cafe\u0301"}, "f:1")
    assert isinstance(one, Example)
    assert isinstance(two, Example)
    assert one.id != two.id


def test_other_columns_are_meta_where_they_are_strings():
    (example,) = rows({**ROW, "type": "who", "score": 3, "note": "", "id": 7}, "f:1")
    assert isinstance(example, Example)
    assert dict(example.meta) == {"type": "who"}
    assert example.id == "7"


def test_the_gold_option_may_be_given_as_text():
    (example,) = rows({**ROW, "answer": None, "answer_text": "Ann"}, "f:1")
    assert isinstance(example, Example)
    assert example.answer == 0


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"answer": "1"}, "an integer from 0 to 1 is needed"),
        ({"answer": "B"}, "an integer from 0 to 1 is needed"),
        ({"answer": True}, "an integer from 0 to 1 is needed"),
        ({"answer": 2}, "counted from 1"),
        ({"answer": None}, "neither 'answer' nor 'answer_text'"),
        ({"answer_text": "Tom"}, "both 'answer' and 'answer_text'"),
        ({"options": ["Tom"], "answer": 0}, "at least 2"),
        ({"options": []}, "there are 0 options"),
        ({"options": "Ann Tom"}, "a list is needed"),
        ({"passage": None}, "field 'passage' is null"),
        ({"id": ""}, "'id' is empty"),
        ({"group": ["x"]}, "'group' is list"),
    ],
)
def test_a_row_that_breaks_the_schema_is_refused(changed, reason):
    (bad,) = rows({**ROW, **changed}, "f:1")
    assert isinstance(bad, InvalidRow)
    assert reason in bad.reason
