from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Edit, Example, Polarity, Run, Skip, Status, Suite, Variant
from robustness.errors import PlanError, ScoreError, SuiteError
from robustness.judging.measures import result
from robustness.judging.verdicts import LIMITS, judge, outcomes, overall, verdict
from robustness.results import Estimate, Judgement, Outcome, Result, Verdict
from robustness.stats.closed_form import mcnemar, wilson

RIGHT, WRONG, TIE = (2.0, 1.0, 0.0), (1.0, 2.0, 0.0), (2.0, 2.0, 0.0)
NONE = Estimate(None)

Scores = tuple[float, ...]


def example(id_: str, *, group: str = "", answer: int | None = 0, k: int = 3) -> Example:
    options = ("on a ship", "at school", "on a farm", "in a tree")[:k]
    return Example(id_, "Nora sailed home.", "Where is Nora?", options, answer, group or id_)


def variant(source: str, attack: str, *, severity: int = 1, more: int = 0, **changed) -> Variant:
    id_ = f"{source}~{attack}.{severity}" + (f"/{more}" if more else "")
    read = changed.pop("example", None) or example(id_)
    return Variant(
        id=id_,
        source=source,
        attack=attack,
        severity=severity,
        example=replace(read, id=id_),
        option_map=changed.pop("option_map", (0, 1, 2)),
        edits=changed.pop("edits", ()),
        **changed,
    )


def check(attack: str, **limits: float) -> dict[str, object]:
    return {"attack": attack, "severities": [1], "limits": limits}


def suite(examples, variants, *, checks, polarity: Mapping[str, str] | None = None, **changed):
    names = {str(entry["attack"]) for entry in checks} | set(polarity or {})
    plan = {
        "name": "test",
        "description": "",
        "min_passages": changed.pop("min_passages", 1),
        "control": changed.pop("control", None),
        "checks": checks,
        "recipes": {n: {"polarity": (polarity or {}).get(n, "attack")} for n in names},
    }
    skipped = changed.pop("skipped", ())
    return Suite("test", 0, plan, tuple(examples), tuple(variants), skipped, {}, "f" * 8)


def run(scores: Mapping[str, Scores], visible: Mapping[str, int] | None = None) -> Run:
    return Run("model", "fp", "f" * 8, scores, visible or {}, {})


def judged(
    clean: Sequence[Scores],
    attacked: Sequence[Scores],
    *,
    polarity: str = "attack",
    **limits: float,
) -> Judgement:
    """One check called swap over one passage per question."""
    examples = [example(f"q{i:03}") for i in range(len(clean))]
    variants = [variant(e.id, "swap") for e in examples]
    made = suite(
        examples,
        variants,
        checks=[check("swap", **limits)],
        polarity={"swap": polarity},
    )
    rows = {e.id: s for e, s in zip(examples, clean, strict=True)}
    rows |= {v.id: s for v, s in zip(variants, attacked, strict=True)}
    return judge(made, run({id_: row for id_, row in rows.items() if row}))


@cache
def steady() -> Result:
    return judged([RIGHT] * 60, [RIGHT] * 60).results[0]


def found(**changed: Any) -> Result:
    return replace(steady(), **changed)


def ids(made: Suite) -> list[str]:
    return [e.id for e in made.examples] + [v.id for v in made.variants]


def test_a_hand_worked_check():
    # 20 items: 12 stay right, 4 fall, 2 rise, 2 stay wrong.
    clean = [RIGHT] * 16 + [WRONG] * 4
    attacked = [RIGHT] * 12 + [WRONG] * 4 + [RIGHT] * 2 + [WRONG] * 2
    seen = judged(clean, attacked)
    (one,) = seen.results
    assert (one.n, one.clusters, one.applicable) == (20, 20, 20)
    assert one.accuracy_clean.value == seen.clean_accuracy.value == 0.8
    assert one.accuracy.value == 0.7
    assert one.drop.value == pytest.approx(0.1)
    assert one.relative_drop == pytest.approx(0.1 / 0.8)
    assert one.attack_success_rate.value == 4 / 16
    assert one.repair_rate.value == 2 / 4
    assert one.consistency.value == 0.7
    assert one.p_value == mcnemar(4, 2) == 0.6875
    assert one.chance == one.chance_clean == seen.clean_chance == pytest.approx(1 / 3)
    assert one.margin_retained.value == pytest.approx((0.7 - 1 / 3) / (0.8 - 1 / 3))
    assert one.auroc == NONE


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([RIGHT, WRONG, TIE]), min_size=1, max_size=8))
def test_a_model_that_answers_variants_like_the_originals_loses_nothing(rows):
    (one,) = judged(rows, rows).results
    assert one.drop.value == 0.0
    assert one.consistency.value == 1.0
    assert one.p_value == 1.0
    assert one.attack_success_rate.value == (None if all(r == WRONG for r in rows) else 0.0)
    assert one.repair_rate.value == (None if all(r == RIGHT for r in rows) else 0.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=2, max_size=6))
