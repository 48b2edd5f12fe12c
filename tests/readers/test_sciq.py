from __future__ import annotations

import json

from robustness.domain import Example
from robustness.readers.rows import InvalidRow
from robustness.readers.sciq import read


def row(number: int, support: str = "Ice melts.") -> dict[str, str]:
    wrong = {f"distractor{i}": f"wrong {i}" for i in (1, 2, 3)}
    return {"question": f"What {number}?", "correct_answer": "right", "support": support, **wrong}


def test_the_gold_option_is_placed_by_content_and_not_by_file_order(tmp_path):
    path = tmp_path / "test.json"
    entries = [row(number) for number in range(40)]
    path.write_text(json.dumps(entries))
    forth = {e.id: e for e in read(str(path)) if isinstance(e, Example)}
    path.write_text(json.dumps(entries[::-1]))
    back = {e.id: e for e in read(str(path)) if isinstance(e, Example)}
    assert forth == back
    assert len(forth) == 40
    assert {e.answer for e in forth.values()} == {0, 1, 2, 3}
    assert all(e.options[e.answer or 0] == "right" for e in forth.values())


def test_the_support_may_be_empty_but_not_missing(tmp_path):
    path = tmp_path / "test.json"
    without = {name: value for name, value in row(2).items() if name != "support"}
    path.write_text(json.dumps([row(1, support=""), without]))
    empty, missing = read(str(path))
    assert isinstance(empty, Example)
    assert empty.group == empty.id
    assert isinstance(missing, InvalidRow)
