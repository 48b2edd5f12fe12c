from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import DataError
from robustness.readers import files
from robustness.readers.files import (
    below,
    csv_rows,
    digest_of,
    json_rows,
    parse_json,
    read_text,
    shorten,
)
from robustness.readers.rows import Fault, InvalidRow


@pytest.fixture
def write(tmp_path):
    def make(content, name="data.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return make


def test_a_byte_order_mark_is_dropped_and_line_ends_stay(write):
    assert read_text(write(b"\xef\xbb\xbfa\r\nb")) == "a\r\nb"


def test_a_byte_that_is_not_utf8_is_named_with_its_line(write):
    path = write(b"a\nb\xff")
    with pytest.raises(DataError, match=r"data.txt:2: byte 0xff"):
        read_text(path)


def test_a_missing_file_a_folder_and_an_empty_file_are_refused(write, tmp_path):
    with pytest.raises(DataError, match=r"none.txt: the file cannot be found; check the path"):
        read_text(str(tmp_path / "none.txt"))
    with pytest.raises(DataError, match="a folder came"):
        read_text(str(tmp_path))
    with pytest.raises(DataError, match="the file is empty"):
        read_text(write(b""))
    with pytest.raises(DataError, match="cannot be found"):
        read_text("a\0b")


def test_a_file_without_permission_is_refused(write, monkeypatch):
    path = write("x")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(DataError, match="may not be read; check its permissions"):
        list(json_rows(path))


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.json"
    with path.open("wb") as file:  # sparse: no disk is used
        file.truncate(files.MAX_FILE + 1)
    with pytest.raises(DataError, match="at most 2,147,483,648 are read; split it"):
        read_text(str(path))


def test_a_line_over_the_limit_is_one_bad_row_and_the_next_is_read(write, monkeypatch):
    monkeypatch.setattr(files, "MAX_ROW", 20)
    path = write(json.dumps("x" * 99) + '\n"after"\n')
    rows = list(json_rows(path))
    assert rows[0][1] == InvalidRow(f"{path}:1", "over 20 bytes")
    assert rows[1] == (f"{path}:2", "after")


def test_bad_json_is_named_with_its_line_and_the_rest_is_read(write):
    path = write('{"a": 1}\n\n{"a": 1,}\r\n{"a": 2}\n')
    rows = dict(json_rows(path))
    assert list(rows) == [f"{path}:1", f"{path}:3", f"{path}:4"]
    bad = rows[f"{path}:3"]
    assert isinstance(bad, InvalidRow)
    assert bad.reason.startswith("not JSON")


def test_a_line_that_is_not_utf8_is_one_bad_row(write):
    path = write(b'"a"\n"\xff"\n"b"')
    assert [isinstance(value, InvalidRow) for _, value in json_rows(path)] == [False, True, False]


@given(st.lists(st.text()))
def test_any_text_survives_json_lines(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("lines") / "t.jsonl"
    lines = "".join(json.dumps({"t": text}, ensure_ascii=False) + "\r\n" for text in texts)
    path.write_bytes(("\ufeff" + lines).encode())
    assert [value for _, value in json_rows(str(path))] == [{"t": text} for text in texts]


def test_a_json_list_is_read_by_entry(write):
    path = write(' [{"a": 1},\n {"a": 2}]')
    assert [where for where, _ in json_rows(path)] == [f"{path}:entry 1", f"{path}:entry 2"]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 5000])
def test_hostile_json_is_refused_without_a_crash(text):
    with pytest.raises(Fault):
        parse_json(text)


def test_a_key_that_comes_twice_is_refused():
    with pytest.raises(Fault, match="'answer' comes twice"):
        parse_json('{"answer": 0, "answer": 1}')


def test_csv_rows_stand_at_their_first_line(write):
    path = write('\ufeffa,b\r\n"x\r\ny",1\r\n\r\nz,2\r\n', "d.csv")
    assert list(csv_rows(path, needed=("a",))) == [
        (f"{path}:2", {"a": "x\r\ny", "b": "1"}),
        (f"{path}:5", {"a": "z", "b": "2"}),
    ]


def test_a_csv_row_of_another_width_is_one_bad_row(write):
    path = write("a,b\n1\n1,2\n1,2,3\n")
    rows = [value for _, value in csv_rows(path, needed=())]
    assert rows[0] == InvalidRow(f"{path}:2", "1 cells came, but the header has 2")
    assert rows[1] == {"a": "1", "b": "2"}
    assert isinstance(rows[2], InvalidRow)


def test_broken_csv_ends_the_file(write):
    path = write('a,b\n1,2\n"x" y,2\n3,4\n')
    with pytest.raises(DataError, match=":3: broken CSV"):
        list(csv_rows(path, needed=()))
    with pytest.raises(DataError, match=":2: broken CSV: unexpected end"):
        list(csv_rows(write('a\n"never closed\n\n'), needed=()))
    with pytest.raises(DataError, match=":2: broken CSV: field larger"):
        list(csv_rows(write("a\n" + "x" * 200_000), needed=()))


def test_a_csv_header_must_name_each_needed_column_once(write):
    with pytest.raises(DataError, match="a column 'question' is needed"):
        list(csv_rows(write("a,b\n1,2\n"), needed=("question",)))
    with pytest.raises(DataError, match="column 'a' comes twice"):
        list(csv_rows(write("a,a\n1,2\n"), needed=()))


def test_a_digest_hears_names_and_bytes_but_not_order_or_time(write, tmp_path):
    one, two = Path(write("1", "one")), Path(write("2", "two"))
    whole = digest_of([("a", one), ("b", two)])
    assert digest_of([("b", two), ("a", one)]) == whole
    assert digest_of([("c", one), ("b", two)]) != whole
    stamp = one.stat()
    one.write_bytes(b"9")
    os.utime(one, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert digest_of([("a", one), ("b", two)]) != whole


def test_a_source_shows_two_parts_of_a_path_and_no_home(monkeypatch, tmp_path):
    home = tmp_path / "secretname"
    monkeypatch.setenv("HOME", str(home))
    assert shorten(f"{home}/RACE") == "RACE"
    assert shorten(f"{home}/data/RACE/test") == "RACE/test"
    assert shorten(str(home)) == "."
    assert shorten("/home/other/x.json") == "x.json"
    assert shorten("../../x/dream/test.json") == "dream/test.json"
    assert shorten("../test.json") == "test.json"


def test_files_of_a_folder_come_in_one_order(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("z.txt", "b/a.TXT", "b/c.json", "skip.md"):
        (tmp_path / name).write_text("x")
    names = [name for name, _ in below(str(tmp_path), ".txt", ".json")]
    assert names == ["b/a.TXT", "b/c.json", "z.txt"]
