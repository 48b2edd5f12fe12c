"""The commit that a run was made at, told without running git."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["commit"]

_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION")
"""GitHub, GitLab, Jenkins, Azure Pipelines."""

_DIGEST = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def commit(folder: Path, environment: Mapping[str, str]) -> str:
    """Return the commit of the checkout around `folder`, else what CI says; empty where neither does.

    A checkout that cannot be read is none: a run never fails for this.
    """
    for parent in (folder.absolute(), *folder.absolute().parents):
        if (parent / ".git").exists():
            return _head(parent / ".git") or _told(environment)
    return _told(environment)


def _told(environment: Mapping[str, str]) -> str:
    told = (environment.get(name, "") for name in _VARIABLES)
    return next((digest for digest in told if _DIGEST.fullmatch(digest)), "")


def _head(git: Path) -> str:
    try:
        if git.is_file():  # a worktree: `gitdir: PATH`
            git = (git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
        said = (git / "HEAD").read_text(encoding="utf-8").strip()
        name = said.removeprefix("ref:").strip()
        return said if _DIGEST.fullmatch(said) else _resolved(git, name)
    except (OSError, UnicodeDecodeError):
        return ""


def _resolved(git: Path, name: str) -> str:
    """Return what a branch points to, in a file of its own or packed with others."""
    common = git / "commondir"
    shared = (git / common.read_text(encoding="utf-8").strip()).resolve() if common.is_file() else git
    for loose in (git / name, shared / name):
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
    packed = shared / "packed-refs"
    lines = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.split()[1:] == [name]), "")
