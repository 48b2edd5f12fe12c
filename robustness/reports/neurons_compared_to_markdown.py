"""A comparison of two neuron analyses as GitHub Markdown, inert whatever the data hold."""

from __future__ import annotations

from collections.abc import Iterator

from robustness.neurons.compared import NeuronsCompared
from robustness.reports.markdown import code, prose, sheet
from robustness.reports.neurons_compared_sheets import sheets
from robustness.reports.neurons_compared_wording import facts, headline

__all__ = ["neurons_compared_to_markdown"]

_OPEN = 2
"""The last table that is open at first."""


def neurons_compared_to_markdown(made: NeuronsCompared) -> str:
    """Return the comparison as Markdown: what follows from it, then the numbers. Equal input, equal text."""
    return "\n".join(_lines(made)) + "\n"


def _lines(made: NeuronsCompared) -> Iterator[str]:
    yield f"# Neurons of {code(made.b.label)} beside {code(made.a.label)}"
    yield f"\n**{prose(headline(made))}**\n"
    yield from (f"- {prose(line)}" for line in facts(made))
    for place, one in enumerate(sheets(made)):
        yield from sheet(one, folded=place > _OPEN)
    yield "\n### What this does not say\n"
    yield from (f"- {prose(note)}" for note in made.notes)
