from __future__ import annotations

import pytest

from robustness.domain import Example
from robustness.readers.boolq import rows
from robustness.readers.rows import InvalidRow

ROW = {"question": "is ice cold", "passage": "Ice is cold.", "title": "Ice"}


@pytest.mark.parametrize(
    ("given", "gold"), [({"answer": True}, "yes"), ({"answer": False}, "no"), ({"label": 0}, "no")]
)
def test_truth_is_read_as_two_options(given, gold):
    (example,) = rows({**ROW, **given}, "f:1")
    assert isinstance(example, Example)
    assert example.answer is not None
    assert example.options == ("no", "yes")
    assert example.options[example.answer] == gold
    assert dict(example.meta) == {"title": "Ice"}


@pytest.mark.parametrize(
    "given", [{"answer": "False"}, {"answer": 0}, {"label": -1}, {}, {"answer": True, "label": 1}]
)
def test_other_answers_are_refused(given):
    (bad,) = rows({**ROW, **given}, "f:1")
    assert isinstance(bad, InvalidRow)
