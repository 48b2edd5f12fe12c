from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from robustness.attacks.contrast import contrast_consistency
from robustness.attacks.recipes import recipe
from robustness.demo.stories import stories
from robustness.demo.templates import SLOTS, Template, phrases, templates, words
from robustness.domain import Example, NotApplicable, Variant
from robustness.models.stub import stub
from robustness.rng import derive
from robustness.scoring import run
from robustness.suites.build import build
from robustness.suites.plan import Plan

STORIES = stories("test", passages=120)
PASSAGE = "Nora went home. Leo left the lamp in the hall. The rope lay there too."
ITEM = Example(
    "m1",
    PASSAGE,
    "What did Leo leave?",
    ("The lamp.", "The rope.", "A coat."),
    0,
    "p1",
    {"evidence": "16:46"},
)


def made(name: str, example: Example, seed: int = 0) -> Variant:
    (variant,) = recipe(name).attack()(example, 1, derive(seed, name, example.id))
    return variant


def skipped(name: str, example: Example) -> str:
    with pytest.raises(NotApplicable) as caught:
        made(name, example)
    return str(caught.value)


def applicable(name: str, examples: tuple[Example, ...]) -> list[tuple[Example, Variant]]:
    found = []
    for example in examples:
        try:
            found.append((example, made(name, example)))
        except NotApplicable:
            continue
    return found


@cache
def spelled(kind: str) -> str:
    both = (f"[{text[0]}{text[0].upper()}]{re.escape(text[1:])}" for text in phrases(kind))
    return "|".join(both)


@cache
def patterns(template: Template) -> list[re.Pattern[str]]:
    slots = {slot: f"(?P<{slot}>{spelled(SLOTS[slot])})" for slot in template.slots}
    said = []
    for says in template.says:
        seen: set[str] = set()
        parts = re.split(r"(\{\w+\})", says)
        text = ""
        for part in parts:
            slot = part[1:-1] if part.startswith("{") else ""
            if slot and slot in slots:
                text += f"(?P={slot})" if slot in seen else slots[slot]
                seen.add(slot)
            else:
                text += re.escape(part)
        said.append(re.compile(text))
    return said


def facts(passage: str, template: Template) -> list[dict[str, str]]:
    """Read a story back with its own templates: an oracle that knows nothing of the attack."""
    parts = re.findall(r"[^.]+\.", passage)
    parts = [part.strip() for part in parts]
    texts = parts if template.sentences == 1 else [" ".join(pair) for pair in pairwise(parts)]
    found = []
    for text in texts:
        for pattern in patterns(template):
            if match := pattern.fullmatch(text):
                values = {
                    k: v if v in words().people else v[0].lower() + v[1:]
                    for k, v in match.groupdict().items()
                }
                couple = [values[slot] for slot in ("A", "B") if slot in values]
                values |= {"she" if name in words().she else "he": name for name in couple}
                found.append(values)
    return found


def answers(example: Example) -> set[str]:
    said = set()
    for template in templates():
        for values in facts(example.passage, template):
            for ask in template.asks:
                question = ask.question.format(**values)
                if question[0].upper() + question[1:] == example.question:
                    said.add(values[ask.answer])
    return said


def gold_of(example: Example) -> set[str]:
    assert example.answer is not None
    return {example.options[example.answer]}


def test_the_oracle_reads_the_stories():
    assert all(answers(example) == gold_of(example) for example in STORIES)


@pytest.mark.parametrize(("name", "least"), [("answers-exchanged", 0.8), ("question-negated", 0.1)])
def test_the_new_gold_option_is_what_the_edited_story_says(name, least):
    found = applicable(name, STORIES)
    assert len(found) > least * len(STORIES)
    for example, variant in found:
        assert answers(variant.example) == gold_of(variant.example), variant.id
        assert variant.example.answer != example.answer


def test_two_phrases_change_places_everywhere_and_keep_their_capitals():
    variant = made("answers-exchanged", replace(ITEM, options=("The lamp.", "The rope.")))
    assert variant.example.passage == "Nora went home. Leo left the rope in the hall. The lamp lay there too."
    assert variant.example.answer == 1


def test_exchanging_twice_gives_the_passage_back():
    for example, variant in applicable("answers-exchanged", STORIES):
        pair = replace(
            example,
            passage=variant.example.passage,
            answer=variant.example.answer,
            meta={"evidence": f"0:{len(variant.example.passage)}"},
            options=tuple(
                text if i in (example.answer, variant.example.answer) else "nobody else"
                for i, text in enumerate(example.options)
            ),
        )
        try:
            back = made("answers-exchanged", pair)
        except NotApplicable:
            continue
        if back.example.answer == example.answer:
            assert back.example.passage == example.passage


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"meta": {}}, "the data does not mark the evidence"),
        ({"meta": {"evidence": "0:15"}}, "the evidence does not hold the gold option's words"),
        ({"question": "Did Leo leave the rope?", "options": ("The lamp.", "The rope.")}, "no distractor can"),
        ({"options": ("The lamp.", "The lamp in the hall.")}, "no distractor can"),
        ({"options": ("The lamp.", "The rope.", "The rope and the lamp")}, "no distractor can"),
        ({"options": ("The lamp.", "the lamp", "The rope")}, "another option equals the gold option"),
        ({"options": ("The lamp.", "None of the above")}, "an option refers to other options"),
        ({"answer": None}, "no option is right"),
    ],
)
def test_where_the_new_label_is_not_known_nothing_is_exchanged(change, reason):
    assert reason in skipped("answers-exchanged", replace(ITEM, **change))


