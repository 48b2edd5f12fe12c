"""Gates beyond one fixed look: baselines, betting, corrections, known failures, and what is told beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from robustness.domain import Example, Run, Status, Suite, Variant
from robustness.errors import PlanError
from robustness.judging.verdicts import judge, overall
from robustness.results import Judgement, Verdict
from robustness.stats.calibration import brier, calibration_error, softmax
from robustness.stats.multiplicity import benjamini_hochberg, holm
from robustness.stats.power import achieved_power, design_effect, minimum_detectable_drop

Scores = tuple[float, ...]
RIGHT, WRONG, TIE = (2.0, 1.0, 0.0), (1.0, 2.0, 0.0), (2.0, 2.0, 0.0)
NAN = (math.nan, 0.0, 0.0)


def suite(*checks: Mapping[str, Any], count: int = 120, each: int = 1, polarity: str = "attack", **plan: Any):
    """Checks `a0`, `a1`, ... over `count` items, `each` of a passage."""
    examples = [
        Example(f"q{i:03}", "Nora sailed.", "How?", ("by ship", "by car", "by air"), 0, f"p{i // each:03}")
        for i in range(count)
    ]
    names = [f"a{n}" for n in range(len(checks))]
    answer = None if polarity == "abstain" else 0
    variants = [
        Variant(f"{e.id}~{a}.1", e.id, a, 1, replace(e, id=f"{e.id}~{a}.1", answer=answer), (0, 1, 2), ())
        for e in examples
        for a in names
    ]
    entries = [{"attack": a, "severities": [1], **check} for a, check in zip(names, checks, strict=True)]
    document = {"checks": entries, "recipes": {a: {"polarity": polarity} for a in names}, **plan}
    return Suite("s", 0, document, tuple(examples), tuple(variants), (), {}, "f" * 8)


def run(made: Suite, *rows: Sequence[Scores], clean: Sequence[Scores] = (), model: str = "ours") -> Run:
    """Attacked rows of each check, over clean ones that are right where none are given."""
    said = {e.id: clean[i] if clean else RIGHT for i, e in enumerate(made.examples)}
    for n, column in enumerate(rows):
        said |= {f"{e.id}~a{n}.1": column[i] for i, e in enumerate(made.examples)}
    return Run(model, f"{model}-fp", "f" * 8, {i: row for i, row in said.items() if row}, {}, {})


def falls(wrong: int, count: int = 120) -> list[Scores]:
    """`wrong` of `count` rows, spread evenly."""
    return [WRONG if (i * wrong) // count != ((i + 1) * wrong) // count else RIGHT for i in range(count)]


def only(found: Judgement) -> Verdict:
    (one,) = found.verdicts
    return one


def test_a_model_no_worse_than_its_baseline_keeps_the_allowance():
    made = suite({"baseline_limits": {"max_drop": 0.1}})
    found = judge(made, run(made, falls(30)), baseline=run(made, falls(30), model="old"))
    one = only(found)
    assert (one.status, one.estimate, one.limit, one.baseline) == (Status.PASS, 0.0, 0.1, "old")
    assert found.baseline == "old (old-fp)"


@pytest.mark.parametrize(
    ("kind", "ours", "theirs", "estimate"),
    [
        ("max_drop", 60, 6, 54 / 120),
        ("min_accuracy", 60, 6, -54 / 120),
        ("max_success_rate", 60, 6, 54 / 120),
        ("min_consistency", 60, 6, -54 / 120),
    ],
)
def test_what_is_lost_against_a_baseline_fails_beyond_the_allowance(kind, ours, theirs, estimate):
    made = suite({"baseline_limits": {kind: 0.1}})
    one = only(judge(made, run(made, falls(ours)), baseline=run(made, falls(theirs))))
    assert one.status is Status.FAIL
    assert one.estimate == pytest.approx(estimate)
    assert one.limit == (-0.1 if kind.startswith("min") else 0.1)
    assert one.low is not None
    assert one.high is not None
    assert one.low < estimate < one.high
    assert one.p_value is not None
    assert one.p_value < 0.001
    better = only(judge(made, run(made, falls(theirs)), baseline=run(made, falls(ours))))
    assert better.status is Status.PASS
    assert better.p_value == 1.0


def test_margins_kept_are_compared_as_ratios_of_each_run():
    made = suite({"baseline_limits": {"max_margin_retained": 0.1}}, polarity="ablation")
    chance = [RIGHT, WRONG, WRONG] * 40
    one = only(judge(made, run(made, falls(0)), baseline=run(made, chance)))
    assert one.estimate == pytest.approx(1.0)
    assert one.status is Status.FAIL
    guesser = run(made, chance, clean=chance)
    assert only(judge(made, run(made, falls(0)), baseline=guesser)).status is Status.INVALID


def test_confidence_is_compared_by_auroc():
    made = suite({"baseline_limits": {"min_auroc": 0.1}}, polarity="abstain")
    unsure, sure = [(0.1, 0.0, 0.0)] * 120, [(9.0, 0.0, 0.0)] * 120
    found = judge(made, run(made, sure), baseline=run(made, unsure))
    assert only(found).estimate == pytest.approx(-1.0)
    assert only(found).status is Status.FAIL
    assert [(c.measure, c.value, c.baseline) for c in found.comparisons[1:]] == [("auroc", 0.0, 1.0)]


def test_items_that_the_baseline_did_not_measure_are_left_out_and_told():
    made = suite({"baseline_limits": {"max_drop": 0.3}})
    theirs = [NAN if i < 20 else RIGHT for i in range(120)]
    found = judge(made, run(made, falls(0)), baseline=run(made, theirs))
    assert (only(found).n, only(found).status) == (100, Status.PASS)
    assert only(found).reason.endswith("(20 item(s) that the baseline did not measure are left out)")
    assert found.comparisons[1].n == 100


def test_one_row_of_ours_that_was_not_measured_is_invalid_against_a_baseline_too():
    made = suite({"baseline_limits": {"max_drop": 0.3}})
    one = only(judge(made, run(made, [NAN, *falls(0)[1:]]), baseline=run(made, falls(0))))
    assert one.status is Status.INVALID
    assert one.reason == "1 of 120 variants were not measured: 1 non-finite"


def test_a_missing_baseline_is_invalid_or_skipped_as_the_plan_says():
    check = {"limits": {"max_drop": 0.1}, "baseline_limits": {"max_drop": 0.05}}
    made = suite(check)
    found = judge(made, run(made, falls(0)))
    assert [(v.status, v.baseline) for v in found.verdicts] == [
        (Status.PASS, ""),
        (Status.INVALID, "no baseline"),
    ]
    assert "--on-missing-baseline skip" in found.verdicts[1].reason
    skipping = suite(check, missing_baseline="skip")
    assert [v.status for v in judge(skipping, run(made, falls(0))).verdicts] == [Status.PASS]


@pytest.mark.parametrize(
    ("polarity", "kind"),
    [
        ("attack", "min_accuracy"),
        ("contrast", "min_accuracy"),
        ("ablation", "max_margin_retained"),
        ("abstain", "min_auroc"),
    ],
)
def test_a_regression_allowance_goes_to_checks_without_one_of_their_own(polarity, kind):
    made = suite({}, {"baseline_limits": {"max_drop": 0.2}}, polarity=polarity, regression=0.03)
    found = judge(made, run(made, falls(0), falls(0)), baseline=run(made, falls(0), falls(0)))
    assert [(v.attack, v.check) for v in found.verdicts] == [("a0", kind), ("a1", "max_drop")]


@pytest.mark.parametrize("kind", ["min_applicable", "max_truncated"])
def test_counts_are_not_held_against_a_baseline(kind):
    made = suite({"baseline_limits": {kind: 0.1}})
    with pytest.raises(PlanError, match=f"{kind} cannot be held against a baseline"):
        judge(made, run(made, falls(0)), baseline=run(made, falls(0)))


def test_comparisons_begin_with_clean_and_are_adjusted_over_the_run():
    made = suite({}, {})
    ours = run(made, falls(30), falls(10), clean=falls(10))
    found = judge(made, ours, baseline=run(made, falls(10), falls(10), model="old")).comparisons
    assert [(c.attack, c.measure) for c in found] == [
        ("clean", "accuracy"), ("a0", "accuracy"), ("a1", "accuracy"),
    ]  # fmt: skip
    assert found[0].difference.value == pytest.approx(-10 / 120)
    assert found[1].difference.value == pytest.approx(-20 / 120)
    assert found[2].difference.value == 0.0
    assert tuple(c.p_adjusted for c in found) == holm([c.p_value for c in found])
    assert judge(made, ours).comparisons == ()


@pytest.mark.parametrize("polarity", ["attack", "ablation", "abstain"])
def test_a_model_is_no_different_from_itself(polarity):
    made = suite({}, polarity=polarity)
    ours = run(made, falls(40), clean=falls(12))
    for compared in judge(made, ours, baseline=ours).comparisons:
        low, high = compared.difference.low, compared.difference.high
        assert compared.difference.value == 0.0
        assert low is not None
        assert high is not None
        assert low < 0 < high
        assert compared.p_value == 1.0


@pytest.mark.parametrize(
    ("kind", "limit", "wrong", "status"),
    [
        ("max_drop", 0.2, 0, Status.PASS),
        ("max_drop", 0.1, 60, Status.FAIL),
        ("min_accuracy", 0.6, 0, Status.PASS),
        ("min_accuracy", 0.9, 60, Status.FAIL),
        ("max_success_rate", 0.2, 0, Status.PASS),
        ("max_success_rate", 0.1, 60, Status.FAIL),
        ("min_consistency", 0.6, 0, Status.PASS),
        ("min_consistency", 0.9, 60, Status.FAIL),
        ("max_drop", 0.1, 12, Status.UNDECIDED),
    ],
)
def test_an_anytime_gate_stops_at_the_passage_that_decides(kind, limit, wrong, status):
    made = suite({"limits": {kind: limit}}, gate="anytime")
    one = only(judge(made, run(made, falls(wrong))))
    assert (one.gate, one.status) == ("anytime", status)
    assert one.low is not None
    assert one.estimate is not None
    assert one.high is not None
    assert one.low <= one.estimate <= one.high
    if status is Status.UNDECIDED:
        assert (one.step, one.clusters) == (None, 120)
    else:
        assert one.step is not None
        assert 30 <= one.step < 120
        assert one.clusters == one.n == one.step
        assert f"after {one.step} of 120 passages" in one.reason
    assert (one.p_value, one.p_adjusted) == (None, None)


def test_what_comes_after_the_deciding_passage_cannot_move_an_anytime_verdict():
    made = suite({"limits": {"max_drop": 0.2}}, gate="anytime")
    first = only(judge(made, run(made, falls(0))))
    from robustness.stats.sequential import passage_order

    order = passage_order([e.group for e in made.examples], seed=made.seed)
    late = set(order[first.clusters :])
    rows = [WRONG if e.group in late else RIGHT for e in made.examples]
    again = only(judge(made, run(made, rows)))
    assert (again.status, again.step, again.estimate) == (first.status, first.step, first.estimate)


def test_a_margin_is_bet_on_as_a_mean():
    made = suite({"limits": {"max_margin_retained": 0.5}}, polarity="ablation", gate="anytime")
    one = only(judge(made, run(made, falls(0))))
    assert (one.gate, one.status) == ("anytime", Status.FAIL)
    assert one.estimate == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("entry", "polarity"),
    [
        ({"limits": {"min_auroc": 0.5}}, "abstain"),
        ({"limits": {"min_applicable": 0.5}}, "attack"),
        ({"limits": {"max_drop": 1.0}}, "attack"),
        ({"limits": {"max_success_rate": 0.0}}, "attack"),
        ({"baseline_limits": {"max_success_rate": 0.1}}, "attack"),
        ({"limits": {"max_drop": 0.1}, "gate": "fixed"}, "attack"),
    ],
)
def test_some_limits_are_decided_by_a_fixed_look_whatever_the_plan_says(entry, polarity):
    made = suite(entry, polarity=polarity, gate="anytime")
    found = judge(made, run(made, falls(3)), baseline=run(made, falls(3)))
    assert (only(found).gate, only(found).step) == ("fixed", None)


def test_a_check_may_have_a_gate_of_its_own():
    made = suite({"limits": {"max_drop": 0.2}, "gate": "anytime"}, {"limits": {"max_drop": 0.2}})
    assert [v.gate for v in judge(made, run(made, falls(0), falls(0))).verdicts] == ["anytime", "fixed"]


def borderline(correction: str) -> Judgement:
    """One check just beyond its limit, among many that are not."""
    names = 8
    made = suite(*[{"limits": {"max_drop": 0.1}}] * names, count=200, correction=correction)
    rows = [falls(32, 200), *([falls(20, 200)] * (names - 1))]
    return judge(made, run(made, *rows))


def test_a_failure_that_does_not_hold_after_holm_is_undecided_where_the_plan_corrects():
    plain, corrected = borderline("none"), borderline("holm")
    assert plain.verdicts[0].status is Status.FAIL
    assert plain.verdicts[0].p_value is not None
    assert plain.verdicts[0].p_value < 0.025 < (plain.verdicts[0].p_adjusted or 0)
    assert corrected.verdicts[0].status is Status.UNDECIDED
    assert "after Holm over all gates p is" in corrected.verdicts[0].reason
    assert (plain.correction, corrected.correction) == ("none", "holm")
    assert [v.p_adjusted for v in plain.verdicts] == [*holm([v.p_value for v in plain.verdicts])]


def test_a_clear_failure_and_a_broken_count_stand_after_holm():
    made = suite({"limits": {"max_drop": 0.1}}, {"limits": {"min_applicable": 0.9}}, correction="holm")
    short = replace(made, variants=tuple(v for v in made.variants if v.attack == "a0" or v.source < "q060"))
    found = judge(short, run(made, falls(100), falls(0)))
    assert [v.status for v in found.verdicts] == [Status.FAIL, Status.FAIL]
    assert found.verdicts[1].p_value is None


@pytest.mark.parametrize(
    ("kind", "polarity"),
    [
        ("max_drop", "attack"),
        ("min_accuracy", "attack"),
        ("max_success_rate", "attack"),
        ("min_consistency", "attack"),
        ("max_margin_retained", "ablation"),
    ],
)
@pytest.mark.parametrize("wrong", [0, 20, 30, 40, 60])
def test_the_p_value_of_a_gate_agrees_with_its_interval(kind, polarity, wrong):
    limit = 0.75 if kind != "max_drop" and kind != "max_success_rate" else 0.25
    made = suite({"limits": {kind: limit}}, polarity=polarity)
    one = only(judge(made, run(made, falls(wrong))))
    assert one.p_value is not None
    assert (one.status is Status.FAIL) == (one.p_value < 0.025)


KNOWN = {
    "attack": "a0",
    "severity": None,
    "until": "2027-03-31",
    "owner": "the reading team",
    "reason": "old data",
}


def test_a_known_failure_keeps_its_status_and_decides_nothing():
    made = suite({"limits": {"max_drop": 0.1}}, {"limits": {"max_drop": 0.1}}, known_failures=[KNOWN])
    found = judge(made, run(made, falls(60), falls(0)))
    assert [v.status for v in found.verdicts] == [Status.FAIL, Status.PASS]
    assert [v.known_failure for v in found.verdicts] == ["until 2027-03-31 (the reading team): old data", ""]
    assert found.status is Status.PASS
    assert overall(found.verdicts[:1]) is Status.PASS
    assert judge(made, run(made, falls(60), falls(60))).status is Status.FAIL


def test_an_undecided_known_failure_decides_nothing_either():
    made = suite({"limits": {"max_drop": 0.1}}, known_failures=[KNOWN])
    found = judge(made, run(made, falls(12)))
    assert only(found).status is Status.UNDECIDED
    assert found.status is Status.PASS


def test_what_was_not_measured_is_no_known_failure():
    made = suite({"limits": {"max_drop": 0.1}}, known_failures=[KNOWN])
    found = judge(made, run(made, [NAN, *falls(60)[1:]]))
    assert only(found).known_failure == ""
    assert found.status is Status.INVALID


def test_a_known_failure_that_passes_asks_to_be_removed():
    made = suite({"limits": {"max_drop": 0.1}}, known_failures=[KNOWN])
    one = only(judge(made, run(made, falls(0))))
    assert (one.status, one.known_failure) == (Status.PASS, "")
    assert one.reason.endswith("remove that entry")


@pytest.mark.parametrize(("severity", "covered"), [(1, True), (None, True), (2, False)])
def test_a_known_failure_is_of_one_severity_or_of_all(severity, covered):
    made = suite({"limits": {"max_drop": 0.1}}, known_failures=[{**KNOWN, "severity": severity}])
    assert bool(only(judge(made, run(made, falls(60)))).known_failure) is covered


def test_power_is_that_of_the_paired_test_at_the_limit_and_the_runs_own_noise():
    made = suite({"limits": {"max_drop": 0.1}}, each=3)
    clean, attacked = falls(30), falls(18)
    (one,) = judge(made, run(made, attacked, clean=clean)).results
    drops = [float(c == RIGHT) - float(a == RIGHT) for c, a in zip(clean, attacked, strict=True)]
    won = sum(d < 0 for d in drops) / 120
    effect = design_effect(drops, [e.group for e in made.examples]).effect
    assert one.design_effect == pytest.approx(effect)
    assert one.detectable_drop == minimum_detectable_drop(120, p01=won, effect=effect)
    assert one.power == achieved_power(120, 0.1, p01=won, effect=effect)


def test_there_is_no_power_without_a_limit_on_the_drop():
    made = suite({"limits": {"min_accuracy": 0.1}})
    (one,) = judge(made, run(made, falls(5))).results
    assert one.power is None
    assert one.detectable_drop is not None


def test_a_run_that_wins_more_than_half_leaves_no_drop_to_detect():
    made = suite({"limits": {"max_drop": 0.1}})
    (one,) = judge(made, run(made, falls(0), clean=[WRONG] * 120)).results
    assert (one.detectable_drop, one.power) == (None, None)


def test_the_drops_of_a_run_are_adjusted_together_for_looking_around():
    made = suite({}, {}, {})
    found = judge(made, run(made, falls(8), falls(30), falls(0))).results
    assert [r.p_drop_adjusted for r in found] == [*benjamini_hochberg([r.p_drop for r in found])]
    assert found[2].p_drop == 1.0
    assert found[1].p_drop is not None
    assert found[1].p_drop < 0.001


def test_margins_tell_of_ground_lost_before_any_answer_is():
    made = suite({})
    shaken = [(1.5, 1.0, 0.0)] * 30 + [RIGHT] * 90
    (one,) = judge(made, run(made, shaken)).results
    assert one.drop.value == 0.0
    assert one.margin_shift == pytest.approx(-0.5 * 30 / 120)
    assert one.margin_lower == 30 / 120


def test_scores_as_large_as_floats_can_be_leave_the_margin_shift_undefined():
    made = suite({})
    (one,) = judge(made, run(made, [(1e308, -1e308, 0.0)] * 120)).results
    assert one.margin_shift is None
    assert one.margin_lower == 0.0


def test_calibration_is_over_the_items_with_a_right_option():
    made = suite({})
    found = judge(made, run(made, falls(30)))
    (one,) = found.results
    top, credits_ = max(softmax(RIGHT)), [float(row == RIGHT) for row in falls(30)]
    assert one.calibration is not None
    assert one.calibration.ece == pytest.approx(calibration_error([top] * 120, credits_))
    assert one.calibration.brier == pytest.approx(brier([softmax(row) for row in falls(30)], [0] * 120))
    assert (found.calibration.n, one.calibration.n) == (120, 120)
    assert found.calibration.bins[0].accuracy == 1.0
    nothing = suite({}, polarity="abstain")
    assert judge(nothing, run(nothing, falls(0))).results[0].calibration is None


def test_position_bias_is_over_the_clean_items():
    made = suite({})
    found = judge(made, run(made, falls(0), clean=[RIGHT] * 60 + [WRONG] * 60)).position_bias
    assert [row.chosen for row in found.table] == [0.5, 0.5, 0.0]
    assert [row.recall for row in found.table] == [0.5, None, None]
    assert (found.rstd, found.by_chance) == (None, None)
