from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustness.domain import Run, Suite
from robustness.errors import RobustnessError
from robustness.reports.items import read_items
from robustness.reports.store import read_run
from robustness.reports.summarise import summarise
from robustness.results import Judgement
from tests.reports.conftest import CREATED, FILES, names


def test_a_run_folder_holds_its_files_and_reads_back(
    tmp_path: Path, write, suite: Suite, run: Run, judgement: Judgement
):
    folder = write(tmp_path / "a" / "run")
    assert names(folder) == FILES
    assert read_run(folder) == summarise(suite, run, judgement, created=CREATED)
    assert read_items(folder / "items.parquet").num_rows == 16
    assert names(tmp_path / "a") == ["run"]


@pytest.mark.parametrize("name", [n for n in FILES if n != "manifest.json"])
def test_a_changed_file_is_named(tmp_path: Path, write, name: str):
    folder = write(tmp_path / "run")
    raw = bytearray((folder / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / name).write_bytes(raw)
    with pytest.raises(RobustnessError, match=f"{name} is not the file that was written"):
        read_run(folder)


@pytest.mark.parametrize("name", [n for n in FILES if n != "manifest.json"])
def test_a_missing_file_is_named(tmp_path: Path, write, name: str):
    folder = write(tmp_path / "run")
    (folder / name).unlink()
    with pytest.raises(RobustnessError, match=f"{name} is missing"):
        read_run(folder)


def test_without_a_manifest_a_run_is_not_finished(tmp_path: Path, write):
    folder = write(tmp_path / "run")
    (folder / "manifest.json").unlink()
    with pytest.raises(RobustnessError, match="did not finish; run the check again"):
        read_run(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "files": {}}', '{"schema": 9, "files": {}}'])
def test_a_damaged_manifest_is_told(tmp_path: Path, write, text: str):
    folder = write(tmp_path / "run")
    (folder / "manifest.json").write_text(text)
    with pytest.raises(RobustnessError, match=r"manifest\.json"):
        read_run(folder)


def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path, write):
    folder = write(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../x"] = {"sha256": "", "size": 0}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RobustnessError, match="lists"):
        read_run(folder)
