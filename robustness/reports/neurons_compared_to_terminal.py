"""A comparison of two neuron analyses on a terminal, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from robustness.neurons.compared import Fate, NeuronsCompared
from robustness.reports.neurons_compared_wording import FATES, facts, headline, spreads
from robustness.reports.to_terminal import WIDTH, safe_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["render_neurons_compared"]

_ROWS = 12


def render_neurons_compared(made: NeuronsCompared, console: Console) -> None:
    """Print what follows from a comparison, then the units that are read first."""
    for line in _lines(made):
        shown = safe_text(line, console) if isinstance(line, str) else line
        console.print(shown, width=min(WIDTH, console.width), highlight=False)


def _lines(made: NeuronsCompared) -> Iterator[str | Table]:
    yield headline(made)
    yield from (f"- {line}" for line in facts(made))
    yield ""
    yield f"A  {made.a.label}"
    yield f"B  {made.b.label}"
    shown = made.units[:_ROWS]
    if shown:
        yield ""
        yield _units(made)
        yield ""
        yield (
            "lift: change of the mean attacked margin by ablating the unit; clean cost: loss of the clean "
            "one; in spreads, standard deviations of each checkpoint's own clean margins"
        )
    for fate in Fate:
        if any(unit.fate is fate for unit in shown):
            yield f"{fate}: {FATES[fate]}"


def _units(made: NeuronsCompared) -> Table:
    from rich.table import Table

    table = Table(box=None, show_edge=False, width=WIDTH, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Units", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("", width=9, no_wrap=True)
    for heading in ("lift, B - A", "clean cost, B - A"):
        table.add_column(heading, justify="right", width=22, no_wrap=True)
    for unit in made.units[:_ROWS]:
        name = unit.id if unit.id == unit.partner else f"{unit.id} as {unit.partner}"
        table.add_row(f"  {name}", str(unit.fate), spreads(unit.lift_change), spreads(unit.cost_change))
    return table
