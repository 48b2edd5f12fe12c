"""The list of runs on a terminal: a line each, and the trend of one measure beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustness.reports.compare_wording import MEASURES
from robustness.reports.runs import ListedRun
from robustness.reports.to_terminal import safe_text
from robustness.reports.wording import NONE, figure, spread

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["render_runs"]

_PLAIN = 120
"""Columns where no terminal says how many it has: a line per run, for grep."""
_BLOCKS = "▁▂▃▄▅▆▇█"


def render_runs(runs: Sequence[ListedRun], console: Console, *, trend: str) -> None:
    """Print the runs, the oldest first, with the measure of one condition and its interval."""
    from rich.table import Table

    measure = next((MEASURES[run.measure] for run in runs if run.measure), "")
    table = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("Run", "Tag", "Commit", "Model", "Suite", "Verdict"):
        table.add_column(heading, overflow="fold")
    table.add_column(f"{trend}: {measure}", justify="right", no_wrap=True)
    for run in runs:
        table.add_row(*(safe_text(cell, console) for cell in _cells(run)))
    console.print(table, width=console.width if console.is_terminal else _PLAIN, highlight=False)
    drawn = sparkline([run.found.value for run in runs])
    if len(runs) > 1 and _can_show(drawn, console):
        console.print(f"{trend}, oldest to newest: {drawn}", highlight=False)


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


def _can_show(text: str, console: Console) -> bool:
    try:
        text.encode(console.encoding)
    except UnicodeEncodeError:
        return False
    return bool(text.strip())


def _cells(run: ListedRun) -> tuple[str, ...]:
    between = spread(run.found, run.measure)
    value = figure(run.found.value, run.measure)
    ends = between.replace(" to ", ", ").replace("%", "")
    return (
        run.folder,
        run.tag or NONE,
        run.commit[:10] or NONE,
        run.model,
        f"{run.suite} {run.suite_fingerprint.removeprefix('sha256:')[:8]}",
        run.status.upper(),
        f"{value} [{ends}]" if between else value,
    )
