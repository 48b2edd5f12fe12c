"""The summary as one HTML page: no script, no outside asset, nothing that the data can break."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from robustness.domain import Polarity
from robustness.reports import wording
from robustness.reports.bars import Bar, attack_bar, scale, verdict_bar
from robustness.reports.gate_sheets import comparisons, gates, known_failures
from robustness.reports.html_pages import environment
from robustness.reports.model_sheets import calibration, positions, sensitivity
from robustness.reports.sheet import terms
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.telling import compared
from robustness.results import Verdict

if TYPE_CHECKING:
    from jinja2 import Template

    from robustness.neurons.summary import NeuronSummary
    from robustness.reports.neuron_view import NeuronView

__all__ = ["to_html"]


@dataclass(frozen=True, slots=True)
class _Section:
    """One polarity with its attacks and their bars."""

    id: str
    words: wording.Wording
    rows: tuple[tuple[AttackSummary, Bar | None], ...]


def to_html(summary: Summary, *, neurons: NeuronSummary | None = None) -> str:
    """Return the report as one HTML page for screens of any width, light, dark and paper; with a neuron
    analysis as a section where one is given.

    Everything is escaped, and every value passes `visible_text`; a content security policy
    forbids scripts and any load. Equal summaries give equal text.
    """
    return _template().render(
        s=summary,
        n=_neurons(neurons),
        sections=[s for polarity in Polarity if (s := _section(summary, polarity)).rows],
        checks=[(v, verdict_bar(v)) for v in sorted(summary.verdicts, key=_gravity)],
        statuses=wording.STATUSES,
        tally=_tally(summary),
        known=known_failures(summary),
        gates=gates(summary),
        baseline=comparisons(summary),
        model_sheets=[
            sheet
            for sheet in (sensitivity(summary.attacks), calibration(summary), positions(summary))
            if sheet is not None
        ],
    )


def _neurons(summary: NeuronSummary | None) -> NeuronView | None:
    if summary is None:
        return None
    from robustness.reports.neuron_view import view

    return view(summary)


def _tally(summary: Summary) -> dict[str, tuple[str, int]]:
    """Return how many checks ended how: the style of the badge and the number, by word."""
    deciding = [v.status for v in summary.verdicts if not wording.excused(v)]
    counts = {status.value: (status.value, deciding.count(status)) for status in wording.STATUSES}
    counts["known"] = ("none", len(summary.verdicts) - len(deciding))
    return {word: (style, n) for word, (style, n) in counts.items() if n}


def _section(summary: Summary, polarity: Polarity) -> _Section:
    attacks = [a for a in summary.attacks if a.polarity is polarity]
    reach = scale(attacks)
    return _Section(
        id=polarity.value,
        words=wording.POLARITIES[polarity],
        rows=tuple((a, attack_bar(a, reach)) for a in attacks),
    )


@cache
def _template() -> Template:
    made = environment()
    made.globals.update(
        amount=wording.amount,
        asked=wording.asked,
        between_ends=wording.between,
        excused=wording.excused,
        judged=wording.judged,
        terms=terms,
        together=wording.together,
        why=wording.why,
    )
    made.filters.update(compared=compared)
    return made.get_template("report.html.j2")


def _gravity(verdict: Verdict) -> int:
    return list(wording.STATUSES).index(verdict.status)
