from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from robustness.attacks.corpus import Corpus
from robustness.attacks.entities import RenameFromData, RenameNames
from robustness.attacks.naming import named, renamed
from robustness.attacks.wordlists import word_list
from robustness.domain import Example, NotApplicable, Polarity
from robustness.rng import derive

ITEM = Example(
    "m1",
    "Nora met Leo in Paris. Leo's sister left for Rome, but Nora and Mr. Bell stayed. Bell was tired.",
    "Who met Leo?",
    ("Nora.", "Leo's sister.", "Mr. Bell.", "A boy from Rome."),
    0,
    "p1",
)
KINDS = ("she", "he", "surname")


def texts(example: Example) -> str:
    return " | ".join((example.passage, example.question, *example.options))


def renaming(example: Example = ITEM, *, seed: int = 0, **parameters: Any) -> Example:
    attack = RenameNames(name="x", polarity=Polarity.ATTACK, **parameters)
    (made,) = attack(example, 1, derive(seed, "x", example.id))
    assert made.option_map == tuple(range(len(example.options)))
    return made.example


@pytest.mark.parametrize(
    "parameters", [{}, {"source": "random"}, {"kind": "places"}], ids=["people", "random", "places"]
)
@pytest.mark.parametrize("seed", range(8))
def test_one_mapping_for_all_texts_that_can_be_turned_back(seed, parameters):
    made = renaming(seed=seed, **parameters)
    old, new = texts(ITEM).replace("'s", " 's").split(), texts(made).replace("'s", " 's").split()
    mapping = {a.strip(".,?"): b.strip(".,?") for a, b in zip(old, new, strict=True) if a != b}
    assert set(mapping) == ({"Paris", "Rome"} if "kind" in parameters else {"Nora", "Leo", "Bell"})
    assert len(set(mapping.values())) == len(mapping)
    assert not set(mapping.values()) & set(texts(ITEM).replace(".", "").split())
    assert renamed(texts(made), {b: a for a, b in mapping.items()}) == texts(ITEM)


def test_gender_is_kept():
    lists = word_list("names")
    for seed in range(20):
        first, _, other = renaming(seed=seed).passage.split()[:3]
        assert first in lists["she"]
        assert other in lists["he"]


def test_random_names_have_the_length_of_the_old_ones():
    made = renaming(source="random").passage.split()
    assert [len(made[0]), len(made[2])] == [4, 3]


@pytest.mark.parametrize(
    "text",
    [
        "He knows Leo Tolstoy.",
        "They like London Bridge.",
        "She lives in Paris, France.",
        "The leo is Leo.",
        "King Leo ruled.",
        "A Leo-like person and Leo.",
        "IDA is an association.",
        "Bell rang.",
    ],
)
def test_a_name_that_may_be_part_of_something_else_stays(text):
    assert named([text], [*KINDS, "city"]) == {}


def test_a_title_makes_a_family_name_known_everywhere():
    assert named(["Bell came.", "Ask Dr. Bell or Professor Hale."], KINDS) == {
        "Bell": "surname",
        "Hale": "surname",
    }


def test_possessives_plurals_and_capitals_follow():
    assert renamed("LEO'S map, Leo’s map, two Leos, Leonard", {"Leo": "Carl"}) == (
        "CARL'S map, Carl’s map, two Carls, Leonard"
    )


def test_names_of_the_data_come_from_the_data():
    corpus = Corpus((("p2", "Carl met Emma and Emma's friend Mr. Foster."),))
    attack = RenameFromData(name="x", polarity=Polarity.ATTACK).bind(corpus)
    for seed in range(5):
        (made,) = attack(ITEM, 1, derive(seed, "x"))
        assert made.example.passage.startswith("Emma met Carl")


def test_without_another_name_in_the_data_nothing_is_renamed():
    attack = RenameFromData(name="x", polarity=Polarity.ATTACK).bind(Corpus((("p2", "A boat."),)))
    with pytest.raises(NotApplicable, match="no other name"):
        list(attack(ITEM, 1, derive(0, "x")))


def test_an_item_without_names_is_not_applicable():
    with pytest.raises(NotApplicable, match="no name"):
        renaming(replace(ITEM, passage="He ran.", question="Who?", options=("He.", "She.")))


def test_chinese_forms_of_address_are_renamed_everywhere():
    item = Example(
        "m2", "小王和李老师去看老张。王经理不在，小王子来了。", "小王去看谁？", ("老张", "李老师"), 0, "p1"
    )
    made = renaming(item)
    new = {old: made.passage[item.passage.index(old)] for old in "王李张"}
    assert len(set(new.values())) == 3
    assert not set(new.values()) & set(texts(item))
    assert made.question == f"小{new['王']}去看谁？"
    assert made.options == (f"老{new['张']}", f"{new['李']}老师")
    assert "小王子" in made.passage


@pytest.mark.parametrize("parameters", [{"kind": "places"}, {"source": "random"}])
def test_chinese_has_everyday_people_only(parameters):
    with pytest.raises(NotApplicable):
        renaming(
            replace(ITEM, passage="小王去了巴黎。", question="谁？", options=("小王", "他")), **parameters
        )
