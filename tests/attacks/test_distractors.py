from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import cast

import pytest
from robustness.judging.verdicts import judge

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.likeness import too_alike
from robustness.attacks.recipes import recipe
from robustness.demo.stories import stories
from robustness.domain import Attack, Example, NotApplicable, Status, Variant
from robustness.models.stub import stub
from robustness.rng import derive
from robustness.scoring import run
from robustness.suites.audit import refuse_leaks, sentinels
from robustness.suites.build import build
from robustness.suites.plan import plan
from robustness.text import content_words

PASSAGE = (
    "Nora packed the blue tent. Leo left the brass lamp at home. "
    "They saw a white heron near the wooden bridge."
)
ITEM = Example(
    "m1",
    PASSAGE,
    "What did Leo leave?",
    ("The brass lamp.", "A warm coat.", "The small boat.", "Some rope."),
    0,
    "p1",
)
OTHERS = (
    replace(
        ITEM,
        id="m2",
        question="Where was the heron?",
        options=("Near the bridge.", "The red mill.", "A tower."),
    ),
    Example(
        "n1",
        "Sam ate.",
        "What broke?",
        ("The front wheel.", "In a restaurant.", "The white bridge."),
        0,
        "p2",
    ),
    Example(
        "n2", "Ida ate.", "Where is Ida?", ("In a restaurant.", "The green bottle.", "Some soup."), 0, "p3"
    ),
)
CORPUS = Corpus.of((ITEM, *OTHERS))
REPLACING = (
    "distractors-from-passage", "distractors-from-siblings", "distractors-from-like-items", "magnet-stock",
    "magnet-overlap",
)  # fmt: skip
ADDING = ("distractor-added", "distractor-added-from-passage")
STORIES = stories("test", passages=90)


def made(name: str, example: Example = ITEM, *, level: int = 1, seed: int = 0) -> Variant:
    attack = recipe(name).attack(level)
    bound = cast(Attack, attack.bind(CORPUS)) if isinstance(attack, NeedsCorpus) else attack
    (variant,) = bound(example, level, derive(seed, name, example.id))
    return variant


def planted_in(variant: Variant) -> str:
    return variant.example.options[int(variant.notes["planted"])]


def skipped(name: str, example: Example) -> str:
    with pytest.raises(NotApplicable) as caught:
        made(name, example)
    return str(caught.value)


@pytest.mark.parametrize("name", REPLACING)
def test_one_distractor_is_replaced_and_noted_as_planted(name):
    variant = made(name)
    planted = variant.notes["planted"]
    assert variant.option_map == tuple(-1 if i == planted else i for i in range(4))
    assert planted != 0
    assert variant.notes["replaced"] == 1
    assert variant.example.answer == 0


@pytest.mark.parametrize("name", REPLACING)
def test_at_level_two_all_are_replaced_for_which_something_fits_and_counted(name):
    variant = made(name, level=2)
    assert variant.option_map.count(-1) == variant.notes["replaced"]
    assert "planted" not in variant.notes
    assert len(set(variant.example.options)) == 4


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("distractors-from-siblings", {"The red mill.", "Near the bridge.", "A tower."}),
        (
            "distractors-from-like-items",
            {"The front wheel.", "The green bottle.", "Some soup.", "The white bridge."},
        ),
        ("magnet-stock", {"In a restaurant."}),
        ("magnet-overlap", {"The white bridge."}),
    ],
)
def test_options_come_from_where_the_recipe_says(name, pool):
    planted = {planted_in(made(name, seed=seed)) for seed in range(30)}
    assert planted <= pool
    assert planted


def test_what_is_mined_stands_in_the_passage_in_the_form_of_the_option():
    for seed in range(20):
        variant = made("distractors-from-passage", seed=seed)
        text = planted_in(variant)
        assert text.removesuffix(".").lower() in PASSAGE.lower()
        assert text[0].isupper()
        assert text.endswith(".")


@pytest.mark.parametrize("name", ADDING)
def test_an_added_option_leaves_the_others_and_their_order(name):
    places: Counter[int] = Counter()
    for seed in range(60):
        variant = made(name, seed=seed)
        place = variant.option_map.index(-1)
        places[place] += 1
        assert variant.notes["planted"] == place
        assert [origin for origin in variant.option_map if origin >= 0] == [0, 1, 2, 3]
        assert variant.example.options[variant.example.answer or 0] == "The brass lamp."
    assert set(places) == set(range(5))


def test_a_removed_distractor_is_never_the_gold_one():
    gone = set()
    for seed in range(40):
        variant = made("distractor-removed", seed=seed)
        gone |= {0, 1, 2, 3} - set(variant.option_map)
        assert variant.option_map[variant.example.answer or 0] == 0
    assert gone == {1, 2, 3}
    assert (
        skipped("distractor-removed", replace(ITEM, options=ITEM.options[:2])) == "fewer than three options"
    )


