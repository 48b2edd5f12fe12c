from __future__ import annotations

import json

import pytest

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.race import origin, read, rows
from robustness.readers.rows import InvalidRow

ARTICLE = {
    "article": "Bo sells tea. He sold a cup.",
    "questions": ["Bo sold _ to _ .", "What does Bo sell?"],
    "options": [["tea", "ink", "rope", "salt"], ["Hats.", "Tea.", "Ink.", "Rope."]],
    "answers": ["A", "B"],
    "id": "high7.txt",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "high").mkdir()
    (tmp_path / "high" / "7.txt").write_text(json.dumps(ARTICLE))
    other = {**ARTICLE, "id": "middle2.txt", "answers": ["D", "C"]}
    (tmp_path / "2.json").write_text(json.dumps(other))
    return tmp_path


def test_a_folder_is_read_with_its_folders(folder):
    examples = [e for e in read(str(folder)) if isinstance(e, Example)]
    assert {e.id: e.answer for e in examples} == {
        "high7.txt#q1": 0,
        "high7.txt#q2": 1,
        "middle2.txt#q1": 3,
        "middle2.txt#q2": 2,
    }
    assert {e.group for e in examples} == {"high7.txt", "middle2.txt"}
    assert [name for name, _ in origin(str(folder)).files] == ["2.json", "high/7.txt"]


def test_cloze_blanks_are_counted_and_the_level_kept(folder):
    first, second = (e for e in read(str(folder / "high")) if isinstance(e, Example))
    assert dict(first.meta) == {"blanks": "2", "level": "high"}
    assert dict(second.meta) == {"level": "high"}


def test_one_article_is_a_data_set_too(folder):
    assert len(list(read(str(folder / "2.json")))) == 2


def test_a_folder_without_articles_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no \.txt or \.json article"):
        list(read(str(tmp_path)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{\n"article": "x",\n}', ":3: not JSON"),
        (b"\xff", ":1: "),
        (b"", ":1: "),
        (json.dumps({**ARTICLE, "answers": ["A"]}).encode(), "2 questions, 2 options, 1 answers"),
    ],
)
def test_a_bad_article_is_one_bad_row_and_the_others_are_read(folder, content, reason):
    (folder / "1.txt").write_bytes(content)
    bad, *good = read(str(folder))
    assert isinstance(bad, InvalidRow)
    assert reason in f"{bad.where.removeprefix(str(folder / '1.txt'))}: {bad.reason}"
    assert len(good) == 4


@pytest.mark.parametrize("answer", ["E", 0, "0", "AB"])
def test_an_answer_that_is_no_letter_in_range_is_refused(tmp_path, answer):
    path = tmp_path / "1.txt"
    path.write_text(json.dumps({**ARTICLE, "answers": ["A", answer]}))
    _, bad = read(str(path))
    assert isinstance(bad, InvalidRow)
    assert bad.where == f"{path}:entry 2"


def test_two_questions_of_one_article_on_the_hub_have_two_ids_and_one_group():
    row = {"example_id": "high7.txt", "article": "x y", "options": ["a", "b"], "answer": "B"}
    (first,) = rows({**row, "question": "One?"}, "hub:entry 1")
    (second,) = rows({**row, "question": "Two?"}, "hub:entry 2")
    assert isinstance(first, Example)
    assert isinstance(second, Example)
    assert first.id != second.id
    assert first.group == second.group == "high7.txt"
