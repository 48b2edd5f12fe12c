"""Rows as CSV that a spreadsheet opens and obeys nothing in."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Final, TypeAlias

from robustness.reports.escape import flat_text

__all__ = ["Cell", "cell", "spreadsheet"]

Cell: TypeAlias = str | float | bool | None
"""None is an empty cell."""

_FORMULA: Final = re.compile(r"""(^|[,;:|\t"'])(\s*)([=+\-@＝＋－＠])""")
"""What starts a formula, at the start of a cell or of what another delimiter or a quote would make one.
The wide forms are formulas in East Asian editions."""


def spreadsheet(heads: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    r"""Return rows as CSV with a head line: UTF-8 text, commas, CRLF, words in quotes (RFC 4180).

    Numbers stay numbers, negative ones too. Words are made inert, see `cell`. A byte order mark comes
    first where anything is not ASCII, because Excel takes such a file for an older encoding else.

    Args:
        heads: the columns, in order.
        rows: cells by column; a column that a row lacks is empty.

    >>> spreadsheet(("a", "b"), [{"a": "=1+1", "b": -0.5}])
    '"a","b"\r\n"\'=1+1",-0.5\r\n'
    """
    file = StringIO()
    # Quotes around every word keep an apostrophe, a comma and a space at an end where they are.
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([cell(row.get(head)) for head in heads] for row in rows)
    text = file.getvalue()
    return text if text.isascii() else f"\ufeff{text}"


def cell(value: Cell) -> str | float:
    r"""Return what stands in a cell: a number as it is, words on one line and never a formula.

    An apostrophe before `=`, `+`, `-` and `@` (and their wide forms) makes a word of what would be a
    formula, at the start and after a delimiter or a quote, where a program that splits cells at
    semicolons or tabs would start one. `flat_text` takes out tabs, line ends and controls before.

    Source: OWASP, "CSV Injection"; CWE-1236.

    >>> cell("@SUM(A1)"), cell("a;=1"), cell(-0.25), cell(None), cell(True)
    ("'@SUM(A1)", "a;'=1", -0.25, '', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value if math.isfinite(value) else ""
    return _FORMULA.sub(r"\1\2'\3", flat_text(value or ""))
