from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from robustness.domain import Example, Suite
from robustness.errors import PlanError, SuiteError
from robustness.suites.audit import SENTINELS, Sentinel, as_json, refuse_leaks, sentinels
from robustness.suites.build import build
from robustness.suites.plan import Plan

Make = Callable[[int], tuple[Example, ...]]


def suite_of(examples: tuple[Example, ...], attack: str, *, accept: tuple[str, ...] = ()) -> Suite:
    check = {"attack": attack, "accept_leaks": accept}
    plan = Plan.model_validate({"name": "one", "description": "d", "check": [check]})
    return build(examples, plan)


def found(suite: Suite, name: str) -> Sentinel:
    (sentinel,) = (s for s in sentinels(suite) if s.sentinel == name)
    return sentinel


def test_the_shortest_option_is_reported_as_a_declared_leak_of_addsent2opt_shuffle(items: Make) -> None:
    leak = found(suite_of(items(40), "addsent2opt-shuffle"), "shortest")
    assert leak.leak
    assert leak.declared
    assert leak.accuracy == 1.0
    assert leak.accuracy_clean < 0.6
    assert leak.n == 40
    refuse_leaks([leak])


def test_every_sentinel_is_run_on_every_recipe_that_changes_options(items: Make) -> None:
    suite = suite_of(items(25), "ans2opt-shuffle")
    assert tuple(s.sentinel for s in sentinels(suite)) == SENTINELS


def test_the_matched_form_keeps_length_and_spacing_from_telling_the_answer(items: Make) -> None:
    suite = suite_of(items(60), "addsent2opt-shuffle-matched")
    leaks = {s.sentinel for s in sentinels(suite) if s.leak}
    assert leaks <= {"byte-identical-option"}


def test_a_recipe_that_leaves_the_options_alone_has_no_sentinels(items: Make) -> None:
    assert sentinels(suite_of(items(25), "addsent2pas-shuffle")) == ()


def test_a_recipe_without_a_right_option_cannot_leak_one(items: Make) -> None:
    assert sentinels(suite_of(items(25), "nota-as-answer")) == ()


def test_degraded_variants_are_left_out(items: Make) -> None:
    suite = suite_of(items(25), "addsent2opt-shuffle")
    half = tuple(replace(v, degraded=True) if i % 2 else v for i, v in enumerate(suite.variants))
    assert {s.n for s in sentinels(replace(suite, variants=half))} == {13}


def test_fewer_than_twenty_items_prove_no_leak(items: Make) -> None:
    assert not found(suite_of(items(19), "addsent2opt-shuffle"), "shortest").leak
    assert found(suite_of(items(20), "addsent2opt-shuffle"), "shortest").leak


def test_a_rule_that_is_as_good_on_clean_items_is_no_leak(items: Make) -> None:
    short_gold = tuple(
        replace(e, options=tuple("He." if i == e.answer else o for i, o in enumerate(e.options)))
        for e in items(40)
    )
    shortest = found(suite_of(short_gold, "addsent2opt-shuffle"), "shortest")
    assert (shortest.accuracy_clean, shortest.accuracy) == (1.0, 1.0)
    assert not shortest.leak


def test_an_undeclared_leak_is_refused_with_recipe_rule_and_numbers(
    items: Make, recipe_of_mine: Callable[..., Path]
) -> None:
    recipe_of_mine(leaks=("no-detached-punctuation", "byte-identical-option"))
    suite = suite_of(items(40), "give-away")
    with pytest.raises(SuiteError, match=r"'give-away' lets 'shortest' score 1.000") as error:
        refuse_leaks(sentinels(suite))
    assert error.value.exit_code == 3
    assert "accept_leaks" in str(error.value)
    assert "byte-identical" not in str(error.value)


def test_a_leak_may_be_accepted_in_the_plan_for_this_data(
    items: Make, recipe_of_mine: Callable[..., Path]
) -> None:
    recipe_of_mine()
    refuse_leaks(sentinels(suite_of(items(40), "give-away", accept=SENTINELS)))


def test_accepting_one_rule_does_not_accept_another(items: Make, recipe_of_mine: Callable[..., Path]) -> None:
    recipe_of_mine()
    suite = suite_of(items(40), "give-away", accept=("shortest", "no-detached-punctuation"))
    with pytest.raises(SuiteError, match="'give-away' lets 'byte-identical-option'"):
        refuse_leaks(sentinels(suite))


def test_a_rule_that_does_not_exist_cannot_be_accepted(items: Make) -> None:
    with pytest.raises(PlanError, match="did you mean 'longest'"):
        suite_of(items(2), "addsent2opt-shuffle", accept=("longst",))


def test_the_json_form_holds_every_field(items: Make) -> None:
    all_found = sentinels(suite_of(items(25), "addsent2opt"))
    assert [Sentinel(**row) for row in as_json(all_found)] == list(all_found)
