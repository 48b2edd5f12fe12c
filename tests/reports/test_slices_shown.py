"""Slices in every report: what fails on a part of the questions is told, and where."""

from __future__ import annotations

from io import StringIO
from xml.etree import ElementTree

import pytest
from rich.console import Console

from robustness.domain import Status
from robustness.judging.verdicts import judge
from robustness.reports.github import commands
from robustness.reports.renderers import renderer
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_json import from_json, to_json
from robustness.reports.to_terminal import render
from tests.judging.test_slices import answered, asked


@pytest.fixture(scope="module")
def summary() -> Summary:
    made = asked("question-word", questions={"Why?": 40, "Who?": 950, "When?": 10}, limit=0.2)
    ran = answered(made, "Why?")
    return summarise(made, ran, judge(made, ran))


def test_the_headline_says_which_kind_of_question_fails(summary: Summary):
    assert summary.status is Status.FAIL
    assert summary.headline == (
        "This model falls short on some kinds of questions, in 1 check: question-word: why."
    )


@pytest.mark.parametrize("style", ["md", "html"])
def test_pages_have_a_table_of_slices_the_gravest_first(summary: Summary, style: str):
    shown = renderer(style)(summary).partition("Every limit again on one kind of question")[2]
    places = [shown.index(f"question-word: {label}") for label in ("why", "when", "who")]
    assert places == sorted(places)


def test_the_terminal_tells_what_fails_and_how_many_cannot_tell(summary: Summary):
    out = StringIO()
    render(summary, Console(file=out, width=200))
    assert "a0 on question-word: why: FAIL: drop at most 20.0 points, found 100.0 points" in out.getvalue()
    assert "1 of 3 slices undecided" in out.getvalue()


def test_a_failing_slice_is_a_failure_in_junit_and_an_annotation_on_github(summary: Summary):
    cases = ElementTree.fromstring(renderer("junit")(summary)).iter("testcase")
    ends = {str(case.get("name")): [c.tag for c in case if c.tag != "properties"] for case in cases}
    assert ends == {
        "a0[1] max_drop": [],
        "a0[1] max_drop on question-word: why": ["failure"],
        "a0[1] max_drop on question-word: when": ["skipped"],
        "a0[1] max_drop on question-word: who": [],
    }
    (line,) = commands(summary)
    assert line.startswith("::error title=robustness FAIL%3A a0[1] on question-word%3A why::")


def test_slices_survive_being_written_and_read(summary: Summary):
    assert from_json(to_json(summary)).slices == summary.slices
