"""Attacks one after another: maps composed, edits concatenated, polarities that make sense together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from robustness.attacks.composition import composed, joint_polarity
from robustness.attacks.corpus import NeedsCorpus
from robustness.attacks.recipes import Recipe, apply, recipe, recipe_names
from robustness.domain import Polarity, Skip, Variant, replay
from robustness.errors import PlanError
from robustness.suites.build import build
from robustness.suites.plan import Plan
from robustness.suites.store import freeze, thaw
from robustness.testing import SAMPLE_CORPUS, SAMPLE_ITEMS, broken_promises, odd_faults

CAMP = SAMPLE_ITEMS[0]
NAMES = tuple(
    name
    for name in recipe_names()
    if recipe(name).generator != "composition" and recipe(name).parameters.get("lexicon") != "wordnet"
)
REFUSED = [
    ("no-passage", "gold-removed"),
    ("no-passage", "number-contrast"),
    ("gold-removed", "number-contrast"),
    ("gold-removed", "foreign-passage-random"),
    ("answers-exchanged", "number-contrast"),
]
JOINT = [
    (("addsent", "swap-letters"), Polarity.ATTACK),
    (("swap-letters", "no-passage"), Polarity.ABLATION),
    (("no-question", "no-passage"), Polarity.ABLATION),
    (("number-contrast", "swap-letters"), Polarity.CONTRAST),
    (("gold-removed", "swap-letters", "addsent"), Polarity.ABSTAIN),
]


def made(
    parts: tuple[str, ...] | Recipe, item=CAMP, severity: int = 1, seed: int = 0
) -> list[Variant | Skip]:
    of = parts if isinstance(parts, Recipe) else composed(parts)
    attack = of.attack(severity)
    bound = attack.bind(SAMPLE_CORPUS) if isinstance(attack, NeedsCorpus) else attack
    return list(apply(of, bound, item, severity=severity, seed=seed))


def variants(parts, item=CAMP, severity: int = 1, seed: int = 0) -> list[Variant]:
    found = made(parts, item, severity, seed)
    assert all(isinstance(one, Variant) for one in found), found
    return [one for one in found if isinstance(one, Variant)]


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.sampled_from(NAMES), min_size=2, max_size=3, unique=True),
    item=st.sampled_from(SAMPLE_ITEMS),
    severity=st.integers(1, 3),
)
def test_any_recipes_that_go_together_keep_the_contract(parts, item, severity):
    try:
        of = composed(parts)
    except PlanError:
        assume(False)
        raise AssertionError from None
    level = min(severity, len(of.levels))
    assert broken_promises(of, item, severity=level) == []
    assert odd_faults(of, item, severity=level) == []


@pytest.mark.parametrize(("parts", "polarity"), JOINT)
def test_an_attack_leaves_the_other_polarity_as_it_is(parts, polarity):
    assert composed(parts).polarity is polarity
    assert joint_polarity([recipe(part) for part in reversed(parts)]) is polarity


@pytest.mark.parametrize("parts", REFUSED)
def test_polarities_without_a_common_meaning_are_refused_by_name(parts):
    with pytest.raises(PlanError, match=rf"{parts[0]} \(.*{parts[1]} \(.*no score under them together"):
        composed(parts)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("swap-letters",), "two recipes and more are needed"),
        (("swap-letters", "swap-letters"), "'swap-letters' stands twice"),
        (("addsent-charswap", "swap-letters"), "'addsent-charswap' is itself a composition"),
        (("swap-letters", "ad-sent"), "no attack is called 'ad-sent'"),
        (("charswap", "half-width-punctuation"), "no language in common"),
    ],
)
def test_a_composition_that_cannot_be_is_refused(parts, message):
    with pytest.raises(PlanError, match=message):
        composed(parts)


def test_each_part_works_on_what_the_one_before_it_made():
    (bag,) = variants(("addsent2pas-shuffle", "upper-case"))
    assert bag.example.passage.isupper()
    assert len(bag.example.passage) > len(CAMP.passage) + 20


def test_edits_follow_each_other_and_replay_from_the_clean_item():
    (one,) = variants(("addsent2pas-shuffle", "swap-letters", "doubled-spaces"))
    assert len([edit for edit in one.edits if edit.place == "passage"]) == 3
    again = replay(CAMP, one)
    assert (again.passage, again.question, again.options) == (
        one.example.passage,
        one.example.question,
        one.example.options,
    )


def test_option_maps_are_composed_by_identity():
    for one in variants(("option-reverse", "gold-first")):
        shown = [CAMP.options[origin] for origin in one.option_map]
        assert tuple(shown) == one.example.options
        assert one.example.answer == 0
        assert one.option_map[0] == CAMP.answer


def test_an_edit_of_an_option_moves_with_it_and_goes_with_it():
    (moved,) = variants(("addsent2opt", "option-reverse"))
    edited = {edit.index for edit in moved.edits if edit.place == "option"}
    assert edited == {place for place, origin in enumerate(moved.option_map) if origin != CAMP.answer}
    (gone,) = variants(("addsent2opt", "sent2opt-shuffle"))
    assert gone.option_map.count(-1) == 3
    assert len([edit for edit in gone.edits if edit.place == "option"]) == 3


def test_a_planted_option_is_followed_to_its_new_place():
    (plain,) = variants(recipe("nota-as-distractor"))
    planted = plain.example.options[int(plain.notes["planted"])]
    for one in variants(("nota-as-distractor", "swap-letters")) + variants(("distractor-added", "gold-last")):
        assert one.option_map[int(one.notes["planted"])] == -1
    assert planted == "None of the above."


def test_parts_that_undo_each_other_leave_no_variant():
    (skip,) = made(("option-reverse", "gold-first"), replace(CAMP, options=("one", "two"), answer=1))
    assert isinstance(skip, Skip)
    undone = made(("option-permutations", "option-reverse"))
    assert all(one.option_map != (0, 1, 2, 3) for one in undone if isinstance(one, Variant))


def test_a_part_that_makes_several_variants_hands_each_one_on():
    rotated = variants(("option-rotations", "swap-letters"))
    assert len(rotated) == 3
    assert [one.id.rpartition(".1")[2] for one in rotated] == ["", "/2", "/3"]
    assert len({one.example.options for one in rotated}) == 3
    assert len({one.example.passage for one in rotated}) > 1


def test_where_one_part_does_not_apply_the_composition_does_not_and_says_which():
    (skip,) = made(("no-passage", "passage-word-shuffle"))
    assert isinstance(skip, Skip)
    assert skip.reason.startswith("passage-word-shuffle: ")


def test_what_one_part_could_not_do_as_published_is_told():
    one_word = replace(CAMP, options=("lamp", "The blue tent.", "A warm coat.", "The small boat."))
    (one,) = variants(("ans2opt-shuffle", "swap-letters"), one_word)
    assert one.degraded
    assert str(one.notes["reason"]).startswith("ans2opt-shuffle: ")


def test_a_part_with_fewer_severities_stays_at_its_last():
    of = composed(["addsent2pas-shuffle", "swap-letters"])
    assert len(of.levels) == 3
    changed = [variants(of, severity=level)[0].notes["swap-letters: words_changed"] for level in (1, 2, 3)]
    assert changed == sorted(set(changed))


def test_evidence_stays_marked_until_the_passage_changes():
    assert variants(("option-reverse", "evidence-only"))
    (skip,) = made(("swap-letters", "evidence-only"))
    assert isinstance(skip, Skip)
    assert "does not mark the evidence" in skip.reason


def test_leaks_needs_limits_and_languages_are_those_of_the_parts():
    of = composed(["addsent2opt-shuffle", "charswap", "foreign-sentence"])
    assert set(of.leaks) == set(recipe("addsent2opt-shuffle").leaks)
    assert of.needs == ("other-items",)
    assert of.languages == ("en",)
    assert any(limit.startswith("charswap: ") for limit in of.known_limits)


def test_the_worked_example_of_a_composition_is_worked():
    of = composed(["addsent2pas-shuffle", "upper-case"])
    assert of.after.passage.isupper()


def test_a_recipe_that_gives_its_parts_another_polarity_is_refused():
    wrong = recipe("addsent-charswap").model_copy(update={"polarity": Polarity.ABLATION})
    with pytest.raises(PlanError, match="its polarity is 'ablation', but addsent \\+ charswap has 'attack'"):
        wrong.attack()


def plan(**check: object) -> Plan:
    return Plan.model_validate({"name": "both", "description": "d", "check": [check]})


def test_a_plan_composes_recipes_under_their_names_or_one_of_its_own():
    parts = ["addsent2pas-shuffle", "swap-letters"]
    assert plan(compose=parts).check[0].attack == "addsent2pas-shuffle+swap-letters"
    assert set(plan(attack="mine", compose=parts).recipes()) == {"mine"}


def test_a_plan_that_gives_a_composition_the_name_of_a_recipe_is_refused():
    with pytest.raises(PlanError, match="'no-passage': a recipe has this name"):
        plan(attack="no-passage", compose=["addsent", "swap-letters"]).recipes()


def test_a_suite_of_compositions_is_frozen_and_read_back_as_it_was(tmp_path):
    made_suite = build(
        SAMPLE_ITEMS,
        plan(compose=["foreign-sentence", "option-rotations", "swap-letters"], severities=[1, 3]),
    )
    assert {v.severity for v in made_suite.variants} == {1, 3}
    thawed = thaw(freeze(made_suite, tmp_path / "suite"))
    assert thawed.fingerprint == made_suite.fingerprint
    sources = {example.id: example for example in SAMPLE_ITEMS}
    for variant in thawed.variants:
        assert replay(sources[variant.source], variant).options == variant.example.options


def test_the_parts_of_a_composition_are_in_the_fingerprint():
    first = build(SAMPLE_ITEMS, plan(attack="mine", compose=["option-reverse", "gold-first"]))
    second = build(SAMPLE_ITEMS, plan(attack="mine", compose=["gold-last", "gold-first"]))
    assert first.fingerprint != second.fingerprint
