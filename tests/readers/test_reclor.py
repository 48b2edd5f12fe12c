from __future__ import annotations

import json

import pytest

from robustness.domain import Example
from robustness.readers.reclor import read
from robustness.readers.rows import InvalidRow

ROW = {
    "context": "No fish sing.",
    "question": "What follows?",
    "answers": ["Eels sing.", "Cod do not sing.", "Fish talk.", "Birds sing."],
    "id_string": "val_3",
}


@pytest.mark.parametrize("label", [1, "1"])
def test_a_labelled_row_is_read(tmp_path, label):
    path = tmp_path / "val.json"
    path.write_text(json.dumps([{**ROW, "label": label}]))
    (example,) = read(str(path))
    assert isinstance(example, Example)
    assert (example.id, example.answer) == ("val_3", 1)
    assert example.group.startswith("passage-")


def test_an_unlabelled_row_is_called_hidden(tmp_path):
    path = tmp_path / "test.json"
    path.write_text(json.dumps([ROW]))
    (bad,) = read(str(path))
    assert isinstance(bad, InvalidRow)
    assert bad.where == f"{path}:entry 1"
    assert "hidden" in bad.reason
