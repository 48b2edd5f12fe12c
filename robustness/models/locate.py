"""Where a checkpoint lies: a folder as it is, or a Hub id brought into the local cache."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from robustness.errors import ModelError
from robustness.models.quiet import quiet

__all__ = ["Located", "is_hub_id", "locate"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(@[\w./-]+)?")
_WANTED = ["*.json", "*.safetensors", "*.txt", "*.model"]


@dataclass(frozen=True, slots=True)
class Located:
    """A checkpoint folder on this machine."""

    name: str
    """For people and reports: the Hub id, or the folder's last name; never an absolute path."""
    folder: Path
    revision: str
    """Commit that the Hub answered with; empty for a folder."""


def is_hub_id(location: str) -> bool:
    """Return whether `location` reads as `org/name[@revision]`.

    >>> is_hub_id("org/name@v1.0"), is_hub_id("name"), is_hub_id("./a/b")
    (True, False, False)
    """
    return _HUB_ID.fullmatch(location) is not None


def locate(location: str) -> Located:
    """Return the folder of a path or of a Hub id `org/name[@revision]`; an existing folder wins.

    A Hub id is read from the local cache where `HF_HUB_OFFLINE` is set, else fetched: its
    configuration, tokenizer and safetensors files alone. Raises `ModelError` for neither.
    """
    folder = Path(location).expanduser()
    if folder.is_dir():
        return Located(folder.resolve().name, folder, "")
    if not is_hub_id(location):
        raise ModelError(
            f"model {location!r}: there is no such folder, and it is not a Hub id, but a "
            "checkpoint folder or org/name[@revision] is needed; check the path"
        )
    return _fetched(location)


def _fetched(location: str) -> Located:
    from huggingface_hub import constants, snapshot_download

    repo, _, revision = location.partition("@")
    try:
        with quiet():
            folder = snapshot_download(
                repo,
                revision=revision or None,
                allow_patterns=_WANTED,
                ignore_patterns=["*/*"],
            )
    except Exception as error:  # its own, httpx, OS and transfer errors share no class
        how = (
            "HF_HUB_OFFLINE is set, so only the local cache was asked; unset it or fetch the "
            f"model first (hf download {repo})"
            if constants.HF_HUB_OFFLINE
            else "check its spelling, the revision, the network and, for a private model, HF_TOKEN"
        )
        raise ModelError(
            f"model {location!r}: there is no such folder, and it could not be had from the Hub "
            f"({type(error).__name__}), but its files are needed; {how}"
        ) from error
    return Located(location, Path(folder), Path(folder).name)
