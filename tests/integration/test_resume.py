"""Whole commands that are stopped and given again, cold and warm: nothing is lost, no number moves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from robustness.demo.checkpoint import location
from robustness.models.options import ModelOptions
from robustness.models.resolve import resolve
from robustness.pipeline import Source, Target, check, suite_of
from robustness.suites.plan import plan

ROOT = Path(__file__).parents[2]
CHECK = ("check", "--data", "stories:test?passages=8", "--threads", "1", "--batch-tokens", "256")


def body(folder: Path) -> dict[str, Any]:
    """Return all that a report says but when it was made."""
    read: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    assert read.pop("created")
    return read


def started(here: Path, *words: str, model: str | None = None, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "robustness", *words, "--model", model or str(location()), "-q"]
    told = {"PYTHONPATH": str(ROOT), "ROBUSTNESS_CACHE": str(here / "cache"), **environment}
    return subprocess.Popen(
        command,
        cwd=here,
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background ignores Ctrl-C, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads yet
    )


def run(here: Path, *words: str, **environment: str) -> tuple[int, str]:
    process = started(here, *words, **environment)
    _, said = process.communicate(timeout=300)
    return process.returncode, said


def sent(process: subprocess.Popen[str], number: int, *, after: Callable[[], bool]) -> tuple[int, str]:
    """Send a signal once something is so; return how it ended."""
    until = time.monotonic() + 120
    while not after() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    here = tmp_path_factory.mktemp("whole")
    code, said = run(here, *CHECK, "--no-cache", "-o", "run")
    assert code in {0, 1, 4}, said
    assert not (here / "cache").exists()
    return body(here / "run")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_stopped_check_given_again_makes_the_report_of_one_that_was_not(
    tmp_path, uninterrupted, number, journal_holds_rows
):
    process = started(tmp_path, *CHECK, "-o", "run")
    logs = partial((tmp_path / "cache").glob, "v1/*/journal-*.sqlite-wal")
    code, said = sent(process, number, after=lambda: any(map(journal_holds_rows, logs())))
    assert code == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[number], said
    assert not (tmp_path / "run").exists()
    if number != signal.SIGKILL:
        assert "run the same command again to go on" in said
        assert "Traceback" not in said
    code, said = run(tmp_path, *CHECK, "-o", "run")
    assert code in {0, 1, 4}, said
    assert body(tmp_path / "run") == uninterrupted


SLOW_TO_LOAD = """
import time
from pathlib import Path


def load():
    Path("loading").touch()
    time.sleep(120)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_nothing_is_scored_ends_in_one_sentence_too(tmp_path, number):
    (tmp_path / "slow.py").write_text(SLOW_TO_LOAD)
    process = started(tmp_path, *CHECK, "-o", "run", model="slow:load")
    code, said = sent(process, number, after=(tmp_path / "loading").exists)
    assert code == 128 + number, said
    assert "again" in said
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()


def test_a_warm_check_forwards_nothing_and_says_the_same(tmp_path):
    suite = suite_of(Source("stories:test?passages=2", plan("core")))
    runs = []
    for name in ("cold", "warm", "without"):
        model: Any = resolve(str(location()), options=ModelOptions(threads=1))
        cache = None if name == "without" else tmp_path / "cache"
        check(suite, model, Target(tmp_path / name), cache=cache)
        runs.append((body(tmp_path / name), model.counts["forward_calls"], model.counts["shadow_rows"]))
    (cold, some, asked), (warm, none, unasked), (without, _, _) = runs
    assert cold == warm == without
    assert some > 0 < asked
    assert (none, unasked) == (0, 0)


def test_how_a_run_was_computed_is_in_its_manifest_and_not_in_its_report(tmp_path):
    suite = suite_of(Source("stories:test?passages=2", plan("core")))
    for threads in (1, 2):
        model = resolve(str(location()), options=ModelOptions(threads=threads, batch_tokens=100 * threads))
        check(suite, model, Target(tmp_path / str(threads)))
    assert body(tmp_path / "1") == body(tmp_path / "2")
    computed = json.loads((tmp_path / "2" / "manifest.json").read_text())["computed"]
    assert (computed["threads"], computed["batch_tokens"]) == ("2", "200")


def test_without_a_cache_nothing_is_kept_and_a_file_may_say_where_one_is(tmp_path, command):
    (tmp_path / "robustness.toml").write_text(
        'model = "stub:overlap"\ndata = "stories:test?passages=2"\ncache = "rows"\n'
    )
    shown = json.loads(command("check", "--show-config", "--json", env={"ROBUSTNESS_CACHE": ""}).out)
    assert {"key": "cache", "value": "rows", "origin": "robustness.toml"} in shown
    shown = json.loads(command("check", "--show-config", "--json", "--no-cache").out)
    assert {"key": "no_cache", "value": "true", "origin": "flag"} in shown
    assert {"key": "cache", "value": os.environ["ROBUSTNESS_CACHE"], "origin": "environment"} in shown
