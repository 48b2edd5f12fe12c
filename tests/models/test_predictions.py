from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Example, Model
from robustness.errors import ModelError, ScoreError
from robustness.models.predictions import Predictions, load

ITEMS = (
    Example("m#0", "p", "q", ("a", "b"), 0, "m"),
    Example("m#0~no-passage.1", "", "q", ("a", "b"), 0, "m"),
    Example("m#1", "p", "q", ("a", "b", "c"), 2, "m"),
)
SCORES = ((0.25, -1.5), (3.0, 3.0), (1.0, 2.0, 9.5))


def jsonl(path: Path, rows, header=None) -> Path:
    lines = [json.dumps(row) for row in ([header] if header else []) + rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def comma_separated(path: Path, rows, header=None) -> Path:
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[*rows[0], *(header or {})])
        writer.writeheader()
        for row in rows:
            lists = {k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()}
            writer.writerow(lists | (header or {}))
    return path


def parquet(path: Path, rows, header=None) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist([row | (header or {}) for row in rows]), path)
    return path


Writer = Callable[..., Path]
FORMATS = [("p.jsonl", jsonl), ("p.csv", comma_separated), ("p.parquet", parquet)]
every_format = pytest.mark.parametrize(("name", "write"), FORMATS, ids=["jsonl", "csv", "parquet"])


def scored(scores: tuple[tuple[float, ...], ...] = SCORES) -> list[dict[str, object]]:
    return [{"id": e.id, "scores": list(s)} for e, s in zip(ITEMS, scores, strict=True)]


