"""What is not the network: tokenising and planning beside scoring; commands that need no torch."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import ROOT, arguments, dream, goals, real_data, real_model, tell

LARGE = ROOT / "reports" / "examples" / "dream-minilm" / "si2019"
"""A stored run of 2,041 questions under 8 conditions."""
DEMO = ("--data", "stories:test?passages=80", "--suite", "core", "--no-cache", "--quiet")
"""What the demo asks: 325 questions under 12 conditions."""

ENVIRONMENT = {**os.environ, "COLUMNS": "100"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled once
COMMAND = "from robustness.cli import main; main()"
LIBRARIES = """
import os
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import typer, pydantic, numpy, pyarrow.parquet, rich.console, rich.table
"""
"""What `compare` cannot do without: pydantic is loaded by typer, for the arguments of any command."""


def cpu_of(*command: str, code: str = COMMAND) -> float:
    """Return the least CPU seconds of five runs of a command, interpreter included."""
    seen = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", code, *command],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seen.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(seen)


def _demo_run(folder: Path, stub: str) -> str:
    """Return a new run folder, of a baseline on the demo's suite."""
    command = ("check", "--model", f"stub:{stub}", *DEMO, "-o", str(folder))
    subprocess.run([sys.executable, "-m", "robustness", *command], cwd=ROOT, check=False, capture_output=True)
    return str(folder)


def overhead(folder, items, limit: int | None) -> dict[str, float]:
    """Return CPU seconds of scoring, and of tokenising, keys, look-up and planning alone."""
    from robustness.models.huggingface import load
    from robustness.models.options import ModelOptions

    model = load(str(folder), options=ModelOptions(device="cpu", threads=1, max_length=limit))
    model.score(items[:1])
    begun = time.process_time()
    model.score(items)
    scored = time.process_time()
    warm = load(str(folder), options=ModelOptions(device="cpu", threads=1, max_length=limit))
    warm.ledger = model.ledger
    start = time.process_time()
    warm.score(items)  # everything but the network: all rows are known
    return {"scoring": scored - begun, "host": time.process_time() - start}


def main() -> None:
    asked = arguments(questions=32)
    folder, data = real_model(asked.shared), real_data(asked.shared)
    with tempfile.TemporaryDirectory() as work:
        runs = [_demo_run(Path(work) / name, name) for name in ("overlap", "overlap-window")]
        copy = str(shutil.copytree(LARGE, Path(work) / "copy"))
        commands = {
            "help": cpu_of("--help"),
            "report": cpu_of("report", runs[0]),
            "compare": cpu_of("compare", *runs),
        }
        libraries = cpu_of(code=LIBRARIES)
        large = {"report": cpu_of("report", str(LARGE)), "compare": cpu_of("compare", str(LARGE), copy)}
    checks = {f"{name}_0_3": seconds <= 0.3 for name, seconds in commands.items()}
    told = {
        "command_cpu_seconds": commands, "libraries_of_compare": libraries, "of_2041_questions": large,
    }  # fmt: skip
    if folder is None or data is None:
        skipped = f"overhead: no models/dream-minilm and data/dream/test.json in {asked.shared}"
        tell("host", **told, skipped=skipped, **goals(**checks))
        return
    found = overhead(folder, dream(data, questions=asked.questions), 384)
    share = found["host"] / found["scoring"]
    tell(
        "host", questions=asked.questions, cpu_seconds=found, host_share=share, **told,
        **goals(host_3_percent=share <= 0.03, **checks),
    )  # fmt: skip


if __name__ == "__main__":
    main()
