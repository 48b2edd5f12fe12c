from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from robustness.domain import Run, Suite
from robustness.reports.items import CLEAN, read_items
from robustness.reports.write_items import write_items
from robustness.results import Judgement


def rows(path: Path) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in read_items(path).to_pylist()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "items.parquet"


def test_there_is_one_row_per_example_and_variant(path: Path, suite: Suite, run: Run, judgement: Judgement):
    write_items(path, suite, run, judgement, text=True)
    assert set(rows(path)) == {e.id for e in suite.examples} | {v.id for v in suite.variants}


def test_rows_hold_what_was_judged(path: Path, suite: Suite, run: Run, judgement: Judgement):
    write_items(path, suite, run, judgement, text=True)
    row = rows(path)["camp2#q1~gold-removed.1"]
    assert row["source"] == "camp2#q1"
    assert row["answer"] is None
    assert row["option_map"] == [1, 2, 3, -1]
    assert row["scores"] == [0.5, 2.0, 0.0, -1.0]
    assert row["chosen"] == [1]
    assert row["credit"] == 0.0
    assert row["confidence"] == 0.6
    assert row["options"] == [
        "The blue tent.",
        "A warm coat.",
        "The small boat.",
        "None of these was left.",
    ]


def test_clean_rows_are_marked_and_credited(path: Path, suite: Suite, run: Run, judgement: Judgement):
    write_items(path, suite, run, judgement, text=True)
    row = rows(path)["camp1#q1"]
    assert (row["attack"], row["severity"], row["status"], row["credit"]) == (CLEAN, 0, "ok", 1.0)


def test_what_was_not_measured_is_null_never_nought(path: Path, suite: Suite, run: Run, judgement: Judgement):
    name = "camp0#q1~addsent2pas-shuffle.1"
    broken = replace(run, scores={**run.scores, name: (math.nan, 1.0, 2.0, 3.0)})
    judged = replace(
        judgement,
        outcomes=tuple(
            replace(o, status="non-finite", credit=math.nan) if o.id == name else o
            for o in judgement.outcomes
        ),
    )
    write_items(path, suite, broken, judged, text=True)
    row = rows(path)[name]
    assert (row["status"], row["credit"], row["confidence"]) == ("non-finite", None, None)
    assert (row["chosen"], row["probabilities"]) == ([], [])


def test_a_missing_score_is_a_status(path: Path, suite: Suite, run: Run, judgement: Judgement):
    scores = {key: value for key, value in run.scores.items() if key != "camp0#q1"}
    write_items(path, suite, replace(run, scores=scores), judgement, text=True)
    assert rows(path)["camp0#q1"]["status"] == "missing"


def test_without_text_there_are_no_text_columns(path: Path, suite: Suite, run: Run, judgement: Judgement):
    write_items(path, suite, run, judgement, text=False)
    assert not {"passage", "question", "options"} & set(read_items(path).column_names)


def test_rows_follow_ids_not_the_order_of_outcomes(path: Path, suite: Suite, run: Run, judgement: Judgement):
    write_items(path, suite, run, judgement, text=True)
    before = path.read_bytes()
    mixed = replace(judgement, outcomes=tuple(reversed(judgement.outcomes)))
    write_items(path, suite, run, mixed, text=True)
    assert path.read_bytes() == before


def test_lone_surrogates_are_stored_as_escapes(path: Path, suite: Suite, run: Run, judgement: Judgement):
    examples = (replace(suite.examples[0], question="a\ud800b"), *suite.examples[1:])
    write_items(path, replace(suite, examples=examples), run, judgement, text=True)
    assert rows(path)["camp0#q1"]["question"] == r"a\ud800b"
