from __future__ import annotations

import pytest

from robustness.attacks.altered import Used, altered, name_kinds
from robustness.attacks.wordlists import word_list
from robustness.rng import derive


def made(text: str, *, seed: int = 0, known: str = "", distractor: bool = False):
    used = Used(frozenset(known.lower().split()))
    return altered(text, "words", used, derive(seed, "x"), distractor=distractor)


def test_a_number_grows_by_ten_to_a_hundred():
    shifts = set()
    for seed in range(300):
        (number,) = [int(w) for w in made("What are 7 birds?", seed=seed).text.split() if w.isdigit()]
        shifts.add(number - 7)
    assert min(shifts) == 10
    assert max(shifts) == 100


def test_a_number_in_a_distractor_grows_by_one_to_ten():
    shifts = {int(made("7 birds", seed=seed, distractor=True).text.split()[0]) - 7 for seed in range(200)}
    assert shifts == set(range(1, 11))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Nora", "she"),
        ("Leo", "he"),
        ("Paris", "city"),
        ("Friday", "day"),
        ("June", "month"),
        ("France", "country"),
    ],
)
def test_a_name_becomes_another_of_its_kind_that_the_item_does_not_have(name, kind):
    listed = word_list("names")[kind]
    for seed in range(30):
        new = (
            made(f"Why does he like {name}?", seed=seed, known=" ".join([name, *listed[:3]]))
            .text.split()[-1]
            .rstrip("?")
        )
        assert new in listed
        assert new not in {name, *listed[:3]}
        assert name_kinds()[new] == kind


def test_an_unknown_capital_inside_a_sentence_is_taken_for_a_family_name():
    new = made("Why did Zoltan go?").text
    assert new.split()[2] in word_list("names")["surname"]


def test_an_opening_capital_is_no_name():
    assert made("Zoltan swims.").applied == ()


def test_a_question_gets_one_antonym_and_a_distractor_all():
    question = made("What is the big old house?")
    assert question.text == "What is the small old house?"
    assert question.applied == ("antonym",)
    assert made("a big heavy house", distractor=True).text == "a small light house"


def test_an_antonym_keeps_the_form_and_case():
    assert made("Which HEAVIER bag?").text == "Which LIGHTER bag?"
    assert made("Who sold it?").text == "Who bought it?"


@pytest.mark.parametrize(
    ("question", "expected", "rule"),
    [
        ("What is not there?", "What is there?", "negation dropped"),
        ("Why didn't they swim?", "Why did they swim?", "negation dropped"),
        ("Why won't it swim?", "Why will it swim?", "negation dropped"),
        ("Can't it swim?", "Can it swim?", "negation dropped"),
        ("What did it eat?", "What did not it eat?", "negation added"),
        ("Where to eat?", "Where to eat?", ""),
    ],
)
def test_where_nothing_else_changes_a_negation_goes_or_comes(question, expected, rule):
    done = made(question)
    assert (done.text, " ".join(done.applied)) == (expected, rule)


def test_a_distractor_gets_no_negation():
    assert made("It did swim.", distractor=True).applied == ()


def test_a_second_pass_prefers_antonyms_not_used_yet():
    used = Used(frozenset())
    rng = derive(1, "x")
    assert {altered("Which old bag?", "words", used, rng).text.split()[1] for _ in range(2)} == {
        "new",
        "young",
    }
