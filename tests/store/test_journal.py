from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.errors import OutputError
from robustness.store.header import Header
from robustness.store.journal import Journal

KEYS = st.binary(min_size=16, max_size=16)
BATCHES = st.lists(st.dictionaries(KEYS, st.floats(-9, 9), max_size=8), max_size=6)


@settings(max_examples=25)
@given(BATCHES, KEYS)
def test_what_was_recorded_is_known_before_and_after_reopening(
    tmp_path_factory: pytest.TempPathFactory, batches: list[dict[bytes, float]], stranger: bytes
):
    path = tmp_path_factory.mktemp("journal") / "run.sqlite"
    header, kept = Header("s", "c0", "n"), dict[bytes, float]()
    with Journal(path, header) as journal:
        for batch in batches:
            new = {key: score for key, score in batch.items() if key not in kept}
            journal.record(new)
            kept |= new
        asked = [*kept, stranger]
        wanted = {key: kept[key] for key in asked if key in kept}
        assert journal.known(asked) == wanted
    with Journal(path, header) as journal:
        assert journal.known(asked) == wanted
        assert journal.resumed == len(kept)
        assert journal.table().rows() == dict(sorted(kept.items()))


def test_more_keys_than_one_query_takes_are_asked_for(header: Header, tmp_path: Path):
    rows = {at.to_bytes(16, "big"): at / 7 for at in range(2345)}
    with Journal(tmp_path / "run.sqlite", header) as journal:
        journal.record(rows)
        assert journal.known(list(rows)) == rows


def test_nothing_asked_and_nothing_recorded_is_nothing(header: Header, tmp_path: Path):
    with Journal(tmp_path / "run.sqlite", header) as journal:
        journal.record({})
        assert journal.known([]) == {}
        assert journal.is_empty()


def test_the_first_score_of_a_row_stays(header: Header, tmp_path: Path):
    with Journal(tmp_path / "run.sqlite", header) as journal:
        journal.record({b"k" * 16: 0.5})
        journal.record({b"k" * 16: 0.5000001, b"m" * 16: 1.0})
        assert journal.table().rows() == {b"k" * 16: 0.5, b"m" * 16: 1.0}


def test_a_key_of_another_length_is_a_fault_of_ours(header: Header, tmp_path: Path):
    with Journal(tmp_path / "run.sqlite", header) as journal, pytest.raises(ValueError, match="15 bytes"):
        journal.record({b"k" * 15: 0.5})


def test_a_row_takes_at_most_64_bytes_on_disk(header: Header, tmp_path: Path):
    import random

    draw = random.Random(3)
    rows = {draw.randbytes(16): draw.random() for _ in range(20_000)}
    pairs = list(rows.items())
    with Journal(tmp_path / "run.sqlite", header) as journal:
        for at in range(0, len(pairs), 256):
            journal.record(dict(pairs[at : at + 256]))
    assert (tmp_path / "run.sqlite").stat().st_size <= 64 * len(rows)


def test_a_journal_in_no_folder_is_told(header: Header, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="writable --cache"):
        Journal(tmp_path / "file" / "run.sqlite", header)


def test_a_removed_journal_leaves_nothing(header: Header, tmp_path: Path):
    journal = Journal(tmp_path / "run.sqlite", header)
    journal.record({b"k" * 16: 0.5})
    journal.remove()
    assert list(tmp_path.iterdir()) == []
