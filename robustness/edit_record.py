"""What an edited checkpoint says of itself: `edit.json` beside its weights, and in the runs made with it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from robustness.errors import ModelError

__all__ = ["EDIT", "EditRecord", "edit_of", "edit_text", "read_edit"]

EDIT: Final = "edit"
"""Entry of a run's environment that holds the record, where its model is an edited checkpoint."""

_FILE: Final = "edit.json"


@dataclass(frozen=True, slots=True)
class EditRecord:
    """Which units of which model were changed, and how."""

    model: str
    """Name of the checkpoint that was edited."""
    fingerprint: str
    """Of that checkpoint at its own length limit on a CPU; empty in records of older versions."""
    units: tuple[str, ...]
    """Addresses, such as `head.4.1`."""
    value: str
    """zero, mean, clamp or scale."""
    level: float
    """What clamped units are held at, or scaled ones multiplied by."""

    def write(self, folder: Path) -> None:
        """Write `edit.json` into the folder of a checkpoint."""
        (folder / _FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def read_edit(folder: Path) -> EditRecord | None:
    """Return what `edit.json` of a checkpoint folder says; None where there is none.

    Raises `ModelError` for a damaged one: nobody could tell what was edited.
    """
    path = folder / _FILE
    if not path.is_file():
        return None
    found = edit_of(path.read_text(encoding="utf-8", errors="replace"))
    if found is None:
        raise ModelError(
            f"model {folder.name!r}: {_FILE} came, but it does not say model, units and value as "
            "`robustness edit` writes them; edit the original again, or take the file away"
        )
    return found


def edit_text(record: EditRecord) -> str:
    """Return a record on one line, for the environment of a run."""
    return json.dumps(asdict(record))


def edit_of(text: str) -> EditRecord | None:
    """Return the record of a text that `edit_text` or `edit.json` holds; None for any other.

    >>> record = EditRecord("mine", "9f3c", ("head.4.1",), "zero", 0.0)
    >>> edit_of(edit_text(record)) == record, edit_of("")
    (True, None)
    """
    try:
        read = json.loads(text)
        units = read["units"]
        if not (units and isinstance(units, list) and all(isinstance(one, str) for one in units)):
            return None
        level = float(read["level"])
        if not math.isfinite(level):  # JSON of a comparison has no room for it
            return None
        return EditRecord(
            model=str(read["model"]),
            fingerprint=str(read.get("fingerprint", "")),
            units=tuple(units),
            value=str(read["value"]),
            level=level,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
