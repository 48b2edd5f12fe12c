from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import recipe, recipe_names
from robustness.domain import Example, NotApplicable
from robustness.rng import derive
from robustness.suites.plan import plan
from robustness.text import content_words

VOCABULARY = [f"{a}{b}{c}{d}" for a in "bdk" for b in "aeio" for c in "lmnrst" for d in "aeo"]


def example(passage: str, group: str, name: str = "") -> Example:
    return Example(name or f"{group}#0", passage, "What?", ("One.", "Two."), 0, group)


def written(seed: int, count: int = 60, length: int = 12) -> list[Example]:
    generator = derive(seed, "corpus")
    texts = [" ".join(generator.choice(VOCABULARY) for _ in range(length)) for _ in range(count)]
    return [example(text, f"g{i:03}") for i, text in enumerate(texts)]


def cosine(first: dict[str, float], second: dict[str, float]) -> float:
    dot = sum(weight * second.get(word, 0.0) for word, weight in first.items())
    lengths = sqrt(sum(w * w for w in first.values()) * sum(w * w for w in second.values()))
    return dot / lengths if lengths else 0.0


def nearest_by_brute_force(passages: list[str]) -> list[list[float]]:
    """Cosine of every pair over log-weighted words, without words of over a tenth of the passages."""
    sets = [set(content_words(text)) for text in passages]
    frequency = Counter(word for found in sets for word in found)
    n, ceiling = len(passages), max(5, len(passages) // 10)
    vectors = [
        {word: log(1 + n / frequency[word]) for word in found if frequency[word] <= ceiling} for found in sets
    ]
    return [[cosine(first, second) for second in vectors] for first in vectors]


@pytest.mark.parametrize("seed", range(3))
def test_the_near_passage_is_the_one_of_highest_cosine(seed):
    examples = written(seed)
    corpus = Corpus.of(examples)
    table = nearest_by_brute_force([e.passage for e in examples])
    position = {e.passage: i for i, e in enumerate(examples)}
    compared = 0
    for i, item in enumerate(examples):
        others = [value for j, value in enumerate(table[i]) if j != i]
        if max(others) == 0:
            with pytest.raises(NotApplicable, match="no other passage shares"):
                corpus.nearest_other(item)
            continue
        compared += 1
        assert table[i][position[corpus.nearest_other(item)]] == pytest.approx(max(others), abs=1e-9)
    assert compared > 40


def test_the_near_passage_shares_the_rare_word_and_not_the_common_ones():
    examples = [
        example("The lighthouse keeper ate bread.", "a"),
        example("The baker sold bread.", "b"),
        example("A lighthouse stood there.", "c"),
        *[example(f"Someone ate bread number{i}.", f"d{i}") for i in range(8)],
    ]
    assert Corpus.of(examples).nearest_other(examples[0]) == "A lighthouse stood there."


def test_chinese_passages_are_near_by_their_characters():
    examples = [example(text, f"z{i}") for i, text in enumerate(["他买灯塔", "灯塔很高", "我们吃饭"])]
    assert Corpus.of(examples).nearest_other(examples[0]) == "灯塔很高"


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_input_order_of_the_corpus_changes_nothing(shuffler):
    examples = written(1, count=25)
    shuffled = list(examples)
    shuffler.shuffle(shuffled)
    one, other = Corpus.of(examples), Corpus.of(shuffled)
    assert one == other
    for item in examples[:5]:
        assert one.random_other(item, derive(0, item.id)) == other.random_other(item, derive(0, item.id))
        assert one.nearest_other(item) == other.nearest_other(item)


def test_questions_on_one_passage_count_it_once_and_empty_passages_not_at_all():
    corpus = Corpus.of(
        [example("A.", "a", "1"), example("A.", "a", "2"), example("", "b", "3"), example(" \n", "c")]
    )
    assert corpus.passages == (("a", "A."),)


def test_each_other_passage_is_as_likely():
    from scipy.stats import chisquare

    examples = [example(f"Passage {name}.", name) for name in "abcde"]
    corpus = Corpus.of(examples)
    seen = Counter(corpus.random_other(examples[0], derive(3, str(i))) for i in range(4000))
    assert set(seen) == {e.passage for e in examples[1:]}
    assert chisquare(list(seen.values())).pvalue > 0.001


def test_another_level_of_the_own_passage_is_not_foreign():
    levels = [example("Easy text here.", "p1", "1"), example("Harder text here.", "p1", "2")]
    far = example("Another text here.", "p2", "3")
    corpus = Corpus.of([*levels, far])
    for seed in range(30):
        assert corpus.random_other(levels[0], derive(seed)) == far.passage
    assert corpus.nearest_other(levels[0]) == far.passage


def test_a_random_passage_is_in_the_item_s_own_script():
    mixed = Corpus.of([example("English text.", "a"), example("中文文章。", "b"), example("第二篇。", "c")])
    chinese = example("第三篇。", "d")
    assert {mixed.random_other(chinese, derive(i)) for i in range(40)} == {"中文文章。", "第二篇。"}


def test_one_fitting_passage_among_hundreds_is_found():
    crowd = [example(f"Text number {i}.", "p1", str(i)) for i in range(400)]
    corpus = Corpus.of([*crowd, example("The other.", "p2")])
    assert {corpus.random_other(crowd[0], derive(i)) for i in range(10)} == {"The other."}


def test_a_word_that_the_corpus_has_never_seen_is_no_reason_to_fail():
    corpus = Corpus.of([example("Baker bread.", "a")])
    with pytest.raises(NotApplicable, match="shares"):
        corpus.nearest_other(example("Lighthouse.", "b"))


def test_the_recipes_that_draw_on_other_items_say_so():
    needing = {name for name in recipe_names() if isinstance(recipe(name).attack(), NeedsCorpus)}
    foreign = {"foreign-passage-near", "foreign-passage-random", "foreign-sentence"}
    renamed = {"rename-people-same-data"}
    distractors = {check.attack for check in plan("distractors").check} - {"distractor-removed"}
    placed = {"words-replaced", "words-planted"}
    assert needing == foreign | renamed | distractors | placed | {"addsent-charswap"}


def test_the_corpus_does_not_change_with_the_answers():
    examples = written(2, count=5)
    assert Corpus.of(examples) == Corpus.of([replace(e, answer=1) for e in examples])
    turned = [replace(e, options=e.options[::-1], answer=1) for e in examples]
    assert Corpus.of(examples) == Corpus.of(turned)
