"""What all benchmarks share: CPU seconds on one thread, alternating repeats, one line of JSON."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "robustness" / "demo" / "stories-bert"
SHARED = ROOT.parent / "shared"


def arguments(**defaults: int | str) -> argparse.Namespace:
    """Return the flags of a script, one for each default; `--shared` is where real data lie."""
    parser = argparse.ArgumentParser()
    for name, value in ({"shared": str(SHARED)} | defaults).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    return parser.parse_args()


def timed(ways: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Return CPU seconds of each way; the ways take turns, so that a busy machine hits all."""
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            begun = time.process_time()
            way()
            seen[name].append(time.process_time() - begun)
    return seen


def medians(seen: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in seen.items()}


GEMM_FLOP = 5 * 2 * 2048**3


def gemm() -> None:
    """Five large fp32 products, `GEMM_FLOP` in all: the peak that shares are counted against."""
    import torch

    left, right = torch.randn(2, 2048, 2048)
    for _ in range(5):
        left @ right


def real_model(shared: str) -> Path | None:
    folder = Path(shared, "models", "dream-minilm")
    return folder if folder.is_dir() else None


def real_data(shared: str) -> Path | None:
    file = Path(shared, "data", "dream", "test.json")
    return file if file.is_file() else None


def dream(file: Path, *, questions: int) -> Sequence[object]:
    """Return that many questions, spread evenly over the file."""
    from robustness.readers.load import load

    every = load(f"dream:{file}").examples
    return every[:: max(1, len(every) // questions)][:questions]


def tell(name: str, **found: object) -> None:
    print(json.dumps({"benchmark": name, **found}, default=lambda value: round(value, 4)))


def goals(**checks: bool) -> dict[str, object]:
    """Return the goals, met or not, beside their sum."""
    return {"goals": checks, "all_met": all(checks.values())}
