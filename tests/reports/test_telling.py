from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from robustness.domain import Edit, Polarity, Run, Suite
from robustness.reports.illustrations import Telling
from robustness.reports.options_compared import compared
from robustness.reports.telling import index, probabilities, telling
from robustness.results import Judgement, Outcome


def told(suite: Suite, run: Run, judgement: Judgement, name: str, text: bool = True):
    result = next(r for r in judgement.results if r.name == name)
    outcomes = [o for o in judgement.outcomes if o.attack == name]
    return telling(result, outcomes, run=run, items=index(suite), text=text)


def with_outcomes(judgement: Judgement, **by_source: dict[str, Any]) -> Judgement:
    def changed(outcome: Outcome) -> Outcome:
        return replace(outcome, **by_source.get(outcome.source.partition("#")[0], {}))

    return replace(judgement, outcomes=tuple(map(changed, judgement.outcomes)))


def sources(items: tuple[Telling, ...]) -> list[str]:
    return [item.source.partition("#")[0] for item in items]


def test_attacks_show_the_largest_falls_of_the_margin_first(suite: Suite, run: Run, judgement: Judgement):
    judged = with_outcomes(judgement, camp1={"margin_change": -9.0}, camp3={"margin_change": -5.0})
    items = told(suite, run, judged, "addsent2pas-shuffle")
    assert sources(items) == ["camp1", "camp3", "camp0"]


def test_attacks_show_only_clean_right_items_that_are_now_wrong(suite: Suite, run: Run, judgement: Judgement):
    judged = with_outcomes(
        judgement, camp0={"clean_credit": 0.0}, camp1={"credit": 1.0}, camp2={"credit": 0.5}
    )
    assert sources(told(suite, run, judged, "addsent2pas-shuffle")) == ["camp3"]


@pytest.mark.parametrize("name", ["passage-word-shuffle", "gold-removed"])
def test_ablations_and_unanswerable_items_show_the_most_confident_first(
    suite: Suite, run: Run, judgement: Judgement, name: str
):
    judged = with_outcomes(judgement, camp2={"confidence": 0.9}, camp3={"confidence": 0.8})
    assert sources(told(suite, run, judged, name)) == ["camp2", "camp3", "camp0"]


def test_ablations_show_only_items_still_right(suite: Suite, run: Run, judgement: Judgement):
    judged = with_outcomes(judgement, camp0={"credit": 0.0}, camp1={"credit": 0.5})
    assert sources(told(suite, run, judged, "passage-word-shuffle")) == ["camp2", "camp3"]


@pytest.mark.parametrize("change", [{"degraded": True}, {"status": "non-finite"}])
def test_degraded_and_unmeasured_variants_are_never_shown(
    suite: Suite, run: Run, judgement: Judgement, change: dict[str, Any]
):
    judged = with_outcomes(judgement, camp0=change, camp1=change, camp2=change, camp3=change)
    assert told(suite, run, judged, "addsent2pas-shuffle") == ()


def test_options_are_matched_by_identity_not_position(suite: Suite, run: Run, judgement: Judgement):
    options = compared(told(suite, run, judgement, "gold-removed")[0])
    assert [o.label for o in options] == [
        "The blue tent.",
        "A warm coat.",
        "The small boat.",
        "None of these was left.",
        "The old lamp.",
    ]
    clean = probabilities((3.0, 1.0, 0.0, -1.0))
    assert [o.before for o in options] == [clean[1], clean[2], clean[3], None, clean[0]]
    assert options[-1].after is None
    assert options[-1].gold
    assert [o.chosen_after for o in options] == [False, True, False, False, False]


def test_marks_point_at_exactly_what_the_attack_wrote(suite: Suite, run: Run, judgement: Judgement):
    (edit,) = told(suite, run, judgement, "addsent2pas-shuffle")[0].edits
    written = [edit.after[low:high] for low, high in edit.marks]
    assert written == [" The lamp Leo home blue left."]


def test_a_late_edit_in_a_long_passage_is_still_in_the_window(suite: Suite, run: Run, judgement: Judgement):
    long = "It rained all day. " * 500
    examples = tuple(replace(e, passage=long) for e in suite.examples)
    variants = tuple(
        replace(
            v,
            example=replace(v.example, passage=long + "Lamp the."),
            edits=(Edit("passage", 0, len(long), "", "Lamp the."),),
        )
        for v in suite.variants
    )
    changed = replace(suite, examples=examples, variants=variants)
    (edit,) = told(changed, run, judgement, "addsent2pas-shuffle")[0].edits
    assert [edit.after[low:high] for low, high in edit.marks] == ["Lamp the."]
    assert len(edit.after) < 400
    assert len(edit.before) < 400


def test_without_text_only_ids_and_numbers_are_left(suite: Suite, run: Run, judgement: Judgement):
    for result in judgement.results:
        for item in told(suite, run, judgement, result.name, text=False):
            assert (item.question, item.options, item.options_clean, item.edits) == ("", (), (), ())
            assert item.probabilities


def test_contrasts_show_items_that_did_not_follow(suite: Suite, run: Run, judgement: Judgement):
    result = replace(judgement.results[0], polarity=Polarity.CONTRAST)
    outcomes = [o for o in judgement.outcomes if o.attack == result.name]
    assert len(telling(result, outcomes, run=run, items=index(suite), text=True)) == 3


def test_a_new_option_is_shown_beside_the_one_that_it_stands_in_for(
    suite: Suite, run: Run, judgement: Judgement
):
    (edit,) = told(suite, run, judgement, "gold-removed")[0].edits
    assert (edit.before, edit.after) == ("The old lamp.", "None of these was left.")


def test_an_option_that_is_only_added_stands_in_for_none(suite: Suite, run: Run, judgement: Judgement):
    def more(variant):
        options = (*suite.examples[0].options, "Nothing.")
        edit = Edit("option", 4, 0, "", "Nothing.")
        shown = replace(variant.example, options=options)
        return replace(variant, example=shown, option_map=(0, 1, 2, 3, -1), edits=(edit,))

    asked = replace(suite, variants=tuple(map(more, suite.variants)))
    scores = {v.id: (0.0, 2.0, 0.0, -1.0, -2.0) for v in asked.variants}
    (edit,) = told(asked, replace(run, scores={**run.scores, **scores}), judgement, "gold-removed")[0].edits
    assert (edit.before, edit.after) == ("", "Nothing.")


def test_the_clean_gold_is_marked_where_no_option_is_right_any_more(
    suite: Suite, run: Run, judgement: Judgement
):
    def foreign(variant):
        return replace(
            variant, example=replace(variant.example, answer=None), option_map=tuple(range(4)), edits=()
        )

    asked = replace(suite, variants=tuple(map(foreign, suite.variants)))
    options = compared(told(asked, run, judgement, "gold-removed")[0])
    assert [option.gold for option in options] == [True, False, False, False]
