from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Run, Suite
from robustness.reports.markdown import code, prose, table
from robustness.reports.summary import Summary, summarise
from robustness.reports.to_markdown import to_markdown
from robustness.results import Judgement

anything = st.text(st.characters(codec=None))
CELL_END = re.compile(r"(?<!\\)\|")


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement, created="2026-03-01T10:00:00+00:00")


@settings(deadline=None)
@given(anything)
def test_code_spans_close_only_at_their_end(text: str):
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert len(fence[0]) not in [len(run) for run in re.findall("`+", inner)]
    assert "\n" not in span


@settings(deadline=None)
@given(anything)
def test_prose_leaves_no_markup_unescaped(text: str):
    said = prose(text)
    if not said.startswith("`"):
        assert not re.search(r"[`*_\[\]<>&~#$!]", re.sub(r"\\.", "", said))


@pytest.mark.parametrize("text", ["@all", "see #12", "GH-7", "http://x.example", "www.x.example"])
def test_what_links_without_markup_goes_into_code(text: str):
    assert prose(text) == f"`{text}`"


@settings(deadline=None)
@given(st.lists(st.tuples(anything, anything, anything), max_size=4))
def test_no_text_adds_a_cell_or_a_row(rows: list[tuple[str, str, str]]):
    shown = [(code(a), prose(b), prose(c)) for a, b, c in rows]
    lines = list(table(("One", "Two", "Three"), shown))
    assert len(lines) == len(rows) + 2
    for line in lines:
        assert len(CELL_END.findall(line)) == 4, line


def test_every_table_is_rectangular(summary: Summary):
    width: int | None = None
    for line in to_markdown(summary).splitlines():
        cells = len(CELL_END.findall(line)) if line.startswith("|") else None
        assert None in {cells, width} or cells == width
        width = cells


def test_the_verdict_is_the_first_line(summary: Summary):
    first, _, second = to_markdown(summary).splitlines()[:3]
    assert first == "# FAIL: `stub:overlap` on suite `core`"
    assert summary.headline[:30] in second


def test_numbers_stand_as_in_the_summary(summary: Summary):
    assert (
        "| `addsent2pas-shuffle` A shuffled sentence in the passage | 4 | 75.0% | 25.0% | 25.0% "
        "| 50.0 | 25.0 to 75.0 | FAIL |"
    ) in to_markdown(summary)


def test_accuracy_is_never_shown_for_unanswerable_questions(summary: Summary):
    line = next(row for row in to_markdown(summary).splitlines() if row.startswith("| `gold-removed`"))
    assert line == (
        "| `gold-removed` The right option taken away | 4 | 0.438 | 31.2% | 0.50 | 0.38 to 0.62 | UNDECIDED |"
    )


def test_the_same_summary_gives_the_same_text(summary: Summary):
    assert to_markdown(summary) == to_markdown(summary)
