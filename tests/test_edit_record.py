"""The record of an edit: written, read back, and refused where it is damaged."""

from __future__ import annotations

import pytest

from robustness.edit_record import EditRecord, edit_of, read_edit
from robustness.errors import ModelError

RECORD = EditRecord("mine", "9f3c", ("ffn.1.5", "head.0.1"), "clamp", 0.25)


def test_a_record_reads_back_as_it_was_written(tmp_path):
    RECORD.write(tmp_path)
    assert read_edit(tmp_path) == RECORD


def test_a_checkpoint_without_a_record_is_no_edited_one(tmp_path):
    assert read_edit(tmp_path) is None


def test_records_of_older_versions_have_no_fingerprint():
    read = edit_of('{"model": "mine", "units": ["ffn.0.0"], "value": "zero", "level": 0}')
    assert read == EditRecord("mine", "", ("ffn.0.0",), "zero", 0.0)


@pytest.mark.parametrize("level", ["NaN", "Infinity", "1e400"])
def test_a_level_that_is_no_number_makes_no_record_and_no_edit(level):
    from robustness.errors import UsageError
    from robustness.neurons.edit import Change, Edit
    from robustness.neurons.sites import Site

    assert edit_of(f'{{"model": "m", "units": ["ffn.0.0"], "value": "clamp", "level": {level}}}') is None
    with pytest.raises(UsageError, match="a finite number is needed"):
        Edit((Site("ffn", 0, 0),), Change.CLAMP, float(level))


@pytest.mark.parametrize("text", ["", "[]", "3", '{"units": "ffn.0.0"}', '{"units": [], "model": "m"}', "{"])
def test_anything_else_is_no_record_and_a_file_of_it_is_refused(tmp_path, text):
    assert edit_of(text) is None
    (tmp_path / "edit.json").write_text(text)
    with pytest.raises(ModelError, match=r"edit\.json"):
        read_edit(tmp_path)
