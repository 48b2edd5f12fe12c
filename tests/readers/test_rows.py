from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Example
from robustness.readers.rows import MAX_OPTIONS, Fault, InvalidRow, Row, attempt, checked


def item(**changed: Any) -> Example:
    fields: dict[str, Any] = {
        "id": "1",
        "passage": "Tom ran.",
        "question": "Who ran?",
        "options": ("Ann", "Tom"),
        "answer": 1,
        "group": "g",
    }
    return Example(**{**fields, **changed})


@given(st.text())
def test_text_passes_unchanged_or_not_at_all(text):
    try:
        assert checked(item(passage=text)).passage == text
    except Fault:
        assert "\0" in text


@pytest.mark.parametrize("kept", ["a\u2028b", "\ufffe", "e\u0301", "é", "\u200b", "a\r\nb", "\x85"])
def test_unusual_characters_are_kept_as_they_are(kept):
    assert checked(item(passage=kept)).passage == kept


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"question": " "}, "question is empty"),
        ({"options": ("Tom", "")}, r"option 1 \(from 0\) is empty"),
        ({"options": (" \u3000", "Tom")}, r"option 0 \(from 0\) is empty"),
        ({"passage": "a\0b"}, "passage holds a NUL character at 1"),
        ({"options": ("Tom", "\ud83d")}, r"option 1 holds half a character .*U\+D83D"),
        ({"meta": {"note": "\0"}}, "meta 'note' holds a NUL"),
        ({"meta": {"\ud800": ""}}, "half a character"),
        ({"id": "x\0"}, "id holds a NUL"),
        ({"options": tuple(map(str, range(MAX_OPTIONS + 1)))}, "1001 options came"),
        ({"passage": "x" * 50_000_001}, "more than 50,000,000 characters"),
    ],
)
def test_an_unusable_field_is_refused_with_its_place(changed, reason):
    with pytest.raises(Fault, match=reason):
        checked(item(**changed))


def test_an_empty_passage_is_allowed():
    assert checked(item(passage="")).passage == ""


@pytest.mark.parametrize("options", [(), ("Tom",)])
def test_fewer_than_two_options_become_an_invalid_row(options):
    row = attempt("f.jsonl:3", lambda: item(options=options, answer=0))
    assert isinstance(row, InvalidRow)
    assert row.where == "f.jsonl:3"
    assert "at least 2" in row.reason


def test_a_fault_names_the_part_of_its_row():
    def broken():
        raise Fault("no gold")

    assert attempt("f:entry 2", broken, part="question 3") == InvalidRow("f:entry 2", "question 3: no gold")


def test_a_bug_in_a_reader_is_not_taken_for_a_bad_row():
    with pytest.raises(ZeroDivisionError):
        attempt("f:1", lambda: item(id=str(1 // 0)))


def test_a_missing_field_lists_those_that_are_there():
    with pytest.raises(Fault, match="field 'question' is missing; the row has 'a, b'"):
        Row.of({"b": 1, "a": 2}).text("question")


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_a_row_is_an_object(value):
    with pytest.raises(Fault, match="an object with named fields"):
        Row.of(value)


def test_a_wrong_type_is_said_with_its_value():
    with pytest.raises(Fault, match=r"options\[1\] is int 7, but a string"):
        Row.of({"options": ["a", 7]}).texts("options")
    with pytest.raises(Fault, match="is str 'ab', but a list"):
        Row.of({"options": "ab"}).texts("options")
    with pytest.raises(Fault, match="but an object"):
        Row.of({"choices": []}).row("choices")


def test_keys_are_texts_or_integers_but_never_empty_or_true():
    row = Row.of({"a": 7, "b": "x", "c": " ", "d": True})
    assert (row.key("a"), row.key("b")) == ("7", "x")
    with pytest.raises(Fault, match="is empty"):
        row.key("c")
    with pytest.raises(Fault, match="bool"):
        row.key("d")
