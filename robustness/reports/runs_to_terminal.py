"""The list of runs as text: a line each, and the trend of one measure beside it."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.reports.compare_wording import MEASURES
from robustness.reports.escape import log_text
from robustness.reports.runs import ListedRun
from robustness.reports.wording import figure, spread

__all__ = ["runs_text", "sparkline"]

_BLOCKS = "▁▂▃▄▅▆▇█"


def runs_text(runs: Sequence[ListedRun], *, trend: str) -> str:
    """Return the runs as aligned columns, the oldest first, a line each whatever the width.

    The last column is the measure of one condition with its interval; a line below draws it.
    """
    measure = next((MEASURES[run.measure] for run in runs if run.measure), "")
    rows = [("RUN", "TAG", "COMMIT", "MODEL", "SUITE", "VERDICT", f"{trend}: {measure}"), *map(_cells, runs)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    drawn = sparkline([run.found.value for run in runs])
    if len(runs) > 1 and drawn.strip():
        lines.append(f"{trend}, oldest to newest: {drawn}")
    return "\n".join(lines)


def sparkline(values: Sequence[float | None]) -> str:
    """Return a block for each value, the lowest to the highest; a space where there is none.

    >>> sparkline((0.5, None, 0.75, 1.0))
    '▁ ▅█'
    """
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, reach = min(known), max(known) - min(known)
    steps = (None if v is None else round(7 * (v - low) / reach) if reach else 3 for v in values)
    return "".join(" " if step is None else _BLOCKS[step] for step in steps)


def _cells(run: ListedRun) -> tuple[str, ...]:
    ends = spread(run.found, run.measure).replace(" to ", ", ").replace("%", "")
    value = figure(run.found.value, run.measure)
    cells = (
        run.folder,
        run.tag or "-",
        run.commit[:10] or "-",
        run.model,
        f"{run.suite} {run.suite_fingerprint.removeprefix('sha256:')[:8]}",
        run.status.upper(),
        f"{value} [{ends}]" if ends else value,
    )
    return tuple(map(log_text, cells))
