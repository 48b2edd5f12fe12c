from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.text import (
    content_words,
    fold,
    is_cjk,
    join,
    movable,
    refers_to_options,
    sentences,
    words,
)

CHARACTERS = (
    "abzSUtn'’ .,:;!?-_0123()\"“”‘$#%…—·中国人。，！？「々〇ＡＢ１éÀ\u0301\u302a\u200d👍🏽\n\t\u3000\u00a0あ"
)
PIECES = (
    "Mr.|U.S.|a.m.|n't|'s|don't|It's|1,000|9:00|...|..|--|…|—|Dr|St.|中|国|他说|“|”|‘|’"
    "|e\u0301|नमस्ते|$|(|)|-| |\n"
)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(CHARACTERS, max_size=40),
    st.lists(st.sampled_from(PIECES.split("|")), max_size=15).map("".join),
    st.lists(st.sampled_from(PIECES.split("|")), max_size=15).map(" ".join),
)
thorough = settings(max_examples=200, deadline=None)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@thorough
@given(TEXTS)
def test_words_and_gaps_are_the_text_again(text):
    taken = words(text)
    assert taken.text == text
    assert all(taken.words)
    assert all(not gap.strip() for gap in taken.gaps)
    assert len(taken.gaps) == len(taken.words) + 1


@pytest.mark.parametrize("spacing", ["spaced", "natural"])
@thorough
@given(text=TEXTS, shuffler=st.randoms(use_true_random=False))
def test_joined_words_are_the_same_words_in_any_order(spacing, text, shuffler):
    tokens = list(words(text).words)
    assert words(join(tokens, spacing=spacing)).words == tuple(tokens)
    shuffler.shuffle(tokens)
    assert words(join(tokens, spacing=spacing)).words == tuple(tokens)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("He didn't go at 9:00.", ("He", "did", "n't", "go", "at", "9", ":", "00", ".")),
        ("It’s Dr. Lee's, isn’t it?", ("It", "’s", "Dr.", "Lee", "'s", ",", "is", "n’t", "it", "?")),
        ("$26.5 or 1,000...", ("$", "26.5", "or", "1,000", "...")),
        ("a well-known U.S. town", ("a", "well-known", "U.S.", "town")),
        ("我有iPhone。", ("我", "有", "iPhone", "。")),
        ("fill ___ in", ("fill", "___", "in")),
    ],
)
def test_words_are_cut_as_the_paper_prints_them(text, expected):
    assert words(text).words == expected


@pytest.mark.parametrize("word", ["cafés", "naïveté", "नमस्ते", "Ångström"])
def test_a_word_with_combining_marks_stays_one_word(word):
    assert words(unicodedata.normalize("NFD", word)).words == (unicodedata.normalize("NFD", word),)


def test_natural_joining_attaches_punctuation_again():
    text = "“He didn't go,” she said (twice), “at 9:00.”"
    assert (
        join(words("She didn't pay $5, did she?").words, spacing="natural") == "She didn't pay $5, did she?"
    )
    assert " ," not in join(words(text).words, spacing="natural")


def test_chinese_characters_are_joined_without_spaces_in_both_spacings():
    for spacing in ("spaced", "natural"):
        assert join(["人", "好", "。"], spacing=spacing) == "人好。"


def test_wide_characters_that_would_fuse_keep_their_space():
    assert join(["Ａ", "Ｂ"]) == "Ａ Ｂ"
    assert join(["—", "—"]) == "— —"


def test_nothing_joins_to_nothing():
    assert join([]) == ""
    assert words(" \n ").words == ()
    assert words(" \n ").text == " \n "


