"""The items of a finished run as CSV: one row per question and variant, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robustness.reports.items import read_items
from robustness.reports.spreadsheet import Cell, spreadsheet
from robustness.reports.store import ITEMS

__all__ = ["items_to_csv"]


def items_to_csv(folder: Path) -> str:
    """Return every row and column of `items.parquet` as CSV; a list lies in one cell, texts with ` | `
    between them and numbers as `[0.5 -1.0]`.

    Options are counted from 0, as in the file. A run that keeps no text has none here. Where numbers
    matter to the last bit, read the Parquet file.

    Raises:
        RobustnessError: the file cannot be read.
    """
    table = read_items(folder / ITEMS)
    return spreadsheet(tuple(table.column_names), map(_row, table.to_pylist()))


def _row(item: Mapping[str, Any]) -> dict[str, Cell]:
    return {name: _cell(value) for name, value in item.items()}


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str | int | float):
        return value
    if not isinstance(value, list):
        return str(value)
    words = any(isinstance(inner, str) for inner in value)
    return " | ".join(map(str, value)) if words else f"[{' '.join(map(str, value))}]"
