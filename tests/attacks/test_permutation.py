from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from math import factorial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robustness.judging.verdicts import judge

from robustness.attacks.permutation import OptionOrder
from robustness.attacks.recipes import recipe
from robustness.choices import chosen, identities, right_options
from robustness.domain import Example, NotApplicable, Polarity, Status, Variant
from robustness.models.stub import STUBS, Stub, stub
from robustness.rng import derive
from robustness.scoring import run
from robustness.suites.build import build
from robustness.suites.plan import plan

ITEM = Example("m1", "Ann left.", "Who left?", ("Ann", "Bob", "Lee", "Mia"), 1, "p1")
RECIPES = tuple(check.attack for check in plan("order").check)


def made(name: str, example: Example, seed: int = 0) -> list[Variant]:
    return list(recipe(name).attack()(example, 1, derive(seed, name, example.id)))


def orders(name: str, example: Example = ITEM, seed: int = 0) -> list[tuple[int, ...]]:
    return [variant.option_map for variant in made(name, example, seed)]


def skipped(name: str, example: Example) -> str:
    with pytest.raises(NotApplicable) as caught:
        made(name, example)
    return str(caught.value)


def test_the_orders_are_the_ones_that_their_names_say():
    assert orders("option-rotations") == [(1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)]
    assert orders("option-reverse") == [(3, 2, 1, 0)]
    assert orders("gold-to-each-slot") == [(1, 0, 2, 3), (0, 2, 1, 3), (0, 3, 2, 1)]
    assert orders("gold-first") == [(1, 0, 2, 3)]
    assert orders("gold-last") == [(0, 3, 2, 1)]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_other_order_comes_once(count):
    item = replace(ITEM, options=ITEM.options[:count])
    found = orders("option-permutations", item)
    assert sorted(found) == sorted(set(permutations(range(count))) - {tuple(range(count))})


def test_five_options_have_more_orders_than_the_limit():
    five = replace(ITEM, options=(*ITEM.options, "Ida"))
    assert skipped("option-permutations", five) == "more than 23 other orders"
    attack = OptionOrder(name="x", polarity=Polarity.ATTACK, orders="all", limit=119)
    assert len(list(attack(five, 1, derive(0)))) == 119


def test_sampled_orders_differ_and_are_as_many_as_asked_for_or_there_are():
    assert all(len(set(orders("option-sample", ITEM, seed))) == 3 for seed in range(20))
    assert orders("option-sample", replace(ITEM, options=("Ann", "Bob"))) == [(1, 0)]


def test_each_other_order_is_sampled_as_often():
    from scipy.stats import chisquare

    three = replace(ITEM, options=ITEM.options[:3])
    attack = OptionOrder(name="x", polarity=Polarity.ATTACK, orders="sampled", count=1)
    seen = Counter(v.option_map for i in range(3000) for v in attack(three, 1, derive(i, "x")))
    assert len(seen) == 5
    assert chisquare(list(seen.values())).pvalue > 0.001


def test_the_gold_option_visits_every_place_with_the_item_itself():
    for answer in range(4):
        item = replace(ITEM, answer=answer)
        places = {variant.example.answer for variant in made("gold-to-each-slot", item)}
        assert places | {answer} == {0, 1, 2, 3}


def test_a_gold_option_that_stands_there_already_is_not_moved():
    assert skipped("gold-first", replace(ITEM, answer=0)) == "the gold option stands there already"
    assert skipped("gold-last", replace(ITEM, answer=3)) == "the gold option stands there already"
    assert skipped("gold-last", replace(ITEM, answer=None)) == "no option is right"


NOTA = replace(ITEM, options=("Ann", "Bob", "Lee", "None of the above."))


@pytest.mark.parametrize("name", RECIPES)
def test_none_of_the_above_stays_where_it_stands_and_is_counted(name):
    if name == "gold-last":
        assert skipped(name, NOTA) == "a pinned option is in the gold option's way"
        return
    for variant in made(name, NOTA):
        assert variant.option_map[3] == 3
        assert variant.notes["pinned"] == 1


def test_no_option_crosses_a_pinned_one():
    item = replace(ITEM, options=("Ann", "Bob", "以上都是", "Lee", "Mia"))
    assert sorted(orders("option-permutations", item)) == [(0, 1, 2, 4, 3), (1, 0, 2, 3, 4), (1, 0, 2, 4, 3)]
    assert orders("option-rotations", item) == [(1, 0, 2, 4, 3)]
    assert orders("gold-to-each-slot", item) == [(1, 0, 2, 3, 4)]


def test_a_pinned_gold_option_cannot_be_moved():
    assert skipped("gold-first", replace(NOTA, answer=3)) == "the gold option is pinned"


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("option", ["Both A and B", "The first two", "A和B", "前两项"])
def test_items_that_name_options_by_letter_or_place_are_skipped(name, option):
    item = replace(ITEM, options=("Ann", "Bob", "Lee", option))
    assert skipped(name, item) == "an option names others by letter or place"


