"""The one way in which verdicts are computed: fp32, without TF32, autocast or hidden threads."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

from robustness.errors import ModelError

__all__ = ["device_for", "machine_class", "plain_arithmetic", "threads_for", "usable_threads"]

_log = logging.getLogger("robustness")


def usable_threads() -> int:
    """Return `OMP_NUM_THREADS` where set, as torchrun does for several processes, else the number
    of cores that this process may run on (not those that the machine has); of several processes that
    a launcher has started here (`LOCAL_WORLD_SIZE`), each takes its share."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return _share_of_cores()


def threads_for(asked: int | None) -> int:
    """Return how many threads to use: what `--threads` asks for, but no more than there are cores for
    this process, which is said; `usable_threads` where nothing was asked for. More would spin: two
    processes of two threads on two cores burn 3.2 times the CPU time of the work.
    """
    if asked is None:
        return usable_threads()
    most = _share_of_cores()
    if asked > most:
        _log.warning("--threads %d: this process has %d core(s), so %d is used", asked, most, most)
    return min(asked, most)


def _share_of_cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    beside = os.environ.get("LOCAL_WORLD_SIZE", "")
    return max(1, cores // int(beside)) if beside.isdigit() and int(beside) else cores


def device_for(wish: str) -> str:
    """Return the torch device for `auto`, `cpu`, `cuda` or `cuda:N`.

    Raises `ModelError` for a GPU that torch does not see.
    """
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wish == "auto":
        return "cuda" if count else "cpu"
    index = int(wish.partition(":")[2] or 0)
    if wish.startswith("cuda") and index >= count:
        raise ModelError(
            f"--device: {wish!r} came, but torch sees {count} GPU(s); use cpu, or install a torch "
            "build for this GPU"
        )
    return wish


@cache
def machine_class(device: str) -> str:
    """Return what decides the last bits beside the numeric class: processor, its instructions, libraries."""
    import torch

    kind = torch.device(device).type
    name = torch.cuda.get_device_name(device) if kind == "cuda" else _processor()
    capability = torch.backends.cpu.get_cpu_capability()
    versions = (f"{package} {version(package)}" for package in ("torch", "transformers"))
    return "; ".join((platform.machine(), name, capability, *versions))


def _processor() -> str:
    """Return the processor's name: `platform.processor` knows it on macOS and Windows alone."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name"))
    return next(names, platform.processor())


@contextmanager
def plain_arithmetic(device: str, *, threads: int) -> Iterator[None]:
    """Run torch in inference mode with full fp32 products on `threads` threads.

    TF32, reduced-precision products and autocast, which the environment may have turned on, are
    off inside; torch's own settings are as before afterwards.
    """
    import torch

    precision, threads_before = torch.get_float32_matmul_precision(), torch.get_num_threads()
    cudnn = torch.backends.cudnn
    torch.set_float32_matmul_precision("highest")
    torch.set_num_threads(threads)
    try:
        with (
            torch.inference_mode(),
            torch.autocast(torch.device(device).type, enabled=False),
            cudnn.flags(
                enabled=cudnn.enabled,
                benchmark=False,
                deterministic=cudnn.deterministic,
                allow_tf32=False,
            ),
        ):
            yield
    finally:
        torch.set_num_threads(threads_before)
        torch.set_float32_matmul_precision(precision)
