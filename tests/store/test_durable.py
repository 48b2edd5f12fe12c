from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from robustness.errors import StoreError
from robustness.store.durable import read_manifest, write_durably, write_manifest


def test_a_file_is_written_whole_and_replaces_the_old_one(tmp_path: Path):
    path = write_durably(tmp_path / "a", b"one")
    write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    path = write_durably(tmp_path / "a", b"one")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        write_durably(path, b"two")
    assert path.read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_manifest_reads_back(tmp_path: Path):
    path = write_manifest(tmp_path / "m.json", {"schema": 1, "name": "ü", "n": [1, 2]})
    assert read_manifest(path, schema=1) == {"schema": 1, "name": "ü", "n": [1, 2]}


@pytest.mark.parametrize("change", [{"n": 2}, {"schema": 2}, {"digest": "0"}, {"more": 1}])
def test_a_changed_manifest_is_refused(tmp_path: Path, change: dict[str, object]):
    path = write_manifest(tmp_path / "m.json", {"schema": 1, "n": 1})
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(StoreError, match="not as it was written"):
        read_manifest(path, schema=1)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", "1", '"x"', "[[1]]", '{"digest": "x"}', "\x00", "[" * 10**5]
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str):
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(StoreError, match="a whole manifest is needed"):
        read_manifest(tmp_path / "m.json", schema=1)
