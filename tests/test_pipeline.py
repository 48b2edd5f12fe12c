from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from robustness.domain import Example, Status
from robustness.errors import DataError, OutputError, PlanError, SuiteError, UsageError
from robustness.models.stub import Stub, stub
from robustness.pipeline import Source, Target, check, suite_of
from robustness.reports.store import read_run
from robustness.suites.plan import Check, Plan, plan
from robustness.suites.store import freeze, thaw

PLAN = """
name = "mine"
description = "d"
[[check]]
attack = "addsent2opt-shuffle"
limits = { max_drop = 0.2 }
[[check]]
attack = "gold-removed"
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(PLAN)
    Path("rows.jsonl").write_text("".join(json.dumps(_row(number)) + "\n" for number in range(40)))


def _row(number: int) -> dict[str, Any]:
    things = [f"The {look} lamp." for look in ("old", "blue", "big", "tall")]
    return {
        "id": f"m{number:02d}#0",
        "group": f"m{number:02d}",
        "passage": f"Leo left the old lamp at home on day {number}. Nora packed the blue tent.",
        "question": "What did Leo leave?",
        "options": [*things[number % 4 :], *things[: number % 4]],
        "answer": -number % 4,
    }


def source(**changes: Any) -> Source:
    return Source(**{"data": "jsonl:rows.jsonl", "plan": plan("mine.toml"), **changes})


def test_a_suite_carries_its_audit_in_json_types() -> None:
    audit: Any = suite_of(source()).audit
    assert json.loads(json.dumps(audit)) == audit
    assert {row["sentinel"] for row in audit["sentinels"] if row["leak"]} >= {"shortest"}
    assert all(row["declared"] for row in audit["sentinels"] if row["leak"])
    assert audit["invalid_rows"] == []
    assert len(str(audit["data_digest"])) == 64


def test_an_audited_suite_survives_freezing() -> None:
    suite = suite_of(source(seed=3))
    assert thaw(freeze(suite, Path("frozen"))) == suite


def test_the_data_checks_stand_in_the_audit_with_ids() -> None:
    row = _row(0) | {"options": ["The old lamp.", "the old lamp", "A boat."], "answer": 0}
    Path("rows.jsonl").write_text(json.dumps(row) + "\n")
    findings: Any = suite_of(source()).audit["findings"]
    assert any("m00#0" in finding["ids"] for finding in findings)


def test_a_limit_says_in_the_origin_how_many_were_read() -> None:
    assert suite_of(source()).data == "jsonl:rows.jsonl"
    assert suite_of(source(limit=3)).data == "jsonl:rows.jsonl (first 3)"
    assert suite_of(source(limit=300)).data == "jsonl:rows.jsonl (first 40)"


def test_rows_left_out_are_listed_with_place_and_reason() -> None:
    with Path("rows.jsonl").open("a") as file:
        file.write(json.dumps(_row(41) | {"answer": 7}) + "\n")
    with pytest.raises(DataError, match=r"rows\.jsonl:41"):
        suite_of(source())
    rows: Any = suite_of(source(skip_invalid=True)).audit["invalid_rows"]
    assert ["rows.jsonl:41" in row["where"] for row in rows] == [True]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"plan": Plan(name="p", description="", check=(Check(attack="no-pasage"),))}, PlanError),
        ({"data": "jsnol:rows.jsonl"}, UsageError),
        ({"data": "jsonl:gone.jsonl"}, DataError),
        ({"limit": 0}, UsageError),
    ],
)
def test_what_cannot_be_built_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        suite_of(source(**changes))


def test_an_undeclared_leak_refuses_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    from robustness.suites import audit

    monkeypatch.setattr(audit, "_declared", lambda suite, attack: frozenset())
    with pytest.raises(SuiteError, match="'addsent2opt-shuffle' lets 'shortest'"):
        suite_of(source())


def test_a_check_writes_a_run_that_reads_back_as_its_summary() -> None:
    finished = check(suite_of(source()), stub("oracle"), Target(Path("run")))
    assert finished.judgement.status is Status.PASS
    assert finished.folder == Path("run")
    assert read_run(Path("run")) == finished.summary


def test_without_a_folder_the_run_is_named_after_time_suite_and_model() -> None:
    suite = suite_of(source())
    folder = check(suite, stub("oracle"), Target()).folder
    assert folder.parent == Path("reports")
    assert folder.name.endswith(f"Z-{suite.fingerprint[:8]}-stub-oracle")


def test_a_tag_takes_the_place_of_the_models_name() -> None:
    assert check(suite_of(source()), stub("oracle"), Target(tag="try 1")).folder.name.endswith("-try-1")


@pytest.mark.parametrize(("folder", "error"), [("mine.toml/run", OutputError), ("taken", UsageError)])
def test_a_folder_that_cannot_be_written_is_told_before_anything_is_scored(
    folder: str, error: type[Exception]
) -> None:
    Path("taken").mkdir()
    Path("taken", "notes.txt").write_text("keep")
    asked: list[str] = []

    def rule(example: Example) -> tuple[float, ...]:
        asked.append(example.id)
        return (0.0,) * len(example.options)

    with pytest.raises(error):
        check(suite_of(source()), Stub("watched", "watched/1", rule), Target(Path(folder)))
    assert asked == []


def test_only_the_demo_may_replace_a_run() -> None:
    suite = suite_of(source())
    check(suite, stub("oracle"), Target(Path("run")))
    with pytest.raises(UsageError, match="never rewritten"):
        check(suite, stub("constant"), Target(Path("run")))
    check(suite, stub("constant"), Target(Path("run"), overwrite=True))
    assert read_run(Path("run")).model.name == "stub:constant"
