from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Run, Suite
from robustness.reports.markdown import code, prose, table
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
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
    rows = [row for row in to_markdown(summary).splitlines() if row.startswith("| `gold-removed` The")]
    assert rows == [
        "| `gold-removed` The right option taken away | 4 | 0.438 | 31.2% | 0.50 | 0.38 to 0.62 | UNDECIDED |"
    ]


def test_the_same_summary_gives_the_same_text(summary: Summary):
    assert to_markdown(summary) == to_markdown(summary)


@pytest.fixture
def compared(suite: Suite, run: Run, compared_judgement: Judgement) -> Summary:
    return summarise(suite, run, compared_judgement)


def rows(summary: Summary, title: str) -> list[str]:
    """Return the table under a title, its two head lines left out."""
    after = to_markdown(summary).partition(title)[2]
    table = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert table is not None
    return table[0].splitlines()[2:]


def test_every_gate_shows_its_kind_its_passage_and_both_p_values(compared: Summary):
    first, second, *_ = rows(compared, "<summary>Gates and p-values</summary>")
    assert first.endswith("| FAIL | anytime | 31 passages | 0.008 | 0.023 |")
    assert second.endswith("| FAIL (known) | fixed | – | 0.008 | 0.023 |")
    assert "Corrected over gates (Holm)" in to_markdown(compared)


def test_without_a_correction_the_report_says_so(summary: Summary):
    assert "No correction over gates" in to_markdown(summary)


def test_known_failures_stand_apart_with_owner_and_date(compared: Summary):
    (known,) = rows(compared, "## Known failures")
    assert "until 2027-03-31 (the reading team): retraining is under way" in known
    assert "| **FAIL (known)** | `passage-word-shuffle`" in to_markdown(compared)


def test_each_comparison_shows_difference_interval_and_both_p_values(compared: Summary):
    clean, auroc = rows(compared, "## Beside the baseline")
    assert clean.endswith("| 75.0% | 87.5% | −12.5 | −25.0 to 0.0 | 0.047 | 0.094 | 4 | 4 |")
    assert "| 0.75 | 0.88 | −0.12 | −0.25 to 0.00 |" in auroc


def test_sensitivity_is_told_of_drops_and_never_of_unanswerable_questions(compared: Summary):
    found = rows(compared, "<summary>Drops: significance and power</summary>")
    assert found[0] == ("| `addsent2pas-shuffle` | 50.0 | 0.016 | 0.023 | 0.031 | 1.25 | 37.5 | 43.8% |")
    assert not any("gold-removed" in row for row in found)


def test_calibration_is_told_clean_first_and_then_attacked(compared: Summary):
    found = rows(compared, "<summary>Calibration and margins</summary>")
    assert found[:2] == [
        "| `clean` | 4 | 6.2% | 0.312 | – | – |",
        "| `addsent2pas-shuffle` | 4 | 56.2% | 0.312 | −2.00 | 87.5% |",
    ]


def test_favour_for_a_place_stands_beside_what_chance_shows(compared: Summary):
    assert "RStd 12.5 points; a model of this accuracy that favours no place would show about 21.9" in (
        to_markdown(compared)
    )
    assert rows(compared, "Favour for a place")[0] == "| `option 0` | 4 | 75.0% | 25.0% | 4 | 75.0% |"


def test_terms_are_explained_where_they_are_used(compared: Summary):
    said = to_markdown(compared)
    for term in ("AURC", "Answerable at 80%", "ECE", "Brier", "RStd", "Margin shift"):
        assert f"\n- {term}: " in said


def test_a_check_has_one_unit_in_its_row(summary: Summary):
    from dataclasses import replace

    told = "drop 0.500, interval [0.250, 0.750], lies wholly above the limit of 0.1"
    verdicts = (replace(summary.verdicts[0], reason=told),)
    (row,) = rows(replace(summary, verdicts=verdicts), "## Checks")
    assert "| 50.0 points | 25.0 to 75.0 points |" in row
    assert row.endswith("| the interval lies wholly above the limit |")


def test_the_verdict_and_clean_accuracy_come_before_any_fold(compared: Summary):
    said = to_markdown(compared)
    assert said.index("## Clean questions") < said.index("## Checks") < said.index("<details>")
