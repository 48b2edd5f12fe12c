"""A comparison of runs as GitHub Markdown, inert whatever the data hold."""

from __future__ import annotations

from collections.abc import Iterator

from robustness.reports.compare_sheets import differences, flip_matrix, ranks, runs
from robustness.reports.compare_wording import (
    INTERVALS,
    STANDINGS,
    condition_name,
    headline,
    loose_intervals,
    remarks,
    sections,
    signature,
)
from robustness.reports.compared import Match, RunsCompared
from robustness.reports.flips import Flipped, FlippedOption
from robustness.reports.markdown import code, html, prose, sheet, table
from robustness.reports.wording import count, percent

__all__ = ["compare_to_markdown"]


def compare_to_markdown(compared: RunsCompared) -> str:
    """Return the comparison as Markdown: what follows from it, then the numbers, then who flipped."""
    return "\n".join(_lines(compared)) + "\n"


def _lines(compared: RunsCompared) -> Iterator[str]:
    names = " and ".join(code(one.name) for one in compared.contestants)
    yield f"# {names} beside {code(compared.reference.name)}"
    yield f"\n**{prose(headline(compared))}**\n"
    yield from (f"- {prose(remark)}" for remark in remarks(compared))
    for section in sections(compared):
        yield from sheet(differences(compared, section))
    yield "\n<details><summary>What the standings mean</summary>\n"
    used = {match.standing for match in compared.matches}
    yield from (
        f"- **{standing}**: {prose(words)}." for standing, words in STANDINGS.items() if standing in used
    )
    if loose_intervals(compared):
        yield f"- **95% interval**: {prose(INTERVALS)}."
    yield "\n</details>"
    yield from sheet(ranks(compared))
    yield from sheet(flip_matrix(compared))
    for match in compared.matches:
        yield from _examples(compared, match)
    yield from sheet(runs(compared), folded=True)
    yield f"\n{code(signature(compared))}"


def _examples(compared: RunsCompared, match: Match) -> Iterator[str]:
    found = match.flips
    if found is None or not (found.lost_items or found.won_items):
        return
    beside = f", {match.contestant}" if len(compared.contestants) > 1 else ""
    yield f"\n<details><summary>{html(condition_name(match) + beside)}: items that flipped</summary>\n"
    yield "Probability of each option; ← is what was chosen."
    both = compared.reference.name, match.contestant
    for word, items, number, (right, other) in (
        ("Lost", found.lost_items, found.lost, both),
        ("Won", found.won_items, found.won, both[::-1]),
    ):
        if items:
            shown = f"{len(items)} of {count(number, 'item')}"
            yield f"\n**{word}: {prose(right)} is right, {prose(other)} is not** ({shown})"
        for item in items:
            yield from _item(compared, match, item)
    yield "\n</details>"


def _item(compared: RunsCompared, match: Match, item: Flipped) -> Iterator[str]:
    yield f"\n{code(item.id)}{f': {code(item.question)}' if item.question else ''}\n"
    heads = ("Option", "Gold", prose(compared.reference.name), prose(match.contestant))
    yield from table(heads, map(_option, item.options), numbers=range(2, 4))
    if item.passage:
        yield f"\nPassage: {code(item.passage.after) if item.passage.after else '(empty)'}"


def _option(option: FlippedOption) -> tuple[str, ...]:
    return (
        code(option.label),
        "gold" if option.gold else "",
        _mark(option.reference, chosen=option.chosen_reference),
        _mark(option.contestant, chosen=option.chosen_contestant),
    )


def _mark(probability: float, *, chosen: bool) -> str:
    return f"**{percent(probability)}** ←" if chosen else percent(probability)