def test_moving_the_options_together_with_their_scores_changes_no_result(rows):
    clean = [tuple(map(float, row)) for row in rows]
    examples = [example(f"q{i}") for i in range(len(rows))]
    turn = (2, 0, 1)
    turned = [
        variant(
            e.id,
            "swap",
            option_map=turn,
            example=replace(e, options=tuple(e.options[i] for i in turn), answer=1),
        )
        for e in examples
    ]
    made = suite(examples, turned, checks=[check("swap")])
    scores = {e.id: row for e, row in zip(examples, clean, strict=True)}
    scores |= {v.id: tuple(row[i] for i in turn) for v, row in zip(turned, clean, strict=True)}
    (one,) = judge(made, run(scores)).results
    assert (one.drop.value, one.consistency.value) == (0.0, 1.0)


def test_ties_lose_and_win_fractions():
    (one,) = judged([RIGHT, TIE], [TIE, RIGHT]).results
    assert (one.accuracy_clean.value, one.accuracy.value) == (0.75, 0.75)
    assert one.attack_success_rate.value == pytest.approx(0.5 / 1.5)
    assert one.repair_rate.value == pytest.approx(0.5 / 0.5)
    assert one.consistency.value == 0.5


def test_equal_scores_everywhere_earn_exactly_chance():
    (one,) = judged([(1.0,) * 3] * 6, [(1.0,) * 3] * 6).results
    assert one.accuracy.value == pytest.approx(one.chance)
    assert one.margin_retained == NONE


def test_chance_is_taken_over_the_items_that_were_scored():
    examples = [example("q1", k=2), example("q2", k=4)]
    variants = [
        variant("q1", "swap", example=example("x", k=2), option_map=(0, 1)),
        variant("q2", "swap", example=example("x", k=3)),
    ]
    made = suite(examples, variants, checks=[check("swap")])
    scores = {"q1": (1.0, 0.0), "q2": (1.0, 0.0, 0.0, 0.0)}
    scores |= {"q1~swap.1": (1.0, 0.0), "q2~swap.1": (math.nan, 0.0, 0.0)}
    (one,) = judge(made, run(scores)).results
    assert (one.n, one.chance_clean, one.chance) == (1, 0.5, 0.5)
    assert one.invalid == {"non-finite": 1}


def test_degraded_variants_are_counted_apart():
    examples = [example(f"q{i}") for i in range(3)]
    variants = [variant(e.id, "swap", degraded=e.id == "q2") for e in examples]
    made = suite(examples, variants, checks=[check("swap")])
    scores = dict.fromkeys([e.id for e in examples], RIGHT)
    scores |= {"q0~swap.1": RIGHT, "q1~swap.1": RIGHT, "q2~swap.1": WRONG}
    (one,) = judge(made, run(scores)).results
    assert (one.n, one.degraded, one.applicable) == (2, 1, 3)
    assert one.accuracy.value == 1.0
    assert one.accuracy_with_degraded == pytest.approx(2 / 3)


def test_mcnemar_counts_each_source_once_however_many_variants_it_has():
    variants = [variant("q0", "swap", more=i) for i in range(9)]
    made = suite([example("q0")], variants, checks=[check("swap")])
    scores = {"q0": RIGHT} | {v.id: WRONG for v in variants}
    (one,) = judge(made, run(scores)).results
    assert (one.n, one.clusters, one.applicable) == (9, 1, 1)
    assert one.p_value == mcnemar(1, 0) == 1.0


def test_examples_without_a_variant_are_counted_by_reason():
    examples = [example(f"q{i}") for i in range(4)]
    skipped = (Skip("q1", "swap", "one token"), Skip("q2", "other", "no evidence"))
    made = suite(
        examples,
        [variant("q0", "swap")],
        checks=[check("swap", min_applicable=0.25), check("swap", min_applicable=0.26)],
        skipped=skipped,
    )
    scores = {e.id: RIGHT for e in examples} | {"q0~swap.1": RIGHT}
    seen = judge(made, run(scores))
    assert seen.results[0].skipped == {"no reason recorded": 2, "one token": 1}
    assert [v.status for v in seen.verdicts] == [Status.PASS, Status.FAIL]
    assert seen.verdicts[0].estimate == seen.verdicts[0].low == seen.verdicts[0].high == 0.25


