from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.attacks.corpus import Corpus
from robustness.attacks.recipes import recipe
from robustness.attacks.unanswerable import ForeignPassage
from robustness.domain import Example, NotApplicable, Polarity, Variant
from robustness.rng import derive
from robustness.text import words

PASSAGE = "Nora packed the tent. Leo left the lamp at home. They cooked in the dark."
ITEM = Example("m1", PASSAGE, "What did Leo leave?", ("A tent.", "A lamp.", "A coat.", "A boat."), 1, "p1")
CHINESE = replace(
    ITEM, passage="他去了商店。", question="他去了哪儿？", options=("公园", "商店", "学校"), answer=1
)


def one(name: str, example: Example, seed: int = 0) -> Variant:
    (made,) = recipe(name).attack()(example, 1, derive(seed, name, example.id))
    return made


def skipped(name: str, example: Example) -> str:
    with pytest.raises(NotApplicable) as caught:
        one(name, example)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "passage", "question"),
    [
        ("no-passage", "", ITEM.question),
        ("no-question", PASSAGE, ""),
        ("options-only", "", ""),
    ],
)
def test_removed_fields_are_empty_strings_and_all_else_stays(name, passage, question):
    made = one(name, ITEM)
    assert (made.example.passage, made.example.question) == (passage, question)
    assert (made.example.options, made.example.answer) == (ITEM.options, ITEM.answer)
    assert not made.degraded


def test_what_is_empty_already_cannot_be_removed():
    assert skipped("no-passage", replace(ITEM, passage="")) == "empty passage"
    assert skipped("no-question", replace(ITEM, question="")) == "empty question"
    assert skipped("options-only", replace(ITEM, passage="", question="")) == "empty passage and question"
    assert one("options-only", replace(ITEM, passage="")).example.question == ""


@pytest.mark.parametrize("answer", range(4))
def test_without_the_gold_no_option_is_right_and_chance_is_one_over_the_rest(answer):
    made = one("gold-removed", replace(ITEM, answer=answer))
    assert made.example.answer is None
    assert made.example.chance == pytest.approx(1 / 3)
    assert made.option_map == tuple(i for i in range(4) if i != answer)
    assert made.example.options == tuple(text for i, text in enumerate(ITEM.options) if i != answer)


def test_the_gold_of_two_options_cannot_be_removed():
    assert skipped("gold-removed", replace(ITEM, options=ITEM.options[:2])) == "fewer than three options"


@pytest.mark.parametrize("name", ["gold-removed", "nota-as-answer", "nota-as-distractor"])
@pytest.mark.parametrize("option", ["All of the above.", "Both A and B", "None of the above.", "以上都是"])
def test_an_option_that_refers_to_others_leaves_the_item_alone(name, option):
    example = replace(ITEM, options=(*ITEM.options[:3], option))
    assert skipped(name, example) == "an option refers to other options"


@pytest.mark.parametrize("name", ["gold-removed", "nota-as-answer"])
def test_a_second_copy_of_the_gold_leaves_a_right_answer_so_the_item_is_left_alone(name):
    example = replace(ITEM, options=("A tent.", "A lamp.", "a lamp", "A boat."))
    assert skipped(name, example) == "another option equals the gold option"


@pytest.mark.parametrize("name", ["gold-removed", "nota-as-answer", "nota-as-distractor"])
def test_an_item_without_a_right_option_is_left_alone(name):
    assert skipped(name, replace(ITEM, answer=None)) == "no option is right"


def test_none_of_the_above_in_the_gold_s_place_is_the_answer():
    made = one("nota-as-answer", ITEM)
    assert made.example.options == ("A tent.", "None of the above.", "A coat.", "A boat.")
    assert made.option_map == (0, -1, 2, 3)
    assert made.example.answer == made.notes["planted"] == 1


def test_none_of_the_above_in_a_distractor_s_place_leaves_the_gold_right():
    planted = set()
    for seed in range(40):
        made = one("nota-as-distractor", ITEM, seed)
        position = made.notes["planted"]
        planted.add(position)
        expected = [text if i != position else "None of the above." for i, text in enumerate(ITEM.options)]
        assert list(made.example.options) == expected
        assert made.option_map == tuple(-1 if i == position else i for i in range(4))
        assert made.example.answer == 1
    assert planted == {0, 2, 3}


@pytest.mark.parametrize(
    "options", [("公园", "商店", "学校"), ("100", "200", "300"), ("Ann", "Bob", "Lee")], ids=str
)
def test_the_new_option_speaks_the_item_s_language(options):
    assert one("nota-as-answer", replace(CHINESE, options=options)).example.options[1] == "以上都不对"
    english = replace(ITEM, options=("100", "200", "300"))
    assert one("nota-as-answer", english).example.options[1] == "None of the above."


