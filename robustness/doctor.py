"""What is installed, what is missing and what that costs the user."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

__all__ = ["Line", "examine"]

_PACKAGES = (
    "torch", "transformers", "datasets", "tokenizers", "safetensors", "nltk", "pandas", "numpy", "scipy",
    "pyarrow", "pydantic", "typer", "rich", "jinja2", "rapidfuzz", "pytest",
)  # fmt: skip
_SWITCHES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HOME", "OMP_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing looked at."""

    what: str
    found: str
    ok: bool
    consequence: str = ""
    """What does not work without it, and what to do; empty where all is well."""


def examine() -> tuple[Line, ...]:
    """Return everything looked at, in a fixed order. Opens no connection and loads no model."""
    return (*_ours(), *map(_package, _PACKAGES), *_machine(), *_content())


def _ours() -> Iterator[Line]:
    import robustness

    marker = Path(str(robustness.__file__)).with_name("domain.py").is_file()
    yield Line(
        "robustness",
        _version("mcrc-robustness") or "not installed",
        marker,
        ""
        if marker
        else "another package is imported as `robustness`; uninstall it and reinstall mcrc-robustness",
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _package(name: str) -> Line:
    found = _version(name)
    return Line(name, found or "missing", bool(found), "" if found else f"install it: pip install {name}")


def _machine() -> Iterator[Line]:
    yield Line("python", platform.python_version(), ok=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Line("usable cores", str(cores), ok=True)
    if find_spec("torch") is not None:
        import torch

        gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        yield Line(
            "GPU", ", ".join(gpus) or "none", ok=True, consequence="" if gpus else "models run on the CPU"
        )
    for name in _SWITCHES:
        if name in os.environ:
            yield Line(name, "set", ok=True)


def _content() -> Iterator[Line]:
    from robustness.attacks.recipes import recipe_names
    from robustness.suites.plan import plan_names

    yield Line("attacks", str(len(recipe_names())), ok=True)
    yield Line("suites", ", ".join(plan_names()), ok=True)
    model = Path(__file__).parent / "demo" / "stories-bert" / "model.safetensors"
    there = model.is_file()
    yield Line(
        "demo model",
        f"{model.stat().st_size / 1e6:.1f} MB" if there else "missing",
        there,
        "" if there else "`robustness demo` does not run; reinstall the package",
    )
