from __future__ import annotations

import pytest

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.csv_file import read
from robustness.readers.rows import InvalidRow


@pytest.fixture
def write(tmp_path):
    def make(text):
        path = tmp_path / "mine.csv"
        path.write_text(text, newline="")
        return str(path)

    return make


def test_rows_may_differ_in_their_number_of_options(write):
    path = write(
        "id,passage,question,option0,option1,option2,answer,kind\r\n"
        '1,"Tom, a cook,\nran.",Who?,Ann,Tom,,1,who\r\n'
        "2,,Hot?,ice,fire,air,1,\r\n"
    )
    first, second = read(path)
    assert isinstance(first, Example)
    assert (first.id, first.passage, first.options) == ("1", "Tom, a cook,\nran.", ("Ann", "Tom"))
    assert (first.answer, dict(first.meta)) == (1, {"kind": "who"})
    assert isinstance(second, Example)
    assert (second.passage, second.options, second.group) == ("", ("ice", "fire", "air"), "2")


def test_options_may_be_one_json_list(write):
    path = write('passage,question,options,answer_text\nP,Q,"[""a"", ""b, c""]","b, c"\n')
    (example,) = read(path)
    assert isinstance(example, Example)
    assert (example.options, example.answer) == (("a", "b, c"), 1)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("P,Q,a,,c,0", "option 1 (from 0) is empty"),
        ("P,Q,a,,,0", "at least 2"),
        ("P,Q,a,b,c,B", "an integer from 0 to 2"),
        ("P,Q,a,b,,2", "counted from 1"),
        ("P,Q,a,b,c,", "neither 'answer' nor 'answer_text'"),
        ("P,Q,a,b", "4 cells came"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_next_is_read(write, row, reason):
    path = write(f"passage,question,option0,option1,option2,answer\n{row}\nP,Q,a,b,c,0\n")
    bad, good = read(path)
    assert isinstance(bad, InvalidRow)
    assert bad.where == f"{path}:2"
    assert reason in bad.reason
    assert isinstance(good, Example)


def test_a_cell_that_is_no_json_list_is_refused(write):
    path = write('passage,question,options,answer\nP,Q,"[""a"",",0\nP,Q,"{}",0\n')
    for bad in read(path):
        assert isinstance(bad, InvalidRow)


@pytest.mark.parametrize("columns", ["options,option0", "option0,option2", "choice"])
def test_option_columns_must_be_one_kind_without_a_gap(write, columns):
    count = len(columns.split(","))
    with pytest.raises(DataError, match=r"option0, option1, \.\.\. without a gap"):
        list(read(write(f"passage,question,{columns}\nP,Q{',x' * count}\n")))
