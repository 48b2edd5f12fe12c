"""Where the cache is: --cache, else ROBUSTNESS_CACHE, else the platform's folder for caches."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["cache_folder"]

_OURS = "mcrc-robustness"


def cache_folder(
    asked: Path | None, environment: Mapping[str, str], *, platform: str = sys.platform
) -> Path | None:
    """Return the folder of the cache; None where nothing says where one could be.

    Without `asked` and `ROBUSTNESS_CACHE` it is `mcrc-robustness` under `XDG_CACHE_HOME`, `~/.cache`,
    `~/Library/Caches` (macOS) or `LOCALAPPDATA` (Windows).

    >>> cache_folder(None, {"XDG_CACHE_HOME": "/var/caches"}, platform="linux").as_posix()
    '/var/caches/mcrc-robustness'
    """
    if asked is not None:
        return asked
    if environment.get("ROBUSTNESS_CACHE"):
        return Path(environment["ROBUSTNESS_CACHE"])
    root = _platform_folder(environment, platform)
    return None if root is None else root / _OURS


def _platform_folder(environment: Mapping[str, str], platform: str) -> Path | None:
    # The XDG specification has relative paths ignored.
    said = Path(environment.get("XDG_CACHE_HOME", ""))
    if said.is_absolute():
        return said
    if platform == "win32" and environment.get("LOCALAPPDATA"):
        return Path(environment["LOCALAPPDATA"])
    try:
        home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    except RuntimeError:  # no home in the environment nor in the user table
        return None
    return home / "Library" / "Caches" if platform == "darwin" else home / ".cache"
