from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from robustness.domain import Run, Suite
from robustness.reports.compare import compare
from robustness.reports.compare_to_markdown import compare_to_markdown
from robustness.reports.contestants import contestants
from robustness.reports.summarise import summarise
from robustness.reports.to_comment import CAP, capped, compare_to_comment, to_comment
from robustness.reports.to_markdown import to_markdown
from robustness.results import Judgement
from tests.reports.stored_runs import keep, questions


@pytest.fixture
def report(suite: Suite, run: Run, compared_judgement: Judgement) -> str:
    return to_markdown(summarise(suite, run, compared_judgement))


def test_a_report_that_fits_is_left_as_it_is(suite: Suite, run: Run, judgement: Judgement):
    summary = summarise(suite, run, judgement)
    assert to_comment(summary) == to_markdown(summary)


def test_a_comparison_that_fits_is_left_as_it_is(tmp_path):
    runs = [keep(tmp_path / name, questions(4), [name == "a"] * 4) for name in "ab"]
    made = compare(contestants([str(run) for run in runs], tmp_path))
    assert compare_to_comment(made) == compare_to_markdown(made)


@pytest.mark.parametrize("cap", [900, 1500, 3000, 5000, 8000])
def test_what_is_kept_is_whole_and_what_is_left_out_is_counted(cap: int, report: str):
    assert len(report) > cap
    shown = capped(report, cap)
    assert len(shown) <= cap
    assert shown.startswith("# FAIL: ")
    assert shown.count("<details>") == shown.count("</details>")
    told = re.search(r"Left out here for room: (\d+) of (\d+) parts", shown)
    assert told
    assert 0 < int(told[1]) <= int(told[2])
    tables = [t for t in MarkdownIt("commonmark").enable("table").parse(shown) if t.type == "table_open"]
    assert len(tables) == len(re.findall(r"^\| :?---", shown, re.MULTILINE))


@given(
    st.lists(
        st.sampled_from(["## h\n", "<details><summary>s</summary>\n", "</details>\n", "words\n", "| a |\n"])
    )
)
def test_no_text_is_longer_than_the_cap_and_none_is_changed_below_it(lines: list[str]):
    text = "# t\n" + "".join(lines)
    assert capped(text, len(text)) == text
    assert len(capped(text, 130)) <= 130


def test_the_cap_is_below_what_github_takes():
    assert CAP < 65_536
