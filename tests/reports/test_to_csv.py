from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest

from robustness.domain import Run, Suite
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_csv import HEADS, to_csv
from robustness.reports.to_json import to_json
from robustness.results import Estimate, Judgement


@pytest.fixture
def summary(suite: Suite, run: Run, compared_judgement: Judgement) -> Summary:
    return summarise(suite, run, compared_judgement)


def rows(summary: Summary) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(summary), newline="")))


def found(summary: Summary, attack: str, measure: str, against: str = "") -> list[dict[str, str]]:
    key = {"attack": attack, "measure": measure, "against": against}
    return [row for row in rows(summary) if key.items() <= row.items()]


def test_each_condition_and_measure_has_one_row(summary: Summary):
    keys = [
        tuple(row[head] for head in ("attack", "severity", "measure", "against", "limit_kind"))
        for row in rows(summary)
    ]
    assert len(set(keys)) == len(keys)
    assert {row["attack"] for row in rows(summary)} == {
        "clean",
        "robust-accuracy",
        *(attack.name for attack in summary.attacks),
    }


def test_every_number_of_an_attack_in_the_json_is_in_the_table(summary: Summary):
    attack = json.loads(to_json(summary))["attacks"][0]
    told = {
        row["measure"]: row for row in rows(summary) if row["attack"] == attack["name"] and not row["against"]
    }
    ends = {f"{name}_{end}" for name in told for end in ("low", "high")}
    numbers = {k: v for k, v in attack.items() if isinstance(v, float) and k not in ends}
    numbers["p_mcnemar"] = numbers.pop("p_value")
    assert {name: float(told[name]["value"]) for name in numbers} == numbers
    assert (told["drop"]["low"], told["drop"]["high"]) == ("0.25", "0.75")


def test_a_verdict_stands_beside_the_measure_that_it_is_about(summary: Summary):
    (drop,) = found(summary, "addsent2pas-shuffle", "drop")
    assert (drop["limit_kind"], drop["limit"], drop["status"]) == ("max_drop", "0.1", "fail")
    (accuracy,) = found(summary, "addsent2pas-shuffle", "accuracy")
    assert (accuracy["limit_kind"], accuracy["limit"], accuracy["status"]) == ("", "", "")


def test_a_difference_to_the_baseline_is_told_from_the_measure_itself(summary: Summary):
    (own,) = found(summary, "gold-removed", "auroc")
    against = found(summary, "gold-removed", "auroc", summary.baseline)
    assert own["value"] == "0.5"
    assert {row["value"] for row in against} == {"-0.125"}
    assert [row["limit_kind"] for row in against] == ["min_auroc", ""]


def test_what_was_not_measured_is_an_empty_cell_and_never_a_pass(summary: Summary):
    nothing = replace(summary.attacks[0], n=0, drop=Estimate(None), accuracy=Estimate(None), status=None)
    shown = replace(summary, attacks=(nothing,), verdicts=())
    (drop,) = found(shown, "addsent2pas-shuffle", "drop")
    assert (drop["value"], drop["low"], drop["status"], drop["n"]) == ("", "", "", "0")


def test_every_verdict_is_in_the_table(summary: Summary):
    verdicts = [(v.attack, v.check, str(v.status)) for v in summary.verdicts]
    told = [(row["attack"], row["limit_kind"], row["status"]) for row in rows(summary) if row["limit_kind"]]
    assert sorted(told) == sorted(verdicts)


def test_pandas_reads_numbers_as_numbers(summary: Summary):
    table = pd.read_csv(io.StringIO(to_csv(summary)))
    assert tuple(table.columns) == HEADS
    for head in ("value", "low", "high", "n", "limit", "p_value"):
        assert pd.api.types.is_numeric_dtype(table[head]), head
    assert table["value"].min() < 0


def test_equal_summaries_give_equal_text_and_a_later_time_changes_nothing(summary: Summary):
    assert to_csv(summary) == to_csv(replace(summary, created="2030-01-01T00:00:00+00:00"))
