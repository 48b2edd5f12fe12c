"""A comparison of two neuron analyses as one HTML page: nothing loaded, nothing that data can break."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from robustness.neurons.compared import LayerBeside, NeuronsCompared
from robustness.reports.html_pages import environment
from robustness.reports.neurons_compared_sheets import sheets
from robustness.reports.neurons_compared_wording import facts, headline

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["neurons_compared_to_html"]


@dataclass(frozen=True, slots=True)
class _Bars:
    """One layer of the two profiles, in per cent of the larger profile's largest mean."""

    label: str
    a: float
    b: float
    exact: bool


def neurons_compared_to_html(made: NeuronsCompared) -> str:
    """Return the comparison as one HTML page for screens of any width, light, dark and paper.

    Everything is escaped; a content security policy lets our own style run and forbids any load. Equal
    comparisons give equal text.
    """
    return _template().render(
        n=made,
        title=f"Neurons of {made.b.label} beside {made.a.label}",
        headline=headline(made),
        facts=facts(made),
        bars=_bars(made.layers),
        sheets=sheets(made),
    )


def _bars(layers: tuple[LayerBeside, ...]) -> list[_Bars]:
    top = max((size for own in layers for size in (own.size_a, own.size_b)), default=0.0) or 1.0
    return [
        _Bars(
            f"{own.likeness.kind}.{own.likeness.layer}",
            round(100 * own.size_a / top, 1),
            round(100 * own.size_b / top, 1),
            own.exact == own.units,
        )
        for own in layers
    ]


@cache
def _template() -> Template:
    return environment().get_template("neurons_compared.html.j2")
