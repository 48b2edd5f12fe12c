"""A comparison of runs as one HTML page: one file, nothing loaded, nothing that data can break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from robustness.reports import compare_wording as words
from robustness.reports.bars import Bar, difference_bar
from robustness.reports.charts import Tick
from robustness.reports.compare_sheets import flip_matrix, ranks, runs
from robustness.reports.compared import Match, RunsCompared, Standing
from robustness.reports.html_pages import environment
from robustness.reports.strips import axis
from robustness.reports.wording import likelihood

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["compare_to_html"]

_BADGES = {
    Standing.WORSE: "fail",
    Standing.BETTER: "pass",
    Standing.EQUIVALENT: "pass",
    Standing.UNDECIDED: "undecided",
    Standing.NOT_MEASURED: "invalid",
}
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class _Section:
    """One polarity with its matches and their bars, all on one line."""

    words: words.Section
    far: float
    """Where the line ends."""
    marks: tuple[Tick, ...]
    rows: tuple[tuple[Match, Bar | None], ...]


def compare_to_html(compared: RunsCompared) -> str:
    """Return the comparison as one HTML page for screens of any width, light, dark and paper.

    Everything is escaped, and every value passes `visible_text`; a content security policy lets our
    own style and script run and forbids any load. Equal comparisons give equal text.
    """
    return _template().render(
        c=compared,
        several=len(compared.contestants) > 1,
        seeds=any(len(one.runs) > 1 for one in (compared.reference, *compared.contestants)),
        title=f"{', '.join(one.name for one in compared.contestants)} beside {compared.reference.name}",
        headline=words.headline(compared),
        remarks=words.remarks(compared),
        gravest=_gravest(compared),
        sections=[_section(compared, one) for one in words.sections(compared)],
        tallies=[(one, _tally(compared, one.name)) for one in compared.contestants],
        used=[
            (s, text) for s, text in words.STANDINGS.items() if s in {m.standing for m in compared.matches}
        ],
        intervals=words.INTERVALS if words.loose_intervals(compared) else "",
        flips=flip_matrix(compared),
        flipped=[m for m in compared.matches if m.flips and (m.flips.lost_items or m.flips.won_items)],
        ranks=ranks(compared),
        runs=runs(compared),
        signature=words.signature(compared),
    )


def _gravest(compared: RunsCompared) -> str:
    present = {match.standing for match in compared.matches}
    return _BADGES[
        next((standing for standing in words.STANDINGS if standing in present), Standing.UNDECIDED)
    ]


def _tally(compared: RunsCompared, name: str) -> dict[Standing, int]:
    own = [match.standing for match in compared.matches if match.contestant == name]
    return {standing: own.count(standing) for standing in words.STANDINGS if standing in own}


def _section(compared: RunsCompared, section: words.Section) -> _Section:
    far = 1.1 * max(_LEAST, compared.margin or 0.0, *_ends(section.matches))
    rows = tuple((m, difference_bar(m.found.difference, far, compared.margin)) for m in section.matches)
    measure = "auroc" if section.id == "abstain" else "drop"
    return _Section(section, far, axis((-far, far), measure), rows)


def _ends(matches: Sequence[Match]) -> list[float]:
    estimates = [match.found.difference for match in matches]
    return [abs(end) for one in estimates for end in (one.value, one.low, one.high) if end is not None]


@cache
def _template() -> Template:
    made = environment()
    made.globals.update(
        badges=_BADGES,
        between=words.between,
        change=words.change,
        condition_name=words.condition_name,
        likelihood=likelihood,
        measures=words.MEASURES,
    )
    return made.get_template("compare.html.j2")