def written(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


@every_format
def test_scores_come_back_by_id_in_any_order(tmp_path, name, write: Writer):
    model = load(str(write(tmp_path / name, scored()[::-1])))
    assert model.score(ITEMS) == SCORES
    assert model.score(ITEMS[1:]) == SCORES[1:]
    assert isinstance(model, Model)


@every_format
def test_the_header_names_suite_and_model(tmp_path, name, write: Writer):
    header = {"suite": "f00d", "model": "house model"}
    model = load(str(write(tmp_path / name, scored(), header)))
    assert (model.suite, model.name) == ("f00d", "house model")
    assert model.score(ITEMS) == SCORES


@every_format
def test_a_choice_is_one_for_its_option_and_zero_for_the_others(tmp_path, name, write: Writer):
    rows = [{"id": e.id, "choice": c} for e, c in zip(ITEMS, (1, 0, 2), strict=True)]
    model = load(str(write(tmp_path / name, rows)))
    assert model.score(ITEMS) == ((0.0, 1.0), (1.0, 0.0), (0.0, 0.0, 1.0))


@every_format
def test_an_answer_that_was_not_given_is_nan_and_never_a_choice(tmp_path, name, write: Writer):
    rows = [{"id": e.id, "choice": c} for e, c in zip(ITEMS, (1, None, 2), strict=True)]
    scores = load(str(write(tmp_path / name, rows))).score(ITEMS)
    assert len(scores[1]) == 2
    assert all(math.isnan(score) for score in scores[1])
    assert scores[2] == (0.0, 0.0, 1.0)


@every_format
def test_nan_is_kept(tmp_path, name, write: Writer):
    rows = scored(((0.5, math.nan), (1.0, 2.0), (math.inf, 0.0, -math.inf)))
    (low, high), _, ends = load(str(write(tmp_path / name, rows))).score(ITEMS)
    assert low == 0.5
    assert math.isnan(high)
    assert ends == (math.inf, 0.0, -math.inf)


def test_whole_numbers_stored_as_fractions_with_gaps_are_choices(tmp_path):
    import pandas as pd

    path = tmp_path / "p.parquet"
    pd.DataFrame({"id": [e.id for e in ITEMS], "choice": [1.0, math.nan, 2.0]}).to_parquet(path)
    scores = load(str(path)).score(ITEMS)
    assert (scores[0], scores[2]) == ((0.0, 1.0), (0.0, 0.0, 1.0))
    assert math.isnan(scores[1][0])


def test_scores_written_as_words_are_numbers(tmp_path):
    model = load(written(tmp_path, '{"id": "m#0", "scores": ["NaN", "-Infinity"]}'))
    ((first, second),) = model.score(ITEMS[:1])
    assert math.isnan(first)
    assert second == -math.inf


def test_without_a_header_the_file_names_the_model_and_the_suite_is_open(tmp_path):
    model = load(str(jsonl(tmp_path / "house.jsonl", scored())))
    assert (model.name, model.suite) == ("house", "")


def test_the_fingerprint_is_the_digest_of_the_file(tmp_path):
    path = jsonl(tmp_path / "p.jsonl", scored())
    assert load(str(path)).fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()


def test_missing_items_are_counted_and_five_are_named():
    many = [Example(f"x#{n}", "p", "q", ("a", "b"), 0, "x") for n in range(7)]
    model = Predictions("mine", "1", "", {"x#0": 1})
    with pytest.raises(ScoreError, match=r"6 of 7 items are missing \('x#1', .*'x#5'\), but"):
        model.score(many)


@pytest.mark.parametrize("scores", [(1.0,), (1.0, 2.0, 3.0), ()])
def test_another_number_of_scores_than_options_is_refused(scores):
    with pytest.raises(ScoreError, match=rf"'m#0' has {len(scores)} score\(s\), but 2 options"):
        Predictions("mine", "1", "", {"m#0": scores}).score(ITEMS[:1])


def test_a_choice_beyond_the_options_is_refused():
    with pytest.raises(ScoreError, match=r"'m#0' chooses option 2, but there are 2 \(0\.\.1\)"):
        Predictions("mine", "1", "", {"m#0": 2}).score(ITEMS[:1])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"id": "a", "scores": [1, "two"]}', "the score 'two', but a number"),
        ('{"id": "a", "scores": [1, null]}', "the score None, but a number"),
        ('{"id": "a", "scores": [1, true]}', "the score True, but a number"),
        ('{"id": "a", "scores": [1, 1' + "0" * 400 + "]}", "but a number is needed"),
        ('{"id": "a", "scores": 3}', "the scores 3, but a list"),
        ('{"id": "a", "choice": "B"}', "the choice 'B', but a position"),
        ('{"id": "a", "choice": -1}', "the choice -1, but a position"),
        ('{"id": "a", "choice": 0.5}', "the choice 0.5, but a position"),
        ('{"id": "a", "choice": true}', "the choice True, but a position"),
        ('{"id": "a"}', "exactly one of scores and choice"),
        ('{"id": "a", "choice": 1, "scores": [1, 2]}', "exactly one of scores and choice"),
        ('{"id": 7, "choice": 1}', "id is 7"),
        ('{"id": "", "choice": 1}', "id is ''"),
        ('{"choice": 1}', "id is None"),
        ('{"id": "first", "choice": 1}', "'first' came before"),
        ('{"id": "a", "choice": 1, "suite": "other"}', "suite is 'other'.*'f00d' came before"),
        ('["a", 1]', "an object per line"),
        ('{"id": "a", "choice": 1', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_row_that_is_no_prediction_is_refused_by_its_line(tmp_path, row, reason):
    path = written(tmp_path, '{"suite": "f00d"}', '{"id": "first", "choice": 0}', "", row)
    with pytest.raises(ScoreError, match=rf"p\.jsonl:4.*{reason}"):
        load(path)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("id,choice\na,B\n", "row 1: 'B' is not JSON"),
        ("id,scores\na,[1, 2]\n", "row 1: more cells than columns"),
        ("id,label\na,1\n", "exactly one of scores and choice"),
    ],
)
def test_a_csv_row_that_is_no_prediction_is_refused_by_its_number(tmp_path, rows, reason):
    path = tmp_path / "p.csv"
    path.write_text(rows)
    with pytest.raises(ScoreError, match=reason):
        load(str(path))


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ModelError, match=r"'\.json'.*did you mean '\.jsonl'.*\.csv, \.jsonl, \.parquet"):
        load(str(tmp_path / "p.json"))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        load(str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("name", ["p.jsonl", "p.csv"])
def test_a_file_without_rows_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text("")
    with pytest.raises(ModelError, match="no row came"):
        load(str(path))


def test_a_file_of_a_header_alone_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no row came"):
        load(written(tmp_path, '{"suite": "f00d"}'))


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_bytes(b'{"id": "\xff"}')
    with pytest.raises(ModelError, match="not UTF-8 at byte 8"):
        load(str(path))


def test_a_byte_order_mark_and_carriage_returns_are_read_over(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "m#0", "choice": 1}\r\n{"id": "m#1", "choice": 0}\r\n')
    assert load(str(path)).score(ITEMS[:1]) == ((0.0, 1.0),)


def test_a_line_separator_inside_an_id_does_not_end_the_line(tmp_path):
    path = written(tmp_path, '{"id": "m\u2028", "choice": 1}')
    assert list(load(path).answers) == ["m\u2028"]


def test_a_damaged_parquet_file_is_refused(tmp_path):
    path = parquet(tmp_path / "p.parquet", scored())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match="not a readable Parquet file"):
        load(str(path))


@given(st.lists(st.floats(), min_size=2, max_size=6))
def test_every_float_survives_the_file(tmp_path_factory, scores):
    path = tmp_path_factory.mktemp("floats") / "p.jsonl"
    jsonl(path, [{"id": "x", "scores": scores}])
    example = Example("x", "p", "q", tuple("abcdef"[: len(scores)]), 0, "x")
    (back,) = load(str(path)).score((example,))
    assert [repr(score) for score in back] == [repr(score) for score in scores]
