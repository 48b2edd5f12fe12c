"""Whole commands under every circumstance that may not matter: one verdict, one report, the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from robustness.demo.checkpoint import location

ROOT = Path(__file__).parents[2]
BUDGETS, THREADS = (1, 256, 1_024, 8_192), (1, 2)
WAYS = [(budget, threads) for budget, threads in product(BUDGETS, THREADS)]

PROGRAM = """
import sys
from robustness.cli import main
for words in sys.stdin.read().splitlines():
    sys.argv = ["robustness", *words.split()]
    try:
        main()
    except SystemExit as end:
        assert end.code in {None, 0, 1, 4}, (words, end.code)
"""


def started(here: Path, seed: str, commands: list[str]) -> subprocess.Popen[str]:
    """Start a process of its own hash seed that carries out the commands in turn."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write("\n".join(commands))
    process.stdin.close()
    process.stdin = None
    return process


def body(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Return all that a report says but when it was made, and every item."""
    read: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    assert read.pop("created")
    return read, (folder / "items.parquet").read_bytes()


@pytest.mark.slow
def test_no_circumstance_reaches_verdict_prediction_or_body(tmp_path, write_jsonl, command):
    """Budgets x threads x one process or two x hash seeds x orders of the data."""
    (tmp_path / "turned").mkdir()
    data = write_jsonl(tmp_path, 2)
    lines = (tmp_path / "stories.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "turned" / "stories.jsonl").write_text("".join(lines[::-1]))
    check = f"check --model {location()} --data {data} --no-cache -q"
    ways = [f"--batch-tokens {budget} --threads {threads}" for budget, threads in WAYS]
    processes = [
        started(tmp_path, "0", [f"{check} {way} -o whole-{n}" for n, way in enumerate(ways)]),
        started(
            tmp_path / "turned", "1", [f"{check} {way} --shard 1/2 -o one-{n}" for n, way in enumerate(ways)]
        ),
        started(tmp_path, "random", [f"{check} {way} --shard 2/2 -o two-{n}" for n, way in enumerate(ways)]),
    ]
    for process in processes:
        _, said = process.communicate(timeout=500)
        assert process.returncode == 0, said
    for n in range(len(ways)):
        # The two halves of a run were computed in unlike ways, too.
        parts = f"turned/one-{n}", f"two-{len(ways) - 1 - n}"
        assert command("merge", *parts, "--data", data, "-o", f"merged-{n}", "-q").code in {0, 1, 4}
    bodies = [body(tmp_path / f"{kind}-{n}") for kind in ("whole", "merged") for n in range(len(ways))]
    assert all(found == bodies[0] for found in bodies)
    computed = json.loads((tmp_path / "whole-0" / "manifest.json").read_text())["computed"]
    items = bodies[0][0]["clean"]["n"] + sum(a["n"] + a["degraded"] for a in bodies[0][0]["attacks"])
    assert int(computed["rescored_items"]) <= 0.01 * items
