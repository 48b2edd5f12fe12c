from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.reports.escape import flat_text, log_lines, log_text, visible_text


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_no_hidden_or_steering_character_is_left(text: str):
    left = {unicodedata.category(char) for char in visible_text(text) if char not in "\n\t"}
    assert not left & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_flat_text_is_one_line_that_can_be_written_anywhere(text: str):
    shown = flat_text(text)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_showing_text_twice_changes_nothing(text: str):
    assert visible_text(visible_text(text)) == visible_text(text)


@pytest.mark.parametrize(
    "text", ["Ein Mädchen.", "以上都是。", "Tiếng Việt", "a\u00a0b\u3000c", "M: Hi.\n\tW: Hello."]
)
def test_ordinary_text_of_any_language_stays_as_it_is(text: str):
    assert visible_text(text) == text


@pytest.mark.parametrize(
    ("char", "shown"),
    [
        ("\x1b", r"\x1b"),
        ("\x07", r"\x07"),
        ("\r", r"\x0d"),
        ("\x9b", r"\x9b"),
        ("\u202e", r"\u202e"),
        ("\u200b", r"\u200b"),
        ("\ufeff", r"\ufeff"),
        ("\ud800", r"\ud800"),
        ("\ufffe", r"\ufffe"),
        ("\ufdd0", r"\ufdd0"),
        ("\U0010ffff", r"\U0010ffff"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_hidden_characters_are_shown_by_their_number(char: str, shown: str):
    assert visible_text(f"a{char}b") == f"a{shown}b"


def test_ten_thousand_combining_marks_take_no_more_room_than_four():
    assert len(visible_text("a" + "\u0301" * 10_000 + "b")) == 7


@pytest.mark.parametrize("text", ["::error file=x::y", "a\n::add-mask::b", "x ##[error] y"])
def test_log_text_holds_no_workflow_command(text: str):
    assert "::" not in log_text(text)
    assert "##[" not in log_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "::error::x",
        ":::set-output name=a::b",
        "##[error]x",
        "##vso[a]b",
        "##teamcity[a]",
        "a\n::stop-commands::x",
    ],
)
def test_no_build_server_finds_a_command(text: str):
    for shown in (log_text(text), log_lines(text)):
        assert not re.search(r"::|##\[|##[a-zA-Z]+\[", shown)


@pytest.mark.parametrize("text", ["## Heading", "a: b", "#1 ##2", "C:/x"])
def test_ordinary_marks_stay_in_logs(text: str):
    assert log_text(text) == text


def test_lines_of_a_message_stay_lines():
    assert log_lines("one\n\ttwo") == "one\n two"
