from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import ModelError
from robustness.models.locate import is_hub_id, locate


@pytest.fixture
def offline(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return Path(tmp_path, "hub")


def test_a_folder_is_named_by_its_last_part(bert, monkeypatch):
    monkeypatch.chdir(bert)
    assert locate(str(bert)).name == locate(".").name == "tiny-bert"


def test_a_folder_wins_over_a_hub_id_of_the_same_name(tmp_path, monkeypatch):
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert locate("org/name").folder == Path("org/name")


def test_a_home_folder_is_expanded(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate("~/mine").folder == tmp_path / "mine"


@pytest.mark.parametrize("location", ["./no/such", "/no/such/folder", "a/b/c", "name", "../x", "a/"])
def test_neither_a_folder_nor_a_hub_id_is_refused(location):
    with pytest.raises(ModelError, match="no such folder, and it is not a Hub id"):
        locate(location)


def test_a_hub_id_that_is_not_cached_is_refused_offline_with_the_reason(offline):
    with pytest.raises(ModelError, match=r"'org/name@v1'.*HF_HUB_OFFLINE is set.*hf download org/name"):
        locate("org/name@v1")


def test_a_cached_hub_id_is_found_offline_by_its_revision(offline):
    commit = "0123456789abcdef0123456789abcdef01234567"
    home = offline / "models--org--name"
    (home / "snapshots" / commit).mkdir(parents=True)
    (home / "snapshots" / commit / "config.json").write_text("{}")
    (home / "refs").mkdir()
    (home / "refs" / "v1").write_text(commit)
    found = locate("org/name@v1")
    assert (found.name, found.revision) == ("org/name@v1", commit)
    assert (found.folder / "config.json").is_file()


def test_a_hub_that_does_not_answer_is_said_so(monkeypatch):
    def refuse(*_: object, **__: object) -> str:
        raise ConnectionError("no route")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(ModelError, match=r"could not be had from the Hub \(ConnectionError\).*network"):
        locate("org/name")


def test_only_safe_files_of_the_top_folder_are_asked_for(monkeypatch, tmp_path):
    asked: dict[str, list[str]] = {}

    def answer(_: str, **options: list[str]) -> str:
        asked.update(options)
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", answer)
    locate("org/name")
    files = ("config.json", "model.safetensors", "vocab.txt", "model.bin", "x.py", "onnx/a.json")
    kept = [
        file
        for file in files
        if any(fnmatch(file, pattern) for pattern in asked["allow_patterns"])
        and not any(fnmatch(file, pattern) for pattern in asked["ignore_patterns"])
    ]
    assert kept == ["config.json", "model.safetensors", "vocab.txt"]


@given(st.text(max_size=20))
def test_no_path_that_leaves_its_folder_reads_as_a_hub_id(text):
    assert not is_hub_id(f"../{text}")
    assert not is_hub_id(f"{os.sep}{text}")
