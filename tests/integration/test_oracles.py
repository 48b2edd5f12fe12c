"""What must come out exactly, whatever the data: rules that cannot read, and one that knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import isclose
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.choices import credit, right_options
from robustness.domain import Example, Polarity, Status, Suite
from robustness.judging.verdicts import judge
from robustness.models.stub import STUBS, stub
from robustness.readers.load import load
from robustness.results import Judgement
from robustness.scoring import run
from robustness.suites.audit import refuse_leaks, sentinels
from robustness.suites.build import build
from robustness.suites.plan import Plan, plan

DREAM = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "dream" / "test.json"
PLANS = ("core", "si2019", "shortcuts", "abstain")
REORDERED = (
    "passage-word-shuffle",
    "within-sentence-shuffle",
    "ngram-shuffle",
    "window-shuffle",
    "sentence-order-shuffle",
)
PER_OPTION = sorted({*STUBS} - {"position", "random"})


@pytest.fixture(scope="module")
def suite_of(stories: Callable[..., tuple[Example, ...]]) -> Callable[[str], Suite]:
    examples = stories(90)
    return cache(lambda name: build(examples, plan(name)))


@pytest.fixture(scope="module")
def judged(suite_of: Callable[[str], Suite]) -> Callable[[str, str], Judgement]:
    return cache(lambda name, plan_name: judge(suite_of(plan_name), run(suite_of(plan_name), stub(name))))


def one(attack: str, **check: Any) -> Plan:
    return Plan.model_validate({"name": "one", "description": "d", "check": [{"attack": attack, **check}]})


def accuracy(made: Judgement, attack: str) -> tuple[float, float]:
    (found,) = (r for r in made.results if r.name == attack)
    assert found.n > 0
    assert found.accuracy.value is not None
    return found.accuracy.value, found.chance


@pytest.mark.parametrize("rule", ["overlap", "overlap-fraction"])
def test_a_bag_of_words_does_not_notice_any_reordering_of_the_passage(
    rule: str, suite_of: Callable[[str], Suite]
) -> None:
    suite = suite_of("shortcuts")
    scores = run(suite, stub(rule)).scores
    seen = set()
    for variant in suite.variants:
        if variant.attack in REORDERED:
            seen.add((variant.attack, variant.severity))
            assert scores[variant.id] == scores[variant.source], variant.id
    assert len(seen) == 8


_ODD = (
    "Leo ran home . Dr. U.S. a.m. 9:00 26.5 1,000 didn't it's we'll well-known (no) -- ... don’t “so” ? ! ; "
    "Mr. A B. e.g. naïve café $5 50% _ x_y ’tis O'Brien M: cannot state-of"
)
_words = st.lists(st.sampled_from([*_ODD.split(), '"Yes,"', "\n", "\n\n"]), min_size=2, max_size=30)


@settings(max_examples=60, deadline=None)
@given(passage=_words, options=st.lists(_words, min_size=2, max_size=4))
def test_no_text_however_odd_lets_a_bag_of_words_notice_a_reordering(
    passage: list[str], options: list[list[str]]
) -> None:
    texts = tuple(" ".join(option) for option in options)
    suite = build((Example("odd", " ".join(passage), "Who?", texts, 0, "odd"),), plan("shortcuts"))
    for rule in ("overlap", "overlap-fraction"):
        scores = run(suite, stub(rule)).scores
        for variant in suite.variants:
            if variant.attack in REORDERED:
                assert scores[variant.id] == scores["odd"], (rule, variant.attack, variant.example.passage)


@pytest.mark.parametrize("rule", ["overlap", "overlap-fraction", "overlap-window"])
def test_the_answer_shuffled_into_every_option_puts_a_bag_of_words_at_chance_on_every_item(
    rule: str, suite_of: Callable[[str], Suite]
) -> None:
    suite = suite_of("si2019")
    scores = run(suite, stub(rule)).scores
    proper = [v for v in suite.variants if v.attack == "ans2opt-shuffle" and not v.degraded]
    assert len(proper) > 150
    for variant in proper:
        right = right_options(variant.example)
        assert len(right) == 1
        assert credit(scores[variant.id], right) == variant.example.chance, variant.id


@pytest.mark.parametrize("rule", ["overlap", "overlap-fraction", "overlap-window"])
def test_the_answer_shuffled_into_every_option_leaves_chance_as_judged(
    rule: str, judged: Callable[[str, str], Judgement]
) -> None:
    reached, chance = accuracy(judged(rule, "si2019"), "ans2opt-shuffle")
    assert reached == chance


def test_a_shuffled_bag_in_the_passage_drives_the_sliding_window_below_chance(
    judged: Callable[[str, str], Judgement],
) -> None:
    made = judged("overlap-window", "si2019")
    reached, chance = accuracy(made, "addsent2pas-shuffle")
    clean = made.clean_accuracy.value
    assert clean is not None
    assert clean > chance + 0.2
    assert reached < chance - 0.1


@pytest.mark.parametrize("rule", ["overlap", "overlap-fraction", "overlap-window"])
def test_without_a_passage_overlap_is_at_chance_or_sees_the_question_alone(
    rule: str, judged: Callable[[str, str], Judgement]
) -> None:
    reached, chance = accuracy(judged(rule, "shortcuts"), "no-passage")
    assert reached == chance


@pytest.mark.parametrize("rule", PER_OPTION)
def test_a_rule_for_single_options_is_unmoved_by_their_order(
    rule: str, stories: Callable[..., tuple[Example, ...]]
) -> None:
    model, draw = stub(rule), Random(5)
    for example in stories(60):
        order = draw.sample(range(len(example.options)), len(example.options))
        assert example.answer is not None
        moved = replace(
            example, options=tuple(example.options[i] for i in order), answer=order.index(example.answer)
        )
        before, after = model.score([example, moved])
        assert after == tuple(before[i] for i in order)
        assert credit(after, right_options(moved)) == credit(before, right_options(example))


@pytest.mark.parametrize("name", ["core", "si2019", "abstain"])
def test_the_oracle_passes_every_verdict_of_polarity_attack(
    name: str, judged: Callable[[str, str], Judgement]
) -> None:
    made = judged("oracle", name)
    polarity = {(r.name, r.severity): r.polarity for r in made.results}
    verdicts = [v for v in made.verdicts if polarity[v.attack, v.severity] is Polarity.ATTACK]
    assert verdicts
    assert {(v.attack, v.status) for v in verdicts} == {(v.attack, Status.PASS) for v in verdicts}
    assert {v.estimate for v in verdicts} == {0.0}


def test_the_oracle_passes_the_plan_of_attacks_and_that_of_abstention(
    judged: Callable[[str, str], Judgement],
) -> None:
    assert judged("oracle", "si2019").status is Status.PASS
    assert judged("oracle", "abstain").status is Status.PASS


def test_the_oracle_fails_where_what_a_reader_needs_is_gone(
    judged: Callable[[str, str], Judgement],
) -> None:
    made = judged("oracle", "shortcuts")
    assert {v.status for v in made.verdicts if v.check == "max_margin_retained"} == {Status.FAIL}


def test_the_oracle_is_right_under_all_attacks_at_once(judged: Callable[[str, str], Judgement]) -> None:
    assert judged("oracle", "si2019").robust_accuracy.worst_case.value == 1.0


@pytest.mark.parametrize("name", PLANS)
def test_a_model_without_a_preference_is_at_chance_everywhere(
    name: str, judged: Callable[[str, str], Judgement]
) -> None:
    made = judged("constant", name)
    assert made.clean_accuracy.value == made.clean_chance
    measured = [r for r in made.results if r.accuracy.value is not None]
    assert measured or name == "abstain"
    for found in measured:
        assert found.accuracy.value is not None
        assert isclose(found.accuracy.value, found.chance, abs_tol=1e-12), found.name
        assert found.drop.value == 0.0
        assert found.consistency.value == 1.0 or found.name == "nota-as-distractor" or "opt" in found.name


@pytest.mark.parametrize("name", PLANS)
def test_a_model_without_a_preference_never_passes(
    name: str, judged: Callable[[str, str], Judgement]
) -> None:
    made = judged("constant", name)
    polarity = {r.name: r.polarity for r in made.results}
    needing = [v for v in made.verdicts if polarity[v.attack] is not Polarity.ATTACK]
    assert all(v.status in (Status.FAIL, Status.INVALID) for v in needing)


def test_the_shortest_option_is_reported_as_a_leak_of_addsent2opt_shuffle(
    suite_of: Callable[[str], Suite],
) -> None:
    found = {(s.attack, s.sentinel): s for s in sentinels(suite_of("si2019"))}
    shortest = found["addsent2opt-shuffle", "shortest"]
    assert shortest.leak
    assert shortest.declared
    assert shortest.accuracy > 0.95


@pytest.mark.parametrize("name", PLANS)
def test_no_shipped_plan_leaks_undeclared_on_stories(name: str, suite_of: Callable[[str], Suite]) -> None:
    refuse_leaks(sentinels(suite_of(name)))


@pytest.fixture(scope="module")
def dream() -> tuple[Example, ...]:
    if not DREAM.is_file():
        pytest.skip("../shared/data/dream/test.json is not there")
    return load(f"dream:{DREAM}").examples


@pytest.mark.shared
def test_the_sliding_window_is_as_good_on_dream_as_measured_before(dream: tuple[Example, ...]) -> None:
    rows = stub("overlap-window").score(dream)
    earned = [credit(row, right_options(e)) for row, e in zip(rows, dream, strict=True)]
    assert len(earned) == 2041
    assert sum(earned) / len(earned) == pytest.approx(0.429, abs=0.01)


@pytest.mark.shared
def test_a_shuffled_bag_in_the_passage_drives_the_sliding_window_under_a_tenth_on_dream(
    dream: tuple[Example, ...],
) -> None:
    suite = build(dream, one("addsent2pas-shuffle"))
    scores = run(suite, stub("overlap-window")).scores
    earned = [credit(scores[v.id], right_options(v.example)) for v in suite.variants if not v.degraded]
    assert len(earned) > 1900
    assert sum(earned) / len(earned) < 0.10


@pytest.mark.shared
@pytest.mark.parametrize("attack", REORDERED)
def test_a_bag_of_words_does_not_notice_any_reordering_on_dream(
    attack: str, dream: tuple[Example, ...]
) -> None:
    suite = build(dream[::8], one(attack))
    for rule in ("overlap", "overlap-fraction"):
        scores = run(suite, stub(rule)).scores
        assert [v.id for v in suite.variants if scores[v.id] != scores[v.source]] == []


@pytest.mark.shared
def test_the_answer_shuffled_into_every_option_puts_a_bag_of_words_at_chance_on_dream(
    dream: tuple[Example, ...],
) -> None:
    suite = build(dream, one("ans2opt-shuffle"))
    proper = [v for v in suite.variants if not v.degraded]
    assert len(proper) > 1700
    for rule in ("overlap", "overlap-fraction", "overlap-window"):
        scores = stub(rule).score([v.example for v in proper])
        for variant, row in zip(proper, scores, strict=True):
            assert credit(row, right_options(variant.example)) == variant.example.chance, variant.id
