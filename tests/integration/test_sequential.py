"""`--sequential` on the command line: the verdicts of all rows from some, which stay in the cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from robustness.demo.checkpoint import location

STUB = ("check", "--model", "stub:overlap", "--data", "stories:test?passages=60", "--suite", "si2019", "-q")


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def test_a_sequential_check_ends_as_the_whole_anytime_check_does(tmp_path, command):
    (tmp_path / "anytime.toml").write_text('gate = "anytime"\n')
    part = command(*STUB, "--sequential", "-o", "part")
    whole = command(*STUB, "--config", "anytime.toml", "-o", "whole")
    assert part.code == whole.code == 1
    mine, theirs = read(tmp_path / "part"), read(tmp_path / "whole")
    assert mine["verdicts"] == theirs["verdicts"]
    assert mine["clean"] == theirs["clean"]
    assert 0 < sum(a["n"] for a in mine["attacks"]) < sum(a["n"] for a in theirs["attacks"])
    assert [a["not_needed"] for a in theirs["attacks"]] == [0] * 8
    assert mine["remarks"][0].startswith("Sequential: ")
    for name in ("report.md", "report.html"):
        assert "Sequential: " in (tmp_path / "part" / name).read_text()
    assert "not needed" in (tmp_path / "part" / "report.md").read_text()


def test_a_file_may_ask_for_it_and_the_whole_run_afterwards_scores_only_the_rest(tmp_path, command):
    (tmp_path / "robustness.toml").write_text(
        f'model = "{location()}"\ndata = "stories:test?passages=4"\nsuite = "shortcuts"\nthreads = 1\n'
        'min_passages = 2\nlimits.options-only.max_margin_retained = "off"\ncache = "rows"\n'
    )
    here = {"ROBUSTNESS_CACHE": "", "ROBUSTNESS_SEQUENTIAL": "true"}
    said = command("check", "-q", "-o", "part", env=here)
    assert said.code in {1, 3, 4}, said.err
    again = command("check", "-q", "-o", "again", env=here)
    assert again.code == said.code
    mine, warm = read(tmp_path / "part"), read(tmp_path / "again")
    assert mine.pop("created")
    assert warm.pop("created")
    assert mine == warm
    assert {a["name"] for a in mine["attacks"] if not a["n"]} >= {"options-only", "no-question"}


@pytest.mark.parametrize("words", [("--shard", "1/2", "-o", "part"), ("-o", "run")], ids=["shard", "rank"])
def test_shares_of_a_run_cannot_stop_early(command, words):
    rank = {} if "--shard" in words else {"RANK": "1", "WORLD_SIZE": "2"}
    said = command(*STUB, "--sequential", *words, env=rank)
    assert said.code == 2
    assert "and --sequential both came" in said.err
