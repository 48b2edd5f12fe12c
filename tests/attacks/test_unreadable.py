from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.attacks.operators import contains_run, shuffle_degree, shuffle_words
from robustness.attacks.recipes import recipe
from robustness.domain import Example, NotApplicable, Variant
from robustness.rng import Rng, derive
from robustness.text import fold, join, sentences, words

SI_2019_OPTIONS = {
    "addsent2opt-shuffle": ("distractor", "sentence"),
    "addsent2opt": ("distractor", "sentence"),
    "sent2opt-shuffle": ("sentence",),
    "addans2opt-shuffle": ("distractor", "gold"),
    "addans2opt": ("distractor", "gold"),
    "ans2opt-shuffle": ("gold",),
}
ENGLISH = Example(
    "m1",
    "Ann left the old lamp at home. Bob didn't see it. Lee's tent was blue! They went to the lake at 9:00.",
    "What did Ann leave?",
    ("Her brother's tent.", "The old brass lamp.", "A very warm coat.", "Lamps"),
    1,
    "p1",
)
CHINESE = Example(
    "m2",
    "男：你昨天去哪儿了？\n女：我去了商店。买了一本旧书。",
    "女的买了什么？",
    ("一件衣服", "一本旧书", "两张票"),
    1,
    "p2",
)
quick = settings(max_examples=60, deadline=None)


def one(name: str, example: Example, seed: int = 0, **parameters: Any) -> Variant:
    attack: Any = recipe(name).attack()
    made: Variant
    (made,) = replace(attack, **parameters)(example, 1, derive(seed, name, example.id))
    return made


def bag(*texts: str) -> Counter[str]:
    return Counter(word for text in texts for word in words(text).words)


def distractors(made: Variant, example: Example) -> list[tuple[str, str]]:
    pairs = zip(example.options, made.example.options, strict=True)
    return [pair for position, pair in enumerate(pairs) if position != example.answer]


def pool(example: Example) -> list[str]:
    return [example.passage[start:end] for start, end in sentences(example.passage)]


