"""Cases 3, 5, 35 to 46: what a cache may serve to whom, and what it does when its place gives way."""

from __future__ import annotations

import errno
import itertools
import json
import math
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from robustness.domain import Run
from robustness.errors import StoreError
from robustness.scoring import run
from robustness.store import network
from robustness.store.cache import Cache
from robustness.store.header import Header
from robustness.store.journal import Journal
from robustness.store.keep import keep
from robustness.store.pruning import prune, size_of
from robustness.store.rows import Table
from robustness.store.sealed import write_sealed
from robustness.store.segments import Memory, Segments

ROOT = Path(__file__).parents[2]


def scored(
    child: Any, cache: Cache | None, *, items: int = 12, suite: str = "s", **model: Any
) -> tuple[Run, Any]:
    made = child.Counting(**model)
    with keep(made, suite=suite, cache=cache):
        done = run(child.suite_of(items), made)
    return done, made


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_case_3_and_5_what_is_no_number_is_never_kept(header: Header, tmp_path: Path, value: float):
    with Journal(tmp_path / "run.sqlite", header) as journal:
        for writer in (journal, Memory(), Segments(tmp_path, header)):
            with pytest.raises(ValueError, match="finite"):
                writer.record({b"a" * 16: 0.5, b"b" * 16: value})
            assert writer.known([b"a" * 16, b"b" * 16]) == {}


def test_case_35_two_models_share_a_cache_and_no_row(child: Any, tmp_path: Path):
    cache = Cache(tmp_path)
    for name in ("c0", "c1", "c0", "c1"):
        with_cache, _ = scored(child, cache, fingerprint=name)
        without, _ = scored(child, None, fingerprint=name)
        assert with_cache.scores == without.scores


def test_case_35_to_38_no_hits_across_models_or_numeric_classes(rows: dict[bytes, float], tmp_path: Path):
    """Goal R4, pairwise; the very same row keys are used on purpose, as a broken key would give them."""
    headers = [
        Header("s", model, numeric)
        for model in ("c0", "c0+adapter", "c1", "")
        for numeric in ("fp32/cpu/sdpa", "fp32/cpu/eager", "fp64/cpu/eager", "bf16/cuda/sdpa", "")
    ]
    mine = [{key: score + 10 * at for key, score in rows.items()} for at in range(len(headers))]
    for header, scores in zip(headers, mine, strict=True):
        store = Cache(tmp_path).open(header)
        assert store.known(list(rows)) == {}
        store.record(scores)
        store.seal()
    for header, scores in zip(headers, mine, strict=True):
        store = Cache(tmp_path).open(header)
        assert store.known(list(rows)) == scores
        store.close()
    assert all(one.entry != other.entry for one, other in itertools.combinations(headers, 2))


def test_case_36_new_weights_under_the_same_name_are_scored_anew(child: Any, tmp_path: Path):
    _, first = scored(child, Cache(tmp_path), fingerprint="before")
    _, second = scored(child, Cache(tmp_path), fingerprint="after")
    assert second.counts == first.counts


def test_case_38_another_numeric_class_misses(child: Any, tmp_path: Path):
    scored(child, Cache(tmp_path), numeric="fp32/cpu/sdpa")
    _, second = scored(child, Cache(tmp_path), numeric="fp32/cpu/eager")
    assert second.counts["rows_forwarded"] > 0


def test_sealed_rows_put_into_anothers_folder_are_dropped(rows: dict[bytes, float], tmp_path: Path):
    one, other = Header("s", "c0", "n"), Header("s", "c1", "n")
    store = Cache(tmp_path).open(one)
    store.record(rows)
    manifest = store.seal()
    assert manifest is not None
    folder = manifest.parents[1] / other.entry
    folder.mkdir()
    for path in (manifest, manifest.with_suffix(".parquet")):
        (folder / path.name).write_bytes(path.read_bytes())
    moved = Cache(tmp_path).open(other)
    assert moved.known(list(rows)) == {}
    assert moved.counts()["dropped"] == 1
    moved.close()


def test_case_41_two_runs_at_once_each_write_a_journal_of_their_own(child: Any, tmp_path: Path):
    cache, suite = Cache(tmp_path), child.suite_of(12)
    header = Header(suite.fingerprint, "c0", "exact")
    one, other = cache.open(header), cache.open(header)
    models = [child.Counting(), child.Counting()]
    for model, store in zip(models, (one, other), strict=True):
        model.ledger = store
    runs = [run(suite, model, chunk=3) for model in models]
    assert runs[0] == runs[1]
    for store in (one, other):
        store.seal()
        store.close()
    done, third = scored(child, cache)
    assert done.scores == runs[0].scores
    assert third.counts["forward_calls"] == 0


