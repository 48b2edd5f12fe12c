"""Cases 47 to 59: kills, signals, full disks, resumption."""

from __future__ import annotations

import errno
import json
import math
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from robustness.domain import Example, Scores
from robustness.errors import OutputError, StoreError
from robustness.scoring import run
from robustness.store import durable
from robustness.store.cache import Cache
from robustness.store.header import Header
from robustness.store.journal import Journal
from robustness.store.keep import keep
from robustness.store.stopping import Stopped
from robustness.store.store import Store

ITEMS = 60
CHILD = Path(__file__).with_name("child.py")
Start = Callable[..., subprocess.Popen[str]]


def expected(child: Any) -> str:
    done = run(child.suite_of(ITEMS), child.Counting())
    return json.dumps(dict(done.scores), sort_keys=True)


def acknowledged(folder: Path) -> list[bytes]:
    log = folder / "acknowledged"
    raw = log.read_bytes() if log.exists() else b""
    return [raw[at : at + 16] for at in range(0, len(raw) - 15, 16)]


def kept(folder: Path, header: Header, keys: Sequence[bytes]) -> int:
    store = Cache(folder / "cache").open(header)
    try:
        return len(store.known(keys))
    finally:
        store.close()


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate()
    return process.returncode


def kill_when(process: subprocess.Popen[str], folder: Path, *, rows: int, pause: float) -> bool:
    """Kill once so many rows are acknowledged and `pause` has passed; tell whether it was in time."""
    while process.poll() is None and len(acknowledged(folder)) < rows:
        time.sleep(0.002)
    with suppress(subprocess.TimeoutExpired):
        process.wait(pause)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def killed_and_resumed(child: Any, start: Start, header: Header, root: Path, kills: int) -> None:
    draw, wanted, done, round_ = random.Random(11), expected(child), 0, 0
    while done < kills:
        folder = root / str(round_)
        folder.mkdir()
        round_ += 1
        finished = False
        while not finished:
            here = len(acknowledged(folder))
            process = start(folder, items=ITEMS, delay=0.004)
            in_time = kill_when(process, folder, rows=here + draw.randrange(60), pause=draw.uniform(0, 0.03))
            done += in_time
            rows = acknowledged(folder)
            assert kept(folder, header, rows) == len(set(rows))
            assert len(rows) == len(set(rows)), "a row that was kept was scored again"
            finished = process.returncode == 0
            if done >= kills and not finished:
                assert ended(start(folder, items=ITEMS)) == 0
                finished = True
        assert (folder / "result.json").read_text() == wanted
        assert list((folder / "cache").rglob("*.sqlite*")) == []
        shutil.rmtree(folder)


def test_case_47_killed_at_random_moments_nothing_acknowledged_is_lost(
    child: Any, start: Start, header: Header, tmp_path: Path
):
    killed_and_resumed(child, start, header, tmp_path, 5)


@pytest.mark.slow
def test_case_47_killed_100_times_nothing_acknowledged_is_lost(
    child: Any, start: Start, header: Header, tmp_path: Path
):
    killed_and_resumed(child, start, header, tmp_path, 100)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_case_48_a_signal_finishes_the_batch_and_says_how_to_go_on(
    child: Any, start: Start, header: Header, tmp_path: Path, number: int
):
    process = start(tmp_path, items=ITEMS, delay=0.05)
    while len(acknowledged(tmp_path)) < 16:
        time.sleep(0.002)
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == 128 + number
    rows = acknowledged(tmp_path)
    (line,) = [line for line in said.splitlines() if line.startswith("stopped by")]
    assert "scored rows are kept; run the same command again to go on" in line
    # The batch at hand is kept, and the run ends before the model hears of it.
    assert int(line.split()[3]) == len(rows) + 8
    assert "Traceback" not in said
    assert 16 <= len(rows) < 200
    assert kept(tmp_path, header, rows) == len(rows)
    assert ended(start(tmp_path, items=ITEMS)) == 0
    assert (tmp_path / "result.json").read_text() == expected(child)