def levenshtein(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        above, row[0] = row[:], i
        for j, b in enumerate(second, start=1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
    return row[-1]


@given(st.lists(st.sampled_from("abcd"), max_size=7), st.lists(st.sampled_from("abcd"), max_size=7))
def test_the_shuffle_degree_is_word_edit_distance_over_length(before, after):
    expected = levenshtein(tuple(before), tuple(after)) / len(before) if before else 0.0
    assert shuffle_degree(before, after) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("n", "maximum", "reached"), [(1, 0, 0), (2, 1, 1 / 2), (3, 2 / 3, 5 / 6), (4, 1, 11 / 24)]
)
def test_the_feasibility_of_the_threshold_is_as_enumerated(n, maximum, reached):
    original = tuple("abcd"[:n])
    degrees = [shuffle_degree(original, order) for order in permutations(original)]
    assert max(degrees) == pytest.approx(maximum)
    assert sum(degree >= 0.65 for degree in degrees) / len(degrees) == pytest.approx(reached)


@given(st.lists(st.sampled_from("ab"), max_size=6), st.lists(st.sampled_from("ab"), min_size=1, max_size=3))
def test_a_run_is_found_exactly_where_the_text_holds_it(text, run):
    assert contains_run(text, run) == ("".join(run) in "".join(text))


@quick
@given(st.lists(st.sampled_from("abc"), max_size=3), st.integers())
def test_a_threshold_out_of_reach_gives_the_highest_degree_there_is(tokens, seed):
    shuffled = shuffle_words(tokens, derive(seed), degree=0.99)
    reachable = max(shuffle_degree(tokens, order) for order in permutations(tokens))
    assert shuffled.degree == pytest.approx(reachable)
    assert shuffled.degree == pytest.approx(shuffle_degree(tokens, shuffled.words))
    assert Counter(shuffled.words) == Counter(tokens)
    assert shuffled.tries <= 50


@quick
@given(st.lists(st.sampled_from("abc"), max_size=6), st.integers())
def test_a_shuffle_is_degraded_exactly_when_no_other_order_reads_differently(tokens, seed):
    shuffled = shuffle_words(tokens, derive(seed))
    assert bool(shuffled.degraded) == (len(set(tokens)) < 2)
    assert (shuffled.words == tuple(tokens)) == bool(shuffled.degraded)


@quick
@given(st.lists(st.integers().map(str), min_size=5, max_size=30, unique=True), st.integers())
def test_five_different_words_and_more_reach_the_threshold(tokens, seed):
    assert shuffle_words(tokens, derive(seed)).degree >= 0.65


def test_a_guard_that_nothing_passes_leaves_the_words_and_says_so():
    shuffled = shuffle_words("abc", derive(0), guard=lambda _: False)
    assert (shuffled.words, shuffled.degree, shuffled.tries) == (tuple("abc"), 0.0, 50)
    assert "stopped" in shuffled.degraded


def test_without_a_guard_and_threshold_every_other_order_is_as_likely():
    from scipy.stats import chisquare

    generator = derive(1, "orders")
    seen = Counter(shuffle_words("abcd", generator, degree=0.0).words for _ in range(4600))
    assert len(seen) == 23
    assert chisquare(list(seen.values())).pvalue > 0.001


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("example", [ENGLISH, CHINESE], ids=["english", "chinese"])
@pytest.mark.parametrize("name", SI_2019_OPTIONS)
def test_every_distractor_holds_the_words_of_its_material_and_no_others(name, example, seed):
    made = one(name, example, seed)
    gold = example.options[example.answer or 0]
    for before, after in distractors(made, example):
        allowed = []
        for sentence in pool(example):
            parts = {"distractor": before, "sentence": sentence, "gold": gold}
            allowed.append(bag(*(parts[part] for part in SI_2019_OPTIONS[name])))
        assert bag(after) in allowed
    assert made.example.options[example.answer or 0] == gold


@pytest.mark.parametrize("name", SI_2019_OPTIONS)
def test_every_distractor_is_touched_and_a_discarded_one_is_new(name):
    made = one(name, ENGLISH)
    assert all(before != after for before, after in distractors(made, ENGLISH))
    new = -1 if "distractor" not in SI_2019_OPTIONS[name] else None
    expected = [p if p == ENGLISH.answer or new is None else new for p in range(4)]
    assert list(made.option_map) == expected
    assert not made.degraded


@pytest.mark.parametrize("name", [name for name in SI_2019_OPTIONS if name.endswith("-shuffle")])
def test_the_recorded_degree_is_the_lowest_of_the_distractors(name):
    example = replace(ENGLISH, passage="Ann left the old lamp at home on Friday.")
    made = one(name, example)
    gold = example.options[1]
    degrees = []
    for before, after in distractors(made, example):
        parts = {"distractor": before, "sentence": example.passage, "gold": gold}
        built = tuple(word for part in SI_2019_OPTIONS[name] for word in words(parts[part]).words)
        degrees.append(levenshtein(built, words(after).words) / len(built))
    assert made.notes["shuffle_degree"] == pytest.approx(min(degrees), abs=1e-6)
    assert min(degrees) >= 0.65


def test_the_readable_attacks_append_the_material_in_order():
    answered = one("addans2opt", ENGLISH)
    assert answered.example.options[0] == "Her brother's tent. The old brass lamp."
    assert one("addans2opt", CHINESE).example.options[0] == "一件衣服一本旧书"
    for before, after in distractors(one("addsent2opt", ENGLISH), ENGLISH):
        assert after in {f"{before} {sentence}" for sentence in pool(ENGLISH)}
    assert "shuffle_degree" not in answered.notes


def test_chinese_is_shuffled_by_characters_and_joined_without_spaces():
    for name in SI_2019_OPTIONS:
        for before, after in distractors(one(name, CHINESE), CHINESE):
            assert " " not in after
            assert after != before


def test_a_sentence_is_drawn_for_each_option_or_once_for_the_item():
    def drawn(scope: str, seed: int) -> int:
        made = one("sent2opt-shuffle", ENGLISH, seed, sentence_scope=scope)
        return len({frozenset(bag(after).items()) for _, after in distractors(made, ENGLISH)})

    assert {drawn("item", seed) for seed in range(20)} == {1}
    assert max(drawn("option", seed) for seed in range(20)) > 1


GOLDS = [" ".join(text) for n in (1, 2, 3, 4) for text in product(["the", "lamp", "."], repeat=n)]


@pytest.mark.parametrize("gold", [gold for gold in GOLDS if fold(gold)])
def test_an_answer_shuffle_is_degraded_exactly_when_no_other_order_reads_differently(gold):
    example = replace(ENGLISH, options=("A very warm coat.", gold), answer=1)
    made = one("ans2opt-shuffle", example)
    tokens = words(gold).words
    others = any(fold(join(order)) != fold(gold) for order in permutations(tokens))
    assert made.degraded == (not others)
    assert (fold(made.example.options[0]) == fold(gold)) == made.degraded


def test_a_distractor_that_becomes_the_gold_is_said_so():
    made = one("ans2opt-shuffle", replace(ENGLISH, options=("A coat.", "Lamp."), answer=1))
    assert made.notes["reason"] == "a distractor equals the gold option"


def test_a_gold_inside_the_passage_sentences_is_noted():
    assert one("sent2opt-shuffle", ENGLISH).notes["gold_in_material"] is False
    held = replace(ENGLISH, options=("A coat.", "the old lamp"))
    assert one("sent2opt-shuffle", held).notes["gold_in_material"] is True


def test_without_a_passage_there_is_no_sentence_to_draw():
    with pytest.raises(NotApplicable, match="no passage sentence"):
        one("addsent2opt", replace(ENGLISH, passage="  "))
    assert one("addans2opt", replace(ENGLISH, passage="")).edits


def added(made: Variant, example: Example) -> tuple[str, ...]:
    assert made.example.passage.startswith(example.passage)
    return words(made.example.passage[len(example.passage) :]).words


@pytest.mark.parametrize("example", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_the_passage_gets_question_and_all_distractors_in_one_bag_at_its_end(example):
    made = one("addsent2pas-shuffle", example)
    wrong = [text for i, text in enumerate(example.options) if i != example.answer]
    assert Counter(added(made, example)) == bag(example.question, *wrong)
    assert float(made.notes["shuffle_degree"]) >= 0.65
    assert made.notes["unguarded"] == sum(len(words(text).words) < 2 for text in wrong)
    assert not made.degraded


def test_the_start_variant_puts_the_same_bag_before_the_passage():
    made = one("addsent2pas-shuffle-start", ENGLISH)
    assert made.example.passage.endswith(" " + ENGLISH.passage)
    start = made.example.passage.removesuffix(ENGLISH.passage)
    assert bag(start) == bag(ENGLISH.question, *(ENGLISH.options[i] for i in (0, 2, 3)))


TIGHT = st.lists(st.sampled_from(["the", "lamp", "old"]), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(st.lists(TIGHT, min_size=2, max_size=4), TIGHT, st.integers(0, 9))
def test_no_wrong_option_of_two_words_and_more_stands_verbatim_in_the_bag(options, question, seed):
    example = replace(ENGLISH, question=question, options=tuple(options), answer=0)
    made = one("addsent2pas-shuffle", example, seed)
    sequence = added(made, example)
    verbatim = any(contains_run(sequence, run.split()) for run in options[1:] if " " in run)
    if made.degraded:
        assert "stopped" in str(made.notes["reason"]) or len(set(sequence)) < 2
    else:
        assert not verbatim


def test_a_guard_that_cannot_be_met_is_recorded_and_does_not_hang():
    example = replace(ENGLISH, question="the the the", options=("x", "the the", "the the the"), answer=0)
    made = one("addsent2pas-shuffle", example)
    assert made.degraded
    assert "guard" in str(made.notes["reason"])


def test_a_one_word_distractor_is_counted_and_not_guarded():
    made = one("addsent2pas-shuffle", replace(ENGLISH, options=("Lamps", "x", "Coat", "A boat"), answer=1))
    assert made.notes["unguarded"] == 2
    assert not made.degraded


NOUNS = "lamp tent coat boat lantern umbrella box map basket rope telescope pan".split()
MARKS = "old new red small wooden yellow brass tiny beautiful".split()


def written_by(generator: Rng, answer: int) -> Example:
    """An item whose options differ in length at random, and with a comma now and then."""

    def option() -> str:
        marks = [generator.choice(MARKS) for _ in range(1 + generator.below(3))]
        comma = ", " if generator.below(2) else " and "
        return f"The {comma.join(marks)} {generator.choice(NOUNS)}."

    story = " ".join(
        f"{name} took {option()[:-1].lower()} to the lake, but she didn't need it."
        for name in ("Ann", "Bea", "Cleo", "Dora")
    )
    options = [option() for _ in range(4)]
    return Example(f"g{generator.below(10**9)}", story, "What was it?", tuple(options), answer, "g")


@pytest.fixture(scope="module")
def many() -> list[Example]:
    generator = derive(11, "giveaways")
    return [written_by(generator, i % 4) for i in range(300)]


def shortest(options: tuple[str, ...]) -> list[int]:
    return [i for i, text in enumerate(options) if len(text) == min(map(len, options))]


def longest(options: tuple[str, ...]) -> list[int]:
    return [i for i, text in enumerate(options) if len(text) == max(map(len, options))]


def attached(options: tuple[str, ...]) -> list[int]:
    clean = [i for i, text in enumerate(options) if not re.search(r"\s[.,;:!?]|\s'|\sn't", text)]
    return clean or list(range(len(options)))


def options_after(name: str, example: Example, *, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    key = f"{name} {example.id}"
    if key not in known:
        known[key] = one(name, example).example.options
    return known[key]


@pytest.fixture(scope="module")
def accuracy():
    """Share of golds that a rule of form picks, ties split evenly; variants are built once."""
    known: dict[str, tuple[str, ...]] = {}

    def share(rule, name: str, examples: list[Example]) -> float:
        picks = [rule(options_after(name, example, known=known)) for example in examples]
        return sum((e.answer in p) / len(p) for e, p in zip(examples, picks, strict=True)) / len(examples)

    return share


@pytest.mark.parametrize("name", ["addsent2opt-shuffle", "addans2opt-shuffle", "sent2opt-shuffle"])
def test_the_published_forms_give_the_gold_away_by_length_and_spacing(name, many, accuracy):
    assert accuracy(shortest, name, many[:100]) > 0.9
    assert accuracy(attached, name, many[:100]) > 0.9


@pytest.mark.parametrize(
    "name", ["addsent2opt-shuffle-matched", "addans2opt-shuffle-matched", "sent2opt-shuffle-matched"]
)
@pytest.mark.parametrize("rule", [shortest, longest, attached])
def test_matched_forms_leave_rules_of_form_near_chance(name, rule, many, accuracy):
    # 0.25 is chance; four standard errors of 300 items are 0.1.
    assert abs(accuracy(rule, name, many) - 0.25) < 0.1


@pytest.mark.parametrize(
    "name",
    ["addsent2opt-shuffle-natural", "addans2opt-shuffle-natural", "sent2opt-shuffle-natural",
     "ans2opt-shuffle-natural"],
)  # fmt: skip
def test_natural_forms_leave_the_spacing_rule_at_chance(name, many, accuracy):
    assert accuracy(attached, name, many[:200]) == pytest.approx(0.25)


@pytest.mark.parametrize("rule", [shortest, longest])
def test_the_natural_answer_shuffle_leaves_length_at_chance(rule, many, accuracy):
    assert accuracy(rule, "ans2opt-shuffle-natural", many[:200]) == pytest.approx(0.25)


def skeleton(text: str) -> str:
    return re.sub(r"[\w']+", "x", text)


def test_a_natural_shuffle_moves_words_alone():
    example = replace(ENGLISH, passage="Bob, who didn't hurry (at all), left; “fine”, he said.")
    for _, after in distractors(one("sent2opt-shuffle-natural", example), example):
        assert skeleton(after) == skeleton(example.passage)
        assert sorted(re.findall(r"[\w']+", after)) == sorted(re.findall(r"[\w']+", example.passage))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", ["addsent2opt-shuffle-matched", "addans2opt-shuffle-matched"])
def test_a_matched_distractor_keeps_ending_and_case_and_its_words_come_from_the_bag(name, seed):
    example = replace(ENGLISH, options=("her brother's tent!", "The old brass lamp.", "A very warm coat"))
    made = one(name, example, seed)
    for before, after in distractors(made, example):
        assert after.endswith("!") == before.endswith("!")
        assert after[0].isupper() == before[0].isupper() or not after[0].isalpha()
        allowed = bag(before.lower(), example.passage.lower(), example.options[1].lower())
        assert all(word in allowed or word == "!" for word in words(after.lower()).words)


@pytest.mark.parametrize("seed", range(30))
def test_a_matched_distractor_never_equals_the_gold_while_another_order_differs(seed):
    example = replace(ENGLISH, options=("The boat.", "The lamp.", "A coat."))
    made = one("addans2opt-shuffle-matched", example, seed)
    assert not made.degraded
    assert fold("The lamp.") not in {fold(after) for _, after in distractors(made, example)}
    assert all(before != after for before, after in distractors(made, example))


def test_a_matched_distractor_of_one_word_that_cannot_change_is_degraded():
    made = one("addans2opt-shuffle-matched", replace(ENGLISH, options=("Boat.", "Lamp.")))
    assert made.degraded
