"""A comparison of runs on a terminal, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING

from robustness.reports.compare_wording import (
    INTERVALS,
    MEASURES,
    STANDINGS,
    between,
    change,
    condition_name,
    headline,
    loose_intervals,
    rank_words,
    remarks,
    sections,
    signature,
)
from robustness.reports.compared import Match, RunsCompared, Standing
from robustness.reports.sheet import named
from robustness.reports.to_terminal import WIDTH, safe_text
from robustness.reports.wording import figure, likelihood

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["render_comparison"]

_STYLES = {
    Standing.WORSE: "bold red",
    Standing.BETTER: "green",
    Standing.EQUIVALENT: "green",
    Standing.UNDECIDED: "yellow",
    Standing.NOT_MEASURED: "magenta",
}
_SHORT = {Standing.NOT_MEASURED: "no data", Standing.EQUIVALENT: "equal"}


def render_comparison(compared: RunsCompared, console: Console) -> None:
    """Print what follows from a comparison, one table per contestant, who flipped, ranks."""
    width = min(WIDTH, console.width)
    for line in _lines(compared, console):
        shown = safe_text(line, console) if isinstance(line, str) else line
        console.print(shown, width=width, highlight=False)


def _lines(compared: RunsCompared, console: Console) -> Iterator[str | Table]:
    yield headline(compared)
    yield from (f"- {remark}" for remark in remarks(compared))
    yield ""
    for letter, one in _letters(compared).items():
        first = "  (reference)" if letter == "A" else ""
        yield f"{letter}  {one}{first}"
    for letter, one in list(_letters(compared).items())[1:]:
        if len(compared.contestants) > 1:
            yield ""
            yield f"{letter} beside A: {one}"
        yield from _differences(compared, one, letter, console=console)
        if any(match.flips for match in compared.matches if match.contestant == one):
            yield ""
            yield _flips(compared, one, letter, console=console)
    if compared.rankings:
        yield ""
        yield _ranks(compared, console)
    yield ""
    yield from _legend(compared)
    yield signature(compared)


def _letters(compared: RunsCompared) -> dict[str, str]:
    names = [one.name for one in (compared.reference, *compared.contestants)]
    return {_letter(place): name for place, name in enumerate(names)}


def _letter(place: int) -> str:
    """Return A, B, ... Z, A1, B1, ...

    >>> _letter(0), _letter(27)
    ('A', 'B1')
    """
    return ascii_uppercase[place % 26] + (str(place // 26) if place > 25 else "")


def _differences(
    compared: RunsCompared, name: str, letter: str, *, console: Console
) -> Iterator[str | Table]:
    own = [_difference(match)[3] for match in compared.matches if match.contestant == name]
    wide = max([20, *map(len, own)])
    for place, section in enumerate(sections(compared)):
        title = f"{section.title}: {MEASURES[section.measure]}, {section.sense}"
        heads = [("A", 6), (letter, 6), (f"{letter} - A", wide), ("p(Holm)", 7)]
        table = _table("", heads, console)
        table.add_column("", width=9, no_wrap=True)
        table.show_header = place == 0
        for match in section.matches:
            if match.contestant == name:
                cells = (safe_text(cell, console) for cell in _difference(match))
                table.add_row(*cells, _badge(match.standing))
        yield ""
        yield title
        yield table


def _difference(match: Match) -> tuple[str, ...]:
    found = match.found
    ends = between(match).replace(" to ", ", ")
    return (
        f"  {condition_name(match)}",
        figure(found.baseline, found.measure),
        figure(found.value, found.measure),
        f"{change(match)} [{ends}]" if ends else change(match),
        likelihood(found.p_adjusted),
    )


def _flips(compared: RunsCompared, name: str, letter: str, *, console: Console) -> Table:
    heads = [("both", 6), ("lost", 6), ("won", 6), ("neither", 7)]
    table = _table(f"Items right, {letter} beside A", heads, console)
    for match in compared.matches:
        found = match.flips
        if match.contestant == name and found:
            counts = map(str, (found.both, found.lost, found.won, found.neither))
            table.add_row(safe_text(f"  {condition_name(match)}", console), *counts)
    return table


def _ranks(compared: RunsCompared, console: Console) -> Table:
    letters = _letters(compared)
    table = _table("Rank, 1 is best", [(letter, 6) for letter in letters], console)
    for ranking in compared.rankings:
        by_name = {rank.contestant: rank_words(rank).replace(" to ", "-") for rank in ranking.ranks}
        title = safe_text(f"  {named(ranking.attack, ranking.severity)}", console)
        table.add_row(title, *(by_name[name] for name in letters.values()))
    return table


def _table(title: str, heads: Sequence[tuple[str, int]], console: Console) -> Table:
    from rich import box
    from rich.table import Table

    ruled = console.is_terminal and not console.no_color
    rules = box.SIMPLE_HEAD if ruled else None
    table = Table(box=rules, show_edge=False, width=WIDTH, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(title, ratio=1, no_wrap=True, overflow="ellipsis")
    for heading, width in heads:
        table.add_column(heading, justify="right", width=width, no_wrap=True)
    return table


def _badge(standing: Standing) -> Text:
    from rich.text import Text

    return Text(_SHORT.get(standing, standing.value), style=_STYLES[standing])


def _legend(compared: RunsCompared) -> Iterator[str]:
    used = {match.standing for match in compared.matches}
    for standing, words in STANDINGS.items():
        if standing in used:
            yield f"{_SHORT.get(standing, standing.value)}: {words}"
    if loose_intervals(compared):
        yield f"[low, high]: {INTERVALS}"
    if any(match.flips for match in compared.matches):
        yield (
            "lost: A is right and the other is not; won: the other way round; with ties or seeds, "
            "less or more often right"
        )