def test_case_48_a_signal_as_soon_as_the_journal_is_there_ends_in_order(
    child: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def opened(cache: Cache, header: Header) -> Store:
        store = whole(cache, header)
        assert list(tmp_path.rglob("*.sqlite"))
        signal.raise_signal(signal.SIGTERM)
        return store

    whole = Cache.open
    monkeypatch.setattr(Cache, "open", opened)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # not the end of the tests
    try:
        with pytest.raises(Stopped) as end, keep(child.Counting(), suite="s", cache=Cache(tmp_path)):
            pass
    finally:
        signal.signal(signal.SIGTERM, before)
    assert end.value.code == 128 + signal.SIGTERM
    assert "0 scored rows are kept" in end.value.line


def test_case_48_a_second_signal_stops_at_once_and_is_still_resumable(
    child: Any, start: Start, header: Header, tmp_path: Path
):
    process = start(tmp_path, items=ITEMS, delay=0.05)
    while len(acknowledged(tmp_path)) < 16:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    rows = acknowledged(tmp_path)
    assert "run the same command again" in said
    assert kept(tmp_path, header, rows) == len(rows)
    assert ended(start(tmp_path, items=ITEMS)) == 0
    assert (tmp_path / "result.json").read_text() == expected(child)


def test_case_48_handlers_are_as_before_afterwards(child: Any, tmp_path: Path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    class Signalled(child.Counting):  # type: ignore[misc]
        def forward(self, texts: Any) -> Any:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().forward(texts)

    model = Signalled()
    with pytest.raises(Stopped) as end, keep(model, suite="s", cache=Cache(tmp_path)):
        run(child.suite_of(9), model)
    assert end.value.code == 143
    assert "8 scored rows are kept" in end.value.line
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert model.ledger is None


def test_case_49_killed_during_the_retry_before_it_uses_anything(
    child: Any, start: Start, header: Header, tmp_path: Path
):
    kill_when(start(tmp_path, items=ITEMS, delay=0.01), tmp_path, rows=40, pause=0)
    rows = acknowledged(tmp_path)
    for pause in (0.0, 0.1, 0.2, 0.3):
        kill_when(start(tmp_path, items=ITEMS, delay=9), tmp_path, rows=0, pause=pause)
        assert acknowledged(tmp_path) == rows
        assert kept(tmp_path, header, rows) == len(rows)


def test_case_50_resuming_when_all_is_done_scores_nothing_and_succeeds(child: Any, tmp_path: Path):
    suite, cache = child.suite_of(20), Cache(tmp_path)
    first, again, third = child.Counting(), child.Counting(), child.Counting()
    store = cache.open(Header(suite.fingerprint, "c0", "exact"))
    first.ledger = store
    wanted = run(suite, first)
    store.close()  # scored wholly, killed before it was sealed
    for model in (again, third):
        with keep(model, suite=suite.fingerprint, cache=cache) as opened:
            assert run(suite, model) == wanted
        assert opened is not None
        assert opened.counts()["misses"] == 0
        assert model.counts["forward_calls"] == 0


@pytest.mark.parametrize("field", ["suite", "model", "numeric"])
def test_case_51_a_journal_of_another_run_is_refused_with_the_difference(
    header: Header, tmp_path: Path, field: str
):
    from dataclasses import replace

    Journal(tmp_path / "run.sqlite", header).close()
    other = replace(header, **{field: "other"})
    with pytest.raises(StoreError, match=rf"{field}: 'other' here, '{getattr(header, field)}' there"):
        Journal(tmp_path / "run.sqlite", other)
    Journal(tmp_path / "run.sqlite", header).close()


def full_after(journal: Journal, pages: int) -> None:
    (now,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count={now + pages}")


def test_case_52_a_full_disk_at_commit_leaves_the_last_good_state(
    header: Header, rows: dict[bytes, float], tmp_path: Path
):
    path = tmp_path / "run.sqlite"
    journal = Journal(path, header)
    journal.record(rows)
    full_after(journal, 1)
    more = {bytes([7]) + at.to_bytes(15, "big"): 1.0 for at in range(4000)}
    with pytest.raises(OutputError, match=r"disk is full.*what was scored before is kept"):
        journal.record(more)
    assert journal.known(list(rows)) == rows
    assert journal.known(list(more)) == {}
    journal.close()
    with Journal(path, header) as again:
        assert again.table().rows() == dict(sorted(rows.items()))
        again.record(more)  # the disk has room again
        assert len(again.table()) == len(rows) + len(more)


@pytest.mark.skipif(os.name == "nt", reason="no limits on the size of files there")
def test_case_52_a_file_that_cannot_grow_is_told_and_keeps_what_it_has(
    header: Header, rows: dict[bytes, float], tmp_path: Path
):
    import resource

    path = tmp_path / "run.sqlite"
    journal = Journal(path, header)
    journal.record(rows)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="free space"):
            fill(journal)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    journal.close()
    with Journal(path, header) as again:
        assert again.dropped == 0
        assert again.known(list(rows)) == rows


def fill(journal: Journal) -> None:
    for part in range(200):
        journal.record({bytes([part]) * 8 + at.to_bytes(8, "big"): 1.0 for at in range(100)})


def no_room(*_: object, **__: object) -> Path:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_case_52_a_full_disk_at_the_end_keeps_the_journal_for_the_next_time(
    child: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    suite, model, again = child.suite_of(20), child.Counting(), child.Counting()
    with pytest.raises(OutputError, match="No space left"), keep(model, suite="s", cache=Cache(tmp_path)):  # noqa: PT012 - what is interrupted
        wanted = run(suite, model)
        monkeypatch.setattr("robustness.store.entry.write_sealed", no_room)
    monkeypatch.undo()
    with keep(again, suite="s", cache=Cache(tmp_path)):
        assert run(suite, again) == wanted
    assert again.counts["forward_calls"] == 0


def test_case_53_no_room_is_told_before_anything_is_scored(
    child: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("robustness.store.cache.write_durably", no_room)
    model = child.Counting()
    with pytest.raises(OutputError, match="No space left"), keep(model, suite="s", cache=Cache(tmp_path)):
        run(child.suite_of(3), model)
    assert model.counts["forward_calls"] == 0


def test_case_54_what_is_on_disk_when_record_returns_is_enough(
    header: Header, rows: dict[bytes, float], tmp_path: Path, as_killed: Callable[[Path, Path], Path]
):
    journal = Journal(tmp_path / "run.sqlite", header)
    assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._connection.execute("PRAGMA journal_mode").fetchone() == (b"wal",)
    pairs = list(rows.items())
    for at in range(0, len(pairs), 50):
        journal.record(dict(pairs[at : at + 50]))
        copy = as_killed(journal.path, tmp_path / str(at))  # later writes are dropped
        with Journal(copy, header) as after:
            assert after.known(list(rows)) == dict(pairs[: at + 50])
    journal.close()


def test_case_54_a_torn_last_write_costs_unacknowledged_rows_alone(
    header: Header, rows: dict[bytes, float], tmp_path: Path, as_killed: Callable[[Path, Path], Path]
):
    journal = Journal(tmp_path / "run.sqlite", header)
    first, second = dict(list(rows.items())[:100]), dict(list(rows.items())[100:])
    journal.record(first)
    synced = (tmp_path / "run.sqlite-wal").stat().st_size
    journal.record(second)
    written = (tmp_path / "run.sqlite-wal").stat().st_size
    assert written > synced
    for size in range(synced, written, 997):
        copy = as_killed(journal.path, tmp_path / str(size))
        os.truncate(f"{copy}-wal", size)
        with Journal(copy, header) as after:
            assert after.table().rows() == dict(sorted(first.items()))
            assert after.dropped == 0
    journal.close()


def test_case_54_files_are_synced_before_their_name_and_folders_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    steps: list[str] = []
    sync, move = os.fsync, Path.replace

    def synced(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def moved(self: Path, to: Path) -> Path:
        steps.append("rename")
        return move(self, to)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", moved)
    durable.write_durably(tmp_path / "a", b"x")
    assert steps == ["file", "rename", "folder"]


def test_case_55_times_of_files_decide_nothing(child: Any, tmp_path: Path):
    suite = child.suite_of(20)
    for name in ("one", "two"):
        model = child.Counting()
        with keep(model, suite=name, cache=Cache(tmp_path)):
            wanted = run(suite, model)
    for at, path in enumerate(sorted(tmp_path.rglob("*.json"))):
        os.utime(path, (10**9 - at, 4 * 10**9 + at))
    model = child.Counting()
    with keep(model, suite="three", cache=Cache(tmp_path)):
        assert run(suite, model).scores == wanted.scores
    assert model.counts["forward_calls"] == 0


def fussy(child: Any, *names: str) -> Any:
    """Return a counting model that raises wherever one of these items is among the others."""

    class Fussy(child.Counting):  # type: ignore[misc]
        def score(self, batch: Sequence[Example]) -> list[Scores]:
            if any(example.id in names for example in batch):
                raise ZeroDivisionError("token=secret")
            return super().score(batch)  # type: ignore[no-any-return]

    return Fussy()


def test_case_56_an_item_at_which_a_model_raises_is_not_measured_and_the_others_go_on(
    child: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    broken, mended = fussy(child, "m7", "m12"), child.Counting()
    suite = child.suite_of(20)
    with keep(broken, suite="s", cache=Cache(tmp_path)):
        made = run(suite, broken, chunk=4)
    whole = run(suite, child.Counting())
    given_up = {name for name, scores in made.scores.items() if all(map(math.isnan, scores))}
    assert given_up == {"m7", "m12"}
    assert {name: s for name, s in made.scores.items() if name not in given_up} == {
        name: s for name, s in whole.scores.items() if name not in given_up
    }
    # Type and place, without the message, which may quote anything; the stack once for both items.
    told = made.environment["errors"]
    assert told.startswith("ZeroDivisionError at ")
    assert "secret" not in told
    assert {record.args[0] for record in caplog.records if record.args} == given_up  # type: ignore[index]
    assert [bool(record.exc_info) for record in caplog.records] == [True, False]
    # The next run asks for these items alone.
    with keep(mended, suite="s", cache=Cache(tmp_path)):
        assert run(suite, mended) == whole
    assert mended.counts["rows_forwarded"] == sum(len(e.options) for e in suite.examples if e.id in given_up)


def test_case_56_a_model_that_raises_at_every_item_ends_the_run_with_its_stack(child: Any):
    suite = child.suite_of(8)
    with pytest.raises(ZeroDivisionError):
        run(suite, fussy(child, *(e.id for e in suite.examples)), chunk=4)
    with pytest.raises(ZeroDivisionError):
        run(suite, fussy(child, *(e.id for e in suite.examples)), chunk=1)


def test_case_56_rows_scored_before_a_model_gave_out_are_kept(child: Any, tmp_path: Path):
    suite = child.suite_of(20)
    broken, mended = fussy(child, *(e.id for e in suite.examples[8:])), child.Counting()
    with pytest.raises(ZeroDivisionError), keep(broken, suite="s", cache=Cache(tmp_path)):
        run(suite, broken, chunk=2)
    with keep(mended, suite="s", cache=Cache(tmp_path)) as store:
        assert run(suite, mended) == run(suite, child.Counting())
    assert store is not None
    assert store.counts()["resumed"] == broken.counts["rows_forwarded"] > 0
    total = broken.counts["rows_forwarded"] + mended.counts["rows_forwarded"]
    assert total == sum(len(e.options) for e in suite.examples)


def test_case_56_a_fault_that_the_user_can_mend_is_no_fault_of_an_item(child: Any):
    class Refusing(child.Counting):  # type: ignore[misc]
        def score(self, batch: Sequence[Example]) -> list[Scores]:
            raise OutputError("full")

    with pytest.raises(OutputError):
        run(child.suite_of(8), Refusing(), chunk=4)


DYING = """
import os, runpy, signal, sys
child = runpy.run_path(sys.argv[1])
class Dying(child["Counting"]):
    def score(self, batch):
        if any(example.id == "m7" for example in batch):
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().score(batch)
model, suite = Dying(), child["suite_of"](20)
with child["keep"](model, suite=suite.fingerprint, cache=child["Cache"](child["Path"](sys.argv[2]))):
    child["run"](suite, model, chunk=5)
"""


def died(folder: Path) -> str:
    path = os.pathsep.join([str(CHILD.parents[2]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.run(
        [sys.executable, "-c", DYING, str(CHILD), str(folder)],
        env={**os.environ, "PYTHONPATH": path, "TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == -signal.SIGSEGV
    return process.stderr


def test_case_57_the_items_at_which_a_process_died_are_named_by_the_next_until_it_is_one(
    child: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    assert "died" not in died(tmp_path)
    assert "died without a word at 5 item(s)" in died(tmp_path)
    assert "died without a word at 1 item(s): 'm7'; they are asked one at a time" in died(tmp_path)
    # A process that does not die at it says what one would have said that never died.
    suite, mended = child.suite_of(20), child.Counting()
    with keep(mended, suite=suite.fingerprint, cache=Cache(tmp_path)) as store:
        assert store is not None
        assert store.broken_off == ("m7",)
        assert run(suite, mended, chunk=5) == run(suite, child.Counting())
    with keep(mended, suite=suite.fingerprint, cache=Cache(tmp_path)) as store:
        assert store is not None
        assert store.broken_off == ()
    assert len(caplog.records) == 1


def test_case_57_shares_that_are_settled_first_name_the_items_too(
    child: Any, header: Header, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    died(tmp_path)
    Cache(tmp_path).settle(header)
    assert "died without a word at 5 item(s)" in caplog.text


@pytest.mark.parametrize("left", [b"", b"[", b"7", b'["m1", 7]', b"\xff"])
def test_case_57_a_note_that_cannot_be_read_names_what_it_can(header: Header, tmp_path: Path, left: bytes):
    path = tmp_path / "run.sqlite"
    path.with_name("run.sqlite.items").write_bytes(left)
    with Journal(path, header) as journal:
        assert journal.broken_off == (("m1",) if left.startswith(b'["m1"') else ())
    # Who scored nothing has nothing to tell, and leaves what is told; who did clears it.
    assert path.with_name("run.sqlite.items").read_bytes() == left
    with Journal(path, header) as journal:
        journal.at(["m2"])
    assert not path.with_name("run.sqlite.items").exists()


def test_case_52_a_model_that_cannot_take_its_ledger_leaves_the_store_closed(child: Any, tmp_path: Path):
    class Telling(child.Counting):  # type: ignore[misc]
        def __setattr__(self, name: str, value: object) -> None:
            if name == "ledger" and isinstance(value, Store):
                value.record({b"k" * 16: 0.5})
                raise OutputError("full")
            super().__setattr__(name, value)

    for _ in range(2):
        with pytest.raises(OutputError, match="full"), keep(Telling(), suite="s", cache=Cache(tmp_path)):
            pytest.fail("the block was entered")
    assert len(list(tmp_path.rglob("*.sqlite"))) == 1


def test_case_59_counts_are_summed_over_all_attempts(child: Any, tmp_path: Path):
    suite = child.suite_of(30)
    attempts = []
    for upto in (8, 16, 30):
        model = child.Counting()
        attempts.append(model)
        with suppress(KeyboardInterrupt), keep(model, suite="s", cache=Cache(tmp_path)) as store:
            run(child.suite_of(upto), model)
            if upto < 30:
                raise KeyboardInterrupt
            assert store is not None
            totals = store.writer.totals()
    rows = sum(len(e.options) for e in suite.examples)
    assert totals["rows_forwarded"] == sum(m.counts["rows_forwarded"] for m in attempts) == rows
    assert totals["forward_calls"] == sum(m.counts["forward_calls"] for m in attempts)


def test_case_59_a_damaged_count_is_left_out(header: Header, tmp_path: Path):
    path = tmp_path / "run.sqlite"
    with Journal(path, header) as journal:
        journal.counters = lambda: {"tokens": 5, "calls": 2}
        journal.record({b"k" * 16: 1.0})
        assert journal.totals() == {"tokens": 5, "calls": 2}
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE counts SET value = 500 WHERE name = 'tokens'")
    connection.close()
    with Journal(path, header) as journal:
        assert journal.totals() == {"calls": 2}
