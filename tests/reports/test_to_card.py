from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from robustness.domain import Run, Status, Suite
from robustness.errors import RobustnessError
from robustness.reports.renderers import write_report
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_card import to_card, updated_card
from robustness.results import Estimate, Judgement

THEIRS = """---
license: mit
tags:
- reading
model-index:
- name: my-model
  results:
  - task:
      type: multiple-choice
    dataset:
      name: DREAM
      type: dream
    metrics:
    - type: accuracy
      value: 0.6
    source:
      url: https://leaderboard.example/
---
# My model

Words of mine, with <b>markup</b> and a rule:

---

The end.
"""


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement)


def told(card: str) -> list[EvalResult]:
    """What the Hub's own library reads of a card."""
    data = ModelCard(card).data
    assert isinstance(data, ModelCardData)
    return data.eval_results or []


def metrics(card: str) -> dict[str, float]:
    """Value by name."""
    return {one.metric_name or one.metric_type: one.metric_value for one in told(card)}


def test_the_hubs_library_reads_what_was_measured(summary: Summary):
    data = ModelCard(to_card(summary)).data
    assert isinstance(data, ModelCardData)
    assert data.model_name == "stub:overlap"
    kinds = {one.metric_type: one.metric_value for one in told(to_card(summary))}
    assert kinds == {
        "accuracy": 0.75,
        "accuracy_under_attack": 0.25,
        "margin_retained": 0.9,
        "auroc_unanswerable": 0.5,
    }
    assert {one.task_type for one in told(to_card(summary))} == {"multiple-choice"}
    assert {one.verified for one in told(to_card(summary))} == {None}


def test_plain_accuracy_is_of_unchanged_questions_alone(summary: Summary):
    named = [one.metric_name for one in told(to_card(summary))]
    plain = [one for one in told(to_card(summary)) if one.metric_type == "accuracy"]
    assert [one.metric_name for one in plain] == ["Accuracy on unchanged questions"]
    assert len(set(named)) == len(named) == 4


def test_an_interval_the_counts_and_each_verdict_stand_beside_the_number(summary: Summary):
    drop = next(one for one in told(to_card(summary)) if one.metric_type == "accuracy_under_attack")
    assert drop.metric_args is not None
    assert drop.metric_args["low_95"] == 0.0
    assert drop.metric_args["passages"] == 4
    assert drop.metric_args["verdicts"] == [{"limit": "max_drop", "value": 0.1, "verdict": "fail"}]


def test_what_is_invalid_has_no_number_and_no_pass(summary: Summary):
    verdicts = tuple(replace(v, status=Status.INVALID) for v in summary.verdicts)
    attacks = tuple(replace(a, status=Status.INVALID) for a in summary.attacks)
    card = to_card(replace(summary, verdicts=verdicts, attacks=attacks, status=Status.INVALID))
    assert metrics(card).keys() == {"Accuracy on unchanged questions"}
    assert "PASS" not in card
    assert card.count("INVALID") >= 3


def test_what_applied_to_nothing_has_no_number_even_without_a_limit(summary: Summary):
    attacks = tuple(replace(a, n=0, accuracy=Estimate(None), status=None) for a in summary.attacks)
    card = to_card(replace(summary, attacks=attacks, verdicts=()))
    assert metrics(card).keys() == {"Accuracy on unchanged questions"}
    assert "no limit" not in card


def test_nothing_measured_leaves_an_index_without_results(summary: Summary):
    clean = replace(summary.clean, n=0, accuracy=Estimate(None))
    card = to_card(replace(summary, clean=clean, attacks=(), verdicts=()))
    assert yaml.safe_load(card.split("---\n")[1])["model-index"][0]["results"] == []


def test_an_exploratory_run_makes_no_card(summary: Summary):
    with pytest.raises(RobustnessError, match=r"exploratory \(2 tensors were never trained\)"):
        to_card(replace(summary, environment={"exploratory": "2 tensors were never trained"}))


