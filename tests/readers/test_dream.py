from __future__ import annotations

import json

import pytest

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.dream import c3_rows, dream_rows, read
from robustness.readers.rows import InvalidRow

TURNS = ["W: Shall we walk?", "M: Let's take the bus."]
ASK = {"question": "How do they go?", "choice": ["On foot.", "By bus.", "By car."]}


@pytest.fixture
def write(tmp_path):
    def make(entries, *, ends="\r\n"):
        path = tmp_path / "test.json"
        text = json.dumps(entries, indent=1, ensure_ascii=False).replace("\n", ends)
        path.write_bytes(text.encode())
        return str(path)

    return make


def test_a_dialogue_becomes_one_example_a_question(write):
    other = {**ASK, "question": "Who speaks first?", "choice": ["W.", "M."], "answer": "W."}
    first, second = read(write([[TURNS, [{**ASK, "answer": "By bus."}, other], "7-1"]]))
    assert first == Example(
        "7-1#q1", "\n".join(TURNS), "How do they go?", ("On foot.", "By bus.", "By car."), 1, "7-1"
    )
    assert isinstance(second, Example)
    assert (second.id, second.answer, len(second.options)) == ("7-1#q2", 0, 2)


def test_chinese_with_two_three_and_four_options_in_one_file(write):
    options = ["书", "笔", "纸", "茶"]
    asked = [{"question": "买什么?", "choice": options[:k], "answer": "笔"} for k in (2, 3, 4)]
    examples = list(read(write([[["他买笔。"], asked, "m1-1"]])))
    assert [len(e.options) for e in examples if isinstance(e, Example)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ([TURNS, "x"], "a list [turns, questions, id] is needed"),
        ([TURNS, {}, "7-1"], "'questions' is dict"),
        ([[1], [], "7-1"], "turns[0] is int 1"),
        ([TURNS, [{**ASK, "answer": "B"}], "7-1"], "question 1: answer 'B' is not among"),
        ([TURNS, [{**ASK, "answer": 1}], "7-1"], "question 1: answer 1 is not among"),
        ([TURNS, [{**ASK, "choice": ["a", "a"], "answer": "a"}], "7-1"], "matches options 0 and 1"),
        ([TURNS, [{**ASK, "choice": ["a"], "answer": "a"}], "7-1"], "at least 2"),
        ([TURNS, ["x"], "7-1"], "an object with named fields"),
        ([TURNS, [], " "], "'id' is empty"),
    ],
)
def test_a_bad_entry_is_named_by_its_number(write, entry, reason):
    good = [TURNS, [{**ASK, "answer": "By bus."}], "7-2"]
    path = write([good, entry])
    _, row = read(path)
    assert isinstance(row, InvalidRow)
    assert row.where == f"{path}:entry 2"
    assert reason in row.reason


def test_a_file_that_is_no_json_list_is_refused_with_its_line(write, tmp_path):
    with pytest.raises(DataError, match="a JSON list is needed"):
        list(read(write({"a": 1})))
    path = tmp_path / "broken.json"
    path.write_text('[\n[["M: Hi."],\n')
    with pytest.raises(DataError, match=r"broken.json:3: not JSON"):
        list(read(str(path)))


@pytest.mark.parametrize("transposed", [True, False])
def test_both_shapes_of_the_hubs_c3_give_the_same_items(transposed):
    asked = [{**ASK, "answer": "By car."}, {**ASK, "answer": "By bus."}]
    columns = {name: [question[name] for question in asked] for name in asked[0]}
    questions = columns if transposed else asked
    row = {"documents": TURNS, "document_id": "m1", "questions": questions}
    examples = [e for e in c3_rows(row, "hub:entry 1") if isinstance(e, Example)]
    assert [(e.id, e.answer, e.group) for e in examples] == [("m1#q1", 2, "m1"), ("m1#q2", 1, "m1")]


def test_a_hub_row_without_questions_is_invalid():
    row = {"documents": TURNS, "document_id": "m1", "questions": {"question": []}}
    (bad,) = c3_rows(row, "hub:entry 4")
    assert bad == InvalidRow("hub:entry 4", "field 'questions' needs lists named question, choice and answer")


def test_a_dialogue_from_the_hub_keeps_its_id_as_group():
    row = {"dialogue_id": "7-1", "dialogue": TURNS, "id": 0, **ASK, "answer": "By bus."}
    (example,) = dream_rows(row, "hub:entry 1")
    assert isinstance(example, Example)
    assert example.group == "7-1"
    assert example.id.startswith("7-1#content-")
