from __future__ import annotations

from dataclasses import replace

import pytest

from robustness.reports.notices import notices
from robustness.reports.summarise import summarise
from robustness.reports.to_html import to_html
from robustness.reports.to_markdown import to_markdown

FELL_BACK = "the packed forward pass differs from the plain one by 1.0e-02; the plain one is used"


def test_an_ordinary_run_needs_no_notice(run, judgement):
    assert list(notices(run, judgement)) == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("warning", FELL_BACK, f"Warning: {FELL_BACK}."),
        ("warning", "at /home/ann/model", "Warning: at ~/model."),
        (
            "partial",
            "5 of 9 items",
            "Partial: every number here is of 5 of 9 items; what is missing is INVALID.",
        ),
    ],
)
def test_what_touches_every_number_stands_first_in_every_report(suite, run, judgement, name, value, told):
    odd = replace(run, environment={**run.environment, name: value})
    summary = summarise(suite, odd, judgement)
    assert summary.remarks[0] == told
    assert told.split(";")[0].split("~")[0] in to_html(summary)
    assert told.split(";")[0].split("/")[0].split("~")[0] in to_markdown(summary).replace("\\", "")


def test_what_was_left_unscored_is_told_by_check(run, judgement):
    first, *rest = judgement.outcomes
    left = replace(
        judgement,
        outcomes=(replace(first, status="not-needed"), *rest),
        results=(replace(judgement.results[0], not_needed=1), *judgement.results[1:]),
    )
    (told,) = notices(run, left)
    assert told.startswith("Sequential: ")
    assert f"of {len(judgement.outcomes)} variants were scored" in told
