from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.domain import Run, Suite
from robustness.errors import RobustnessError
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_json import from_json, to_json
from robustness.results import Judgement


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement, created="2026-03-01T10:00:00+00:00")


def test_a_summary_comes_back_as_it_was(summary: Summary):
    assert from_json(to_json(summary)) == summary


def test_a_summary_without_text_comes_back_as_it_was(suite: Suite, run: Run, judgement: Judgement):
    summary = summarise(suite, run, judgement, text=False)
    assert from_json(to_json(summary)) == summary


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    text=st.text(st.characters(codec=None)),
    number=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_text_and_any_finite_number_come_back(summary: Summary, text: str, number: float | None):
    changed = replace(
        summary, headline=text, clean=replace(summary.clean, chance=number), environment={text: text}
    )
    written = to_json(changed)
    assert written.isascii()
    assert from_json(written) == changed


def test_scripts_find_the_documented_keys(summary: Summary):
    value = json.loads(to_json(summary))
    assert value["schema"] == 3
    assert value["model"] == {"name": "stub:overlap", "fingerprint": "sha256:" + "cd" * 32}
    assert value["clean"]["accuracy_low"] == 0.625
    attack = value["attacks"][0]
    assert (attack["drop"], attack["drop_low"], attack["drop_high"]) == (0.5, 0.25, 0.75)
    assert (attack["polarity"], attack["status"]) == ("attack", "fail")
    assert attack["margin_retained"] is None
    assert value["attacks"][2]["auroc_high"] == 0.625
    assert value["robust_accuracy"]["worst_case_low"] == 0.125


def test_scripts_find_the_evidence_behind_the_verdicts(suite: Suite, run: Run, compared_judgement: Judgement):
    value = json.loads(to_json(summarise(suite, run, compared_judgement)))
    assert (value["correction"], value["baseline"][:11]) == ("holm", "stub:oracle")
    assert value["calibration"]["ece"] == 0.0625
    assert value["calibration"]["bins"][0] == {"n": 1, "confidence": 0.375, "accuracy": 1.0}
    assert value["position_bias"]["rstd"] == 0.125
    assert value["position_bias"]["table"][1]["recall"] is None
    attack, verdict = value["attacks"][0], value["verdicts"][0]
    assert (attack["p_drop"], attack["p_drop_adjusted"]) == (0.015625, 0.0234375)
    assert (attack["detectable_drop"], attack["power"], attack["design_effect"]) == (0.375, 0.4375, 1.25)
    assert attack["baseline_limits"] == {"max_drop": 0.02}
    assert (verdict["gate"], verdict["step"], verdict["p_adjusted"]) == ("anytime", 31, 0.0234375)
    assert value["comparisons"][0]["difference_low"] == -0.25


def test_all_that_a_plan_can_ask_for_comes_back_as_it_was(
    suite: Suite, run: Run, compared_judgement: Judgement
):
    summary = summarise(suite, run, compared_judgement)
    assert from_json(to_json(summary)) == summary


def test_a_number_that_is_not_finite_is_refused_not_written(summary: Summary):
    broken = replace(summary, clean=replace(summary.clean, chance=float("nan")))
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(broken)


def test_a_later_key_is_passed_over(summary: Summary):
    value = json.loads(to_json(summary)) | {"neurons": {}}
    assert from_json(json.dumps(value)) == summary


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 99}', '{"schema": true}', "null", "[" * 100_000])
def test_anything_else_is_refused_with_what_to_do(text: str):
    with pytest.raises(RobustnessError, match=r"a/summary.json: .*; .*run the check again"):
        from_json(text, where="a/summary.json")


def test_a_missing_key_is_named_with_its_place(summary: Summary):
    value = json.loads(to_json(summary))
    del value["attacks"][1]["drop_low"]
    with pytest.raises(RobustnessError, match=r"attacks\[1\]: key 'drop_low' is missing"):
        from_json(json.dumps(value))


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("status", "great"), ("attacks", {}), ("text", 1), ("created", None), ("environment", [])],
)
def test_a_value_of_another_type_is_named_with_its_place(summary: Summary, key: str, wrong: object):
    value = json.loads(to_json(summary)) | {key: wrong}
    with pytest.raises(RobustnessError, match=rf"summary.json\.{key}: "):
        from_json(json.dumps(value))
