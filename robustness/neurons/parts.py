"""Finished pieces of a long computation on disk, so that a killed run goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from secrets import token_hex

import numpy as np
import numpy.typing as npt

from robustness.errors import OutputError

__all__ = ["Parts"]

Floats = npt.NDArray[np.floating]


class Parts:
    """Arrays by key in a folder, each with its digest; nowhere at all without a folder."""

    __slots__ = ("_folder", "_salt")

    def __init__(self, folder: Path | None, *, salt: str = "") -> None:
        self._folder = folder
        self._salt = salt

    def key(self, content: object) -> str:
        """Return 64 hexadecimal digits for the salt (the model's fingerprint) and a value whose
        `repr` names all else that the array depends on."""
        return hashlib.sha256(repr((self._salt, content)).encode()).hexdigest()

    def get(self, key: str) -> Floats | None:
        """Return the array of a key; None where there is none, or a damaged one."""
        if self._folder is None:
            return None
        try:
            with np.load(self._folder / f"{key}.npz", allow_pickle=False) as file:
                values: Floats = file["values"]
                return values if str(file["digest"]) == _digest(values) else None
        except (OSError, ValueError, KeyError, EOFError):
            return None
        except Exception as error:  # numpy raises zipfile's own class for a cut file
            if type(error).__name__ == "BadZipFile":
                return None
            raise

    def put(self, key: str, values: Floats) -> None:
        """Keep an array: whole under its key, or not at all.

        Raises `OutputError` where the folder cannot be written.
        """
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f".{key}.{token_hex(4)}"
            with draft.open("wb") as file:
                np.savez(file, values=values, digest=np.array(_digest(values)))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / f"{key}.npz")
        except OSError as error:
            raise OutputError(
                f"neurons {self._folder}: {error.strerror or error}, but finished parts need a writable "
                "place; choose another folder or free it"
            ) from error


def _digest(values: Floats) -> str:
    head = f"{values.dtype} {values.shape}".encode()
    return hashlib.sha256(head + np.ascontiguousarray(values).tobytes()).hexdigest()
