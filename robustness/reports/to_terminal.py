"""The summary on a terminal, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from robustness.domain import Polarity, Status
from robustness.judging.limits import LIMITS
from robustness.judging.slices import deciding
from robustness.reports.escape import log_text
from robustness.reports.sheet import named
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.wording import (
    POLARITIES,
    STATUSES,
    amount,
    asked,
    between,
    brief,
    count,
    excused,
    figure,
    judged,
    percent,
    points,
    spread,
    together,
)
from robustness.results import Verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["WIDTH", "render", "safe_text"]

WIDTH = 80
"""Columns."""
_SURE = 0.05
_STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.UNDECIDED: "yellow",
    Status.INVALID: "magenta",
}


def render(summary: Summary, console: Console) -> None:
    """Print the verdict, the clean accuracy and one table per polarity.

    Colours and rules come only where `console` is a terminal and `NO_COLOR` is not set. Names
    from data and models are made safe for screens and build logs (`log_text`); a character that
    the console cannot encode becomes an escape.
    """
    width = min(WIDTH, console.width)
    verdict = safe_text(f"{summary.status.upper()}  {summary.headline}", console)
    verdict.stylize(_STYLES[summary.status], 0, len(summary.status))
    console.print(verdict, width=width, highlight=False)
    for line in (*_top(summary), *_tables(summary, console), *_notes(summary)):
        shown = line if not isinstance(line, str) else safe_text(line, console)
        console.print(shown, width=width, highlight=False)


def _top(summary: Summary) -> Iterator[str]:
    clean, robust = summary.clean, summary.robust_accuracy
    yield from (f"- {remark}" for remark in summary.remarks)
    yield ""
    yield f"model   {summary.model.name}"
    yield f"suite   {summary.suite.name}, seed {summary.suite.seed}"
    if summary.data:
        yield f"data    {summary.data}"
    yield (
        f"clean   {percent(clean.accuracy.value)} ({spread(clean.accuracy, 'accuracy')}) of "
        f"{count(clean.n, 'question')}, {count(clean.passages, 'passage')}; "
        f"chance {percent(clean.chance)}"
    )
    if robust.attacks and not any(attack.not_needed for attack in summary.attacks):
        null = f"; {percent(robust.null)} by accident alone" if robust.null is not None else ""
        yield (f"robust  {percent(robust.worst_case.value)} right under {together(robust.attacks)}{null}")
    yield from _beside(summary)


def _beside(summary: Summary) -> Iterator[str]:
    """Yield what is said of the model beside its accuracy, a line each."""
    found, bias = summary.calibration, summary.position_bias
    if found is not None and found.ece is not None:
        yield f"calib   its probabilities are {points(found.ece)} points off on average (ECE)"
    if bias is not None and bias.rstd is not None and bias.by_chance is not None:
        by_chance = f"{points(bias.by_chance)} by chance"
        yield f"places  accuracy differs by {points(bias.rstd)} points (RStd) between places; {by_chance}"
    if summary.baseline:
        rows = summary.comparisons
        differ = sum(c.p_adjusted is not None and c.p_adjusted <= _SURE for c in rows)
        yield f"base    {brief(summary.baseline)}; {differ} of {count(len(rows), 'measure')} differ (Holm)"
    if summary.correction != "none":
        yield f"gates   corrected together ({summary.correction}): what fails alone is undecided"


def _tables(summary: Summary, console: Console) -> Iterator[str | Table]:
    for polarity in POLARITIES:
        attacks = [attack for attack in summary.attacks if attack.polarity is polarity]
        if attacks:
            yield ""
            yield _table(attacks, console)
    yield ""


def _table(attacks: Sequence[AttackSummary], console: Console) -> Table:
    from rich import box
    from rich.table import Table

    wording = POLARITIES[attacks[0].polarity]
    ruled = console.is_terminal and not console.no_color
    rules = box.SIMPLE_HEAD if ruled else None
    table = Table(box=rules, show_edge=False, width=WIDTH, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(wording.title, ratio=1, no_wrap=True, overflow="ellipsis")
    for heading, width in (("n", 5), ("Clean", 6), ("Now", 6), (wording.label, 20)):
        table.add_column(heading, justify="right", width=width, no_wrap=True)
    table.add_column("", width=9, no_wrap=True)
    for attack in attacks:
        cells = (safe_text(cell, console) for cell in _cells(attack))
        table.add_row(*cells, _badge(attack.status, known=bool(attack.known_failure)))
    return table


def _cells(attack: AttackSummary) -> tuple[str, ...]:
    measure = POLARITIES[attack.polarity].measure
    estimate = judged(attack)
    value = figure(estimate.value, measure)
    ends = [figure(end, measure).rstrip("%") for end in (estimate.low, estimate.high)]
    return (
        _name(attack),
        str(attack.n),
        percent(attack.accuracy_clean.value),
        percent(attack.accuracy.value),
        f"{value} [{ends[0]}, {ends[1]}]" if estimate.low is not None else value,
    )


def _name(attack: AttackSummary) -> str:
    return attack.name if attack.severity == 1 else f"{attack.name} ({attack.severity})"


def _notes(summary: Summary) -> Iterator[str]:
    for attack in summary.attacks:
        if attack.status is Status.INVALID:
            yield f"{_name(attack)}: {attack.reason}"
    yield from _too_few(summary)
    yield from _beside_the_tables(summary)
    yield from _slices(summary)
    cut = [f"{_name(a)} {percent(a.truncated)}" for a in summary.attacks if a.truncated]
    if cut:
        yield f"edits that the model did not see whole: {', '.join(cut)}"
    for leak in (s for s in summary.sentinels if s.leak and not s.declared):
        yield f"{leak.attack}: leaks its answer, {leak.sentinel} gets {percent(leak.accuracy)}"
    if summary.invalid_rows_count:
        yield f"{count(summary.invalid_rows_count, 'row')} skipped as invalid"
    used = {attack.status for attack in summary.attacks if not attack.known_failure} - {Status.PASS}
    yield from (f"{status.upper()}: {why}" for status, why in STATUSES.items() if status in used)
    known = {f"{v.attack} {v.known_failure}": None for v in summary.verdicts if excused(v)}
    yield from (f"KNOWN, left out of the verdict: {failure}" for failure in known)


def _beside_the_tables(summary: Summary) -> Iterator[str]:
    """Yield the limits that are not kept where the tables show other numbers than they were held to."""
    for attack in summary.attacks:
        shown = POLARITIES[attack.polarity].measure
        for verdict in summary.verdicts:
            if (verdict.attack, verdict.severity) != (attack.name, attack.severity) or excused(verdict):
                continue
            other = verdict.baseline or verdict.gate != "fixed" or LIMITS.get(verdict.check) != shown
            if other and verdict.status in (Status.FAIL, Status.UNDECIDED):
                yield f"{_name(attack)}: {verdict.status.upper()}: {asked(verdict)}, found {_found(verdict)}"


def _slices(summary: Summary) -> Iterator[str]:
    """Yield the slices that fail, and how many cannot tell."""
    for verdict in deciding(summary.slices):
        if not excused(verdict):
            where = f"{named(verdict.attack, verdict.severity)} on {verdict.slice}"
            yield f"{where}: FAIL: {asked(verdict)}, found {_found(verdict)}"
    open_ = sum(v.status is Status.UNDECIDED for v in summary.slices)
    if open_:
        yield f"{open_} of {count(len(summary.slices), 'slice')} undecided"


def _found(verdict: Verdict) -> str:
    looked = f" after {count(verdict.step, 'passage')}" if verdict.step else ""
    interval = between(verdict)
    return amount(verdict, verdict.estimate) + (f" [{interval}]" if interval else "") + looked


def _too_few(summary: Summary) -> Iterator[str]:
    """Yield how large a drop would have shown, where one was asked for and none was shown."""
    for attack in summary.attacks:
        open_ = attack.status is Status.UNDECIDED and attack.polarity is not Polarity.ABLATION
        unseen = attack.drop.low is not None and attack.drop.low <= 0
        if open_ and unseen and attack.detectable_drop is not None:
            yield (
                f"{_name(attack)}: no drop is shown, and {count(attack.clusters, 'passage')} show "
                f"one of {points(attack.detectable_drop)} points in 4 of 5 samples"
            )


def safe_text(content: str, console: Console) -> Text:
    """Return text that no screen obeys and that the console can encode."""
    from rich.text import Text

    plain = log_text(content).replace("−", "-").replace("–", "-")
    return Text(plain.encode(console.encoding, "backslashreplace").decode(console.encoding))


def _badge(status: Status | None, *, known: bool) -> Text:
    from rich.text import Text

    if status is None:
        return Text("")
    return Text("KNOWN", style="yellow") if known else Text(status.upper(), style=_STYLES[status])
