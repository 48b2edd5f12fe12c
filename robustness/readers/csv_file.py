"""Our own format as CSV: options in columns `option0`, `option1`, ... or as a JSON list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from robustness.errors import DataError
from robustness.readers.answers import from_digits
from robustness.readers.files import csv_rows, parse_json
from robustness.readers.jsonl_file import rows
from robustness.readers.rows import Fault, InvalidRow, Item, Row

__all__ = ["read"]


def read(argument: str) -> Iterator[Item]:
    """Yield the question of each row. Empty cells count as absent, save for the passage.

    Rows may differ in their number of options: empty `optionN` cells at the end are left out.
    """
    for where, cells in csv_rows(argument, needed=("passage", "question")):
        if isinstance(cells, InvalidRow):
            yield cells
            continue
        try:
            fields = _fields(argument, Row.of(cells).fields)
        except Fault as fault:
            yield InvalidRow(where, str(fault))
        else:
            yield from rows(fields, where)


def _fields(argument: str, cells: Mapping[str, object]) -> dict[str, object]:
    columns = _option_columns(argument, cells)
    kept = {name: cell for name, cell in cells.items() if cell != "" or name == "passage"}
    fields = {name: cell for name, cell in kept.items() if name not in columns}
    options = parse_json(str(cells["options"])) if columns == ["options"] else _used(columns, cells)
    fields["options"] = options
    if "answer" in fields and isinstance(options, list):
        fields["answer"] = from_digits(fields["answer"], len(options))
    return fields


def _option_columns(argument: str, cells: Mapping[str, object]) -> list[str]:
    numbered = [name for name in cells if name.startswith("option") and name[6:].isdigit()]
    wanted = [f"option{i}" for i in range(len(numbered))]
    if "options" in cells and not numbered:
        return ["options"]
    if "options" in cells or not numbered or set(numbered) != set(wanted):
        raise DataError(
            f"{argument}:1: columns {', '.join(cells)!r:.200} came, but option0, option1, ... without "
            "a gap, or one column 'options' with JSON lists, are needed"
        )
    return wanted


def _used(columns: list[str], cells: Mapping[str, object]) -> list[object]:
    options = [cells[name] for name in columns]
    while options and options[-1] == "":
        options.pop()
    return options
