from __future__ import annotations

from pathlib import Path

import pytest

from robustness.domain import Status
from robustness.errors import UsageError
from robustness.reports.runs import listed_runs
from robustness.reports.runs_to_terminal import runs_text, sparkline
from tests.reports.stored_runs import ATTACK, keep, questions

RIGHT = {"a": 40, "b": 60, "c": 80}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of one suite, made in another order than their names, and one of another suite."""
    folder = tmp_path_factory.mktemp("reports")
    for day, (name, right) in zip((3, 1, 2), RIGHT.items(), strict=True):
        keep(
            folder / name,
            questions(),
            [True] * right + [False] * (80 - right),
            created=f"2026-03-0{day}T10:00:00+00:00",
            tag=f"release-{day}",
            commit=f"{day}" * 40,
        )
    keep(folder / "z", questions(fingerprint="cd"), [True] * 80, created="2026-04-01T10:00:00+00:00")
    return folder


def test_runs_are_listed_by_their_own_time_the_oldest_first(reports: Path):
    assert [run.folder for run in listed_runs(reports)] == ["b", "c", "a", "z"]


def test_each_run_tells_its_tag_its_commit_and_its_verdict(reports: Path):
    first = listed_runs(reports)[0]
    assert (first.tag, first.commit, first.status) == ("release-1", "1" * 40, Status.FAIL)
    assert listed_runs(reports)[1].status is Status.PASS


def test_the_trend_of_an_attack_is_its_accuracy_run_by_run(reports: Path):
    found = listed_runs(reports, trend=ATTACK)
    assert [run.found.value for run in found] == [60 / 80, 1.0, 40 / 80, 1.0]
    assert {run.measure for run in found} == {"accuracy"}
    ends = [run.found for run in found if run.found.value == 0.75]
    assert ends[0].low is not None
    assert ends[0].high is not None
    assert ends[0].low < 0.75 < ends[0].high


def test_a_suite_is_chosen_by_name_or_by_how_its_fingerprint_begins(reports: Path):
    assert [run.folder for run in listed_runs(reports, suite="cdcd")] == ["z"]
    assert len(listed_runs(reports, suite="core")) == 4
    assert listed_runs(reports, suite="si2019") == ()


def test_a_tag_chooses_the_runs_that_have_it(reports: Path):
    assert [run.folder for run in listed_runs(reports, tag="release-3")] == ["a"]


def test_a_condition_that_no_run_has_is_refused_with_those_there_are(reports: Path):
    with pytest.raises(UsageError, match=rf"--trend: .*{ATTACK}"):
        listed_runs(reports, trend="addsent2pas")


def test_what_is_no_finished_run_is_passed_over(reports: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    keep(tmp_path / "good", questions(), [True] * 80)
    newer = keep(tmp_path / "newer", questions(), [True] * 80)
    (newer / "summary.json").write_text('{"schema": 99}')
    assert [run.folder for run in listed_runs(tmp_path)] == ["good"]


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path):
    assert listed_runs(tmp_path / "none") == ()


def test_a_line_each_whatever_the_width_and_the_trend_drawn_below(reports: Path):
    lines = runs_text(listed_runs(reports, trend=ATTACK), trend=ATTACK).splitlines()
    assert len(lines) == 6
    assert lines[0].split()[:3] == ["RUN", "TAG", "COMMIT"]
    assert lines[1].startswith("b    release-1  1111111111  b")
    assert lines[-1] == f"{ATTACK}, oldest to newest: ▅█▁█"


@pytest.mark.parametrize(
    ("values", "drawn"), [((), ""), ((None,), ""), ((0.5, 0.5), "▄▄"), ((0.0, None, 1.0), "▁ █")]
)
def test_the_sparkline_has_a_place_for_each_run(values: tuple[float | None, ...], drawn: str):
    assert sparkline(values) == drawn
