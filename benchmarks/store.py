"""The store's speed and what it costs beside scoring: one line of JSON on stdout.

    python benchmarks/store.py

Each figure is the median of five repeats in one process on one thread. `durable_rows_per_second` is
wall time, because waiting for the disk is what it measures; `overhead_share` is CPU time of the store
over CPU time of store and scoring, for the demo model, the cheapest real one there is. Goals
(durable rows 40,000 a second, 64 bytes a row, overhead 3 %) stand beside the figures.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from robustness.store.cache import Cache
from robustness.store.header import Header
from robustness.store.journal import Journal
from robustness.store.rows import Table
from robustness.store.sealed import read_sealed, write_sealed

HEADER = Header("suite", "model", "fp32")
ROWS = 51_200
REPEATS = 5
BATCH = 8
"""Rows in a forward pass of 1,024 tokens, and so in a commit, for rows of 128 tokens."""


def rows_of(count: int) -> dict[bytes, float]:
    draw = random.Random(0)
    return {draw.randbytes(16): draw.uniform(-9, 9) for _ in range(count)}


def split(rows: dict[bytes, float], size: int) -> list[dict[bytes, float]]:
    pairs = list(rows.items())
    return [dict(pairs[at : at + size]) for at in range(0, len(pairs), size)]


def median_of(measure: Callable[[Path], float]) -> float:
    taken = []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            taken.append(measure(Path(folder)))
    return statistics.median(taken)


def durable_rate(size: int, count: int) -> float:
    parts = split(rows_of(count), size)

    def measure(folder: Path) -> float:
        with Journal(folder / "run.sqlite", HEADER) as journal:
            start = time.perf_counter()
            for part in parts:
                journal.record(part)
            return count / (time.perf_counter() - start)

    return median_of(measure)


def bytes_per_row() -> dict[str, float]:
    rows = rows_of(ROWS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Journal(folder / "run.sqlite", HEADER) as journal:
            for part in split(rows, 256):
                journal.record(part)
        sealed = write_sealed(folder, HEADER, Table.of(rows))
        sizes = {"journal": folder / "run.sqlite", "sealed": sealed.with_suffix(".parquet")}
        return {kind: round(path.stat().st_size / ROWS, 1) for kind, path in sizes.items()}


def read_rates() -> dict[str, int]:
    rows = rows_of(ROWS)
    parts = [list(part) for part in split(rows, 256)]

    def sealed(folder: Path) -> float:
        manifest = write_sealed(folder, HEADER, Table.of(rows))
        start = time.process_time()
        table = read_sealed(manifest, HEADER)
        found = sum(len(table.known(keys)) for keys in parts)
        assert found == ROWS
        return ROWS / (time.process_time() - start)

    def journal(folder: Path) -> float:
        with Journal(folder / "run.sqlite", HEADER) as opened:
            opened.record(rows)
            start = time.process_time()
            assert sum(len(opened.known(keys)) for keys in parts) == ROWS
            return ROWS / (time.process_time() - start)

    return {"sealed": round(median_of(sealed)), "journal": round(median_of(journal))}


def scoring_seconds() -> tuple[float, int]:
    """Return CPU seconds of scoring a suite with the demo model, and the rows that it forwarded."""
    from robustness.demo.checkpoint import location
    from robustness.models.options import ModelOptions
    from robustness.models.resolve import resolve
    from robustness.pipeline import Source, suite_of
    from robustness.scoring import run
    from robustness.suites.plan import plan

    suite = suite_of(Source("stories:test?passages=20", plan("core")))
    model = resolve(str(location()), options=ModelOptions(threads=1))
    start = time.process_time()
    run(suite, model)
    spent = time.process_time() - start
    counts: dict[str, int] = model.counts  # type: ignore[attr-defined]
    return spent, counts["rows_forwarded"]


def store_seconds(count: int) -> float:
    """Return CPU seconds of asking for, recording and sealing that many rows, a forward pass a commit."""
    parts = split(rows_of(count), BATCH)

    def measure(folder: Path) -> float:
        store = Cache(folder).open(HEADER)
        start = time.process_time()
        for part in parts:
            store.known(list(part))
            store.record(part)
        store.seal()
        return time.process_time() - start

    median_of(measure)  # imports are not its cost
    return median_of(measure)


def main() -> None:
    scoring, count = scoring_seconds()
    store = store_seconds(count)
    durable = {
        str(size): round(durable_rate(size, ROWS if size > 1 else 2_000)) for size in (1000, 256, 64, 1)
    }
    figures = {
        "benchmark": "store",
        "durable_rows_per_second": durable,
        "goal_durable": 40_000,
        "met_durable": durable["256"] >= 40_000,
        "bytes_per_row": bytes_per_row(),
        "goal_bytes": 64,
        "read_rows_per_cpu_second": read_rates(),
        "overhead_share": round(store / (store + scoring), 4),
        "goal_overhead": 0.03,
        "overhead_of": f"{count} rows of the demo model, {BATCH} a commit",
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