@pytest.mark.parametrize("name", RECIPES)
def test_two_options_of_which_one_is_pinned_have_no_other_order(name):
    item = replace(ITEM, options=("Ann", "None of the above"), answer=0)
    assert skipped(name, item) == "fewer than two options can change places"


def test_an_order_that_reads_the_same_is_no_other_order():
    assert skipped("option-reverse", replace(ITEM, options=("Ann", "Ann"), answer=0)) == (
        "no other order of these options"
    )
    twins = replace(ITEM, options=("Ann", "Ann", "Bob"), answer=0)
    texts = [variant.example.options for variant in made("option-permutations", twins)]
    assert sorted(texts) == [("Ann", "Bob", "Ann"), ("Bob", "Ann", "Ann")]


@st.composite
def items(draw):
    words = st.sampled_from(["Ann", "Bob", "Lee", "the lamp", "None of the above", "公园", "以上都不是", "5"])
    options = tuple(draw(st.lists(words, min_size=2, max_size=5)))
    return replace(ITEM, options=options, answer=draw(st.integers(0, len(options) - 1)))


@settings(max_examples=60, deadline=None)
@given(example=items(), name=st.sampled_from(RECIPES), seed=st.integers(0, 9))
def test_an_order_holds_the_same_options_and_the_answer_moves_along(example, name, seed):
    try:
        found = made(name, example, seed)
    except NotApplicable:
        return
    assert 0 < len(found) < factorial(len(example.options))
    for variant in found:
        assert sorted(variant.option_map) == list(range(len(example.options)))
        assert variant.example.options == tuple(example.options[i] for i in variant.option_map)
        assert variant.example.options != example.options
        assert variant.example.answer is not None
        assert variant.option_map[variant.example.answer] == example.answer
        assert variant.edits == ()
    assert len({variant.example.options for variant in found}) == len(found)


@settings(max_examples=40, deadline=None)
@given(
    example=items(),
    name=st.sampled_from(RECIPES),
    rule=st.sampled_from(sorted({*STUBS} - {"position", "random"})),
)
def test_a_rule_for_single_options_chooses_the_same_option_in_every_order(example, name, rule):
    try:
        found = made(name, example)
    except NotApplicable:
        return
    model = stub(rule)
    clean = chosen(model.score([example])[0])
    for variant in found:
        assert identities(variant.option_map, chosen(model.score([variant.example])[0])) == clean
        assert {variant.option_map[i] for i in right_options(variant.example)} == right_options(example)


def stories(count: int) -> tuple[Example, ...]:
    names = ("Ann", "Bob", "Lee", "Mia")
    return tuple(
        Example(f"s{i:03d}", f"{names[i % 4]} left with the lamp.", "Who left?", names, i % 4, f"s{i:03d}")
        for i in range(count)
    )


def judged(model: Stub):
    suite = build(stories(120), plan("order"))
    return judge(suite, run(suite, model))


def test_a_per_option_scorer_passes_with_the_same_choice_everywhere():
    found = judged(stub("overlap"))
    assert found.status is Status.PASS
    for result in found.results:
        assert (result.drop.value, result.consistency.value) == (0.0, 1.0)


def test_a_model_that_always_chooses_the_first_place_fails():
    found = judged(stub("position"))
    failed = {(v.attack, v.check) for v in found.verdicts if v.status is Status.FAIL}
    assert found.status is Status.FAIL
    assert {(name, "min_consistency") for name in ("option-rotations", "option-permutations")} <= failed
    by_name = {result.name: result for result in found.results}
    assert by_name["option-rotations"].consistency.value == 0.0
    assert by_name["gold-first"].accuracy.value == 1.0
    assert by_name["gold-last"].accuracy.value == 0.0


def test_a_model_that_reads_but_leans_to_the_last_place_fails_where_the_gold_stands_elsewhere():
    def leaning(example: Example) -> tuple[float, ...]:
        scores = stub("overlap").score([example])[0]
        return (*scores[:-1], scores[-1] + 2.0)

    found = judged(Stub("leaning", "leaning/1", leaning))
    assert found.status is Status.FAIL
    by_name = {result.name: result for result in found.results}
    assert by_name["gold-last"].accuracy.value == 1.0
    assert by_name["gold-first"].accuracy.value == 0.0


def test_a_model_that_does_not_answer_a_permuted_item_is_invalid():
    suite = build(stories(40), plan("order"))
    answers = run(suite, stub("overlap"))
    kept = {id_: row for id_, row in answers.scores.items() if "option-rotations" not in id_}
    found = judge(suite, replace(answers, scores=kept))
    assert {v.status for v in found.verdicts if v.attack == "option-rotations"} == {Status.INVALID}
