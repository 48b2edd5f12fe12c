from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from robustness.domain import Run, Suite
from robustness.errors import RobustnessError
from robustness.reports.baselines import find_baseline, names_a_folder, read_baseline, read_scores
from robustness.reports.write_run import write_run
from robustness.results import Judgement
from tests.reports.stored_runs import keep, questions


def stamp(hour: int) -> str:
    return f"2026-03-01T{hour:02d}:00:00+00:00"


@pytest.fixture
def write(suite: Suite, run: Run, judgement: Judgement):
    return partial(write_run, run=run, judgement=judgement, text=True)


def test_the_newest_run_of_the_suite_is_found_whatever_its_folder_is_called(
    tmp_path: Path, write, suite: Suite
):
    write(tmp_path / "z", suite, created=stamp(9), about={"tag": "release"})
    newest = write(tmp_path / "a", suite, created=stamp(11))
    write(tmp_path / "m", suite, created="2026-03-01T12:30:00+02:00", about={"tag": "release"})
    write(tmp_path / "n", replace(suite, fingerprint="0" * 32), created=stamp(12))
    assert find_baseline("auto", tmp_path, suite.fingerprint) == newest
    assert find_baseline("release", tmp_path, suite.fingerprint) == tmp_path / "m"
    assert find_baseline("no-such-tag", tmp_path, suite.fingerprint) is None
    assert find_baseline("auto", tmp_path / "nowhere", suite.fingerprint) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"created": 3}', None])
def test_what_is_no_finished_run_is_passed_over(tmp_path: Path, write, suite: Suite, text: str | None):
    good = write(tmp_path / "good", suite, created=stamp(9))
    bad = write(tmp_path / "bad", suite, created=stamp(10))
    (bad / "manifest.json").unlink()
    if text is not None:
        (bad / "manifest.json").write_text(text)
    assert find_baseline("auto", tmp_path, suite.fingerprint) == good


def test_only_manifests_are_read_to_find_a_run(tmp_path: Path, write, suite: Suite):
    folder = write(tmp_path / "run", suite, created=stamp(9))
    for path in folder.iterdir():
        if path.name != "manifest.json":
            path.unlink()
    assert find_baseline("auto", tmp_path, suite.fingerprint) == folder


def test_a_folder_is_taken_as_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "last").mkdir()
    assert [names_a_folder(spec) for spec in ("last", "./gone", "gone", "auto")] == [True, True, False, False]
    assert find_baseline("last", tmp_path, "any") == Path("last")


def test_the_scores_of_a_run_read_back_exactly(tmp_path: Path, write, suite: Suite, run: Run):
    seen = dict.fromkeys(run.scores, 7) | {suite.examples[0].id: -1}
    folder = write(tmp_path / "run", suite, run=replace(run, visible=seen), created=stamp(9))
    back = read_scores(folder)
    assert (back.scores, back.visible) == (run.scores, seen)
    assert (back.model, back.model_fingerprint, back.suite) == (
        run.model,
        run.model_fingerprint,
        suite.fingerprint,
    )


def test_a_baseline_tells_which_run_it_was_and_not_where_it_lies(tmp_path: Path, write, suite: Suite):
    told = dict(read_baseline(write(tmp_path / "run", suite, created=stamp(9))).told)
    assert (told["run"], told["created"]) == ("run", stamp(9))
    assert str(tmp_path) not in json.dumps(told)


@pytest.mark.parametrize("name", ["items.parquet", "summary.json", "manifest.json"])
def test_a_run_that_is_not_whole_is_no_baseline(tmp_path: Path, write, suite: Suite, name: str):
    folder = write(tmp_path / "run", suite, created=stamp(9))
    (folder / name).unlink()
    with pytest.raises(RobustnessError, match=r"^baseline: .*give another --baseline"):
        read_baseline(folder)


def test_an_exploratory_run_is_passed_over_by_auto_and_told_of_where_it_is_named(tmp_path: Path):
    asked = questions()
    whole = keep(tmp_path / "whole", asked, [True] * 80, created="2026-03-01T10:00:00+00:00")
    bare = {"exploratory": "no head"}
    unfit = keep(
        tmp_path / "unfit", asked, [True] * 80, created="2026-03-02T10:00:00+00:00", environment=bare, tag="t"
    )
    assert find_baseline("auto", tmp_path, asked.fingerprint) == whole
    assert find_baseline("t", tmp_path, asked.fingerprint) == unfit
    with pytest.raises(RobustnessError, match=r"it is exploratory \(no head\)"):
        read_baseline(unfit)
