from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Run, Status, Suite
from robustness.errors import OutputError
from robustness.reports.github import SUMMARY_CAP, commands, publish
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.results import Judgement, Verdict


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement)


def with_verdict(summary: Summary, **changes) -> Summary:
    return replace(summary, verdicts=(replace(summary.verdicts[0], **changes),))


def test_outside_github_nothing_is_written(summary, tmp_path):
    target = tmp_path / "summary.md"
    assert publish(summary, tmp_path, {"GITHUB_STEP_SUMMARY": str(target)}) == ()
    assert not target.exists()


def test_failed_checks_are_errors_undecided_ones_warnings_and_passes_are_silent(summary):
    levels = {s: [a.split(" ")[0] for a in commands(with_verdict(summary, status=s))] for s in Status}
    assert levels == {
        Status.PASS: [],
        Status.FAIL: ["::error"],
        Status.INVALID: ["::error"],
        Status.UNDECIDED: ["::warning"],
    }


@settings(deadline=None, max_examples=100)
@given(name=st.text(st.characters(codec=None)), reason=st.text(st.characters(codec=None)))
def test_hostile_text_neither_ends_the_command_nor_starts_another(name, reason):
    from robustness.reports.github import _annotation

    verdict = Verdict("max_drop", name, 1, 0.5, 0.4, 0.6, 0.1, 9, 9, Status.FAIL, f"::error::{reason}\n::set")
    line = _annotation(verdict)
    assert "\n" not in line
    assert "\r" not in line
    assert len(re.findall("::", line)) == 2


def test_summary_and_outputs_are_appended(summary, tmp_path):
    page, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    page.write_text("before\n", encoding="utf-8")
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(page),
        "GITHUB_OUTPUT": str(outputs),
    }
    publish(summary, Path("reports/x"), environment)
    assert page.read_text(encoding="utf-8").startswith("before\n#")
    found = dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())
    assert (found["status"], found["run"]) == (summary.status.value, "reports/x")
    assert sum(int(found[s.value]) for s in Status) == len(summary.verdicts)
    assert found["known-failures"] == "0"
    assert (found["report"], found["junit"]) == ("reports/x/report.html", "reports/x/junit.xml")


def test_the_job_summary_stays_under_githubs_limit(summary, tmp_path):
    page = tmp_path / "summary.md"
    long = replace(summary, remarks=("é" * SUMMARY_CAP,))
    publish(long, tmp_path, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)})
    assert len(page.read_bytes()) <= SUMMARY_CAP
    assert page.read_text(encoding="utf-8").endswith("has the whole report.*\n")


def test_a_summary_file_that_cannot_be_written_is_told(summary, tmp_path):
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    with pytest.raises(OutputError, match="GitHub named it"):
        publish(summary, tmp_path, environment)


def test_the_cap_lies_under_the_mebibyte_that_github_takes():
    assert SUMMARY_CAP < 2**20


def test_a_report_of_a_thousand_checks_stays_under_the_limit_and_keeps_its_verdict(summary, tmp_path):
    page = tmp_path / "summary.md"
    many = replace(summary, attacks=summary.attacks * 1000, verdicts=summary.verdicts * 1000)
    publish(many, tmp_path, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)})
    said = page.read_bytes()
    assert 2**19 < len(said) <= SUMMARY_CAP
    assert said.startswith(b"# FAIL")


def test_a_known_failure_is_a_notice_after_all_that_decides(summary):
    first, *rest = summary.verdicts
    known = replace(first, known_failure="until 2027-03-31 (us): soon")
    lines = commands(replace(summary, verdicts=(known, *rest)))
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert lines[-1].endswith("(known failure until 2027-03-31 (us): soon)")


def test_known_failures_are_counted_apart(summary, tmp_path):
    outputs = tmp_path / "outputs"
    known = tuple(replace(v, known_failure="until 2027-03-31 (us): soon") for v in summary.verdicts)
    publish(
        replace(summary, verdicts=known),
        tmp_path,
        {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(outputs)},
    )
    found = dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())
    assert (found["fail"], found["known-failures"]) == ("0", str(len(known)))