def test_edits_behind_the_cut_are_reported_as_truncated():
    examples = [example(f"q{i}") for i in range(2)]
    edit = Edit("passage", 0, 17, "", " Home is far.")
    variants = [variant(e.id, "swap", edits=(edit,)) for e in examples]
    made = suite(
        examples,
        variants,
        checks=[check("swap", max_truncated=0.5), check("swap", max_truncated=0.4)],
    )
    scores = dict.fromkeys(ids(made), RIGHT)
    seen = judge(made, run(scores, {"q0~swap.1": 30, "q1~swap.1": 20}))
    assert seen.results[0].visible_share == pytest.approx((1 + 3 / 13) / 2)
    assert seen.results[0].truncated == 0.5
    assert [v.status for v in seen.verdicts] == [Status.PASS, Status.FAIL]


def with_unseen_edits(seen: int, *, passages: int = 40, **limits: float):
    """Return the judgement of a model that no attack can hurt, and that saw so many characters."""
    examples = [example(f"q{i}") for i in range(passages)]
    edit = Edit("passage", 0, 17, "", " Home is far.")
    variants = [variant(e.id, "swap", edits=(edit,)) for e in examples]
    made = suite(examples, variants, checks=[check("swap", max_drop=0.1, **limits)])
    return judge(made, run(dict.fromkeys(ids(made), RIGHT), {f"{e.id}~swap.1": seen for e in examples}))


def test_case_17_an_attack_of_which_less_than_half_was_seen_does_not_pass():
    (unseen,) = with_unseen_edits(20).verdicts
    assert unseen.status is Status.INVALID
    assert "the model saw 23% of what the attack edited" in unseen.reason
    assert with_unseen_edits(20).status is Status.INVALID
    assert [v.status for v in with_unseen_edits(29).verdicts] == [Status.PASS]


def test_case_17_a_floor_of_the_plan_s_stands_for_the_usual_one():
    judged = with_unseen_edits(20, max_truncated=1.0)
    assert {v.check: v.status for v in judged.verdicts} == {
        "max_drop": Status.PASS,
        "max_truncated": Status.PASS,
    }


def test_the_planted_rate_is_over_the_items_that_planted_something():
    examples = [example(f"q{i}") for i in range(3)]
    variants = [
        variant("q0", "swap", notes={"planted": 1}),
        variant("q1", "swap", notes={"planted": 1}),
        variant("q2", "swap"),
    ]
    made = suite(examples, variants, checks=[check("swap")])
    scores = {e.id: RIGHT for e in examples}
    scores |= {"q0~swap.1": WRONG, "q1~swap.1": TIE, "q2~swap.1": RIGHT}
    assert judge(made, run(scores)).results[0].planted_rate == 0.75


def abstaining(answer: int | None = None):
    clean: dict[str, Scores] = {"q0": (9.0, 0.0, 0.0), "q1": (0.0, 4.0, 0.0)}
    examples = [example(id_) for id_ in clean]
    variants = [variant(e.id, "no-passage", example=example("x", answer=answer)) for e in examples]
    made = suite(
        examples,
        variants,
        checks=[check("no-passage", min_auroc=0.5, max_drop=0.1)],
        polarity={"no-passage": "abstain"},
    )
    return judge(made, run(clean | {"q0~no-passage.1": TIE, "q1~no-passage.1": (5.0, 0.0, 0.0)}))


def test_abstention_is_judged_by_confidence_and_never_by_accuracy():
    seen = abstaining()
    (one,) = seen.results
    # Confidence falls in the order q0, q1~, q1, q0~: of 4 pairs 3 are won.
    assert one.auroc.value == 3 / 4
    assert one.aurc == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4) / 4)
    assert one.coverage_at_80 == 1 / 4
    accuracy_fields = (
        one.accuracy_clean,
        one.accuracy,
        one.drop,
        one.attack_success_rate,
        one.repair_rate,
        one.margin_retained,
    )
    assert accuracy_fields == (NONE,) * 6
    assert (one.accuracy_with_degraded, one.relative_drop, one.p_value) == (None,) * 3
    drop = seen.verdicts[1]
    assert drop.status is Status.INVALID
    assert drop.reason == "drop is not defined for polarity abstain"


