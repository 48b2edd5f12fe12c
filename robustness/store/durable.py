"""Files that are whole on disk or not there, and manifests that prove what they hold."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

from robustness.errors import StoreError

__all__ = ["file_entry", "read_manifest", "sync_folder", "write_durably", "write_manifest"]

DRAFT = ".draft"
"""Ending of a file that is not whole yet; nobody reads it."""


def write_durably(path: Path, raw: bytes) -> Path:
    """Write a file so that after any crash it is there wholly or not at all; return its path.

    Draft, fsync, rename, fsync of the folder: about a millisecond on a local disk.
    """
    draft = path.with_name(f".{path.name}.{token_hex(4)}{DRAFT}")
    try:
        with draft.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    if os.name == "nt":
        return  # Windows opens no folders; its renames are journalled
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_entry(raw: bytes) -> dict[str, Any]:
    """Return what a manifest says of a file: its SHA-256 and its size in bytes."""
    return {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}


def write_manifest(path: Path, content: Mapping[str, Any]) -> Path:
    """Write a manifest that holds its own digest, so that no bit of it can change unseen."""
    text = json.dumps({**content, "digest": _digest(content)}, sort_keys=True, indent=1)
    return write_durably(path, text.encode() + b"\n")


def read_manifest(path: Path, *, schema: int) -> dict[str, Any]:
    """Return the content of a manifest that is as it was written.

    Raises:
        StoreError: it is damaged or of another schema.
        FileNotFoundError: there is none.
    """
    raw = path.read_bytes()
    try:
        content = dict(json.loads(raw))
        told, found = content.pop("digest"), content["schema"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise StoreError(f"{path}: it is damaged, but a whole manifest is needed; make it again") from None
    if told != _digest(content):
        raise StoreError(f"{path}: it is not as it was written; make it again")
    if found != schema:
        raise StoreError(
            f"{path}: schema {found!r} came, but this version reads {schema}; "
            f"read it with the version that wrote it, or make it again"
        )
    return content


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
