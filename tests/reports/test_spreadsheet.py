from __future__ import annotations

import csv
import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.reports.spreadsheet import cell, spreadsheet

STARTS = "=+-@\t\r\n＝＋－＠"


def active(text: str, delimiter: str) -> list[str]:
    """Return the cells that a program which splits at `delimiter` would take for formulas."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    # Split at another delimiter, an odd quote takes our own line end into a cell; cells hold no other.
    cells = [shown.replace("\r\n", "") for row in rows for shown in row if not number(shown)]
    return [shown for shown in cells if {shown[:1], shown.strip()[:1]} & set(STARTS)]


def number(shown: str) -> bool:
    try:
        return math.isfinite(float(shown))
    except ValueError:
        return False


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", " ", "a,", "a;", "a\t", "a|", '"', "'", 'a"; ', 'a",', "\n"])
def test_no_cell_starts_a_formula_whatever_the_delimiter_is_taken_to_be(
    before: str, start: str, delimiter: str
):
    hostile = f"{before}{start}1+cmd"
    assert active(spreadsheet(("a", "b"), [{"a": hostile, "b": hostile}]), delimiter) == []


@pytest.mark.parametrize("start", STARTS)
def test_without_the_apostrophe_they_would_be_formulas(start: str):
    assert active(f'"a","{start}1+cmd"', ",")


@given(st.text(alphabet=st.sampled_from("=+-@;,|\t\"' a1\r\n＝")), st.sampled_from(",;\t|"))
def test_no_mixture_of_delimiters_quotes_and_signs_starts_a_formula(text: str, delimiter: str):
    assert active(spreadsheet(("a", "b"), [{"a": text, "b": text}]), delimiter) == []


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_stay_numbers_to_the_last_bit(number: float):
    text = spreadsheet(("x",), [{"x": number}])
    assert float(text.splitlines()[1]) == number


def test_a_negative_number_has_no_apostrophe_and_a_word_that_looks_like_one_has():
    text = spreadsheet(("a", "b"), [{"a": -0.5, "b": "-0.5"}])
    assert text.splitlines()[1] == '-0.5,"\'-0.5"'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, None])
def test_what_is_not_a_number_is_an_empty_cell(number: float | None):
    assert spreadsheet(("x", "y"), [{"x": number, "y": 1}]).splitlines()[1] == '"",1'


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_any_text_comes_back_as_the_cell_that_was_made_of_it(rows: list[tuple[str, str]]):
    text = spreadsheet(("a", "b"), [{"a": first, "b": second} for first, second in rows])
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read == [["a", "b"], *([cell(first), cell(second)] for first, second in rows)]


def test_excel_is_told_the_encoding_where_it_matters_and_pandas_reads_both():
    for word, marked in (("naïve", True), ("plain", False)):
        text = spreadsheet(("a", "b"), [{"a": word, "b": -1.5}])
        assert text.startswith("\ufeff") is marked
        table = pd.read_csv(io.BytesIO(text.encode("utf-8")))
        assert table.to_dict("records") == [{"a": word, "b": -1.5}]