def test_choosing_none_of_the_above_counts_as_right_where_it_is():
    (one,) = abstaining(answer=0).results
    assert one.aurc == pytest.approx((0 + 0 + 1 / 3 + 1.5 / 4) / 4)


@pytest.mark.parametrize("polarity", ["attack", "ablation", "contrast"])
def test_auroc_is_for_abstention_alone(polarity):
    seen = judged([RIGHT] * 3, [RIGHT] * 3, polarity=polarity, min_auroc=0.1)
    assert seen.verdicts[0].status is Status.INVALID
    assert seen.verdicts[0].reason == f"auroc is not defined for polarity {polarity}"


@pytest.mark.parametrize(
    ("kind", "low", "high", "limit", "status"),
    [
        ("max_drop", 0.0, 0.1, 0.1, Status.PASS),
        ("max_drop", 0.1, 0.2, 0.1, Status.UNDECIDED),
        ("max_drop", 0.1000001, 0.2, 0.1, Status.FAIL),
        ("max_drop", 0.05, 0.15, 0.1, Status.UNDECIDED),
        ("min_accuracy", 0.7, 0.8, 0.7, Status.PASS),
        ("min_accuracy", 0.6, 0.7, 0.7, Status.UNDECIDED),
        ("min_accuracy", 0.6, 0.6999999, 0.7, Status.FAIL),
        ("min_accuracy", 0.6, 0.8, 0.7, Status.UNDECIDED),
        ("max_success_rate", 0.0, 0.2, 0.1, Status.UNDECIDED),
        ("min_consistency", 0.9, 1.0, 0.9, Status.PASS),
        ("max_margin_retained", 0.6, 0.9, 0.5, Status.FAIL),
    ],
)
def test_statuses_are_decided_on_the_bound_and_equality_keeps_the_limit(kind, low, high, limit, status):
    given_ = found(**{LIMITS[kind]: Estimate((low + high) / 2, low, high)})
    assert verdict(given_, kind, limit).status is status


def test_auroc_has_its_limit_too():
    sure = found(polarity=Polarity.ABSTAIN, auroc=Estimate(0.9, 0.85, 0.95))
    assert verdict(sure, "min_auroc", 0.85).status is Status.PASS
    assert verdict(sure, "min_auroc", 0.96).status is Status.FAIL


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("max_drop", 0.9), ("max_margin_retained", 0.1), ("min_applicable", 0.1), ("max_truncated", 0.1)],
)
def test_too_few_passages_never_pass_and_never_fail(kind, limit):
    few = found(clusters=29)
    assert verdict(few, kind, limit, min_passages=30).status is Status.UNDECIDED
    assert "29 passage(s) were scored, but at least 30" in verdict(few, kind, limit).reason
    assert verdict(few, kind, limit, min_passages=29).status is not Status.UNDECIDED


def test_five_unmoved_passages_do_not_prove_robustness():
    seen = judged([RIGHT] * 5, [RIGHT] * 5, max_drop=0.1)
    assert seen.verdicts[0].high == pytest.approx(wilson(0, 5)[1])
    assert seen.verdicts[0].status is Status.UNDECIDED


@pytest.mark.parametrize("row", [(math.nan, 0.0, 0.0), (math.inf, 0.0, 0.0), ()], ids=str)
@pytest.mark.parametrize("where", ["clean", "attacked"])
def test_one_row_that_was_not_measured_makes_the_verdict_invalid(row, where):
    rows = {"clean": [RIGHT] * 40, "attacked": [RIGHT] * 40}
    rows[where][7] = row
    seen = judged(rows["clean"], rows["attacked"], max_drop=0.9)
    reason = "non-finite" if row else "missing"
    assert seen.verdicts[0].status is seen.status is Status.INVALID
    assert seen.verdicts[0].reason == f"1 of 40 variants were not measured: 1 {reason}"
    assert seen.results[0].n == 39
    assert seen.results[0].accuracy.value == 1.0
    assert seen.clean_invalid == (where == "clean")


def test_a_question_that_does_not_fit_makes_the_verdict_invalid():
    made = suite([example("q0")], [variant("q0", "swap")], checks=[check("swap", max_drop=1.0)])
    seen = judge(made, run({"q0": RIGHT, "q0~swap.1": RIGHT}, {"q0": 9, "q0~swap.1": -1}))
    assert seen.results[0].invalid == {"too-long": 1}
    assert seen.status is Status.INVALID


