"""The cube of an analysis as a file of its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from robustness.neurons.sites import Site, parse_site
from robustness.neurons.store import CUBE, refuse_changed, unwritable

__all__ = ["Cube", "read_cube", "write_cube"]

Floats = npt.NDArray[np.floating]


class Cube(NamedTuple):
    """Logits of every sequence under every ablation."""

    sites: tuple[Site, ...]
    verified: npt.NDArray[np.bool_]
    """bool[U]: exact where True, else a first-order estimate."""
    base: Floats
    """float[N]: the model as it is."""
    logits: Floats
    """float[U, N]."""


def write_cube(
    folder: Path, sites: Sequence[Site], verified: npt.NDArray[np.bool_], *, base: Floats, logits: Floats
) -> Path:
    """Write `cube.npz` in a folder, whole or not at all, and return its path.

    Raises `OutputError` where it cannot be written.
    """
    arrays = {
        "sites": np.array([str(site) for site in sites]),
        "verified": verified,
        "base": base,
        "logits": logits,
    }
    path, draft = folder / CUBE, folder / f".{CUBE}.{token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        draft.replace(path)
    except OSError as error:
        raise unwritable(folder, error) from error
    return path


def read_cube(folder: Path) -> Cube:
    """Return the cube of a finished analysis whose files are as they were written.

    Raises `RobustnessError` where the manifest is missing, or a file is missing or changed.
    """
    refuse_changed(folder)
    with np.load(folder / CUBE, allow_pickle=False) as file:
        sites = tuple(parse_site(str(text)) for text in file["sites"])
        return Cube(sites, file["verified"], file["base"], file["logits"])