def test_a_name_that_a_pronoun_may_stand_for_is_not_exchanged():
    passage = "Ann met Bob. She had the lamp."
    item = replace(
        ITEM, passage=passage, question="Who came?", options=("Ann", "Bob"), meta={"evidence": "0:12"}
    )
    assert "no distractor can" in skipped("answers-exchanged", item)
    assert made("answers-exchanged", replace(item, passage="Ann met Bob. It rained.")).example.answer == 1


def test_chinese_phrases_are_exchanged_without_word_bounds():
    item = replace(
        ITEM,
        passage="小王去了公园。商店关门了。",
        question="小王去了哪儿？",
        options=("公园", "商店"),
        meta={"evidence": "0:7"},
    )
    assert made("answers-exchanged", item).example.passage == "小王去了商店。公园关门了。"


PRICE = replace(
    ITEM,
    passage="The show began at 8:30. The ticket cost $15. Leo sang.",
    question="What did the ticket cost?",
    options=("$15.", "$50.", "$51."),
    meta={},
)


def test_a_number_read_off_the_passage_takes_the_distractor_s_place():
    seen = {made("number-contrast", PRICE, seed).example.passage for seed in range(20)}
    assert seen == {PRICE.passage.replace("$15", price) for price in ("$50", "$51")}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": "What was the cheapest price?"}, "the question compares or counts"),
        ({"question": "How much is it in total?"}, "the question compares or counts"),
        ({"options": ("It was free.", "$50.")}, "the gold option does not hold one number"),
        ({"options": ("$16.", "$50.")}, "the passage does not hold the gold option's number once"),
        ({"options": ("$15.", "$50 and a kiss.")}, "no distractor differs"),
        ({"passage": "The ticket cost $15. The drink cost $50. $51 is gone."}, "no distractor differs"),
        ({"passage": "The ticket cost $15, not $20."}, "the passage compares or corrects the number"),
        ({"passage": "The ticket cost $15.50."}, "the passage does not hold the gold option's number once"),
    ],
)
def test_numbers_that_are_compared_corrected_or_told_elsewhere_stay(change, reason):
    assert reason in skipped("number-contrast", replace(PRICE, **change))


def test_a_chinese_number_takes_the_distractor_s_place():
    item = replace(PRICE, passage="票价15元。", question="票价多少元？", options=("15元", "50元"))
    assert made("number-contrast", item).example.passage == "票价50元。"


TOLD = replace(
    ITEM,
    passage="Ann wanted the map, and Bob did not want it.",
    question="Who wanted the map?",
    options=("Ann", "Bob", "Lee"),
    meta={"evidence": "0:44"},
)


def test_who_did_becomes_who_did_not_and_back():
    turned = made("question-negated", TOLD).example
    assert (turned.question, turned.answer) == ("Who did not want the map?", 1)
    back = made("question-negated", replace(TOLD, question=turned.question, answer=1)).example
    assert (back.question, back.answer) == (TOLD.question, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": "Who saw the map?"}, "asks for something else"),
        ({"question": "Who wanted the lamp?"}, "asks for something else"),
        ({"question": "Why?"}, "asks for something else"),
        ({"options": ("Ann", "Lee")}, "the options do not hold both sides"),
        ({"answer": 2}, "the options do not hold both sides"),
        ({"passage": "Ann wanted the map." + " " * 30}, "the evidence does not tell both sides"),
    ],
)
def test_a_question_is_turned_only_where_the_other_side_is_told_and_offered(change, reason):
    assert reason in skipped("question-negated", replace(TOLD, **change))


def one(attack: str) -> Plan:
    return Plan.model_validate({"name": "one", "description": "d", "check": [{"attack": attack}]})


def test_a_model_that_is_right_on_one_side_only_has_a_contrast_consistency_of_zero():
    suite = build([TOLD], one("question-negated"))
    assert contrast_consistency(suite, run(suite, stub("oracle")), "question-negated") == (1.0, 1)
    assert contrast_consistency(suite, run(suite, stub("position")), "question-negated") == (0.0, 1)
    rate, sets = contrast_consistency(suite, run(suite, stub("constant")), "question-negated")
    assert (rate, sets) == (1 / 3 * (1 / 3), 1)


def test_without_a_set_or_a_score_there_is_no_contrast_consistency():
    suite = build([replace(TOLD, meta={})], one("question-negated"))
    assert contrast_consistency(suite, run(suite, stub("oracle")), "question-negated") == (None, 0)
    suite = build([TOLD], one("question-negated"))
    empty = replace(run(suite, stub("oracle")), scores={})
    assert contrast_consistency(suite, empty, "question-negated") == (None, 1)


def test_a_bag_of_words_answers_both_sides_of_a_negation_alike():
    suite = build(STORIES, one("question-negated"))
    rate, sets = contrast_consistency(suite, run(suite, stub("overlap")), "question-negated")
    assert sets > 40
    assert rate is not None
    assert rate < 0.3
