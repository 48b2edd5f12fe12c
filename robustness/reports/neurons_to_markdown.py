"""A neuron analysis as GitHub Markdown, inert whatever the data hold."""

from __future__ import annotations

from collections.abc import Iterator

from robustness.neurons.summary import NeuronSummary
from robustness.reports.markdown import code, prose, sheet
from robustness.reports.neuron_view import NeuronView, view

__all__ = ["neuron_lines", "neurons_to_markdown"]

_OPEN = 2
"""The last table that is open at first."""


def neurons_to_markdown(summary: NeuronSummary) -> str:
    """Return the analysis as a page of its own. Equal summaries give equal text."""
    made = view(summary)
    return "\n".join((f"# Neurons of {code(made.model)}", *_body(made))) + "\n"


def neuron_lines(summary: NeuronSummary) -> Iterator[str]:
    """Yield the lines of a section of a run's report."""
    yield "\n## Neurons"
    yield from _body(view(summary))


def _body(made: NeuronView) -> Iterator[str]:
    yield f"\n**{prose(made.headline)}**\n"
    yield from (f"- {prose(line)}" for line in made.certified)
    yield ""
    yield from (f"- {prose(name)}: {prose(fact)}" for name, fact in made.facts)
    for place, one in enumerate(made.sheets):
        yield from sheet(one, folded=place > _OPEN)
    if made.notes:
        yield "\n### What this does not say\n"
        yield from (f"- {prose(note)}" for note in made.notes)
