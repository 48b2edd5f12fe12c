"""Case 58: a model call that hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from robustness.errors import UsageError
from robustness.watchdog import STALL, alive, watched

ROOT = Path(__file__).parents[1]

HANGING = """
import time

class Hanging:
    name, fingerprint = "hanging", "h"

    def score(self, batch):
        if self.hangs(batch):
            time.sleep(600)
        return [tuple(map(float, range(len(e.options)))) for e in batch]

    def hangs(self, batch):
        return len(batch) != 64

def model():
    return Hanging()
"""


def test_case_58_a_call_that_hangs_ends_the_run_as_invalid_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HANGING)
    check = "check --model mine:model --data stories:test?passages=20 --suite shortcuts --no-cache -q -o run"
    ended = subprocess.run(
        [sys.executable, "-m", "robustness", *check.split(), "--stall", "0.5"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "error: nothing was scored for 0.5 s" in ended.stderr
    assert 'mine.py", line 9 in score' in ended.stderr
    assert not (tmp_path / "run").exists()


def test_signs_of_life_keep_a_run_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setenv(STALL, "60")
    with watched():
        alive()
    assert ended == []


@pytest.mark.parametrize("asked", ["0", "-1", "soon", "nan"])
def test_a_limit_that_is_no_time_is_refused(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv(STALL, asked)
    with pytest.raises(UsageError, match="a number of seconds above 0 is needed"), watched():
        pass