@pytest.mark.parametrize("name", [*REPLACING, *ADDING, "distractor-removed"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"options": (*ITEM.options[:3], "None of the above")}, "an option refers to other options"),
        ({"options": (*ITEM.options[:3], "Both A and B")}, "an option refers to other options"),
        ({"options": (*ITEM.options[:3], "以上都是")}, "an option refers to other options"),
        ({"options": ("A. lamp", "B. coat", "C. boat")}, "the options carry the letters of their places"),
        ({"answer": None}, "no option is right"),
    ],
)
def test_options_that_speak_of_others_are_left_alone(name, change, reason):
    assert skipped(name, replace(ITEM, **change)) == reason


@pytest.mark.parametrize("name", [*REPLACING, *ADDING])
@pytest.mark.parametrize(
    "question", ["What did Leo not leave?", "Which is false?", "All left except whom?", "哪项是错误的？"]
)
def test_a_question_for_what_is_not_so_would_make_the_planted_option_right(name, question):
    item = replace(ITEM, question=question, passage="" if question[0] == "哪" else PASSAGE)
    assert skipped(name, item) == "the question asks for what is not so"


@pytest.mark.parametrize("name", ["distractors-from-passage", "distractors-from-siblings", ADDING[1]])
@pytest.mark.parametrize(
    "question", ["Which is true?", "What do we learn about Leo?", "What does the passage say?"]
)
def test_a_question_that_any_true_statement_answers_takes_none_from_the_passage(name, question):
    assert skipped(name, replace(ITEM, question=question)) == "any true statement might answer the question"


def test_the_same_question_at_another_level_of_the_text_lends_no_option():
    level = replace(ITEM, id="m3", passage="Easier.", options=("A", "B"))
    assert Corpus.of((ITEM, level)).siblings(ITEM) == ()
    assert set(CORPUS.siblings(ITEM)) == set(OTHERS[0].options)


def test_a_stock_option_occurs_in_two_groups_and_the_most_common_comes_first():
    more = [Example(f"q{i}", "P.", f"Q{i}?", ("At home.", f"x{i}"), 0, f"g{i}") for i in range(3)]
    assert Corpus.of((*OTHERS, *more)).stock_options == ("At home.", "In a restaurant.")


def test_an_overlapping_option_shares_two_words_with_the_passage_and_comes_from_elsewhere():
    assert CORPUS.overlapping_options(ITEM) == ("The white bridge.",)
    assert CORPUS.overlapping_options(OTHERS[1]) == ()


@pytest.fixture(scope="module")
def suite():
    return build(STORIES, plan("distractors"))


def test_nothing_planted_may_say_the_same_as_an_option_of_its_item(suite):
    sources = {example.id: example for example in STORIES}
    planted = 0
    for variant in suite.variants:
        for text, origin in zip(variant.example.options, variant.option_map, strict=True):
            if origin == -1:
                planted += 1
                assert not any(too_alike(text, own) for own in sources[variant.source].options)
    assert planted > 1000


def test_nothing_mined_from_a_story_stands_in_its_evidence(suite):
    sources = {example.id: example for example in STORIES}
    for variant in suite.variants:
        if variant.attack != "distractors-from-passage":
            continue
        source = sources[variant.source]
        spans = [tuple(map(int, span.split(":"))) for span in source.meta["evidence"].split(",")]
        rest = list(source.passage)
        for start, end in spans:
            rest[start:end] = "#" * (end - start)
        for text, origin in zip(variant.example.options, variant.option_map, strict=True):
            if origin == -1:
                assert text.lower() in "".join(rest).lower()


def test_a_magnet_shares_no_word_with_what_makes_it_one(suite):
    sources = {example.id: example for example in STORIES}
    for variant in suite.variants:
        if variant.attack == "magnet-stock" and variant.severity == 1:
            text = planted_in(variant)
            assert not set(content_words(text)) & set(content_words(sources[variant.source].passage))


def test_no_rule_of_form_wins_undeclared(suite):
    refuse_leaks(sentinels(suite))


def test_one_that_knows_the_gold_option_passes_and_one_that_takes_what_is_planted_fails(suite):
    verdicts = judge(suite, run(suite, stub("oracle"))).verdicts
    assert {v.status for v in verdicts if v.clusters > 80} == {Status.PASS}
    assert {v.attack for v in verdicts if v.clusters > 80} >= {*REPLACING[:3], *ADDING}
    planted = {v.id: v.option_map for v in suite.variants}
    clean = run(suite, stub("oracle"))
    drawn = {
        id_: tuple(float(origin == -1) for origin in planted[id_]) if -1 in planted.get(id_, ()) else row
        for id_, row in clean.scores.items()
    }
    found = judge(suite, replace(clean, scores=drawn))
    failed = {verdict.attack for verdict in found.verdicts if verdict.status is Status.FAIL}
    assert failed >= {"distractors-from-like-items", "distractor-added"} - {"magnet-overlap"}
    by_name = {(r.name, r.severity): r for r in found.results}
    assert by_name["distractor-added", 1].planted_rate == 1.0


# magnet-overlap plants the one best option wherever it fits, and its place alone is drawn.
@pytest.mark.parametrize("name", [*REPLACING[:-1], *ADDING, "distractor-removed"])
def test_another_seed_and_another_id_draw_anew(name):
    texts = {made(name, seed=seed).example.options for seed in range(12)}
    ids = {made(name, replace(ITEM, id=f"m{i}")).example.options for i in range(12)}
    assert len(texts) > 1
    assert len(ids) > 1