@thorough
@given(TEXTS)
def test_sentence_spans_are_ordered_disjoint_and_cover_all_but_white_space(text):
    covered: set[int] = set()
    last = 0
    for start, end in sentences(text):
        assert last <= start < end
        assert text[start:end] == text[start:end].strip()
        covered |= set(range(start, end))
        last = end
    assert all(character.isspace() or i in covered for i, character in enumerate(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Lee met Dr. Hall. They left.", ["Mr. Lee met Dr. Hall.", "They left."]),
        ("J. K. Ray wrote it. I read it.", ["J. K. Ray wrote it.", "I read it."]),
        ("It cost 3.50 in all. Cheap!", ["It cost 3.50 in all.", "Cheap!"]),
        ("“Go!” she said. He went.", ["“Go!” she said.", "He went."]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("no stop at all", ["no stop at all"]),
        ("他走了。她没走！真的？", ["他走了。", "她没走！", "真的？"]),
        ("他说：“走吧。”然后走了。", ["他说：“走吧。”", "然后走了。"]),
        ("   ", []),
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(text, expected):
    assert cut(text) == expected


def test_a_dialogue_turn_keeps_its_speaker_and_shares_no_sentence():
    text = "M: Is Dr. Lee in\nW: No. He left\nMary Ann: Oh"
    assert cut(text) == ["M: Is Dr. Lee in", "W: No.", "He left", "Mary Ann: Oh"]
    assert cut("男：你好\n女：我很好") == ["男：你好", "女：我很好"]


def test_hard_wrapped_lines_are_one_sentence():
    assert cut("The old man walked\ndown to the\nriver. He sat.") == [
        "The old man walked\ndown to the\nriver.",
        "He sat.",
    ]
    assert cut("A title\n\nThe text.") == ["A title", "The text."]


def test_a_time_of_day_at_the_start_of_a_line_is_no_speaker():
    assert len(sentences("They all went home and\nAt 9:30 the lamp went out.")) == 1
    assert len(sentences("He waved\nMan 2: Bye.")) == 2


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Both, of course!", "both of course", True),
        ("The tent .", "the tent.", True),
        ("Ｔｅｎｔ", "tent", True),
        ("他走了。", "他走了", True),
        ("$ 26.5.", "$ 2.65.", False),
        ("-5", "5", False),
        ("5%", "5", False),
        ("C++", "C", False),
        ("9:00", "900", False),
        ("?", "!", False),
    ],
)
def test_folded_texts_are_equal_when_a_reader_sees_the_same_option(left, right, same):
    assert (fold(left) == fold(right)) is same


@thorough
@given(TEXTS)
def test_folding_ignores_case_and_white_space(text):
    assert fold(f"  {text} ") == fold(text)
    ascii_text = "".join(c for c in text if c.isascii())
    assert fold(ascii_text.upper()) == fold(ascii_text.lower())


@pytest.mark.parametrize(
    "option",
    "All of the above|None of the above.|none of the above choices .|All the above|None of these.|"
    "Both A and B|"
    "A, B and C|A, B, and C|Neither A nor C.|Both (A) and (B).|A and B are both correct|Only A and C|B & D|"
    "All of the options|Both of the above|以上都是|以上皆是。|以上均不正确|以上选项都不对|以上三项|"
    "A和B|A、B、C|"
    "A、B都对|上述选项都不对|都不对|ABC都不对".split("|"),
)
def test_an_option_that_refers_to_other_options_is_seen(option):
    assert refers_to_options(option)


@pytest.mark.parametrize(
    "option",
    "Both Ann and Bob.|He lives above us.|a and b|Vitamin A and E|All of them.|A and B sides of the record|"
    "A and B are guilty|以上学为荣|都不喜欢|三年以上|A|Plan B|A cat and a dog|Because A and B quarrelled|"
    "both|A, however".split("|"),
)
def test_an_option_that_stands_alone_is_left_alone(option):
    assert not refers_to_options(option)


def test_an_empty_option_refers_to_nothing():
    assert not refers_to_options("")


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("He didn't go.", ["He", "didn't", "go"]),
        ("It's Lee's, yes!", ["It's", "Lee's", "yes"]),
        ("...", []),
        ("我没去。", ["我", "没", "去"]),
    ],
)
def test_movable_units_are_words_with_their_clitics(text, units):
    taken = words(text)
    assert ["".join(taken.words[start:end]) for start, end in movable(taken)] == units


@thorough
@given(TEXTS)
def test_movable_units_hold_every_letter_and_digit_once(text):
    taken = words(text)
    spans = movable(taken)
    moved = "".join(character for start, end in spans for character in "".join(taken.words[start:end]))
    assert [c for c in moved if c.isalnum()] == [c for c in text if c.isalnum()]
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_content_words_leave_function_words_and_punctuation_out():
    assert content_words("The boys DIDN’T buy it at 9:00.") == ("boys", "buy", "9", "00")
    assert content_words("他走了。") == ("他", "走", "了")


@pytest.mark.parametrize(
    ("text", "chinese"),
    [("他说OK。", True), ("He said 好.", False), ("", False), ("100", False), ("我", True)],
)
def test_chinese_is_told_from_english(text, chinese):
    assert is_cjk(text) is chinese
