from __future__ import annotations

from dataclasses import replace

import pytest

from robustness.domain import Example
from robustness.readers.checks import KINDS, check

PASSAGE = "Tom ran home early that day since rain had begun."
PLAIN = Example("1", PASSAGE, "Why did he run?", ("Fun.", "Rain.", "Fear."), 1, "g1")


def kinds(*examples: Example) -> list[str]:
    return [finding.kind for finding in check(examples)]


def test_plain_data_has_no_findings():
    assert check([PLAIN]) == ()
    assert check([]) == ()


def test_every_kind_is_found_by_name_and_id():
    crowded = replace(PLAIN, id="2", options=("Rain.", "rain", "Rain.", "All of the above."), answer=0)
    short = replace(PLAIN, id="3", passage="Tom ran.", group="g3")
    long = replace(PLAIN, id="4", passage="word " * 351, group="g4")
    empty = replace(PLAIN, id="5", passage=" ", group="g5")
    other = replace(PLAIN, id="6", question="Who?", group="g6")
    again = replace(PLAIN, id="7")
    first = [replace(PLAIN, id=f"s{i}", question=f"Q{i}") for i in range(60)]
    findings = check([PLAIN, crowded, short, long, empty, other, again, *first])
    assert {finding.kind for finding in findings} == set(KINDS)
    order = [KINDS.index(finding.kind) for finding in findings]
    assert order == sorted(order)
    by_kind = {finding.kind: finding.ids for finding in findings}
    for kind in KINDS[:4]:
        assert by_kind[kind] == ("2",)
    assert by_kind["repeated-item"] == ("1", "7")
    assert (by_kind["very-short-passage"], by_kind["over-long"]) == (("3",), ("4",))
    assert by_kind["empty-field"] == ("5",)
    assert "6" in by_kind["repeated-passage"]
    assert by_kind["gold-position-skew"] == ()


def test_amounts_that_differ_are_a_near_miss_and_no_duplicate():
    item = replace(PLAIN, options=("$ 26.5.", "$ 2.65.", "$ 25.6."), answer=0)
    (finding,) = check([item])
    assert finding.kind == "options-collide-when-folded"
    assert "'$ 26.5.', '$ 2.65.'" in finding.detail
    assert "gold" in finding.detail


def test_options_of_signs_alone_do_not_collide():
    assert kinds(replace(PLAIN, options=("+", "-", "="))) == []


def test_a_duplicate_of_the_gold_is_said_apart_from_one_of_a_distractor():
    assert kinds(replace(PLAIN, options=("Fun.", "Rain.", "Fun."))) == ["duplicate-options"]
    found = kinds(replace(PLAIN, options=("Rain", "Rain.", "Fun.")))
    assert found == ["gold-has-duplicate", "options-collide-when-folded"]


@pytest.mark.parametrize("option", ["Both A and B.", "None of the above choices .", "以上都是", "A和B"])
def test_an_option_that_names_others_is_found(option):
    (finding,) = check([replace(PLAIN, options=("Fun.", "Rain.", option))])
    assert (finding.kind, finding.detail) == ("options-refer-to-others", repr(option))


@pytest.mark.parametrize(
    ("passage", "found"),
    [
        ("我们明天坐飞机去北京看他们。", ["very-short-passage"]),
        ("我们明天坐飞机去北京看他们吧。", []),
        ("word " * 7, ["very-short-passage"]),
        ("word " * 8, []),
        ("word " * 350, []),
        ("好" * 350, []),
        ("好" * 351, ["over-long"]),
    ],
)
def test_length_is_in_words_or_in_chinese_characters(passage, found):
    assert kinds(replace(PLAIN, passage=passage)) == found


def test_a_short_passage_is_one_finding_with_all_its_questions():
    one, two = replace(PLAIN, passage="Go."), replace(PLAIN, passage="Go.", id="2", question="Who?")
    (finding,) = check([one, two])
    assert finding.ids == ("1", "2")


def test_a_repeated_item_may_have_its_options_in_another_order():
    other = replace(PLAIN, id="2", options=PLAIN.options[::-1], passage=PASSAGE.upper())
    assert kinds(PLAIN, other) == ["repeated-item"]


def test_the_same_passage_in_one_group_is_as_it_should_be():
    assert kinds(PLAIN, replace(PLAIN, id="2", question="Who?")) == []


def golds(count: int, positions: list[int]) -> list[Example]:
    options = tuple("abcdefgh"[:count])
    return [
        replace(PLAIN, id=f"{count}.{i}", question=f"Q{i}", options=options, answer=gold)
        for i, gold in enumerate(positions)
    ]


def test_skew_is_judged_for_each_number_of_options_apart():
    skewed = golds(4, [3] * 80 + [0, 1, 2] * 40)
    (finding,) = check([*skewed, *golds(3, [0, 1, 2] * 20)])
    assert finding.kind == "gold-position-skew"
    assert finding.detail.startswith("4 options: position 3 (from 0) is gold in 40.0% of 200 items")


def test_skew_needs_five_items_expected_per_position():
    assert check(golds(4, [0] * 19)) == ()
    assert kinds(*golds(4, [0] * 20)) == ["gold-position-skew"]


def test_skew_agrees_with_the_chi_square_formula():
    counts = (70, 50, 40, 40)
    findings = check(golds(4, [i for i, n in enumerate(counts) for _ in range(n)]))
    # chi-square = (20^2 + 0 + 10^2 + 10^2) / 50 = 12; the 0.001 point at 3 degrees is 16.27
    assert findings == ()
    assert kinds(*golds(4, [0] * 80 + [1, 2, 3] * 40)) == ["gold-position-skew"]  # 24 > 16.27


def test_an_item_without_a_gold_option_is_left_out_of_gold_checks():
    assert kinds(*(replace(item, answer=None) for item in golds(3, [0] * 30))) == []
