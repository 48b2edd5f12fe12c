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

RUN = ROOT / "reports" / "examples" / "dream-minilm" / "si2019"


def cpu_of(*command: str) -> float:
    """Return the least CPU seconds of three runs of a command, interpreter included."""
    seen = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", "from robustness.cli import main; main()", *command],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"COLUMNS": "100"},
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seen.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(seen)


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
        again = shutil.copytree(RUN, Path(work) / "again")
        commands = {
            "help": cpu_of("--help"),
            "report": cpu_of("report", str(RUN)),
            "compare": cpu_of("compare", str(RUN), str(again)),
        }
    checks = {f"{name}_0_3": seconds <= 0.3 for name, seconds in commands.items()}
    if folder is None or data is None:
        skipped = f"overhead: no models/dream-minilm and data/dream/test.json in {asked.shared}"
        tell("host", command_cpu_seconds=commands, skipped=skipped, **goals(**checks))
        return
    found = overhead(folder, dream(data, questions=asked.questions), 384)
    share = found["host"] / found["scoring"]
    tell(
        "host", questions=asked.questions, cpu_seconds=found, host_share=share, command_cpu_seconds=commands,
        **goals(host_3_percent=share <= 0.03, **checks),
    )  # fmt: skip


if __name__ == "__main__":
    main()