@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_an_attack_that_applied_to_nothing_is_invalid_under_every_limit(kind):
    made = suite([example("q0")], [], checks=[check("swap", **{kind: 0.0})])
    seen = judge(made, run({"q0": RIGHT}))
    assert seen.verdicts[0].status is Status.INVALID
    assert seen.verdicts[0].reason == "the attack applied to no example"


def test_a_check_of_degraded_variants_alone_is_invalid():
    made = suite(
        [example("q0")],
        [variant("q0", "swap", degraded=True)],
        checks=[check("swap", max_drop=1.0)],
    )
    seen = judge(made, run({"q0": RIGHT, "q0~swap.1": RIGHT}))
    assert seen.verdicts[0].reason == "no variant was scored: all 1 are degraded"
    assert seen.status is Status.INVALID


def test_a_guesser_keeps_no_margin_that_could_pass():
    rows = [RIGHT, WRONG, WRONG] * 20
    seen = judged(rows, [WRONG] * 60, polarity="ablation", max_margin_retained=0.5)
    assert seen.verdicts[0].status is Status.INVALID
    assert seen.verdicts[0].reason == "clean accuracy is not clearly above chance"


def test_a_reader_that_falls_to_chance_keeps_no_margin_and_passes():
    seen = judged([RIGHT] * 90, [RIGHT, WRONG, WRONG] * 30, polarity="ablation", max_margin_retained=0.5)
    assert seen.results[0].margin_retained.value == pytest.approx(0.0)
    assert seen.verdicts[0].status is Status.PASS


def test_a_success_rate_over_no_right_answer_is_invalid():
    seen = judged([WRONG] * 4, [WRONG] * 4, max_success_rate=0.9)
    assert seen.verdicts[0].status is Status.INVALID
    assert seen.verdicts[0].reason.endswith("no clean answer is right")


def test_a_check_without_limits_gives_a_result_and_no_verdict():
    seen = judged([RIGHT] * 2, [RIGHT] * 2)
    assert len(seen.results) == 1
    assert seen.verdicts == ()
    assert seen.status is Status.INVALID


def test_an_unknown_kind_of_limit_names_the_nearest():
    with pytest.raises(PlanError, match=r"no limit is called 'max_drops'; did you mean 'max_drop'"):
        verdict(found(), "max_drops", 0.1)


def test_a_run_of_another_suite_is_refused():
    made = suite([example("q0")], [], checks=[])
    with pytest.raises(ScoreError, match="it was made for suite 'other', but suite 'ffffffff'"):
        judge(made, replace(run({"q0": RIGHT}), suite="other"))


def test_a_variant_of_an_unknown_source_is_refused():
    made = suite([example("q0")], [variant("q9", "swap")], checks=[check("swap")])
    with pytest.raises(SuiteError, match="was made from 'q9', but no example has that id"):
        outcomes(made, run({"q0": RIGHT}))


def test_a_check_without_its_recipe_is_refused():
    made = suite([example("q0")], [], checks=[check("swap")])
    with pytest.raises(SuiteError, match="no recipe is called 'swop'"):
        result(made, (), attack="swop", severity=1)


def status_of(*statuses: Status) -> Status:
    base = verdict(found(), "max_drop", 0.5)
    return overall([replace(base, status=status) for status in statuses])


def test_the_gravest_status_stands_for_the_run():
    fail, invalid, undecided, passed = (
        Status.FAIL,
        Status.INVALID,
        Status.UNDECIDED,
        Status.PASS,
    )
    assert status_of(passed, undecided, invalid, fail) is fail
    assert status_of(passed, invalid, undecided) is invalid
    assert status_of(passed, undecided, passed) is undecided
    assert status_of(passed, passed) is passed
    assert status_of() is invalid


def test_clean_rows_that_were_not_measured_keep_a_run_from_passing():
    good: Verdict = verdict(found(), "max_drop", 0.5)
    assert overall([good]) is Status.PASS
    assert overall([good], unmeasured=1) is Status.INVALID


def robust(control: str | None = None, changed: Mapping[str, Scores] | None = None):
    examples = [example(f"q{i}") for i in range(4)]
    names = ("swap", "noise", "shuffle", "plain")
    variants = [variant(e.id, n) for e in examples for n in names if (e.id, n) != ("q3", "noise")]
    made = suite(
        examples,
        variants,
        checks=[check(name) for name in names],
        polarity={"shuffle": "ablation"},
        control=control,
    )
    scores = dict.fromkeys(ids(made), RIGHT) | {"q2": WRONG}
    scores |= {"q0~swap.1": WRONG, "q1~noise.1": TIE, "q3~shuffle.1": WRONG, "q3~plain.1": WRONG}
    return judge(made, run(scores | dict(changed or {}))).robust_accuracy


