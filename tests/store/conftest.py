"""The fake model and its suite, and what a killed writer leaves on the disk."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from robustness.store.header import Header

CHILD = Path(__file__).with_name("child.py")


def _load() -> ModuleType:
    spec = spec_from_file_location("store_child", CHILD)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def child() -> Any:
    """Return the module `child.py`: the counting model, its suite, and a script."""
    return _load()


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[str]]:
    """Return `start(folder, items=..., delay=...)`: the script in a process of its own."""

    def begin(folder: Path, *, items: int = 60, delay: float = 0.0) -> subprocess.Popen[str]:
        # The tested package is the one of this checkout, wherever another one is installed.
        path = os.pathsep.join([str(CHILD.parents[2]), os.environ.get("PYTHONPATH", "")])
        return subprocess.Popen(
            [sys.executable, str(CHILD), str(folder), str(items), str(delay)],
            env={**os.environ, "PYTHONPATH": path},
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.fixture
def header() -> Header:
    return Header(suite="5u17e", model="c0", numeric="exact")


@pytest.fixture(scope="session")
def rows() -> dict[bytes, float]:
    draw = random.Random(7)
    return {draw.randbytes(16): draw.uniform(-9, 9) for _ in range(300)}


@pytest.fixture
def as_killed() -> Callable[[Path, Path], Path]:
    """Return `as_killed(journal, to)`: its files as a kill at this moment would leave them."""

    def copy(journal: Path, to: Path) -> Path:
        to.mkdir(parents=True, exist_ok=True)
        for ending in ("", "-wal"):
            source = journal.with_name(journal.name + ending)
            if source.exists():
                shutil.copyfile(source, to / source.name)
        return to / journal.name

    return copy


@pytest.fixture(scope="session")
def faults() -> Callable[..., Iterator[tuple[str, bytes]]]:
    """Return `faults(raw, count, seed)`: `count` single flipped bits, then `count` truncations."""

    def make(raw: bytes, count: int, *, seed: int = 0) -> Iterator[tuple[str, bytes]]:
        draw = random.Random(seed)
        for _ in range(count):
            at, bit = draw.randrange(len(raw)), draw.randrange(8)
            flipped = bytearray(raw)
            flipped[at] ^= 1 << bit
            yield f"bit {bit} of byte {at} flipped", bytes(flipped)
        for size in [0, *(draw.randrange(len(raw)) for _ in range(count - 1))]:
            yield f"cut to {size} of {len(raw)} bytes", raw[:size]

    return make
