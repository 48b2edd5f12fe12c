from __future__ import annotations

import pytest

from robustness.domain import Example
from robustness.readers.logiqa import query_rows, read, rows
from robustness.readers.rows import InvalidRow

BLOCK = "\nc\nAll cats nap.\nWhat follows?\nA.Dogs nap.\nB.Cats bark.\nC.Tom, a cat, naps.\nD.None nap.\n"


@pytest.fixture
def write(tmp_path):
    def make(text):
        path = tmp_path / "Test.txt"
        path.write_text(text, newline="")
        return str(path)

    return make


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_blocks_are_read_and_options_lose_their_letters(write, ends):
    text = (BLOCK + BLOCK.replace("cats", "dogs").replace("\nc\n", "\na\n")).replace("\n", ends)
    first, second = read(write(text.rstrip()))
    assert isinstance(first, Example)
    assert isinstance(second, Example)
    assert first.options == ("Dogs nap.", "Cats bark.", "Tom, a cat, naps.", "None nap.")
    assert (first.answer, second.answer) == (2, 0)
    assert first.id.startswith("content-")
    assert first.group != second.group


def test_letters_stay_where_not_every_option_carries_its_own(write):
    (example,) = read(write(BLOCK.replace("B.Cats", "Cats")))
    assert isinstance(example, Example)
    assert example.options[0] == "A.Dogs nap."


def test_a_short_block_is_named_by_its_line_and_the_next_is_read(write):
    path = write(BLOCK.replace("D.None nap.\n", "") + BLOCK)
    bad, good = read(path)
    assert bad == InvalidRow(
        f"{path}:2",
        "a block of 6 lines came, but 7 are needed: letter, context, question, four options",
    )
    assert isinstance(good, Example)


def test_an_answer_out_of_range_is_refused(write):
    (bad,) = read(write(BLOCK.replace("\nc\n", "\ne\n")))
    assert isinstance(bad, InvalidRow)
    assert "(A..D)" in bad.reason


def test_both_layouts_of_the_hub_are_read():
    shared = {"context": "All cats nap.", "options": ["x", "y", "z", "w"]}
    (by_letter,) = rows({**shared, "question": "So?", "label": "d"}, "hub:entry 1")
    (by_index,) = query_rows({**shared, "query": "So?", "correct_option": 3}, "hub:entry 1")
    assert by_letter == by_index
