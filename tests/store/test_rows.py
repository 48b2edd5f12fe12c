from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import StoreError
from robustness.store.header import Header
from robustness.store.journal import Journal
from robustness.store.rows import Table, agree, checksum, packed, union, unpacked
from robustness.store.sealed import from_parquet, to_parquet

# Few distinct bytes, NUL among them: prefixes and trailing NULs are where fixed-length strings go wrong.
KEYS = st.lists(st.sampled_from([0, 1, 255]), min_size=16, max_size=16).map(bytes)
SCORES = st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.dictionaries(KEYS, SCORES, max_size=30)


@given(ROWS, st.lists(KEYS, max_size=20))
def test_a_table_knows_what_a_mapping_knows(rows: dict[bytes, float], asked: list[bytes]):
    keys = [*rows, *asked]
    assert Table.of(rows).known(keys) == {key: rows[key] for key in keys if key in rows}
    assert Table.of(rows).rows() == dict(sorted(rows.items()))


@given(ROWS)
def test_rows_come_back_from_parquet(rows: dict[bytes, float]):
    assert from_parquet(to_parquet(Table.of(rows))).rows() == dict(sorted(rows.items()))


@given(st.lists(ROWS, max_size=4), st.randoms(use_true_random=False))
def test_a_union_is_that_of_mappings_in_any_order_or_a_contradiction(many: list[dict[bytes, float]], draw):
    values: dict[bytes, list[float]] = {}
    for rows in many:
        for key, score in rows.items():
            values.setdefault(key, []).append(score)
    named = [(str(at), Table.of(rows)) for at, rows in enumerate(many)]
    draw.shuffle(named)
    if all(agree(min(scores), max(scores)) for scores in values.values()):
        assert union(named).rows() == {key: min(values[key]) for key in sorted(values)}
    else:
        with pytest.raises(StoreError, match="one model gives one row one score"):
            union(named)


def test_a_contradiction_names_row_scores_and_producers():
    tables = [("left", Table.of({b"k" * 16: 0.5, b"a" * 16: 1})), ("right", Table.of({b"k" * 16: 0.75}))]
    with pytest.raises(
        StoreError, match=r"row 6b6b.*: left has the score 0\.5, right has 0\.75 \(1 such rows\)"
    ):
        union(tables)


@given(SCORES)
def test_a_packed_score_keeps_every_bit(score: float):
    assert repr(unpacked(packed(score))) == repr(score)


@given(st.integers(0, 2**32 - 1), KEYS, SCORES, st.integers(0, 24 * 8 - 1))
def test_no_flipped_bit_keeps_the_checksum(seed: int, key: bytes, score: float, bit: int):
    row = bytearray(key + packed(score))
    row[bit // 8] ^= 1 << bit % 8
    assert checksum(seed, bytes(row[:16]), bytes(row[16:])) != checksum(seed, key, packed(score))


def test_a_row_of_another_header_fails_its_checksum():
    header = Header("s", "c0", "n")
    for other in (Header("t", "c0", "n"), Header("s", "c1", "n"), Header("s", "c0", "m")):
        assert checksum(header.seed, b"k" * 16, packed(1.0)) != checksum(other.seed, b"k" * 16, packed(1.0))


@pytest.mark.parametrize(("one", "other"), [(math.nan, math.nan), (math.inf, math.inf), (0.0, math.nan)])
def test_what_is_no_number_agrees_with_nothing(one: float, other: float):
    assert not agree(one, other)


def test_a_row_taken_from_another_journal_is_dropped(header: Header, tmp_path: Path):
    other = Header(header.suite, "c1", header.numeric)
    with Journal(tmp_path / "other.sqlite", other) as journal:
        journal.record({b"k" * 16: 0.5})
    Journal(tmp_path / "run.sqlite", header).close()
    connection = sqlite3.connect(tmp_path / "run.sqlite")
    connection.execute("ATTACH ? AS other", [str(tmp_path / "other.sqlite")])
    with connection:
        connection.execute("INSERT INTO rows SELECT * FROM other.rows")
    connection.close()
    with Journal(tmp_path / "run.sqlite", header) as journal:
        assert journal.known([b"k" * 16]) == {}
        assert journal.dropped == 1
