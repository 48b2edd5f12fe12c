from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from robustness.errors import OutputError, UsageError
from robustness.reports import write_run as module
from robustness.reports.store import read_run
from robustness.reports.write_run import check_writable, run_name
from tests.reports.conftest import CREATED, FILES, names


def test_the_same_run_gives_the_same_bytes_twice(tmp_path: Path, write):
    first, second = write(tmp_path / "a"), write(tmp_path / "b")
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_only_the_time_differs_between_two_runs(tmp_path: Path, write):
    later = "2027-01-01T00:00:00+00:00"
    first, second = write(tmp_path / "a"), write(tmp_path / "b", created=later)
    for name in ("summary.json", "report.md", "report.html", "junit.xml"):
        text = (second / name).read_text(encoding="utf-8")
        assert text.replace(later, CREATED) == (first / name).read_text(encoding="utf-8"), name


def test_the_manifest_is_written_last(tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch):
    seen: list[list[str]] = []
    inner = module._write_manifest

    def spy(draft: Path, head: Mapping[str, object]) -> None:
        seen.append(names(draft))
        inner(draft, head)

    monkeypatch.setattr(module, "_write_manifest", spy)
    write(tmp_path / "run")
    assert seen == [[name for name in FILES if name != "manifest.json"]]


@pytest.mark.parametrize("step", ["write_items", "_write_manifest", "_put_in_place"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError, OSError])
def test_an_interruption_leaves_nothing_behind(
    tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch, step: str, fault: type[BaseException]
):
    def broken(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(module, step, broken)
    with pytest.raises(OutputError if fault is OSError else fault):
        write(tmp_path / "run")
    assert names(tmp_path) == []


def test_a_finished_run_is_never_rewritten(tmp_path: Path, write):
    folder = write(tmp_path / "run")
    before = (folder / "report.html").read_bytes()
    with pytest.raises(UsageError, match="never rewritten; choose another -o"):
        write(folder, text=False)
    assert (folder / "report.html").read_bytes() == before


def test_an_empty_folder_is_filled(tmp_path: Path, write):
    (tmp_path / "run").mkdir()
    assert names(write(tmp_path / "run")) == FILES


def test_the_demo_may_replace_a_run(tmp_path: Path, write):
    folder = write(tmp_path / "run")
    write(folder, text=False, overwrite=True)
    assert read_run(folder).text is False
    assert names(tmp_path) == ["run"]


def test_files_of_others_are_never_replaced(tmp_path: Path, write):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "thesis.tex").write_text("dear")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="other files are there"):
            write(folder, overwrite=overwrite)
    assert names(folder) == ["thesis.tex"]


def test_asking_first_gives_the_same_answers_as_writing(tmp_path: Path, write):
    (tmp_path / "file").write_text("")
    check_writable(tmp_path / "new" / "deep" / "run")
    assert names(tmp_path) == ["file"]
    with pytest.raises(UsageError, match="a file is there"):
        check_writable(tmp_path / "file")
    for ask in (check_writable, write):
        with pytest.raises(OutputError, match="choose another -o"):
            ask(tmp_path / "file" / "run")
    folder = write(tmp_path / "run")
    with pytest.raises(UsageError, match="never rewritten"):
        check_writable(folder)
    check_writable(folder, overwrite=True)


def test_names_of_runs_sort_by_time():
    times = ["2026-03-01T23:00:00-05:00", "2026-03-01T10:00:00+00:00", "2026-03-01T10:00:00+02:00"]
    made = [run_name(time, "sha256:abcdef0123", "m") for time in times]
    assert sorted(made) == [made[2], made[1], made[0]]


@pytest.mark.parametrize("tag", ["../../x", "a/b", "", "..", "CON:*?", "x" * 500])
def test_names_of_runs_are_plain_folder_names(tag: str):
    name = run_name(CREATED, "abc", tag)
    assert Path(name).name == name
    assert not set(name) & set('/\\:*?"<>|')
    assert len(name) < 100
