from __future__ import annotations

from pathlib import Path

import pytest

from robustness.errors import OutputError
from robustness.training.folder import new_folder


def test_a_folder_appears_whole_at_the_end(tmp_path):
    target = tmp_path / "deep" / "model"
    with new_folder(target) as folder:
        (folder / "a").write_text("1")
        assert not target.exists()
    assert (target / "a").read_text() == "1"
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def stop_halfway(target: Path, error: type[BaseException]) -> None:
    with new_folder(target) as folder:
        (folder / "a").write_text("1")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_run_that_stops_leaves_nothing_behind(tmp_path, error):
    with pytest.raises(error):
        stop_halfway(tmp_path / "model", error)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_taken_over(tmp_path):
    (tmp_path / "model").mkdir()
    with new_folder(tmp_path / "model") as folder:
        (folder / "a").write_text("1")
    assert (tmp_path / "model" / "a").exists()


def test_a_folder_with_something_in_it_is_refused_and_kept(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("mine")
    with pytest.raises(OutputError, match="there is something already"), new_folder(tmp_path / "model"):
        pytest.fail("the block ran")
    assert (tmp_path / "model" / "weights").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="no folder can be made"), new_folder(tmp_path / "file" / "m"):
        pytest.fail("the block ran")
