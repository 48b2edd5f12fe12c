from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from robustness.attacks.recipes import recipe
from robustness.attacks.spans import kept_sentences, marked_spans, without
from robustness.attacks.starc import role_profiles
from robustness.demo.stories import stories
from robustness.domain import Example, NotApplicable, Variant
from robustness.models.stub import Stub, stub
from robustness.rng import derive
from robustness.scoring import run
from robustness.suites.build import build
from robustness.suites.plan import Plan, plan

PASSAGE = "Nora packed the tent. Leo left the lamp at home. They cooked in the dark."
ITEM = Example(
    "m1",
    PASSAGE,
    "What did Leo leave?",
    ("The tent.", "The lamp.", "The stove.", "The lamp at the lake."),
    1,
    "p1",
    {"evidence": "22:48", "distractor_span": "0:21", "roles": "cadb"},
)
ARTICLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "onestopqa" / "annotated_articles"


def made(name: str, example: Example = ITEM) -> Variant:
    (variant,) = recipe(name).attack()(example, 1, derive(0, name, example.id))
    return variant


def skipped(name: str, example: Example) -> str:
    with pytest.raises(NotApplicable) as caught:
        made(name, example)
    return str(caught.value)


def test_the_evidence_alone_is_kept_in_whole_sentences():
    assert made("evidence-only").example.passage == "Leo left the lamp at home."
    part = replace(ITEM, meta={"evidence": "26:30,60:63"})
    assert (
        made("evidence-only", part).example.passage == "Leo left the lamp at home. They cooked in the dark."
    )


def test_the_distractor_span_is_cut_out_and_the_evidence_stays():
    assert (
        made("distractor-span-deleted").example.passage
        == "Leo left the lamp at home. They cooked in the dark."
    )


@pytest.mark.parametrize(
    ("name", "meta", "reason"),
    [
        ("evidence-only", {}, "the data does not mark the evidence"),
        ("evidence-only", {"evidence": f"0:{len(PASSAGE)}"}, "the marked span leaves nothing to cut"),
        ("evidence-only", {"evidence": "5:900"}, "the evidence is marked outside the passage"),
        ("distractor-span-deleted", {"evidence": "22:48"}, "the data does not mark the distractor span"),
        (
            "distractor-span-deleted",
            {"evidence": "22:48", "distractor_span": "40:60"},
            "the distractor span overlaps the evidence",
        ),
    ],
)
def test_where_the_spans_do_not_serve_the_item_is_left_alone(name, meta, reason):
    assert skipped(name, replace(ITEM, meta=meta)) == reason


def test_the_evidence_of_a_story_answers_its_question():
    for example in stories("test", passages=40):
        assert example.answer is not None
        gold = example.options[example.answer]
        if "shares" not in example.meta:
            assert gold.lower() in made("evidence-only", example).example.passage.lower() or gold[0].isupper()


def test_spans_are_merged_cut_and_kept():
    assert marked_spans("3:5,0:3,9:10", 10) == [(0, 5), (9, 10)]
    assert without("他去公园了。", 1, 4) == "他了。"
    assert kept_sentences("One. Two.\n\nThree.", [(12, 13)]) == "Three."


def one(attack: str) -> Plan:
    return Plan.model_validate({"name": "one", "description": "d", "check": [{"attack": attack}]})


def choosing(role: str) -> Stub:
    def rule(example: Example) -> tuple[float, ...]:
        return tuple(
            float(text == dict(zip("cadb", ITEM.options, strict=True))[role]) for text in example.options
        )

    return Stub(role, f"{role}/1", rule)


@pytest.mark.parametrize("role", "abcd")
def test_the_profile_says_which_role_was_chosen_also_where_options_moved(role):
    suite = build([ITEM], one("option-rotations"))
    clean, moved = role_profiles(suite, run(suite, choosing(role)))
    assert (clean.attack, clean.severity, clean.n) == ("clean", 0, 1)
    assert (moved.attack, moved.severity, moved.n) == ("option-rotations", 1, 3)
    for found in (clean, moved):
        assert found.chosen == {r: float(r == role) for r in "abcd"}
        assert found.errors == {r: None if role == "a" else float(r == role) for r in "bcd"}


def test_a_model_without_a_preference_spreads_its_errors_evenly():
    suite = build([ITEM], one("evidence-deleted"))
    for found in role_profiles(suite, run(suite, stub("constant"))):
        assert set(found.chosen.values()) == {0.25}
        assert found.errors == dict.fromkeys("bcd", pytest.approx(1 / 3))


def test_items_without_roles_and_scores_that_are_missing_are_left_out():
    suite = build([ITEM, replace(ITEM, id="m2", meta={}), replace(ITEM, id="m3")], one("option-reverse"))
    scored = run(suite, stub("constant"))
    scores = {id_: row for id_, row in scored.scores.items() if not id_.startswith("m3")}
    assert [found.n for found in role_profiles(suite, replace(scored, scores=scores))] == [1, 1]


@pytest.mark.shared
@pytest.mark.skipif(not ARTICLES.is_dir(), reason="../shared/data is not beside the checkout")
def test_a_keyword_matcher_errs_where_its_words_stand_on_onestopqa():
    from robustness.readers.load import load

    examples = load(f"onestopqa:{ARTICLES}").examples
    suite = build(examples, plan("starc"))
    profiles = {found.attack: found for found in role_profiles(suite, run(suite, stub("overlap-window")))}
    clean = profiles["clean"]
    assert clean.n == 1458
    errors = clean.errors
    assert errors["d"] is not None
    assert errors["d"] < 1 / 3
    cut = profiles["distractor-span-deleted"]
    assert cut.n > 700
    assert cut.chosen["c"] < clean.chosen["c"]