def test_case_41_a_second_writer_is_refused_with_process_and_host(header: Header, tmp_path: Path):
    import platform

    with Journal(tmp_path / "run.sqlite", header):
        with pytest.raises(StoreError, match="is writing it") as error:
            Journal(tmp_path / "run.sqlite", header)
        assert f"process {os.getpid()} on {platform.node()!r}" in str(error.value)
    Journal(tmp_path / "run.sqlite", header).close()


def test_case_41_processes_at_once_give_one_result(
    child: Any, start: Callable[..., subprocess.Popen[str]], tmp_path: Path
):
    folders = [tmp_path / str(at) for at in range(3)]
    for folder in folders:
        folder.mkdir()
        (folder / "cache").symlink_to(tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    processes = [start(folder, items=40, delay=0.002) for folder in folders]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    results = {(folder / "result.json").read_text() for folder in folders}
    wanted = dict(run(child.suite_of(40), child.Counting()).scores)
    assert results == {json.dumps(wanted, sort_keys=True)}
    assert list((tmp_path / "cache").rglob("*.sqlite")) == []


HOLD = """
import sys, time
from pathlib import Path
from robustness.store.header import Header
from robustness.store.journal import Journal
journal = Journal(Path(sys.argv[1]), Header("5u17e", "c0", "exact"))
journal.record({b"k" * 16: 0.5})
print("held", flush=True)
time.sleep(60)
"""


def test_case_42_the_lock_of_a_dead_process_is_taken_over(header: Header, tmp_path: Path):
    path = tmp_path / "run.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"process {process.pid} on"):
            Journal(path, header)
        process.kill()
    with Journal(path, header) as journal:
        assert journal.known([b"k" * 16]) == {b"k" * 16: 0.5}


def test_case_43_a_score_that_contradicts_a_kept_one_is_an_error_naming_both(header: Header, tmp_path: Path):
    with Journal(tmp_path / "run.sqlite", header) as journal:
        journal.record({b"k" * 16: 0.5})
        journal.record({b"k" * 16: 0.5 + 1e-7})  # another batch, the same model
        with pytest.raises(
            StoreError, match=r"run\.sqlite: row 6b6b.* has the score 0\.5, and now 0\.6 came"
        ):
            journal.record({b"a" * 16: 1.0, b"k" * 16: 0.6})
        assert journal.table().rows() == {b"k" * 16: 0.5}


def test_case_43_two_sealed_files_that_contradict_each_other_are_named(header: Header, tmp_path: Path):
    store = Cache(tmp_path).open(header)
    store.record({b"k" * 16: 0.5})
    first = store.seal()
    assert first is not None
    second = write_sealed(first.parent, header, Table.of({b"k" * 16: 0.6}))
    with pytest.raises(StoreError, match="no-cache") as error:
        Cache(tmp_path).open(header)
    assert first.stem in str(error.value)
    assert second.stem in str(error.value)


def test_case_43_two_runs_at_once_that_contradict_each_other_are_told_at_the_end(
    header: Header, tmp_path: Path
):
    one, other = Cache(tmp_path).open(header), Cache(tmp_path).open(header)
    one.record({b"k" * 16: 0.5})
    other.record({b"k" * 16: 0.6})
    one.seal()
    with pytest.raises(StoreError, match=r"the run of suite 5u17e has 0\.6"):
        other.seal()
    other.close()


def read_only(*_: object, **__: object) -> Path:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_case_44_a_read_only_cache_is_used_with_one_warning(
    child: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    scored(child, Cache(tmp_path), items=6)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr("robustness.store.cache.write_durably", read_only)
    monkeypatch.setattr("robustness.store.durable.write_durably", read_only)
    with pytest.warns(UserWarning, match="Read-only file system") as told:
        done, model = scored(child, Cache(tmp_path), items=12)
    assert len(told) == 1
    assert done.scores == scored(child, None)[0].scores
    assert 0 < model.counts["rows_forwarded"] < sum(len(row) for row in done.scores.values())
    assert sorted(tmp_path.rglob("*")) == before


def test_case_44_a_cache_that_cannot_be_made_is_done_without(child: Any, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="cannot be written"):
        done, _ = scored(child, Cache(tmp_path / "file" / "cache"))
    assert done.scores == scored(child, None)[0].scores


def test_case_44_on_a_network_file_system_each_commit_is_a_sealed_file(
    child: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("robustness.store.cache.is_remote", lambda folder: True)
    model, suite = child.Counting(), child.suite_of(12)
    opened = Cache(tmp_path).open(Header("s", "c0", "exact"))
    assert (opened.writer.mode, opened.kept) == ("segments", True)
    opened.close()
    with pytest.raises(KeyboardInterrupt), keep(model, suite="s", cache=Cache(tmp_path)):  # noqa: PT012 - what is interrupted
        run(child.suite_of(6), model)
        raise KeyboardInterrupt
    assert list(tmp_path.rglob("*.sqlite*")) == []
    assert len(list(tmp_path.rglob("*.parquet"))) == model.counts["forward_calls"] > 1
    done, again = scored(child, Cache(tmp_path))
    assert done.scores == run(suite, child.Counting()).scores
    total = model.counts["rows_forwarded"] + again.counts["rows_forwarded"]
    assert total == sum(len(e.options) for e in suite.examples)
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


MOUNTS = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:25 / /tmp rw - tmpfs tmpfs rw
31 22 0:44 / /mnt/my\\040share rw,relatime shared:9 - nfs4 server:/x rw
32 22 0:45 / /mnt/ssh rw - fuse.sshfs me@there:/ rw
33 31 254:2 / /mnt/my\\040share/disk rw - xfs /dev/vdb rw
a line that is no mount
"""


@pytest.mark.parametrize(
    ("folder", "kind", "remote"),
    [
        ("/home/me", "ext4", False),
        ("/mnt/my share/cache", "nfs4", True),
        ("/mnt/my share/disk/cache", "xfs", False),
        ("/mnt/ssh", "fuse.sshfs", True),
        ("/mnt/sshd", "ext4", False),
    ],
)
def test_case_44_network_file_systems_are_known_by_their_mount(
    tmp_path: Path, folder: str, kind: str, remote: bool
):
    (tmp_path / "mountinfo").write_text(MOUNTS)
    place = Path(folder)
    assert network.kind_of(place, mounts=tmp_path / "mountinfo") == kind
    assert network.is_remote(place, mounts=tmp_path / "mountinfo") is remote


def test_case_44_where_mounts_are_not_listed_a_folder_counts_as_local(tmp_path: Path):
    assert not network.is_remote(tmp_path, mounts=tmp_path / "none")


def test_case_44_names_in_the_cache_differ_in_more_than_case(child: Any, tmp_path: Path):
    scored(child, Cache(tmp_path), fingerprint="Ab")
    scored(child, Cache(tmp_path), fingerprint="aB")
    names = [path.name.lower() for path in (tmp_path / "v1").iterdir()]
    assert len(set(names)) == 2


def test_case_45_a_warm_run_forwards_nothing_and_loads_no_torch(child: Any, tmp_path: Path):
    cold, first = scored(child, Cache(tmp_path))
    warm, second = scored(child, Cache(tmp_path), suite="another")
    assert warm == cold
    assert first.counts["forward_calls"] > 0
    assert second.counts["forward_calls"] == 0
    probe = "import sys; import robustness.store.keep, robustness.store.merge; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, cwd=ROOT, text=True, check=True)
    assert said.stdout == "False\n"


def test_case_45_one_changed_item_forwards_its_own_rows_alone(child: Any, tmp_path: Path):
    scored(child, Cache(tmp_path), items=12)
    done, model = scored(child, Cache(tmp_path), items=13)
    assert model.counts["rows_forwarded"] == len(done.scores["m12"])


def test_case_46_a_run_is_unmoved_by_pruning(child: Any, tmp_path: Path):
    cold, _ = scored(child, Cache(tmp_path))
    model = child.Counting()
    with keep(model, suite="s", cache=Cache(tmp_path)):
        assert prune(tmp_path / "v1", 0) > 0
        assert list(tmp_path.rglob("*.parquet")) == []
        assert run(child.suite_of(12), model) == cold
    assert model.counts["forward_calls"] == 0


def test_pruning_takes_the_longest_unused_first_and_interrupted_runs_last(
    rows: dict[bytes, float], tmp_path: Path
):
    interrupted = Cache(tmp_path).open(Header("s", "model 9", "n"))
    interrupted.record(rows)
    interrupted.close()
    manifests = []
    for at in range(3):
        store = Cache(tmp_path).open(Header("s", f"model {at}", "n"))
        store.record(rows)
        manifests.append(store.seal())
    for at, manifest in zip((30, 10, 20), manifests, strict=True):
        assert manifest is not None
        os.utime(manifest, (at, at))
    sizes = [size_of(tmp_path)]
    while any(manifest and manifest.exists() for manifest in manifests):
        prune(tmp_path / "v1", size_of(tmp_path / "v1") - 1)
        sizes.append([m is not None and m.exists() for m in manifests].count(True))
        if sizes[-1] == 2:
            assert not (manifests[1] and manifests[1].exists())
        assert len(list(tmp_path.rglob("*.sqlite"))) == 1
    assert sizes[1:] == [2, 1, 0]
    prune(tmp_path / "v1", 0)
    assert list(tmp_path.rglob("*.sqlite")) == []


def test_a_journal_in_use_is_never_pruned(header: Header, rows: dict[bytes, float], tmp_path: Path):
    store = Cache(tmp_path).open(header)
    store.record(rows)
    prune(tmp_path / "v1", 0)
    assert store.known(list(rows)) == rows
    assert store.seal() is not None


def test_opening_keeps_the_cache_within_its_bound(rows: dict[bytes, float], tmp_path: Path):
    for at in range(5):
        store = Cache(tmp_path, limit=30_000).open(Header("s", f"model {at}", "n"))
        store.record(rows)
        store.seal()
    Cache(tmp_path, limit=30_000).open(Header("s", "model 0", "n")).close()
    assert size_of(tmp_path / "v1") <= 30_000


def test_what_a_killed_process_left_is_swept_after_a_day(
    header: Header, rows: dict[bytes, float], tmp_path: Path
):
    store = Cache(tmp_path).open(header)
    store.record(rows)
    manifest = store.seal()
    assert manifest is not None
    rests = [manifest.parent / name for name in (".x.json.00.draft", "0f0f.parquet")]
    young = manifest.parent / ".y.json.00.draft"
    for path in (*rests, young):
        path.write_bytes(b"half")
    for path in rests:
        os.utime(path, (0, 0))
    prune(tmp_path / "v1", 10**9)
    assert [path.exists() for path in (*rests, young, manifest)] == [False, False, True, True]


def test_many_sealed_files_become_one(child: Any, tmp_path: Path):
    for at in range(1, 24):
        scored(child, Cache(tmp_path), items=at)
        assert len(list(tmp_path.rglob("*.parquet"))) <= 8
    done, model = scored(child, Cache(tmp_path), items=23)
    assert done.scores == scored(child, None, items=23)[0].scores
    assert model.counts["forward_calls"] == 0


def test_several_interrupted_runs_of_one_command_are_taken_in_together(
    header: Header, rows: dict[bytes, float], tmp_path: Path
):
    cache, pairs = Cache(tmp_path), list(rows.items())
    one, other = cache.open(header), cache.open(header)
    one.record(dict(pairs[:200]))
    other.record(dict(pairs[150:]))
    one.close()
    other.close()
    store = cache.open(header)
    assert store.known(list(rows)) == rows
    assert store.counts()["resumed"] == 350
    assert len(list(tmp_path.rglob("*.sqlite"))) == 1
    store.close()


def test_nothing_is_left_by_a_run_that_scored_nothing(header: Header, tmp_path: Path):
    Cache(tmp_path).open(header).close()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["CACHEDIR.TAG"]


def test_a_model_without_a_ledger_and_a_run_without_a_cache_are_left_alone(child: Any, tmp_path: Path):
    from robustness.models.stub import stub

    with warnings.catch_warnings(), keep(stub("overlap"), suite="s", cache=Cache(tmp_path)) as store:
        assert store is None
    with keep(child.Counting(), suite="s", cache=None) as store:
        assert store is None
    assert list(tmp_path.iterdir()) == []


def test_no_machine_user_or_path_is_in_what_is_sealed(
    child: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("platform.node", lambda: "canary-host")
    monkeypatch.setenv("USER", "canary-user")
    scored(child, Cache(tmp_path / "canary-path"))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"canary" not in path.read_bytes(), path.name
