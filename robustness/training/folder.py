"""The output folder: whole or not there at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robustness.errors import OutputError

__all__ = ["new_folder"]


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder beside `target` that becomes `target` when the block ends well.

    If the block raises, or is interrupted, the temporary folder is removed and `target` never
    appears. Raises `OutputError` where `target` exists, unless it is an empty folder, or where
    nothing can be written there.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise OutputError(
            f"output {target.name!r}: there is something already, but a new folder is needed, so "
            "that no model is overwritten; remove it or choose another name"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise OutputError(
            f"output {target.name!r}: no folder can be made there ({error.strerror}), but the "
            "result must go somewhere; choose a place that is writable"
        ) from error
    try:
        yield made
        made.chmod(0o755)  # temporary folders, and safetensors files, are private at first
        for file in made.iterdir():
            file.chmod(0o644)
        made.replace(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