def foreign(choose, example: Example, corpus: Corpus, seed: int = 0) -> Variant:
    attack = ForeignPassage(name="x", polarity=Polarity.ABSTAIN, choose=choose).bind(corpus)
    (made,) = attack(example, 1, derive(seed, "x", example.id))
    return made


@pytest.mark.parametrize("choose", ["random", "near"])
def test_a_foreign_passage_is_never_of_the_own_group_nor_equal(choose):
    corpus = Corpus(
        tuple(
            sorted(
                [
                    ("p1", PASSAGE),
                    ("p1", "Nora packed the tent. Leo left the lamp."),
                    ("p2", PASSAGE),
                    ("p3", "A lamp fell on the tent. It was dark."),
                ]
            )
        )
    )
    for seed in range(20):
        made = foreign(choose, ITEM, corpus, seed)
        assert made.example.passage == "A lamp fell on the tent. It was dark."
        assert made.example.answer is None
        assert made.example.options == ITEM.options


@pytest.mark.parametrize("choose", ["random", "near"])
def test_without_another_passage_nothing_can_be_swapped(choose):
    with pytest.raises(NotApplicable, match="no other passage"):
        foreign(choose, ITEM, Corpus((("p1", PASSAGE),)))
    with pytest.raises(NotApplicable, match="empty passage"):
        foreign(choose, replace(ITEM, passage=""), Corpus((("p2", "Other."),)))
    with pytest.raises(NotApplicable, match="no other passage"):
        foreign(choose, ITEM, Corpus(()))


def marked(example: Example, *pieces: str) -> Example:
    spans = [(example.passage.index(piece), len(piece)) for piece in pieces]
    return replace(example, meta={"evidence": ",".join(f"{at}:{at + size}" for at, size in spans)})


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        (["Leo left the lamp at home."], "Nora packed the tent. They cooked in the dark."),
        (["Leo left the lamp at home. "], "Nora packed the tent. They cooked in the dark."),
        ([" Leo left the lamp at home. "], "Nora packed the tent. They cooked in the dark."),
        (["Nora packed the tent."], "Leo left the lamp at home. They cooked in the dark."),
        (["They cooked in the dark."], "Nora packed the tent. Leo left the lamp at home."),
        (["They cooked in the dark.", "Nora packed the tent."], "Leo left the lamp at home."),
        (["left the lamp", "the lamp at home."], "Nora packed the tent. Leo They cooked in the dark."),
    ],
)
def test_the_evidence_is_cut_exactly(pieces, left):
    made = one("evidence-deleted", marked(ITEM, *pieces))
    assert made.example.passage == left
    assert made.example.answer is None
    assert made.example.options == ITEM.options


def test_chinese_evidence_is_cut_without_leaving_a_space():
    example = replace(CHINESE, passage="他去了商店。他买了书。“好。”他说。")
    made = one("evidence-deleted", marked(example, "他买了书。"))
    assert made.example.passage == "他去了商店。“好。”他说。"


def test_a_turn_that_is_cut_leaves_the_other_turns_on_their_lines():
    example = replace(ITEM, passage="M: Where is it?\nW: At home.\nM: Oh.")
    assert (
        one("evidence-deleted", marked(example, "W: At home.\n")).example.passage == "M: Where is it?\nM: Oh."
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=5))
def test_words_outside_the_evidence_all_stay_in_order(drawn):
    tokens = "a bb ccc d ee fff g hh iii j kk lll".split()
    text = " ".join(tokens)
    starts = [len(" ".join(tokens[:i])) + (i > 0) for i in range(len(tokens))]
    spans = ",".join(f"{starts[i]}:{starts[i] + len(tokens[i])}" for i in drawn)
    made = one("evidence-deleted", replace(ITEM, passage=text, meta={"evidence": spans}))
    kept = [token for i, token in enumerate(tokens) if i not in drawn]
    assert made.example.passage == " ".join(kept)
    assert words(made.example.passage).words == tuple(kept)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        ("", "does not mark the evidence"),
        ("Leo left the lamp", "not marked as start:end"),
        ("3", "not marked as start:end"),
        ("-3:5", "not marked as start:end"),
        ("5:3", "outside the passage"),
        ("0:9999", "outside the passage"),
        (f"0:{len(PASSAGE)}", "nothing but evidence"),
        ("4:5", "white space"),
    ],
)
def test_evidence_that_cannot_be_cut_is_skipped_with_the_reason(evidence, reason):
    assert reason in skipped("evidence-deleted", replace(ITEM, meta={"evidence": evidence}))
