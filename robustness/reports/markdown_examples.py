"""The telling items of a run as GitHub Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from robustness.reports.illustrations import Telling
from robustness.reports.markdown import code, html, table
from robustness.reports.options_compared import compared
from robustness.reports.summary import Summary
from robustness.reports.wording import percent

__all__ = ["examples"]


def examples(summary: Summary) -> Iterator[str]:
    """Yield the lines of the section; none where no item is told of."""
    shown = [a for a in summary.attacks if a.examples]
    if not shown:
        return
    yield "\n## Examples"
    for attack in shown:
        yield f"\n<details><summary>{html(attack.title)}</summary>\n"
        for example in attack.examples:
            yield from _example(example)
        yield "\n</details>"


def _example(example: Telling) -> Iterator[str]:
    yield f"\n{code(example.id)}{f': {code(example.question)}' if example.question else ''}\n"
    yield from table(("Option", "Gold", "Clean", "Now"), _options(example), numbers=range(2, 4))
    for edit in example.edits:
        place = f"Option {edit.index}" if edit.place == "option" else edit.place.capitalize()
        yield f"\n{place} before: {code(edit.before) if edit.before else '(empty)'}"
        yield f"\n{place} now: {code(edit.after) if edit.after else '(empty)'}"


def _options(example: Telling) -> Iterator[tuple[str, ...]]:
    for option in compared(example):
        yield (
            code(option.label),
            "gold" if option.gold else "",
            _mark(option.before, "new", chosen=option.chosen_before),
            _mark(option.after, "removed", chosen=option.chosen_after),
        )


def _mark(probability: float | None, absent: str, *, chosen: bool) -> str:
    text = absent if probability is None else percent(probability)
    return f"**{text}** ←" if chosen else text
