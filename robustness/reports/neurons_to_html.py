"""A neuron analysis as one HTML page, or a section of one: no script, no outside asset."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from robustness.neurons.summary import NeuronSummary
from robustness.reports.html_pages import environment
from robustness.reports.neuron_view import view

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["neurons_to_html"]


def neurons_to_html(summary: NeuronSummary) -> str:
    """Return the analysis as one HTML page for screens of any width, light, dark and paper.

    Everything is escaped; a content security policy forbids scripts and any load. Equal summaries give
    equal text.
    """
    return _template().render(n=view(summary))


@cache
def _template() -> Template:
    return environment().get_template("neurons.html.j2")
