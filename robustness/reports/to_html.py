"""The summary as one HTML page: one file, nothing loaded, nothing that the data can break."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from robustness.domain import Polarity
from robustness.reports import panels, wording
from robustness.reports.bars import Bar, attack_bar, scale, verdict_bar
from robustness.reports.charts import Chart, Tick
from robustness.reports.gate_sheets import comparisons, gates, known_failures, slices
from robustness.reports.group_sheets import contrasts, doses, roles
from robustness.reports.html_pages import environment
from robustness.reports.model_sheets import calibration, positions, sensitivity
from robustness.reports.options_compared import compared
from robustness.reports.sheet import Sheet, terms
from robustness.reports.shown_items import OUTCOMES, ShownItems, shown_items
from robustness.reports.strips import axis, flip_parts, margin_axis, margin_boxes, place_bars
from robustness.reports.summary import AttackSummary, SentinelSummary, Summary
from robustness.results import Verdict

if TYPE_CHECKING:
    from jinja2 import Template

    from robustness.neurons.summary import NeuronSummary
    from robustness.reports.neuron_view import NeuronView

__all__ = ["to_html"]


@dataclass(frozen=True, slots=True)
class _Section:
    """One polarity with its attacks and their bars, all on one line."""

    id: str
    words: wording.Wording
    marks: tuple[Tick, ...]
    rows: tuple[tuple[int, AttackSummary, Bar | None], ...]
    """Place among all attacks of the summary, the attack, its bar."""
    doses: tuple[Chart, ...]


def to_html(summary: Summary, *, neurons: NeuronSummary | None = None) -> str:
    """Return the report as one HTML page for screens of any width, light, dark and paper; with a neuron
    analysis as a section where one is given.

    Everything is escaped, and every value passes `visible_text`. A content security policy lets one
    style and one script of ours run, named by their digests, and forbids any load. Without the script
    all is there; with it items can be searched and filtered. Equal summaries give equal text.
    """
    sections = tuple(s for polarity in Polarity if (s := _section(summary, polarity)).rows)
    shown = shown_items(summary.attacks)
    flips = [(a, flip_parts(a.flips)) for a in summary.attacks if a.flips is not None]
    confidence = [c for c in (panels.reliability(summary), panels.risk_coverage(summary)) if c is not None]
    parts: dict[str, Any] = {
        "sections": sections,
        "flips": flips,
        "margins": margin_boxes(summary.attacks),
        "confidence": confidence,
        "places": place_bars(summary.position_bias.table) if summary.position_bias else (),
        "shown": shown,
        "n": _neurons(neurons),
    }
    return _template().render(
        s=summary,
        checks=[(v, verdict_bar(v)) for v in sorted(summary.verdicts, key=_gravity)],
        statuses=wording.STATUSES,
        tally=_tally(summary),
        known=known_failures(summary),
        gates=gates(summary),
        baseline=comparisons(summary),
        slices=slices(summary),
        grouped=_there(contrasts(summary), roles(summary), doses(summary)),
        contents=tuple(_contents(summary, parts)),
        sentinels=_sentinels(summary.sentinels),
        items_of=_items_of(shown),
        margin_marks=margin_axis(summary.attacks),
        outcomes=OUTCOMES,
        confidence_numbers=_there(
            panels.reliability_numbers(summary), panels.risk_coverage_numbers(summary), calibration(summary)
        ),
        model_sheets=_there(sensitivity(summary.attacks), positions(summary)),
        **parts,
    )


def _there(*sheets: Sheet | None) -> list[Sheet]:
    return [sheet for sheet in sheets if sheet is not None]


def _contents(summary: Summary, parts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield anchor and title of the sections that the page has, in its order."""
    yield "clean", "Clean"
    yield from ((section.id, section.words.title) for section in parts["sections"])
    there = (
        ("flips", "Flips", parts["flips"]),
        ("margins", "Margins", parts["margins"]),
        ("robust", "Robust accuracy", summary.robust_accuracy.attacks),
        ("confidence", "Confidence", parts["confidence"]),
        ("places", "Places", parts["places"]),
        ("neurons", "Neurons", parts["n"]),
        ("items", "Items", parts["shown"].items),
        ("data", "Data checks", summary.findings or summary.invalid_rows_count),
        ("sentinels", "Sentinels", summary.sentinels),
    )
    yield from ((id_, title) for id_, title, has in there if has)
    yield "provenance", "Provenance"


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
    numbered = [(n, a) for n, a in enumerate(summary.attacks) if a.polarity is polarity]
    attacks = [a for _, a in numbered]
    reach, words = scale(attacks), wording.POLARITIES[polarity]
    return _Section(
        id=polarity.value,
        words=words,
        marks=axis(reach, words.measure),
        rows=tuple((n, a, attack_bar(a, reach)) for n, a in numbered),
        doses=panels.dose_response(attacks),
    )


def _sentinels(found: Sequence[SentinelSummary]) -> Mapping[tuple[str, int], list[SentinelSummary]]:
    by_condition: dict[tuple[str, int], list[SentinelSummary]] = defaultdict(list)
    for one in found:
        by_condition[one.attack, one.severity].append(one)
    return by_condition


def _items_of(shown: ShownItems) -> Mapping[str, int]:
    return Counter(one.condition for one in shown.items)


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
    made.filters.update(compared=compared, most=_most, plain=_plain)
    return made.get_template("report.html.j2")


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the counts, the largest first."""
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def _plain(value: float | None) -> str:
    return wording.NONE if value is None else f"{value:.2f}".replace("-", "−")


def _gravity(verdict: Verdict) -> int:
    return list(wording.STATUSES).index(verdict.status)
