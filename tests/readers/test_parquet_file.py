from __future__ import annotations

from pathlib import Path

import pytest

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers import parquet_file
from robustness.readers.parquet_file import read
from robustness.readers.rows import InvalidRow

ROW = {"id": "1", "passage": "P", "question": "Q", "options": ["a", "b"], "answer": 1}


@pytest.fixture
def write(tmp_path):
    def make(rows):
        import pyarrow as pa
        from pyarrow import parquet

        path = tmp_path / "mine.parquet"
        parquet.write_table(pa.Table.from_pylist(rows), path)
        return str(path)

    return make


def test_rows_are_read_with_ragged_options_and_null_as_absent(write):
    first, second = read(write([ROW, {**ROW, "id": None, "options": ["a", "b", "c"], "answer": 2}]))
    assert isinstance(first, Example)
    assert isinstance(second, Example)
    assert (first.id, first.answer) == ("1", 1)
    assert (second.answer, second.id[:8]) == (2, "content-")


def test_a_bad_row_is_named_by_its_number(write):
    path = write([ROW, {**ROW, "answer": 5}])
    _, bad = read(path)
    assert isinstance(bad, InvalidRow)
    assert bad.where == f"{path}:entry 2"


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 but no")
    with pytest.raises(DataError, match="not Parquet"):
        list(read(str(path)))


def test_a_file_that_unpacks_to_too_much_is_refused(write, monkeypatch):
    path = write([ROW] * 50)
    monkeypatch.setattr(parquet_file, "MAX_FILE", 100)
    with pytest.raises(DataError, match="it unpacks to"):
        list(read(path))


def test_a_damaged_page_is_an_error_and_not_a_short_data_set(write):
    path = write([{**ROW, "id": str(n), "passage": f"{n} " * 50} for n in range(500)])
    with Path(path).open("r+b") as file:
        file.seek(200)
        file.write(b"\xff" * 3000)
    with pytest.raises(DataError, match="broken Parquet"):
        list(read(path))
