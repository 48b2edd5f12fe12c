from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from robustness.attacks.recipes import recipe
from robustness.choices import credit, right_options
from robustness.domain import Edit, Variant, replay
from robustness.errors import DataError, ScoreError, UsageError
from robustness.models.stub import stub
from robustness.scoring import run
from robustness.searching.freezing import as_text, share_changed, summarise_search
from robustness.searching.method import Method
from robustness.searching.proposals import Family, edited
from robustness.searching.search import Searching, search
from robustness.suites.store import freeze, thaw
from tests.searching.victims import Counting, item, items, reader_of

READER = reader_of("river", "bread")
"""Right until both words are misspelt."""
SEARCHES = [
    Searching("swap-letters", method=Method.GREEDY, budget=60),
    Searching("swap-letters", method=Method.BEAM, budget=60, beam=3),
    Searching("swap-letters", method=Method.RESTARTS, budget=60),
    Searching("synonym-swap", severity=3),
    Searching("homoglyphs", severity=2, budget=30),
    Searching("addsent2pas-shuffle", budget=12),
    Searching("distractors-from-like-items", severity=2, budget=12),
    Searching("option-permutations", budget=5),
]
every_search = pytest.mark.parametrize("asked", SEARCHES, ids=lambda s: f"{s.attack}-{s.method}")


@every_search
def test_no_item_is_asked_about_more_often_than_the_budget_allows(asked):
    model = Counting(READER)
    found = search(items(6), model, asked)
    counts = {example.id: model.asked(example.id) for example in found.examples}
    assert max(counts.values()) <= asked.budget
    assert {v.source: v.notes["queries"] for v in found.variants} == counts


@every_search
def test_no_text_of_an_item_is_asked_twice(asked):
    model = Counting(READER)
    search(items(4), model, asked)
    texts = [(i.id.split("~")[0], i.passage, i.question, i.options) for call in model.calls for i in call]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("budget", [2, 3, 7, 20])
def test_a_small_budget_is_kept_too(budget):
    model = Counting(lambda example: tuple(float(i == example.answer) for i in range(4)))
    found = search(items(3), model, Searching("swap-letters", budget=budget))
    assert [v.notes["queries"] for v in found.variants] == [budget] * 3


@every_search
def test_a_search_ends_the_same_whatever_items_search_beside_it(asked):
    together = search(items(5), Counting(READER), asked)
    again = search(items(5)[::-1], Counting(READER), asked)
    assert together == again
    if asked.attack != "distractors-from-like-items":  # it draws on the other items of the data
        alone = search(items(5)[2:3], Counting(READER), asked)
        assert alone.variants == tuple(v for v in together.variants if v.source == "trip002")


def test_another_seed_finds_other_variants():
    asked = [Searching("swap-letters", seed=seed) for seed in range(3)]
    texts = [[v.example.passage for v in search(items(4), Counting(READER), one).variants] for one in asked]
    assert texts[0] != texts[1] != texts[2]


