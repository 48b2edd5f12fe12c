"""Slices: the limits of a run again, on one kind of question at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Example, Run, Status, Suite
from robustness.errors import PlanError
from robustness.judging.slices import SLICES, labels, refuse_absent, refuse_slices
from robustness.judging.verdicts import judge, overall
from tests.judging.test_gating import RIGHT, WRONG, Scores, run, suite


def asked(*names: str, questions: Mapping[str, int], limit: float = 0.2, **plan: Any) -> Suite:
    """A suite with so many questions of each wording, one per passage, under one limit."""
    made: Suite = suite({"limits": {"max_drop": limit}}, count=sum(questions.values()), slices=names, **plan)
    texts = [text for text, number in questions.items() for _ in range(number)]
    examples = tuple(replace(e, question=text) for e, text in zip(made.examples, texts, strict=True))
    return replace(made, examples=examples)


def answered(made: Suite, wrong: str) -> Run:
    """A run that is right but for the attacked questions of one wording."""
    rows: list[Scores] = [WRONG if e.question == wrong else RIGHT for e in made.examples]
    return run(made, rows)


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("Who feeds the hens?", "who"),
        ("Whose hens are they?", "who"),
        ("What time is it when she comes?", "what"),
        ("When she comes, what does she say?", "when"),
        ("How many hens are there?", "how"),
        ("What\u2019s in the box?", "what"),
        ("The hens live _.", "other"),
        ("Whatever happens?", "other"),
        ("他为什么生气?", "why"),
        ("他们什么时候去?", "when"),
        ("男的在哪里?", "where"),
        ("女的觉得哪个好?", "which"),
        ("现在几点?", "when"),
    ],
)
def test_a_question_is_named_by_its_first_question_word(question, label):
    assert list(labels([Example("q", "", question, ("a", "b"), 0, "p")], "question-word")) == [label]


def test_the_other_slices_name_what_can_be_seen_in_a_question():
    quoted = Example("a", "Ann feeds the Grey Hens.", "?", ("grey hens", "pigs"), 0, "p", {"level": "Adv"})
    other = Example("b", "x" * 600, "?", ("one", "two", "three"), 2, "p")
    both = (other, quoted)
    assert labels(both, "gold-in-passage") == {"not quoted": ("b",), "quoted": ("a",)}
    assert labels(both, "option-count") == {"2 options": ("a",), "3 options": ("b",)}
    assert labels(both, "passage-length") == {
        "under 1,000 characters": ("b",),
        "under 250 characters": ("a",),
    }
    assert labels(both, "meta.level") == {"Adv": ("a",), "not said": ("b",)}
    assert labels([replace(other, answer=None)], "gold-in-passage") == {"no gold": ("b",)}


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8), st.sampled_from(sorted(SLICES)))
def test_every_question_stands_in_one_slice(questions, name):
    examples = [Example(f"q{i}", t, t, ("a", t or "b"), 0, "p") for i, t in enumerate(questions)]
    found = [id_ for ids in labels(examples, name).values() for id_ in ids]
    assert sorted(found) == sorted(e.id for e in examples)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["question-wrod"], "did you mean 'question-word'?"),
        (["meta."], "no slice is called 'meta.'"),
        (["option-count", "option-count"], "'option-count' came twice"),
    ],
)
def test_an_unknown_or_repeated_slice_is_refused(names, told):
    with pytest.raises(PlanError, match=r".*") as caught:
        refuse_slices(names)
    assert told in str(caught.value)


def test_a_field_that_no_question_has_is_refused_before_anything_is_judged():
    made = asked("meta.kind", questions={"Why?": 40, "Who?": 40})
    with pytest.raises(PlanError, match=r"no meta.KEY is called 'meta.kind'"):
        refuse_absent(made)


def test_a_slice_is_judged_as_a_suite_of_its_questions_alone_would_be():
    made = asked("question-word", questions={"Why?": 60, "Who?": 60}, limit=0.9)
    found = judge(made, answered(made, "Why?"))
    inside = {e.id for e in made.examples if e.question == "Why?"}
    alone = replace(
        made,
        plan={**made.plan, "slices": ()},
        examples=tuple(e for e in made.examples if e.id in inside),
        variants=tuple(v for v in made.variants if v.source in inside),
    )
    (whole,) = judge(alone, answered(alone, "Why?")).verdicts
    (why,) = (v for v in found.slices if v.slice == "question-word: why")
    assert replace(why, slice="", p_adjusted=None) == replace(whole, p_adjusted=None)
    assert (why.n, why.clusters, why.estimate) == (60, 60, 1.0)


def test_a_slice_that_fails_fails_a_run_that_passes_as_a_whole():
    made = asked("question-word", questions={"Why?": 40, "Who?": 960}, limit=0.2)
    found = judge(made, answered(made, "Why?"))
    assert [v.status for v in found.verdicts] == [Status.PASS]
    assert {v.slice: v.status for v in found.slices} == {
        "question-word: who": Status.PASS,
        "question-word: why": Status.FAIL,
    }
    assert found.status is Status.FAIL
    unsliced = replace(made, plan={**made.plan, "slices": ()})
    assert judge(unsliced, answered(unsliced, "Why?")).status is Status.PASS


def test_a_slice_that_is_too_small_to_tell_leaves_the_run_as_it_is():
    made = asked("question-word", questions={"Why?": 10, "Who?": 990}, limit=0.2)
    found = judge(made, answered(made, "Why?"))
    (why,) = (v for v in found.slices if v.slice == "question-word: why")
    assert why.status is Status.UNDECIDED
    assert "10 passage(s) were scored" in why.reason
    assert found.status is Status.PASS


def test_a_slice_of_all_questions_is_left_out():
    made = asked("question-word", "option-count", questions={"Why?": 80})
    assert judge(made, answered(made, "Who?")).slices == ()


def test_counts_and_baselines_are_the_wholes_affair():
    made = asked("question-word", questions={"Why?": 40, "Who?": 40})
    plan: Any = made.plan
    limits = {"limits": {"max_drop": 0.2, "min_applicable": 0.5}, "baseline_limits": {"max_drop": 0.1}}
    made = replace(made, plan={**plan, "checks": [plan["checks"][0] | limits]})
    found = judge(made, answered(made, "Who?"), baseline=answered(made, "Who?"))
    assert {v.check for v in found.verdicts} == {"max_drop", "min_applicable"}
    assert {(v.check, v.baseline) for v in found.slices} == {("max_drop", "")}


def test_slices_join_the_correction_over_the_gates_of_a_run():
    made = asked("question-word", questions={"Why?": 60, "Who?": 60}, correction="holm")
    found = judge(made, answered(made, "Why?"))
    plain = judge(replace(made, plan={**made.plan, "slices": ()}), answered(made, "Why?"))
    assert len(found.slices) == 2
    assert all(v.p_adjusted is not None for v in (*found.verdicts, *found.slices))
    (whole,), (alone,) = found.verdicts, plain.verdicts
    assert whole.p_value == alone.p_value
    assert (whole.p_adjusted or 0) >= (alone.p_adjusted or 0)


def test_a_known_failure_covers_the_slices_of_its_check():
    known = {"attack": "a0", "until": "2999-12-31", "owner": "Nora", "reason": "retraining"}
    made = asked("question-word", questions={"Why?": 40, "Who?": 960}, known_failures=[known])
    found = judge(made, answered(made, "Why?"))
    (why,) = (v for v in found.slices if v.status is Status.FAIL)
    assert why.known_failure
    assert found.status is overall(found.verdicts) is Status.PASS


def test_nobody_passes_a_slice_by_guessing():
    made = asked("question-word", questions={"Why?": 60, "Who?": 60})
    guess: list[Scores] = [(1.0, 1.0, 1.0)] * 120
    found = judge(made, run(made, guess, clean=guess))
    assert {v.status for v in found.slices} == {Status.INVALID}