def test_robust_accuracy_is_the_product_over_the_attacks_alone():
    seen = robust(control="plain")
    # q0 falls to swap, q1 is half right under noise, q2 is wrong on clean, q3 has no noise.
    assert seen.worst_case.value == (0 + 0.5 + 0 + 1) / 4
    assert (seen.attacks, seen.n) == (2, 4)
    assert (seen.lowest, seen.lowest_attack) == (0.75, "swap")
    assert seen.mean == pytest.approx((3 / 4 + 2.5 / 3) / 2)


def test_the_null_takes_the_success_rate_of_the_control_once_per_variant():
    seen = robust(control="plain")
    q = 1 / 3  # of the three clean-right items the control turned q3
    assert (seen.control, seen.control_rate) == ("plain", pytest.approx(q))
    # q0 and q1 have two attacks each, q3 one; q2 is wrong on clean.
    assert seen.null == pytest.approx((2 * (1 - q) ** 2 + (1 - q)) / 4)


def test_without_a_control_there_is_no_null_and_every_attack_counts():
    seen = robust()
    assert (seen.null, seen.control, seen.control_rate, seen.attacks) == (None, None, None, 3)
    assert seen.worst_case.value == 0.5 / 4


def test_a_degraded_variant_is_no_attack_on_its_example():
    examples = [example("q0"), example("q1")]
    variants = [variant("q0", "swap"), variant("q1", "swap", degraded=True)]
    made = suite(examples, variants, checks=[check("swap")])
    scores = dict.fromkeys(ids(made), RIGHT) | {"q1~swap.1": WRONG}
    assert judge(made, run(scores)).robust_accuracy.worst_case.value == 1.0


def test_an_example_that_was_not_measured_on_clean_is_left_out_of_robust_accuracy():
    seen = robust(changed={"q0": (math.nan, 0.0, 0.0)})
    assert seen.n == 3
    assert seen.worst_case.value == (0.5 + 0 + 0) / 3


def test_robust_accuracy_is_undefined_where_an_attacked_row_is_missing():
    assert robust(changed={"q1~noise.1": (math.nan, 0.0, 0.0)}).worst_case == NONE


def test_robust_accuracy_is_undefined_without_attacks():
    seen = judged([RIGHT] * 3, [RIGHT] * 3, polarity="ablation").robust_accuracy
    assert (seen.worst_case, seen.lowest, seen.mean, seen.attacks) == (NONE, None, None, 0)


def test_every_variant_is_scored_invalid_or_degraded():
    rng = random.Random(0)
    examples = [example(f"q{i:02}", group=f"p{i // 3}") for i in range(30)]
    variants = [variant(e.id, "swap", degraded=rng.random() < 0.2) for e in examples]
    made = suite(examples, variants, checks=[check("swap")])
    rows = [RIGHT, WRONG, TIE, (math.nan, 0.0, 0.0)]
    scores = {id_: rng.choice(rows) for id_ in ids(made) if rng.random() < 0.9}
    (one,) = judge(made, run(scores)).results
    assert one.n + sum(one.invalid.values()) + one.degraded == len(variants)
    assert set(one.invalid) == {"missing", "non-finite"}
    assert one.clusters <= 10


def test_the_order_of_outcomes_cannot_move_a_result():
    examples = [example(f"q{i:02}", group=f"p{i // 2}") for i in range(20)]
    variants = [variant(e.id, "swap") for e in examples]
    made = suite(examples, variants, checks=[check("swap")])
    rows = [RIGHT, WRONG, TIE, (1.0, 1.0, 1.0)]
    scores = {id_: rows[i * 7 % 4] for i, id_ in enumerate(ids(made))}
    items: tuple[Outcome, ...] = outcomes(made, run(scores))
    backwards = result(made, items[::-1], attack="swap", severity=1)
    assert backwards == result(made, items, attack="swap", severity=1)


def test_judging_twice_gives_equal_judgements():
    clean, attacked = [RIGHT, TIE, WRONG] * 12, [WRONG, TIE, RIGHT] * 12
    first, second = (judged(clean, attacked, max_drop=0.2) for _ in range(2))
    assert first.results == second.results
    assert first.verdicts == second.verdicts