def test_a_partial_run_makes_no_card(summary: Summary):
    with pytest.raises(RobustnessError, match="a model card needs a whole one"):
        to_card(replace(summary, environment={"partial": "part 1 of 2"}))


def test_no_passage_question_or_option_is_in_a_card(summary: Summary):
    card = to_card(summary)
    assert not [words for words in ("Nora", "old lamp", "blue tent", "Leo") if words in card]


def test_a_card_that_is_there_keeps_all_that_is_not_ours(summary: Summary):
    card = updated_card(summary, THEIRS)
    metadata = yaml.safe_load(card.split("---\n")[1])
    before = yaml.safe_load(THEIRS.split("---\n")[1])
    assert metadata["license"] == "mit"
    assert metadata["tags"] == ["reading"]
    assert metadata["model-index"][0]["name"] == "my-model"
    assert metadata["model-index"][0]["results"][0] == before["model-index"][0]["results"][0]
    # Numbers of ours never stand under the source that somebody else named.
    assert "source" not in metadata["model-index"][0]["results"][1]
    assert "Words of mine, with <b>markup</b> and a rule:\n\n---\n\nThe end." in card


def test_a_second_run_of_the_suite_replaces_the_first_and_another_suite_stands_beside_it(summary: Summary):
    once = updated_card(summary, THEIRS)
    assert updated_card(summary, once) == once
    better = replace(summary, clean=replace(summary.clean, accuracy=Estimate(0.875, 0.75, 1.0)))
    twice = updated_card(better, once)
    assert metrics(twice)["Accuracy on unchanged questions"] == 0.875
    assert twice.count("## Robustness") == 1
    other = replace(summary, suite=replace(summary.suite, name="si2019"))
    assert updated_card(other, once).count("## Robustness") == 2


@pytest.mark.parametrize(
    "broken",
    ["---\n[1, 2]\n---\n", "---\na: b: c\n---\n", "---\nmodel-index: [3]\n---\n", "---\n- x\n---\nWords."],
)
def test_a_card_that_cannot_be_read_is_refused_and_not_replaced(
    broken: str, summary: Summary, tmp_path: Path
):
    path = tmp_path / "README.md"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(RobustnessError, match="card: "):
        write_report(f"card:{path}", summary, tmp_path)
    assert path.read_text(encoding="utf-8") == broken


def test_text_without_metadata_is_kept_and_gets_some(summary: Summary):
    card = updated_card(summary, "# Mine\n\nWords.\n")
    assert card.startswith("---\nmodel-index:")
    assert "# Mine\n\nWords.\n\n<!-- robustness core: begin -->" in card


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("dream:test.json", {"type": "dream", "name": "dream:test.json"}),
        (
            f"hub:ehovy/race@{'a' * 40}/high/test",
            {
                "type": "ehovy/race",
                "name": "ehovy/race",
                "config": "high",
                "split": "test",
                "revision": "a" * 40,
            },
        ),
        (
            "hub:ehovy/race/high/test",
            {"type": "ehovy/race", "name": "ehovy/race", "config": "high", "split": "test"},
        ),
    ],
)
def test_the_data_set_is_named_as_far_as_it_is_known(data: str, expected: dict[str, str], summary: Summary):
    card = to_card(replace(summary, data=data))
    dataset = yaml.safe_load(card.split("---\n")[1])["model-index"][0]["results"][0]["dataset"]
    assert {key: dataset[key] for key in dataset if key != "args"} == expected


def test_the_hubs_library_is_loaded_by_cards_alone(tmp_path: Path):
    code = (
        "import sys, robustness.reports.renderers as r\n"
        "[r.renderer(n) for n in ('csv', 'md', 'html', 'json', 'junit', 'card', 'eval-results')]\n"
        "print([m for m in ('huggingface_hub', 'yaml', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
