from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.choices import chosen
from robustness.domain import Example, Model
from robustness.errors import UsageError
from robustness.models.stub import STUBS, Stub, stub
from robustness.text import content_words

ITEM = Example(
    id="m1#0",
    passage="Nora packed the blue tent. Leo left the old lamp at home, and the lamp was new.",
    question="What did Leo leave at home?",
    options=("The old lamp.", "A warm blue coat.", "The tent", "It's a boat !"),
    answer=0,
    group="m1",
)


def scores(name: str, example: Example = ITEM) -> tuple[float, ...]:
    return stub(name).score([example])[0]


@pytest.mark.parametrize("name", STUBS)
def test_every_stub_is_a_model_with_one_number_per_option_and_item(name: str) -> None:
    two = replace(ITEM, id="m1#1", options=ITEM.options[:2])
    made = stub(name)
    assert isinstance(made, Model)
    assert (made.name, made.fingerprint) == (f"stub:{name}", f"stub:{name}/1")
    assert [len(row) for row in made.score([ITEM, two, ITEM])] == [4, 2, 4]
    assert made.score([]) == ()


@pytest.mark.parametrize("name", STUBS)
def test_every_stub_answers_an_item_the_same_in_any_batch(name: str) -> None:
    other = replace(ITEM, id="m2#0", passage="Another one.")
    assert stub(name).score([other, ITEM])[1] == stub(name).score([ITEM])[0]


@pytest.mark.parametrize("name", STUBS)
def test_every_stub_takes_an_item_with_nothing_in_it(name: str) -> None:
    empty = Example("e", "", "", ("", "a"), None, "e")
    assert all(map(math.isfinite, scores(name, empty)))


def test_constant_prefers_nothing() -> None:
    assert scores("constant") == (0.0, 0.0, 0.0, 0.0)


def test_longest_and_shortest_count_characters() -> None:
    assert scores("longest") == (13.0, 17.0, 8.0, 13.0)
    assert scores("shortest") == (-13.0, -17.0, -8.0, -13.0)


def test_position_prefers_the_first_option() -> None:
    assert chosen(scores("position")) == {0}


def test_oracle_knows_the_gold_and_is_unsure_without_one() -> None:
    assert scores("oracle", replace(ITEM, answer=2)) == (0.0, 0.0, 1.0, 0.0)
    assert scores("oracle", replace(ITEM, answer=None)) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("option", "detached"),
    [("It's a boat.", 0), ("a boat .", 1), ("did n't go .", 2), ("it 's , well", 2), ("。好", 1), (". a", 1)],
)
def test_no_detached_punctuation_counts_stops_and_clitics_that_stand_alone(
    option: str, detached: int
) -> None:
    assert scores("no-detached-punctuation", replace(ITEM, options=("x", option)))[1] == -detached


def test_overlap_counts_distinct_content_words_in_the_passage() -> None:
    doubled = replace(ITEM, options=("The old, old LAMP", "warm coat", "at the", "blue tent home"))
    assert scores("overlap", doubled) == (2.0, 0.0, 0.0, 3.0)


def test_overlap_fraction_divides_by_the_options_own_content_words() -> None:
    doubled = replace(ITEM, options=("The old lamp", "warm blue coat", "at the", "tent boat"))
    assert scores("overlap-fraction", doubled) == (1.0, 1 / 3, 0.0, 0.5)


def test_random_depends_on_the_id_alone() -> None:
    assert scores("random") == scores("random", replace(ITEM, passage="x", answer=1))
    assert scores("random") != scores("random", replace(ITEM, id="m1#9"))


def test_random_is_balanced_over_positions() -> None:
    picks: Counter[int] = Counter()
    for number in range(4000):
        picks.update(chosen(scores("random", replace(ITEM, id=f"r{number}"))))
    assert picks.total() == 4000
    # chi-squared with 3 degrees of freedom: above 16.3 once in a thousand
    assert sum((picks[i] - 1000) ** 2 / 1000 for i in range(4)) < 16.3


def _richardson(example: Example, option: str) -> float:
    """Algorithm 1 of Richardson et al. 2013, from its text: the target set S is question plus
    option, IC(w) = log(1 + 1 / C(w)), the score is the best sum of IC over any |S| words in a row."""
    passage = list(content_words(example.passage))
    target = {*content_words(example.question), *content_words(option)}
    best = 0.0
    for start in range(len(passage)):
        window = passage[start : start + len(target)]
        weight = sum(math.log(1 + 1 / passage.count(word)) for word in window if word in target)
        best = max(best, weight)
    return best


_text = st.lists(st.sampled_from("lamp tent blue red home the ran . , Leo 9".split()), max_size=14)
_sentence = _text.map(" ".join)


@given(passage=_sentence, question=_sentence, options=st.lists(_sentence, min_size=2, max_size=5))
def test_overlap_window_is_algorithm_1_of_richardson_et_al_2013(
    passage: str, question: str, options: list[str]
) -> None:
    example = Example("w", passage, question, tuple(options), None, "w")
    wanted = [_richardson(example, option) for option in options]
    assert scores("overlap-window", example) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("order", [*permutations(range(5))])
def test_overlap_window_ties_where_windows_hold_the_same_weights_in_another_order(
    order: tuple[int, ...],
) -> None:
    # Word number n stands n + 1 times: in its window, and n times far from all others.
    firsts, seconds = [f"first{n}" for n in range(5)], [f"second{n}" for n in range(5)]
    again = [f"{words[n]} x x x x x" for n in range(5) for words in (firsts, seconds) for _ in range(n)]
    windows = [" ".join(firsts), "x x x x x", " ".join(seconds[n] for n in order), "x x x x x"]
    passage = " ".join([*windows, *again])
    first, second = scores("overlap-window", Example("t", passage, "", (windows[0], windows[2]), None, "t"))
    assert first == second > 1.5


def test_an_unknown_stub_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        UsageError, match=r"no stub is called 'overlap_window'; did you mean 'overlap-window'"
    ):
        stub("overlap_window")


def test_a_stub_is_a_frozen_value() -> None:
    assert stub("oracle") == stub("oracle")
    assert isinstance(stub("oracle"), Stub)
    with pytest.raises(AttributeError):
        stub("oracle").name = "x"  # type: ignore[misc]
