"""One run by several processes: launched together, or each by itself and then merged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from robustness.demo.checkpoint import location

ROOT = Path(__file__).parents[2]
MODEL = str(location())
DATA = ("--data", "stories:test?passages=6")


def body(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Return all that a report says but when it was made, and every item."""
    read: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    assert read.pop("created")
    return read, (folder / "items.parquet").read_bytes()


def torchrun(processes: int) -> list[str]:
    return ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]


def accelerate(processes: int) -> list[str]:
    asked = ["--cpu", "--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"]
    # Any free port: another job of this machine may hold the usual one.
    return ["accelerate.commands.launch", *asked, "--dynamo_backend", "no", "--main_process_port", "0"]


def launched(
    here: Path, processes: int, *, by: Callable[[int], list[str]] = torchrun, **environment: str
) -> subprocess.Popen[str]:
    check = ["robustness", "check", "--model", MODEL, *DATA, "--wait", "120", "-q", "-o", "run"]
    told = {"PYTHONPATH": str(ROOT), "ROBUSTNESS_CACHE": str(here / "cache"), **environment}
    return subprocess.Popen(
        [sys.executable, "-m", *by(processes), "-m", *check],
        cwd=here,
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def alone(tmp_path, command) -> tuple[dict[str, Any], bytes]:
    ended = command("check", "--model", MODEL, *DATA, "--no-cache", "-q", "-o", "alone")
    assert ended.code in {0, 1, 4}, ended.err
    return body(tmp_path / "alone")


def test_parts_of_three_shards_merge_into_the_report_of_one_process(tmp_path, command, alone):
    for shard in ("3/3", "1/3", "2/3"):
        ended = command("check", "--model", MODEL, *DATA, "-q", "--shard", shard, "-o", f"part-{shard[0]}")
        assert (ended.code, ended.err) == (0, f"part: part-{shard[0]}\n")
    ended = command("merge", "part-2", "part-3", "part-1", *DATA, "-o", "run", "--json")
    assert ended.code in {0, 1, 4}, ended.err
    assert body(tmp_path / "run") == alone
    # 50: what is done is left alone.
    again = command("check", "--model", MODEL, *DATA, "-q", "--shard", "2/3", "-o", "part-2")
    assert (again.code, again.err) == (0, "part: part-2\n")


def test_a_missing_part_is_refused_or_marked_in_every_report(tmp_path, command):
    stub = ("--model", "stub:overlap")
    assert command("check", *stub, *DATA, "--shard", "1/2", "-o", "one").code == 0
    refused = command("merge", "one", *DATA, "-o", "run")
    assert (refused.code, (tmp_path / "run").exists()) == (3, False)
    assert "no part of shard 2/2" in refused.err
    assert "--partial" in refused.err
    partial = command("merge", "one", *DATA, "-o", "run", "--partial")
    assert partial.code == 3
    told = body(tmp_path / "run")[0]
    assert told["status"] == "invalid"
    assert told["remarks"][0].startswith("Partial: every number here is of ")
    assert all("Partial:" in (tmp_path / "run" / name).read_text() for name in ("report.md", "report.html"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--shard", "1/2"), 2, "--shard 1/2 came without -o"),
        (("--shard", "3/2", "-o", "p"), 2, "--shard: 3/2 came"),
        (("--shard", "half", "-o", "p"), 2, "--shard: 'half' came"),
        (("--shard", "1/2", "-o", "taken"), 2, "other files are there"),
    ],
)
def test_a_share_that_cannot_be_written_is_refused_before_it_is_scored(tmp_path, command, words, code, said):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    ended = command("check", "--model", "stub:overlap", *DATA, *words)
    assert ended.code == code
    assert said in ended.err


def test_the_part_of_another_model_is_not_taken_for_this_one(command):
    assert command("check", "--model", "stub:overlap", *DATA, "--shard", "1/2", "-o", "one").code == 0
    other = command("check", "--model", "stub:longest", *DATA, "--shard", "1/2", "-o", "one")
    assert other.code == 2
    assert "the part of another run is there (model: " in other.err
    assert command("check", "--model", "stub:longest", *DATA, "--shard", "2/2", "-o", "two").code == 0
    foreign = command("merge", "one", "two", *DATA, "-o", "run")
    assert foreign.code == 3
    assert "are of different runs (model: " in foreign.err


def test_a_rank_whose_neighbours_do_not_come_says_which(tmp_path, command):
    rank = {"RANK": "0", "WORLD_SIZE": "3", "ROBUSTNESS_WAIT": "0"}
    ended = command("check", "--model", "stub:overlap", *DATA, "-o", "run", env=rank)
    assert ended.code == 3
    assert "2-of-3, 3-of-3 did not come within 0 s" in ended.err
    assert (tmp_path / "run.parts" / "1-of-3" / "part.json").is_file()


def test_ranks_in_any_order_make_one_run_and_leave_nothing_beside_it(tmp_path, command):
    stub = ("check", "--model", "stub:overlap", *DATA)
    command(*stub, "-o", "alone")
    for rank in ("2", "1"):
        ended = command(*stub, "-o", "run", env={"RANK": rank, "WORLD_SIZE": "3"})
        assert (ended.code, ended.out) == (0, "")
    command(*stub, "-o", "run", env={"RANK": "0", "WORLD_SIZE": "3"})
    assert body(tmp_path / "run") == body(tmp_path / "alone")
    assert not (tmp_path / "run.parts").exists()


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 3])
def test_torchrun_gives_the_report_of_one_process(tmp_path, alone, processes):
    process = launched(tmp_path, processes)
    _, said = process.communicate(timeout=400)
    assert (tmp_path / "run").is_dir(), said
    assert body(tmp_path / "run") == alone


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("accelerate"), reason="no accelerate: `pip install accelerate` has it")
def test_accelerate_launch_gives_the_report_of_one_process(tmp_path, alone):
    process = launched(tmp_path, 2, by=accelerate, HF_HOME=str(tmp_path / "no-configuration"))
    _, said = process.communicate(timeout=400)
    assert (tmp_path / "run").is_dir(), said
    assert process.returncode in {0, 1, 4}, said
    assert body(tmp_path / "run") == alone


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(3, 2), (2, 3)])
def test_a_job_with_a_killed_rank_goes_on_with_another_number_of_processes(
    tmp_path, alone, before, after, journal_holds_rows
):
    process = launched(tmp_path, before)
    victim = _rank_with_rows(process, tmp_path / "cache", journal_holds_rows)
    os.kill(victim, 9)
    _, said = process.communicate(timeout=400)
    assert process.returncode != 0
    assert not (tmp_path / "run").exists()
    process = launched(tmp_path, after)
    _, said = process.communicate(timeout=400)
    assert (tmp_path / "run").is_dir(), said
    assert body(tmp_path / "run") == alone
    assert not (tmp_path / "run.parts").exists()


def _rank_with_rows(process: subprocess.Popen[str], cache: Path, holds_rows: Callable[[Path], bool]) -> int:
    """Return the process id of a rank that has scored something and goes on."""
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        for owner in cache.glob("v1/*/journal-*.sqlite.owner"):
            wal = owner.with_name(owner.name.removesuffix(".owner") + "-wal")
            if holds_rows(wal):
                return int(json.loads(owner.read_text())["pid"])
        time.sleep(0.01)
    raise AssertionError("no rank came to score anything")
