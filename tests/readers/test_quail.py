from __future__ import annotations

import json

import pytest

from robustness.domain import Example
from robustness.readers.quail import read
from robustness.readers.rows import InvalidRow

ROW = {
    "id": "u1_0",
    "context_id": "u1",
    "context": "Eve baked.",
    "question": "Who baked?",
    "question_type": "Factual",
    "domain": "user_stories",
    "answers": ["Eve", "Ann", "Bob", "not enough information"],
    "correct_answer_id": "0",
    "metadata": {"author": "x"},
}


@pytest.mark.parametrize("gold", ["0", 0])
def test_a_digit_may_be_a_string_or_an_integer(tmp_path, gold):
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps({**ROW, "correct_answer_id": gold}))
    (example,) = read(str(path))
    assert isinstance(example, Example)
    assert (example.id, example.group, example.answer) == ("u1_0", "u1", 0)
    assert dict(example.meta) == {"question_type": "Factual", "domain": "user_stories"}


@pytest.mark.parametrize("gold", ["4", "A", True, 0.0])
def test_other_answers_are_refused(tmp_path, gold):
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps({**ROW, "correct_answer_id": gold}))
    (bad,) = read(str(path))
    assert isinstance(bad, InvalidRow)
    assert bad.where == f"{path}:1"


@pytest.fixture
def ordered(tmp_path):
    wrong = "".join(f'<a id="{i}" correct="False"> wrong {i} </a>' for i in (2, 3, 4))
    questions = "".join(
        f'<q id="{number}" type="Factual">\n Which {number}?\n'
        f'<a id="1" correct="True">\n right \n</a>{wrong}</q>'
        for number in range(40)
    )
    unknown = '<q id="3" type="Unanswerable">Why?<a id="1">x</a><a id="2" correct="True">y</a></q>'
    path = tmp_path / "ordered.xml"
    path.write_text(
        f'<data><text domain="news" id="n1"><text_body>\n Eve baked. \n</text_body>'
        f"<questions>{questions}{unknown}</questions></text></data>"
    )
    return str(path)


def test_the_gold_option_of_the_ordered_release_does_not_stay_first(ordered):
    examples = [e for e in read(ordered) if isinstance(e, Example)]
    assert len(examples) == 41
    assert {e.answer for e in examples[:-1]} == {0, 1, 2, 3}
    assert all(e.answer is not None and e.options[e.answer] == "right" for e in examples[:-1])
    assert list(read(ordered)) == examples


def test_numbers_that_repeat_within_a_text_are_told_apart_by_type(ordered):
    ids = [e.id for e in read(ordered) if isinstance(e, Example)]
    assert "n1#Factual.3" in ids
    assert ids[-1] == "n1#Unanswerable.3"
    assert len(set(ids)) == 41


def test_a_missing_mark_in_the_xml_means_wrong(ordered):
    *_, last = (e for e in read(ordered) if isinstance(e, Example))
    assert last.answer is not None
    assert last.options[last.answer] == "y"
    assert (last.passage, last.question) == ("Eve baked.", "Why?")