def test_each_step_is_one_call_for_all_items_that_still_search():
    model = Counting(READER)
    found = search(items(8), model, Searching("swap-letters", method=Method.RESTARTS, budget=40))
    longest = max(int(v.notes["queries"]) for v in found.variants)
    assert len(model.calls) <= 1 + -(-longest // 8) + 3
    assert len({i.id.split("~")[0] for i in model.calls[0]}) == 8


def test_greedy_finds_the_two_words_that_a_model_hangs_on():
    found = search(items(6), Counting(READER), Searching("swap-letters", method=Method.GREEDY))
    for variant in found.variants:
        assert credit(READER(variant.example), right_options(variant.example)) == 0
        assert "river" not in variant.example.passage


def test_words_are_edited_in_the_order_of_how_much_the_margin_falls_without_them():
    def rule(example):  # "bread" weighs twice as much as "river", the others nothing
        there = sum(weight * (word in example.passage) for word, weight in (("bread", 2), ("river", 1)))
        return tuple(there + 9.0 if i == example.answer else 0.0 for i in range(4))

    model = Counting(rule)
    search(items(1), model, Searching("swap-letters", severity=3, method=Method.GREEDY, budget=120))
    first, _, third, fourth = model.calls[:4]
    assert len(first) == 2
    assert all("bread" not in i.passage and "river" in i.passage for i in third)
    assert all("bread" not in i.passage and "river" not in i.passage for i in fourth)


def test_a_recipe_that_draws_nothing_is_asked_about_once():
    model = Counting(lambda e: tuple(float(i == e.answer) for i in range(4)))
    found = search(items(2), model, Searching("upper-case", method=Method.RESTARTS))
    assert [v.notes["queries"] for v in found.variants] == [2, 2]


def test_an_edit_that_does_not_fit_its_example_is_refused():
    made = recipe("swap-letters")
    family = Family(made, made.attack(), 1, 0)
    with pytest.raises(UsageError, match="expects 'tent' at 0 of the passage, which is not there"):
        edited(family, item(0), [Edit("passage", 0, 0, "tent", "tnet")])


def test_a_flip_stops_the_search_of_its_item():
    model = Counting(reader_of("river"))
    found = search(items(1), model, Searching("swap-letters", method=Method.GREEDY))
    last = {i.passage for i in model.calls[-1]}
    assert found.variants[0].example.passage in last
    assert int(found.variants[0].notes["queries"]) < 60


def test_no_word_that_the_recipe_protects_is_touched():
    rule = reader_of("didn't", "before")  # a negation, and nothing that it hangs on
    asked = Searching("swap-letters-protected", severity=3, budget=150)
    for variant in search(items(6), Counting(rule), asked).variants:
        source = item(int(variant.source[4:]))
        name = source.passage.split()[0].lower()
        kept = {word for option in source.options for word in option.split()} | {"didn't", name}
        before, after = source.passage.split(), variant.example.passage.split()
        assert len(before) == len(after)
        assert not [a for a, b in zip(before, after, strict=True) if a != b and a.strip(".").lower() in kept]
        assert variant.example.options == source.options


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_no_more_words_change_than_the_recipe_itself_would_change(severity):
    from robustness.attacks.recipes import apply

    made = recipe("swap-letters")
    stubborn = Counting(lambda e: (*(float(i == e.answer) for i in range(4)),))
    asked = Searching("swap-letters", severity=severity, method=Method.BEAM, budget=120)
    for variant in search(items(4), stubborn, asked).variants:
        source = item(int(variant.source[4:]))
        own = next(apply(made, made.attack(severity), source, severity=severity, seed=0))
        assert isinstance(own, Variant)
        for place in ("passage", "question"):
            pairs = [(getattr(source, place), getattr(x.example, place)) for x in (variant, own)]
            changed = [sum(a != b for a, b in zip(x.split(), y.split(), strict=True)) for x, y in pairs]
            assert changed[0] <= changed[1]


@every_search
def test_every_variant_is_what_its_edits_make_of_its_source(asked):
    found = search(items(5), Counting(READER), asked)
    sources = {example.id: example for example in found.examples}
    for variant in found.variants:
        made = replay(sources[variant.source], variant)
        assert (made.passage, made.question, made.options) == (
            variant.example.passage, variant.example.question, variant.example.options,
        )  # fmt: skip
        assert variant.id == f"{variant.source}~search:{asked.attack}.{asked.severity}" == variant.example.id


@every_search
def test_a_frozen_search_replays_with_the_same_scores(asked, tmp_path):
    found = search(items(5), Counting(READER), asked)
    thawed = thaw(freeze(found, tmp_path / "suite"))
    assert thawed == found
    first, second = run(found, Counting(READER)), run(thawed, Counting(READER))
    assert first.scores == second.scores
    assert {v.id for v in found.variants} <= set(first.scores)


@every_search
def test_a_search_never_ends_above_the_recipe_it_searches_over(asked):
    found = search(items(8), Counting(READER), asked)
    told = summarise_search(found, run(found, Counting(READER)))
    assert told.accuracy <= told.accuracy_fixed + 1e-12


def test_an_item_is_asked_about_under_the_id_that_its_variant_will_have():
    # This stub draws lots by id alone.
    found = search(items(12), stub("random"), Searching("swap-letters", budget=20))
    said = run(found, stub("random"))
    for variant in found.variants:
        earned = credit(said.scores[variant.id], right_options(variant.example))
        assert variant.notes["fixed_credit"] == earned


def test_the_summary_counts_what_a_run_of_the_suite_says():
    found = search(items(9), Counting(READER), Searching("swap-letters", method=Method.GREEDY, budget=200))
    said = run(found, Counting(READER))
    told = summarise_search(found, said)
    wrong = [v for v in found.variants if max(said.scores[v.id]) != said.scores[v.id][v.example.answer or 0]]
    assert told.success_rate == len(wrong) / 9
    assert told.median_queries == statistics.median(int(v.notes["queries"]) for v in found.variants)
    shares = [share_changed(item(int(v.source[4:])), v) for v in wrong]
    assert told.median_words_changed == pytest.approx(statistics.median(shares))
    assert (told.accuracy_clean, told.n, told.skipped, told.attacked) == (1.0, 9, 0, 9)


def test_items_that_are_wrong_on_clean_are_kept_and_counted_but_not_attacked():
    model = Counting(lambda e: tuple(float(i != e.answer) for i in range(4)))
    found = search(items(4), model, Searching("swap-letters"))
    told = summarise_search(found, run(found, model))
    assert (told.n, told.attacked, told.accuracy) == (4, 0, 0.0)
    assert "nan" not in as_text(told, json=True).lower()
    assert [v.notes["queries"] for v in found.variants] == [2] * 4


def test_items_that_the_recipe_does_not_apply_to_are_skipped_with_its_reason():
    bare = replace(item(0), passage="It is so.", question="Is it so?")
    found = search([bare], Counting(READER), Searching("swap-letters"))
    assert [(s.attack, s.reason) for s in found.skipped] == [
        ("search:swap-letters", "no word that can be misspelt")
    ]


def test_what_was_not_measured_is_no_success():
    model = Counting(lambda e: (float("nan"),) * 4 if "~" in e.id else (1.0, 0.0, 0.0, 0.0))
    found = search(items(3), model, Searching("swap-letters", budget=20))
    with pytest.raises(ScoreError, match="was not measured"):
        summarise_search(found, run(found, model))


def test_the_suite_says_what_it_was_found_against():
    asked = Searching("swap-letters", severity=2, method=Method.BEAM, beam=2)
    found = search(items(3), Counting(READER), asked)
    made = found.plan["recipes"]["search:swap-letters"]  # type: ignore[index]
    assert made["parameters"]["search"] == {
        "beam": 2, "budget": 200, "method": "beam", "model": "counting", "model_fingerprint": "counting/1",
    }  # fmt: skip
    assert "transfer attack" in made["known_limits"][-1]
    assert found.plan["checks"][0]["severities"] == [2]  # type: ignore[index]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Searching("no-passage"), "polarity 'ablation'"),
        (Searching("rename-people", method=Method.GREEDY), "does not edit single words"),
        (Searching("swap-letters", budget=1), "at least 2"),
        (Searching("swap-leters"), "did you mean"),
    ],
)
def test_what_cannot_be_searched_is_refused(asked, words):
    with pytest.raises(UsageError, match=words):
        search(items(2), Counting(READER), asked)


def test_nothing_to_search_is_refused():
    with pytest.raises(DataError, match="0 examples"):
        search((), Counting(READER), Searching("swap-letters"))


def test_predictions_cannot_be_searched():
    model = Counting(READER)
    model.answers = {}  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="holds answers to one suite"):
        search(items(2), model, Searching("swap-letters"))


def test_rows_of_the_wrong_shape_are_refused():
    with pytest.raises(ScoreError, match="one score per"):
        search(items(2), Counting(lambda e: (0.0,)), Searching("swap-letters"))
