from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest

from robustness.domain import Run, Status, Suite
from robustness.reports.summarise import summarise
from robustness.reports.summary import AttackSummary
from robustness.results import Estimate, Judgement, Result, Verdict


def test_every_number_of_the_judgement_stands_in_the_summary(suite: Suite, run: Run, judgement: Judgement):
    summary = summarise(suite, run, judgement)
    for result, attack in zip(judgement.results, summary.attacks, strict=True):
        for field in fields(Result):
            assert getattr(attack, field.name) == getattr(result, field.name), field.name
    assert summary.verdicts == judgement.verdicts
    assert summary.robust_accuracy == judgement.robust_accuracy
    assert summary.clean.accuracy == judgement.clean_accuracy
    assert (summary.clean.n, summary.clean.passages, summary.clean.chance) == (4, 4, 0.25)
    assert summary.status is judgement.status
    assert summary.calibration == judgement.calibration
    assert summary.position_bias == judgement.position_bias


def test_limits_against_a_baseline_are_kept_apart(suite: Suite, run: Run, compared_judgement: Judgement):
    summary = summarise(suite, run, compared_judgement)
    assert summary.attacks[0].limits == {"max_drop": 0.1}
    assert summary.attacks[0].baseline_limits == {"max_drop": 0.02}
    assert summary.comparisons == compared_judgement.comparisons
    assert summary.baseline == compared_judgement.baseline


def test_what_decides_outranks_a_known_failure(suite: Suite, run: Run, judgement: Judgement):
    fail = replace(judgement.verdicts[0], known_failure="until 2027-03-31 (us): soon")
    passed = replace(fail, status=Status.PASS)
    invalid = replace(fail, status=Status.INVALID)

    def seen(*verdicts: Verdict) -> AttackSummary:
        return summarise(suite, run, replace(judgement, verdicts=verdicts)).attacks[0]

    assert (seen(fail, passed).status, seen(fail, passed).known_failure) == (Status.FAIL, fail.known_failure)
    assert (seen(fail, invalid).status, seen(fail, invalid).known_failure) == (Status.INVALID, "")
    assert seen(passed).known_failure == ""


def test_numbers_deep_in_calibration_are_finite_or_none(suite: Suite, run: Run, judgement: Judgement):
    odd = replace(judgement.calibration, ece=math.nan)
    said = summarise(suite, run, replace(judgement, calibration=odd)).calibration
    assert said is not None
    assert said.ece is None
    assert said.bins == judgement.calibration.bins


def test_credentials_in_the_name_of_a_baseline_are_left_out(suite: Suite, run: Run, judgement: Judgement):
    secret = "https://ann:canary@host/m"
    judged = replace(
        judgement, baseline=secret, verdicts=tuple(replace(v, baseline=secret) for v in judgement.verdicts)
    )
    assert "canary" not in repr(summarise(suite, run, judged))


def test_recipes_lend_their_words_to_results(suite: Suite, run: Run, judgement: Judgement):
    attack = summarise(suite, run, judgement).attacks[0]
    assert attack.title == "A shuffled sentence in the passage"
    assert attack.source == "Si et al. 2019, section 3.2"
    assert attack.known_limits == ("The place of the sentence is drawn at random.",)
    assert attack.limits == {"max_drop": 0.1}
    assert attack.limits_reason == "A reader skips what cannot be read."


def test_a_plan_and_an_audit_without_any_key_still_make_a_summary(
    suite: Suite, run: Run, judgement: Judgement
):
    summary = summarise(replace(suite, plan={}, audit={}), run, judgement)
    assert summary.attacks[0].title == "addsent2pas-shuffle"
    assert not summary.findings
    assert not summary.sentinels
    assert not summary.invalid_rows


def test_the_gravest_verdict_gives_the_status_of_an_attack(suite: Suite, run: Run, judgement: Judgement):
    first = judgement.verdicts[0]
    passed = replace(first, check="min_consistency", status=Status.PASS, reason="kept")
    summary = summarise(suite, run, replace(judgement, verdicts=(passed, first)))
    assert (summary.attacks[0].status, summary.attacks[0].reason) == (Status.FAIL, first.reason)


def test_an_attack_without_a_limit_has_no_status(suite: Suite, run: Run, judgement: Judgement):
    summary = summarise(suite, run, replace(judgement, verdicts=()))
    assert {attack.status for attack in summary.attacks} == {None}


def test_what_is_not_finite_becomes_none(suite: Suite, run: Run, judgement: Judgement):
    odd = replace(
        judgement.results[0],
        chance=math.nan,
        visible_share=math.nan,
        drop=Estimate(math.nan, -math.inf, 0.5),
        p_value=math.inf,
    )
    attack = summarise(suite, run, replace(judgement, results=(odd,))).attacks[0]
    assert (attack.chance, attack.visible_share, attack.p_value) == (None, None, None)
    assert attack.drop == Estimate(None, None, 0.5)


def test_the_summary_does_not_depend_on_the_clock(suite: Suite, run: Run, judgement: Judgement):
    assert summarise(suite, run, judgement) == summarise(suite, run, judgement)


def test_home_path_and_secrets_are_in_no_field(suite: Suite, run: Run, judgement: Judgement):
    told = summarise(
        replace(suite, data="dream:/home/canary/test.json"),
        replace(run, model="/home/canary/model", environment={"HF_TOKEN": "canary", "a": "1"}),
        judgement,
    )
    assert "canary" not in repr(told)


@pytest.mark.parametrize("field", ["chance_clean", "chance", "visible_share", "truncated"])
def test_an_attack_summary_is_a_result_with_more_fields(field: str):
    assert issubclass(AttackSummary, Result)
    assert [f.name for f in fields(AttackSummary)].count(field) == 1
