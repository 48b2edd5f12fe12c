from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.models.encoding import Row
from robustness.models.keys import RowKeys
from robustness.models.ledger import Ledger, Memory, finite_rows

KEYS = RowKeys("f" * 64, adapter="multiple-choice/1@packed", numeric="fp32/cpu")
tokens = st.lists(st.integers(0, 2**31), max_size=6).map(tuple)
token_rows = st.builds(Row, tokens, tokens)


def test_memory_is_a_ledger():
    assert isinstance(Memory(), Ledger)


@given(st.dictionaries(st.binary(max_size=2), st.floats(allow_nan=False), max_size=12), st.integers(1, 8))
def test_memory_keeps_the_last_rows_and_never_more_than_its_limit(rows, limit):
    ledger = Memory(limit=limit)
    for key, score in rows.items():
        ledger.record({key: score})
    kept = dict(list(rows.items())[-limit:])
    assert ledger.known(tuple(rows)) == kept
    assert len(ledger) == len(kept)


@given(token_rows, token_rows)
def test_two_rows_share_a_key_only_where_they_are_equal(one, other):
    assert (KEYS.of(one) == KEYS.of(other)) == (one == other)


def test_ids_are_not_taken_for_types():
    rows = [Row((1, 2), ()), Row((1,), (2,)), Row((), (1, 2)), Row((1, 2), (0,)), Row((1, 2, 0), ())]
    assert len({KEYS.of(row) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("fingerprint", "adapter", "numeric"),
    [
        ("e" * 64, "multiple-choice/1@packed", "fp32/cpu"),
        ("f" * 64, "multiple-choice/1@plain", "fp32/cpu"),
        ("f" * 64, "multiple-choice/2@packed", "fp32/cpu"),
        ("f" * 64, "multiple-choice/1@packed", "fp32/cuda"),
    ],
)
def test_another_model_adapter_path_or_numeric_class_has_other_keys(fingerprint, adapter, numeric):
    other = RowKeys(fingerprint, adapter=adapter, numeric=numeric)
    row = Row((2, 7, 3), (0, 0, 1))
    assert other.of(row) != KEYS.of(row)
    assert other.note("bound") != KEYS.note("bound")


def test_the_canonical_key_does_not_depend_on_how_fast_scores_are_computed():
    row = Row((2, 7, 3), ())
    plain = RowKeys("f" * 64, adapter="multiple-choice/1@plain", numeric="fp32/cuda")
    other = RowKeys("e" * 64, adapter="multiple-choice/1@packed", numeric="fp32/cpu")
    assert plain.canonical(row) == KEYS.canonical(row) != KEYS.of(row)
    assert other.canonical(row) != KEYS.canonical(row)


def test_keys_are_the_same_in_every_version_and_process():
    # A change here makes every stored row unknown: raise the schema number and say so.
    assert KEYS.of(Row((2, 7, 3), (0, 0, 1))).hex() == "f6c38d8f75a8593f5ce93a098cef1f00"


def test_what_is_not_finite_is_not_recorded():
    assert finite_rows({b"a": 1.0, b"b": math.nan, b"c": -math.inf}) == {b"a": 1.0}
