from __future__ import annotations

import json

import pytest

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.cosmosqa import read
from robustness.readers.rows import InvalidRow

HEAD = "id,context,question,answer0,answer1,answer2,answer3,label\r\n"


@pytest.fixture
def write(tmp_path):
    def make(text, name="valid.csv"):
        path = tmp_path / name
        path.write_text(text, newline="")
        return str(path)

    return make


def test_quoted_rows_are_read_and_contexts_are_groups(write):
    body = '1a,"It rained , so we\r\nstayed in .",Why ?,"Rain ,",b,c,None of the above choices .,0\r\n'
    other = body.replace("1a", "1b").replace(",0\r\n", ",3")
    first, second = read(write(HEAD + body + other))
    assert isinstance(first, Example)
    assert isinstance(second, Example)
    assert (first.id, first.answer, second.id, second.answer) == ("1a", 0, "1b", 3)
    assert first.passage == "It rained , so we\r\nstayed in ."
    assert first.group == second.group


def test_a_label_out_of_range_is_named_by_line(write):
    path = write(HEAD + "1a,x,y,a,b,c,d,1\r\n1b,x,y,a,b,c,d,4\r\n")
    _, bad = read(path)
    assert isinstance(bad, InvalidRow)
    assert bad.where == f"{path}:3"
    assert "counted from 1" in bad.reason


def test_the_test_part_without_labels_is_called_hidden(write):
    row = {"id": "1", "context": "x", "question": "y", "answer0": "a", "answer1": "b"}
    (bad,) = read(write(json.dumps(row), "test.jsonl"))
    assert isinstance(bad, InvalidRow)
    assert "hidden" in bad.reason


def test_another_csv_is_refused_by_its_header(write):
    with pytest.raises(DataError, match="a column 'context' is needed"):
        list(read(write("id,passage\n1,x\n")))
