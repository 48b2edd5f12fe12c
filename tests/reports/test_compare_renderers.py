"""What every format of a comparison says, and what none says twice."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from robustness.reports.compare import compare
from robustness.reports.compare_to_csv import HEADS, compare_to_csv
from robustness.reports.compare_to_html import compare_to_html
from robustness.reports.compare_to_json import compare_to_json
from robustness.reports.compare_to_markdown import compare_to_markdown
from robustness.reports.compare_to_terminal import render_comparison
from robustness.reports.compare_wording import INTERVALS, headline, loose_intervals, remarks
from robustness.reports.compared import RunsCompared, Standing
from robustness.reports.contestants import contestants
from robustness.reports.schema import comparison_schema
from robustness.results import Estimate
from tests.reports.stored_runs import ATTACK, keep, questions

WELL = [True] * 60 + [False] * 20
BADLY = [True] * 40 + [False] * 20 + [True] * 6 + [False] * 14
CLOSE = [True] * 52 + [False] * 28


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    reports, suite = tmp_path_factory.mktemp("reports"), questions()
    rights = {"old": WELL, "new": BADLY, "other": CLOSE}
    return [str(keep(reports / name, suite, right)) for name, right in rights.items()]


@pytest.fixture(scope="module")
def pair(folders: list[str]) -> RunsCompared:
    return compare(contestants(folders[:2], Path()))


@pytest.fixture(scope="module")
def three(folders: list[str]) -> RunsCompared:
    return compare(contestants(folders, Path()), margin=0.02)


def terminal(made: RunsCompared, width: int = 80) -> str:
    file = io.StringIO()
    render_comparison(made, Console(file=file, width=width))
    return file.getvalue()


def flat(text: str) -> str:
    return " ".join(text.split())


STYLES: Mapping[str, Callable[[RunsCompared], str]] = {
    "terminal": terminal,
    "md": compare_to_markdown,
    "html": compare_to_html,
    "json": compare_to_json,
    "csv": compare_to_csv,
}


@pytest.mark.parametrize("style", STYLES)
def test_equal_comparisons_give_equal_text(style: str, folders: list[str], pair: RunsCompared):
    assert STYLES[style](compare(contestants(folders[:2], Path()))) == STYLES[style](pair)


@pytest.mark.parametrize("style", STYLES)
def test_no_path_of_this_machine_is_told(style: str, folders: list[str], three: RunsCompared):
    assert str(Path(folders[0]).parent) not in STYLES[style](three)


@pytest.mark.parametrize("style", ["terminal", "md", "html", "json"])
def test_the_first_sentence_says_who_is_worse_and_where(style: str, pair: RunsCompared):
    assert headline(pair) == "new is worse than old in 1 of 2 conditions and better in none."
    assert headline(pair) in flat(STYLES[style](pair))


def test_the_difference_on_unchanged_questions_names_both(pair: RunsCompared):
    assert remarks(pair)[0] == (
        "On unchanged questions new gets 100.0% right and old 100.0%: 0.0 points, 95% interval −4.6 to 4.6."
    )


def test_the_json_is_of_its_published_schema(pair: RunsCompared, three: RunsCompared):
    reason = "the dev extra is not installed (pip install -e .[dev])"
    validator = pytest.importorskip("jsonschema", reason=reason).Draft202012Validator
    schema = comparison_schema()
    for shape in (schema, *schema["$defs"].values()):
        shape["additionalProperties"] = False
    for made in (pair, three):
        validator(schema).validate(json.loads(compare_to_json(made)))


def test_the_table_has_a_row_for_each_contestant_and_condition(three: RunsCompared):
    rows = list(csv.DictReader(io.StringIO(compare_to_csv(three), newline="")))
    assert tuple(rows[0]) == HEADS
    assert [(row["contestant"], row["attack"]) for row in rows] == [
        (name, attack) for name in ("new", "other") for attack in ("clean", ATTACK)
    ]
    told = rows[1]
    assert (told["both"], told["lost"], told["won"], told["neither"]) == ("40", "20", "6", "14")
    assert (told["reference_value"], told["value"], told["standing"]) == ("0.75", "0.575", "worse")
    assert float(told["difference"]) == pytest.approx(-0.175)
    assert (told["margin"], told["paired"]) == ("0.02", "true")


def test_a_terminal_of_80_columns_cuts_no_number(three: RunsCompared):
    said = terminal(three)
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in said.replace("abababab…", "")
    assert "⏎" not in said
    assert re.search(r"-17\.5 \[-\d+\.\d, -\d+\.\d\]", said)


def test_long_intervals_are_not_cut_either(folders: list[str]):
    made = compare(contestants(folders[:2], Path()))
    wide = replace(made.matches[1].found, difference=Estimate(-1.0, -1.885, -1.429))
    said = terminal(replace(made, matches=(made.matches[0], replace(made.matches[1], found=wide))))
    assert "-100.0 [-188.5, -142.9]" in said
    assert max(map(len, said.splitlines())) <= 80


def test_an_interval_that_leaves_out_nought_without_a_standing_is_explained(pair: RunsCompared):
    clean, attack = pair.matches
    odd = replace(clean, found=replace(clean.found, difference=Estimate(0.1, 0.01, 0.2)))
    assert odd.standing is Standing.UNDECIDED
    shown = replace(pair, matches=(odd, attack))
    assert (loose_intervals(pair), loose_intervals(shown)) == (False, True)
    for style in ("terminal", "md", "html"):
        assert INTERVALS in flat(STYLES[style](shown)), style
        assert INTERVALS not in flat(STYLES[style](pair)), style


def test_every_table_of_the_markdown_is_a_table(three: RunsCompared):
    tokens = MarkdownIt("commonmark").enable("table").parse(compare_to_markdown(three))
    heads = sum(token.type == "table_open" for token in tokens)
    assert heads >= 5
    assert not [t for t in tokens if t.type == "paragraph_open" and "|" in (t.content or "")]


def test_ranks_are_shown_for_three_and_say_who_is_tied(three: RunsCompared, pair: RunsCompared):
    assert "Rank, 1 is best" in terminal(three)
    assert re.search(rf"{ATTACK} +\S+ +\S+ +\S+", terminal(three).partition("Rank")[2])
    assert "Rank" not in terminal(pair)
    assert "1 to 3" in compare_to_markdown(three)


def test_without_text_no_format_quotes_the_data(folders: list[str], pair: RunsCompared):
    quiet = compare(contestants(folders[:2], Path()), text=False)
    for style, render in STYLES.items():
        assert "Leo" not in render(quiet), style
    assert "Leo" in compare_to_markdown(pair)


def test_a_margin_adds_what_it_showed(three: RunsCompared, pair: RunsCompared):
    assert "p equivalent" in compare_to_markdown(three)
    assert "p equivalent" not in compare_to_markdown(pair)
    assert "margin 2.0 points (TOST)" in terminal(three).replace("\n", " ")
