"""Cases 39 and 40, goal R3: flipped bits and cut files are refused or harmless, never a wrong number.

A default run takes a sample of the faults; the slow one takes 1,000 of each kind per artefact.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from robustness.domain import Run, Skip
from robustness.errors import RobustnessError, StoreError, SuiteError
from robustness.models.stub import stub
from robustness.pipeline import Source, Target, check, suite_of
from robustness.reports.items import read_items
from robustness.reports.store import read_run
from robustness.store import header as header_module
from robustness.store.cache import Cache
from robustness.store.entry import load
from robustness.store.header import SCHEMA, Header
from robustness.store.journal import Journal
from robustness.store.parts import Part, read_part, write_part
from robustness.store.rows import Table
from robustness.store.sealed import read_sealed, write_sealed
from robustness.store.shards import Shard
from robustness.suites.plan import plan
from robustness.suites.store import fingerprint, freeze, thaw

Faults = Callable[..., Iterator[tuple[str, bytes]]]
COUNTS = [pytest.param(30, id="sample"), pytest.param(1000, id="all", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def suite() -> Any:
    made = suite_of(Source("stories:test?passages=2", plan("shortcuts")))
    skipped = (Skip(made.examples[0].id, "no-passage", "nothing to remove"),)
    digest = fingerprint(made.seed, made.plan, made.examples, made.variants, skipped)
    return replace(made, skipped=skipped, fingerprint=digest)


@pytest.fixture(scope="module")
def run_folder(suite: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return check(suite, stub("overlap"), Target(tmp_path_factory.mktemp("runs") / "run")).folder


def refused_or_equal(attempt: Callable[[], object], wanted: object, fault: str) -> bool:
    """Tell whether the fault was refused; a result that differs is a wrong number."""
    try:
        found = attempt()
    except RobustnessError:
        return True
    assert found == wanted, fault
    return False


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("state", ["killed", "closed"])
def test_case_39_and_40_journal(
    header: Header,
    rows: dict[bytes, float],
    tmp_path: Path,
    faults: Faults,
    as_killed: Callable[[Path, Path], Path],
    state: str,
    count: int,
):
    journal = Journal(tmp_path / "run.sqlite", header)
    pairs = list(rows.items())
    for at in range(0, len(pairs), 60):
        journal.record(dict(pairs[at : at + 60]))
    if state == "closed":
        journal.close()
    source = as_killed(journal.path, tmp_path / "source")
    journal.close()
    whole = {path.name: path.read_bytes() for path in source.parent.iterdir()}
    recovered = []
    for name, raw in whole.items():
        for fault, damaged in faults(raw, count):
            folder = tmp_path / "damaged"
            shutil.copytree(source.parent, folder)
            (folder / name).write_bytes(damaged)
            recovered.append(used_after(folder / "run.sqlite", header, rows, f"{name}: {fault}"))
            shutil.rmtree(folder)
    assert max(recovered) == len(rows)
    assert sum(recovered) > len(recovered) * len(rows) // 4, "single faults cost most of the rows"


def used_after(path: Path, header: Header, rows: dict[bytes, float], fault: str) -> int:
    """Return how many rows a damaged journal still gives, all of them right, and that it goes on."""
    try:
        with Journal(path, header) as journal:
            found = dict(journal.known(list(rows)))
            assert found.items() <= rows.items(), fault
            assert journal.table().rows().items() <= rows.items(), fault
            journal.record(rows)
            assert journal.known(list(rows)) == rows, fault
            return len(found)
    except StoreError:
        return 0


@pytest.mark.parametrize("count", COUNTS)
def test_case_39_journal_whose_bits_flip_while_it_is_open(
    header: Header, rows: dict[bytes, float], tmp_path: Path, count: int
):
    import random
    import sqlite3

    draw, keys = random.Random(5), list(rows)
    with Journal(tmp_path / "run.sqlite", header) as journal:
        journal.record(rows)
        for _ in range(count):
            key = draw.choice(keys)
            flip = f"UPDATE rows SET score = X'{draw.randbytes(8).hex()}' WHERE key = ?"
            journal._connection.execute(flip, [sqlite3.Binary(key)])
            assert journal.known(keys).items() <= rows.items()
            assert key not in journal.known([key])
            journal.record({key: rows[key]})
            assert journal.known([key]) == {key: rows[key]}
        assert journal.dropped >= count


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("ending", [".parquet", ".json"])
def test_case_39_and_40_sealed_rows_and_their_manifest(
    header: Header, rows: dict[bytes, float], tmp_path: Path, faults: Faults, ending: str, count: int
):
    manifest = write_sealed(tmp_path, header, Table.of(rows))
    wanted, path = dict(sorted(rows.items())), manifest.with_suffix(ending)
    raw = path.read_bytes()
    for fault, damaged in faults(raw, count):
        path.write_bytes(damaged)
        # A flipped bit in white space between the fields of a manifest would be harmless.
        refused_or_equal(lambda: read_sealed(manifest, header).rows(), wanted, fault)
        if ending == ".parquet":
            with pytest.raises(StoreError):
                read_sealed(manifest, header)
    path.write_bytes(raw)
    assert read_sealed(manifest, header).rows() == wanted


def test_case_39_a_damaged_cache_entry_is_dropped_counted_and_scored_anew(
    header: Header, rows: dict[bytes, float], tmp_path: Path, faults: Faults
):
    for _, damaged in faults(b"x" * 900, 3):
        store = Cache(tmp_path).open(header)
        store.record(rows)
        manifest = store.seal()
        assert manifest is not None
        manifest.with_suffix(".parquet").write_bytes(damaged)
        again = Cache(tmp_path).open(header)
        assert again.known(list(rows)) == {}
        assert again.counts()["dropped"] == 1
        assert not manifest.exists()
        again.close()


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", ["part.json", "scores.parquet", "rows.parquet"])
def test_case_39_and_40_part(
    child: Any, rows: dict[bytes, float], tmp_path: Path, faults: Faults, name: str, count: int
):
    from robustness.scoring import run

    small = child.suite_of(20)
    made: Run = run(small, child.Counting())
    part = Part.of(made, small, shard=Shard(0, 1), rows=Table.of(rows))
    folder = write_part(tmp_path / "part", part)

    def read() -> object:
        found = read_part(folder)
        return replace(found, rows=found.rows.rows())  # type: ignore[arg-type]

    wanted = read()
    raw = (folder / name).read_bytes()
    for fault, damaged in faults(raw, count):
        (folder / name).write_bytes(damaged)
        refused_or_equal(read, wanted, fault)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", ["items.parquet", "summary.json", "manifest.json"])
def test_case_39_and_40_run_folder(run_folder: Path, tmp_path: Path, faults: Faults, name: str, count: int):
    folder = Path(shutil.copytree(run_folder, tmp_path / "run"))

    def read() -> object:
        return read_run(folder), read_items(folder / "items.parquet").to_pydict()

    wanted = same(read())
    refused = 0
    for fault, damaged in faults((run_folder / name).read_bytes(), count):
        (folder / name).write_bytes(damaged)
        refused += refused_or_equal(lambda: same(read()), wanted, fault)
    assert refused >= count


def same(value: object) -> str:
    return repr(value)  # NaN differs from itself, but not in writing


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", ["manifest.json", "examples.jsonl", "variants.jsonl", "skipped.jsonl"])
def test_case_39_and_40_frozen_suite(suite: Any, tmp_path: Path, faults: Faults, name: str, count: int):
    folder = freeze(suite, tmp_path / "frozen")
    raw = (folder / name).read_bytes()
    for fault, damaged in faults(raw, count):
        (folder / name).write_bytes(damaged)
        refused_or_equal(lambda: thaw(folder), suite, fault)
    (folder / name).write_bytes(raw)
    assert thaw(folder) == suite


@pytest.mark.parametrize("name", ["manifest.json", "examples.jsonl", "variants.jsonl"])
def test_case_40_a_file_of_no_length_is_refused(suite: Any, tmp_path: Path, name: str):
    folder = freeze(suite, tmp_path / "frozen")
    (folder / name).write_bytes(b"")
    with pytest.raises(SuiteError, match="build"):
        thaw(folder)


def test_case_40_a_newer_schema_is_told(
    header: Header, rows: dict[bytes, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    modules = ("header", "tables", "sealed", "parts")
    for module in modules:
        monkeypatch.setattr(f"robustness.store.{module}.SCHEMA", SCHEMA + 1)
    Journal(tmp_path / "run.sqlite", header).close()
    manifest = write_sealed(tmp_path, header, Table.of(rows))
    part = Part(header, Shard(0, 1), 0, "m", {}, {}, {}, Table.of({}))
    folder = write_part(tmp_path / "part", part)
    monkeypatch.undo()
    assert header_module.SCHEMA == SCHEMA
    for attempt in (
        lambda: Journal(tmp_path / "run.sqlite", header),
        lambda: read_sealed(manifest, header),
        lambda: read_part(folder),
    ):
        with pytest.raises(StoreError, match=rf"schema {SCHEMA + 1} came, but this version reads {SCHEMA}; "):
            attempt()


def test_case_40_an_empty_journal_file_is_a_new_journal(header: Header, tmp_path: Path):
    (tmp_path / "run.sqlite").touch()
    with Journal(tmp_path / "run.sqlite", header) as journal:
        assert (journal.resumed, journal.dropped) == (0, 0)


def test_case_40_a_foreign_file_is_replaced_and_counted(header: Header, tmp_path: Path):
    (tmp_path / "run.sqlite").write_bytes(b"not a database at all" * 500)
    with Journal(tmp_path / "run.sqlite", header) as journal:
        assert (journal.resumed, journal.dropped) == (0, 1)


@pytest.mark.parametrize("left", ["salvaging", "salvaged", "salvaged and the old one"])
def test_case_40_a_kill_during_salvage_loses_nothing(
    header: Header, rows: dict[bytes, float], tmp_path: Path, left: str
):
    path = tmp_path / "run.sqlite"
    with Journal(path, header) as journal:
        journal.record(rows)
    if left == "salvaging":
        (tmp_path / "run.sqlite.salvaging").write_bytes(b"half a draft")
    else:
        path.rename(tmp_path / "run.sqlite.salvaged")
        (tmp_path / "run.sqlite-wal").write_bytes(b"the log of the old one")
        if left == "salvaged and the old one":
            path.write_bytes(b"damaged" * 1000)
    with Journal(path, header) as journal:
        assert journal.known(list(rows)) == rows


def test_a_score_keeps_all_its_bits(header: Header, tmp_path: Path):
    values = [0.0, -0.0, 5e-324, -1.7976931348623157e308, math.pi, 1e16, 3.0]
    kept = {bytes([at]) * 16: value for at, value in enumerate(values)}
    with Journal(tmp_path / "run.sqlite", header) as journal:
        journal.record(kept)
        found = journal.known(list(kept))
        table = journal.table()
    sealed = read_sealed(write_sealed(tmp_path, header, table), header).rows()
    assert (
        [repr(found[key]) for key in kept] == [repr(sealed[key]) for key in kept] == list(map(repr, values))
    )


def test_load_passes_over_what_is_not_sealed(header: Header, rows: dict[bytes, float], tmp_path: Path):
    manifest = write_sealed(tmp_path, header, Table.of(rows))
    manifest.unlink()  # no manifest: not sealed
    assert load(tmp_path, header).tables == ()
    assert load(tmp_path, header).dropped == 0
