from __future__ import annotations

import importlib
import json
import subprocess
import sys
import types
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from robustness.domain import Example
from robustness.errors import DataError, UsageError
from robustness.readers import FORMATS, load
from robustness.readers.rows import InvalidRow

ROW = {"passage": "Tom ran.", "question": "Who?", "options": ["Ann", "Tom"], "answer": 1}


@pytest.fixture
def write(tmp_path):
    def make(*rows, name="mine.jsonl"):
        path = tmp_path / name
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        path.write_text("".join(line + "\n" for line in lines))
        return f"jsonl:{path}"

    return make


def named(*names: str) -> list[dict[str, object]]:
    return [{**ROW, "id": name, "question": f"Who {name}?"} for name in names]


def test_every_reader_of_the_table_exists():
    for target in FORMATS.values():
        module, _, name = target.partition(":")
        if module.startswith("robustness.readers."):
            assert callable(getattr(importlib.import_module(module), name))


def test_items_stay_in_file_order_and_a_limit_keeps_the_first(write):
    spec = write(*named("c", "a", "b"))
    assert [e.id for e in load(spec).examples] == ["c", "a", "b"]
    assert [e.id for e in load(spec, limit=2).examples] == ["c", "a"]
    assert load(spec, limit=2).digest == load(spec).digest


def test_a_limit_counts_usable_items(write):
    dataset = load(write("{", *named("a", "b", "c")), limit=2, skip_invalid=True)
    assert ([e.id for e in dataset.examples], len(dataset.invalid)) == (["a", "b"], 1)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(write, limit):
    with pytest.raises(UsageError, match="1 or more is needed"):
        load(write(ROW), limit=limit)


def test_the_first_bad_row_stops_with_file_line_and_the_way_out(write):
    spec = write(ROW, {**ROW, "answer": 9}, "{")
    with pytest.raises(DataError, match=r"mine.jsonl:2: answer is 9.*--skip-invalid") as caught:
        load(spec)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_bad_rows_are_skipped_counted_and_listed_on_request(write):
    spec = write(ROW, {**ROW, "answer": 9}, "{")
    dataset = load(spec, skip_invalid=True)
    path = spec.removeprefix("jsonl:")
    assert len(dataset.examples) == 1
    assert [row.where for row in dataset.invalid] == [f"{path}:2", f"{path}:3"]


def test_nothing_left_is_an_error_that_gives_the_first_reason(write):
    with pytest.raises(DataError, match=r"all 2 rows are unusable.*the first: .*:1: not JSON"):
        load(write("{", "}"), skip_invalid=True)
    with pytest.raises(DataError, match="no question came"):
        load(write("", ""))


def test_an_empty_and_a_missing_file_are_refused(write, tmp_path):
    with pytest.raises(DataError, match="the file is empty"):
        load(write())
    with pytest.raises(DataError, match="cannot be found"):
        load(f"dream:{tmp_path / 'none.json'}")


def test_an_id_that_comes_twice_is_refused_with_both_places(write):
    with pytest.raises(DataError, match=r"items 1 and 3 both have the id 'a'"):
        load(write(*named("a", "b"), {**ROW, "id": "a"}))


def test_a_repeated_item_without_an_id_is_kept_and_numbered(write):
    first, second = load(write(ROW, ROW)).examples
    assert second.id == f"{first.id}-2"


def test_an_unknown_format_suggests_one():
    with pytest.raises(UsageError, match=r"no format is called 'draem'; did you mean 'dream'\?"):
        load("draem:test.json")


@pytest.mark.parametrize("spec", ["test.json", "dream:", "", "dream"])
def test_a_spec_without_format_and_path_is_shown_examples(spec):
    with pytest.raises(UsageError, match=r"FORMAT:PATH is needed, such as dream:test\.json"):
        load(spec)


def test_the_source_keeps_two_parts_of_the_path_and_not_the_home(write, tmp_path, monkeypatch):
    spec = write(ROW)
    assert load(spec).source == f"jsonl:{tmp_path.name}/mine.jsonl"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(spec).source == "jsonl:mine.jsonl"


def test_the_digest_follows_the_bytes_and_not_the_folder(write, tmp_path):
    spec = write(ROW)
    (tmp_path / "other").mkdir()
    moved = tmp_path / "other" / "mine.jsonl"
    moved.write_bytes(Path(spec.removeprefix("jsonl:")).read_bytes())
    assert load(f"jsonl:{moved}").digest == load(spec).digest
    moved.write_text(json.dumps({**ROW, "answer": 0}) + "\n")
    assert load(f"jsonl:{moved}").digest != load(spec).digest


def test_two_dots_in_a_path_and_colons_behind_the_first_are_fine(write, tmp_path, monkeypatch):
    write(ROW, name="a:b.jsonl")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    dataset = load("jsonl:../a:b.jsonl")
    assert dataset.source == "jsonl:a:b.jsonl"


@pytest.fixture
def installed(monkeypatch):
    """A reader that another package brings, as an entry point `quiz`."""
    module = types.ModuleType("quiz_reader")

    def read(argument):
        yield Example(argument, "", "Hot?", ("ice", "fire"), 1, "g")
        yield InvalidRow("quiz:entry 2", "no gold")

    read.__module__ = "quiz_reader"
    module.read = read  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "quiz_reader", module)
    entry = EntryPoint("quiz", "quiz_reader:read", "robustness.readers")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda *, group: EntryPoints([entry]))


@pytest.mark.usefixtures("installed")
def test_an_installed_reader_is_found_by_name():
    dataset = load("quiz:spring", skip_invalid=True)
    assert [e.id for e in dataset.examples] == ["spring"]
    assert dataset.source == "quiz:spring"
    assert dataset.digest != load("quiz:autumn", skip_invalid=True).digest
    with pytest.raises(DataError, match="quiz:entry 2: no gold"):
        load("quiz:spring")


@pytest.mark.usefixtures("installed")
def test_installed_readers_are_among_the_known_names():
    with pytest.raises(UsageError, match="did you mean 'quiz'"):
        load("quizz:spring")


def test_importing_the_readers_loads_nothing_heavy():
    code = (
        "import sys, robustness.readers, robustness.readers.hub, robustness.readers.checks;"
        "print([m for m in ('datasets', 'pandas', 'pyarrow', 'scipy', 'torch') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
