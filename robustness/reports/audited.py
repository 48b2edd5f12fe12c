"""What the data checks and the sentinels found, as reports say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robustness.reports.measured import finite_number
from robustness.reports.privacy import public_text
from robustness.reports.summary import FindingSummary, SentinelSummary

__all__ = ["findings", "invalid_rows", "sentinels"]


def findings(audit: Mapping[str, object], *, text: bool) -> tuple[FindingSummary, ...]:
    """Return what the data checks found; without `text` no details, which may quote an item."""
    return tuple(_finding(row, text=text) for row in _rows(audit.get("findings")))


def sentinels(audit: Mapping[str, object]) -> tuple[SentinelSummary, ...]:
    """Return how the sentinel models did, in the order of the audit."""
    return tuple(map(_sentinel, _rows(audit.get("sentinels"))))


def invalid_rows(audit: Mapping[str, object]) -> tuple[str, ...]:
    """Return one line per row that was skipped because it could not be read.

    >>> invalid_rows({"invalid_rows": [{"where": "a.json:3", "reason": "no options"}]})
    ('a.json:3: no options',)
    """
    return tuple(
        public_text(": ".join(str(value) for value in row.values()))
        for row in _rows(audit.get("invalid_rows"))
    )


def _finding(row: Mapping[str, object], *, text: bool) -> FindingSummary:
    ids = row.get("ids", ())
    names = tuple(map(str, ids)) if isinstance(ids, Sequence) else ()
    number = finite_number(row.get("count"))
    return FindingSummary(
        kind=str(row.get("kind", "")),
        count=len(names) if number is None else int(number),
        ids=names,
        detail=public_text(str(row.get("detail", ""))) if text else "",
    )


def _sentinel(row: Mapping[str, object]) -> SentinelSummary:
    return SentinelSummary(
        attack=str(row.get("attack", "")),
        severity=int(finite_number(row.get("severity")) or 1),
        sentinel=str(row.get("sentinel", "")),
        accuracy_clean=finite_number(row.get("accuracy_clean")),
        accuracy=finite_number(row.get("accuracy")),
        leak=bool(row.get("leak", False)),
        declared=bool(row.get("declared", False)),
    )


def _rows(value: object) -> tuple[Mapping[str, object], ...]:
    rows = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return tuple(row if isinstance(row, Mapping) else {"row": row} for row in rows)
