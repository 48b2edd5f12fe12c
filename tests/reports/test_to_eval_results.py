from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from huggingface_hub import parse_eval_result_entries

from robustness.domain import Run, Suite
from robustness.errors import RobustnessError
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_eval_results import to_eval_results
from robustness.results import Estimate, Judgement

COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    made = summarise(suite, run, judgement, created="2026-03-01T10:00:00+00:00")
    return replace(made, data=f"hub:ehovy/race@{COMMIT}/high/test")


def test_the_hubs_library_reads_one_entry_the_accuracy_on_unchanged_questions(summary: Summary):
    (entry,) = parse_eval_result_entries(yaml.safe_load(to_eval_results(summary)))
    assert (entry.dataset_id, entry.task_id, entry.dataset_revision) == ("ehovy/race", "high", COMMIT)
    assert (entry.value, entry.date, entry.verify_token) == (0.75, "2026-03-01", None)
    assert entry.notes is not None
    assert "accuracy on 4 unchanged questions of test, 4 passages; 95% interval 0.6250" in entry.notes


@pytest.mark.parametrize(
    "data", ["dream:test.json", "hub:ehovy/race/high/test", "hub:ehovy/race@main/high/test", ""]
)
def test_data_that_nobody_can_look_up_make_no_claim(data: str, summary: Summary):
    with pytest.raises(RobustnessError, match="a data set of the Hub at a known commit is needed"):
        to_eval_results(replace(summary, data=data))


def test_an_exploratory_run_makes_no_claim(summary: Summary):
    with pytest.raises(RobustnessError, match=r"exploratory \(no head\).*train the model first"):
        to_eval_results(replace(summary, environment={"exploratory": "no head"}))


def test_a_run_that_is_not_whole_makes_no_claim(summary: Summary):
    partial = replace(summary, environment={"partial": "part 1 of 2"})
    some = replace(summary, clean=replace(summary.clean, invalid=1))
    none = replace(summary, clean=replace(summary.clean, accuracy=Estimate(None)))
    for one in (partial, some, none):
        with pytest.raises(RobustnessError, match="not every unchanged question was measured"):
            to_eval_results(one)
