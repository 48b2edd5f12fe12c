from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.onestopqa import origin, read, untagged
from robustness.readers.rows import Fault, InvalidRow

QUESTION = "{label}: {text}?\na: right\nb: misread\nc: distracted\nd: unsupported\n\n"
PARAGRAPH = (
    "# Paragraph\n\n"
    "Adv: <A1><A3>Ida sailed</A3> north</A1> and <D1>back.</D1> <A1>Twice.</A1> \n\n"
    "Int: Ida <A2>sailed north.</A2>  She came back.\n\n"
    "Ele: Ida went north.\n\n"
    + QUESTION.format(label="Q", text="Where to")
    + QUESTION.format(label="Q", text="Who")
    + QUESTION.format(label="Q1", text="How")
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Sea.txt").write_text("# Title\nThe Sea\n\n\n" + PARAGRAPH + PARAGRAPH)
    return tmp_path


def examples_of(path: Path) -> dict[str, Example]:
    return {e.id: e for e in read(str(path)) if isinstance(e, Example)}


def test_each_question_is_asked_at_each_level(folder):
    examples = examples_of(folder)
    assert len(examples) == 2 * 3 * 3
    assert {e.group for e in examples.values()} == {"Sea#p1", "Sea#p2"}
    assert {e.meta["level"] for e in examples.values()} == {"Adv", "Int", "Ele"}
    assert "Sea#p2.Int#q3" in examples


def test_options_are_shuffled_once_and_roles_follow_them(folder):
    words = {"a": "right", "b": "misread", "c": "distracted", "d": "unsupported"}
    examples = examples_of(folder)
    for example in examples.values():
        assert tuple(words[role] for role in example.meta["roles"]) == example.options
        assert example.meta["roles"].index("a") == example.answer
    assert len({e.answer for e in examples.values()}) > 1
    assert examples == examples_of(folder / "Sea.txt")


def test_tags_leave_the_passage_and_spans_point_into_it(folder):
    examples = examples_of(folder)
    first = examples["Sea#p1.Adv#q1"]
    assert first.passage == "Ida sailed north and back. Twice."
    assert first.meta["evidence"] == "0:16,27:33"
    assert first.meta["distractor_span"] == "21:26"
    assert first.passage[27:33] == "Twice."


def test_a_question_uses_its_own_tags_and_says_whose_span_it_shares(folder):
    examples = examples_of(folder)
    third = examples["Sea#p1.Adv#q3"]
    assert third.meta["evidence"] == "0:10"
    assert third.meta["shares_span_with"] == "q1"
    assert "evidence" not in examples["Sea#p1.Ele#q1"].meta


@given(st.text(alphabet="ab <>/"), st.text(alphabet="ab "), st.text(alphabet="ab "))
def test_spans_cut_out_what_the_tags_enclosed(before, inside, after):
    plain, spans = untagged(f"{before}<A1>{inside}</A1>{after}")
    assert plain == before + inside + after
    ((start, end),) = spans["A1"]
    assert plain[start:end] == inside


@pytest.mark.parametrize("text", ["<A1>open", "shut</D2>", "<A1><A1>twice</A1></A1>"])
def test_unbalanced_tags_are_refused(text):
    with pytest.raises(Fault, match="tag"):
        untagged(text)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("c: distracted\n", "", 11, "options a, b, d came"),
        ("b: misread", "b misread", 13, "'b misread' came"),
        ("b: misread", "a: misread", 13, "'a:' came twice"),
        ("Ele: Ida went north.", "", 11, "Ele: the paragraph is missing at this level"),
        ("Int: Ida <A2>", "Int: Ida ", 11, "Int: span tag </A2> is not balanced"),
    ],
)
def test_a_damaged_paragraph_is_named_by_its_line(tmp_path, old, new, line, reason):
    path = tmp_path / "Sea.txt"
    path.write_text("# Title\nThe Sea\n" + PARAGRAPH.replace(old, new, 1))
    bad = [row for row in read(str(path)) if isinstance(row, InvalidRow)]
    assert bad
    assert any(row.where == f"{path}:{line}" and reason in row.reason for row in bad)


def test_an_option_before_any_question_and_a_paragraph_without_are_refused(tmp_path):
    path = tmp_path / "Sea.txt"
    path.write_text("# Paragraph\nAdv: x\na: y\n")
    reasons = {row.reason for row in read(str(path)) if isinstance(row, InvalidRow)}
    assert reasons == {"option 'a' came before any question", "the paragraph has no questions"}


def test_other_text_is_no_article(tmp_path):
    (tmp_path / "x.txt").write_text("Once upon a time.\n")
    (bad,) = read(str(tmp_path))
    assert isinstance(bad, InvalidRow)
    assert "no '# Paragraph' line" in bad.reason


def test_a_folder_without_articles_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no \.txt article"):
        origin(str(tmp_path))
