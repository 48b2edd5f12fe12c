from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from robustness.reports.marked import differing

TEXT = st.lists(
    st.sampled_from(["Ann", "lamp", "didn't", ".", " ", "\n", "他", "去", "。", "x1"]), max_size=14
).map("".join)


def left(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """The text without its spans."""
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


@given(before=TEXT, after=TEXT)
def test_what_is_not_marked_is_the_same_on_both_sides_but_for_white_space(before, after):
    gone, new = differing(before, after)
    assert left(before, gone).split() == left(after, new).split() or (
        "".join(left(before, gone).split()) == "".join(left(after, new).split())
    )


@given(text=TEXT)
def test_equal_texts_have_no_marks(text):
    assert differing(text, text) == ((), ())


@given(before=TEXT, after=TEXT)
def test_marks_are_sorted_apart_and_inside(before, after):
    for text, spans in zip((before, after), differing(before, after), strict=True):
        ends = [end for span in spans for end in span]
        assert ends == sorted(set(ends))
        assert not ends or (ends[0] >= 0 and ends[-1] <= len(text))


def test_a_misspelt_word_is_marked_whole():
    gone, new = differing("She cooked well.", "She cooekd well.")
    assert ("She cooked well."[slice(*gone[0])], "She cooekd well."[slice(*new[0])]) == ("cooked", "cooekd")


def test_a_new_text_is_marked_from_end_to_end():
    assert differing("", "The lamp.") == ((), ((0, 9),))
