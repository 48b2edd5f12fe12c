"""The summary as JSON, and back."""

from __future__ import annotations

import json
from typing import cast

from robustness.errors import RobustnessError
from robustness.reports.codec import decode, encode
from robustness.reports.earlier import READABLE, brought_up
from robustness.reports.summary import Summary

__all__ = ["from_json", "to_json"]


def to_json(summary: Summary) -> str:
    """Return the summary as ASCII JSON text: fractions, null for what was not measured.

    ASCII, so that no terminal and no log obeys what a passage holds. Equal summaries give equal
    text. Raises `ValueError` for a number that is not finite: `summarise` lets none through.
    """
    return json.dumps(encode(summary), indent=2, allow_nan=False) + "\n"


def from_json(text: str, *, where: str = "summary.json") -> Summary:
    """Return the summary that `to_json` wrote, in this version or an earlier one.

    `where` names the file in messages. What an earlier schema did not say is None or empty.

    Raises:
        RobustnessError: not JSON, of another schema, or a value missing or of another type.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RobustnessError(
            f"{where}: not JSON ({error}), but a run's summary is needed; run the check again"
        ) from None
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema not in READABLE or isinstance(schema, bool):
        raise RobustnessError(
            f"{where}: schema is {schema!r}, but this version reads {' and '.join(map(str, READABLE))}; "
            f"read it with the version that wrote it, or run the check again"
        )
    return cast("Summary", decode(Summary, brought_up(value), where))
