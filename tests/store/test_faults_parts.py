"""Cases 22, 25, 28 and 60 to 64: shares of a suite, scored apart and united."""

from __future__ import annotations

import itertools
import math
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from robustness.domain import Example, Run, Suite
from robustness.errors import StoreError, UsageError
from robustness.scoring import run
from robustness.store.cache import Cache
from robustness.store.keep import keep
from robustness.store.merge import merge
from robustness.store.parts import Part, read_part, write_part
from robustness.store.rows import Table
from robustness.store.shards import Shard, item_ids, rest_of, share_of_suite
from robustness.suites.build import build
from robustness.suites.plan import Plan

PLAN = Plan.model_validate(
    {"name": "small", "description": "d", "check": [{"attack": "gold-removed"}, {"attack": "no-passage"}]}
)


def story(number: int) -> Example:
    options = ("The lamp.", "The tent.", "A coat.", "A boat.")[: 3 + number % 2]
    passage = f"Leo left the lamp at home on day {number}. Nora packed the blue tent and a coat."
    return Example(f"m{number}#0", passage, "What did Leo leave?", options, 0, f"m{number}")


@pytest.fixture(scope="module")
def suite() -> Suite:
    return build(tuple(map(story, range(7))), PLAN)


def part_of(
    child: Any, suite: Suite, shard: Shard, folder: Path, *, cache: Cache | None = None, **model: Any
) -> Path:
    made = child.Counting(**model)
    with keep(made, suite=suite.fingerprint, cache=cache) as store:
        done = run(share_of_suite(suite, shard), made)
        rows = store.rows() if store else None
    return write_part(folder, Part.of(done, suite, shard=shard, rows=rows))


def parts_of(child: Any, suite: Suite, of: int, root: Path, **model: Any) -> list[Path]:
    return [part_of(child, suite, Shard(r, of), root / f"{r}-{of}", **model) for r in range(of)]


def with_scores(folder: Path, to: Path, **scores: Sequence[float]) -> Path:
    part = read_part(folder)
    changed = {**part.scores, **{name.replace("_", "#"): tuple(row) for name, row in scores.items()}}
    return write_part(to, replace(part, scores=changed))


@pytest.mark.parametrize("of", [1, 2, 3])
@pytest.mark.parametrize("items", [0, 1, 2, 5, 7])
def test_case_60_each_item_is_in_the_merge_once(child: Any, tmp_path: Path, items: int, of: int):
    small = child.suite_of(items)
    folders = parts_of(child, small, of, tmp_path)
    names = [name for folder in folders for name in read_part(folder).scores]
    assert sorted(names) == sorted(item_ids(small))
    merged = merge(folders)
    assert merged.complete
    assert merged.run(small) == run(small, child.Counting())


@pytest.mark.parametrize("of", [1, 2, 3, 9])
def test_case_60_variants_are_scored_where_their_source_is(child: Any, suite: Suite, tmp_path: Path, of: int):
    shares = [share_of_suite(suite, Shard(rank, of)) for rank in range(of)]
    for share in shares:
        assert {v.source for v in share.variants} <= {e.id for e in share.examples}
        assert share.fingerprint == suite.fingerprint
    assert merge(parts_of(child, suite, of, tmp_path)).run(suite) == run(suite, child.Counting())


@pytest.mark.parametrize("phase", ["before the first row", "between batches", "before the part is written"])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_case_61_a_dead_rank_is_made_good_by_any_number_of_others(
    child: Any, suite: Suite, tmp_path: Path, phase: str, world: int
):
    cache = Cache(tmp_path / "cache")
    done = part_of(child, suite, Shard(0, 2), tmp_path / "0", cache=cache)

    class Dying(child.Counting):  # type: ignore[misc]
        def forward(self, texts: Any) -> Any:
            if phase == "before the first row" or (
                phase == "between batches" and self.counts["forward_calls"]
            ):
                raise SystemExit(128 + signal.SIGKILL)
            return super().forward(texts)

    dead = Dying()
    with pytest.raises(SystemExit), keep(dead, suite=suite.fingerprint, cache=cache):  # noqa: PT012 - what is interrupted
        run(share_of_suite(suite, Shard(1, 2)), dead, chunk=2)
        raise SystemExit
    rest = rest_of(suite, merge([done]).scores)
    folders, forwarded = [done], dead.counts["rows_forwarded"]
    for rank in range(world):
        model = child.Counting()
        shard = Shard(rank, world)
        with keep(model, suite=suite.fingerprint, cache=cache):
            made = run(share_of_suite(rest, shard), model)
        forwarded += model.counts["rows_forwarded"]
        folders.append(write_part(tmp_path / f"again-{rank}", Part.of(made, suite, shard=shard)))
    alone = child.Counting()
    with keep(alone, suite=suite.fingerprint, cache=Cache(tmp_path / "other")):
        assert merge(folders).run(suite) == run(suite, alone)
    forwarded += len(read_part(done).rows)
    assert forwarded == alone.counts["rows_forwarded"], "what the dead rank had scored was scored again"


def test_case_61_a_part_without_a_manifest_is_unfinished(child: Any, suite: Suite, tmp_path: Path):
    one, other = parts_of(child, suite, 2, tmp_path)
    (other / "part.json").unlink()
    with pytest.raises(StoreError, match="did not finish; run its command again"):
        merge([one, other])


def test_case_61_an_interrupted_write_leaves_no_part(
    child: Any, suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("robustness.store.parts.write_manifest", interrupted)
    with pytest.raises(KeyboardInterrupt):
        part_of(child, suite, Shard(0, 2), tmp_path / "0")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("field", "value"), [("suite", "other"), ("model", "c1"), ("numeric", "fp64/cpu"), ("items", 8)]
)
def test_case_62_a_part_of_another_run_is_refused_by_the_field(
    child: Any, suite: Suite, tmp_path: Path, field: str, value: Any
):
    one, other = parts_of(child, suite, 2, tmp_path)
    part = read_part(other)
    changed = (
        replace(part, total=value)
        if field == "items"
        else replace(part, header=replace(part.header, **{field: value}))
    )
    foreign = write_part(tmp_path / "foreign", changed)
    with pytest.raises(StoreError, match=f"different runs .*{field}.* there") as error:
        merge([one, foreign])
    assert str(one) in str(error.value)
    assert str(foreign) in str(error.value)


def test_case_62_parts_of_another_suite_make_no_run_of_this_one(child: Any, suite: Suite, tmp_path: Path):
    merged = merge(parts_of(child, suite, 2, tmp_path))
    with pytest.raises(StoreError, match="give the suite that they were scored on"):
        merged.run(replace(suite, fingerprint="other"))
    with pytest.raises(StoreError, match=r"not in it: 'm\d#0.*; give the whole suite"):
        merged.run(share_of_suite(suite, Shard(0, 2)))


def test_case_63_order_and_repetition_of_parts_are_of_no_account(child: Any, suite: Suite, tmp_path: Path):
    folders = parts_of(child, suite, 3, tmp_path)
    wanted = merge(folders)
    for order in itertools.permutations(folders):
        again = merge([*order, order[0]])
        assert again.run(suite) == wanted.run(suite)
        assert list(again.run(suite).scores) == list(wanted.run(suite).scores)
        assert (again.rows.rows(), again.shards) == (wanted.rows.rows(), wanted.shards)


def test_case_63_parts_that_overlap_give_one_answer_in_any_order(child: Any, suite: Suite, tmp_path: Path):
    two, three = parts_of(child, suite, 2, tmp_path), parts_of(child, suite, 3, tmp_path)
    part = read_part(two[0])
    nudged = {name: tuple(s + 1e-7 for s in row) for name, row in part.scores.items()}
    near = write_part(tmp_path / "near", replace(part, scores=nudged))
    folders = [*two, *three, near]
    runs = [merge(order).run(suite) for order in (folders, folders[::-1], folders[2:] + folders[:2])]
    assert len({repr(made) for made in runs}) == 1
    wanted = run(suite, child.Counting()).scores
    assert all(made == pytest.approx(wanted[name]) for name, made in runs[0].scores.items())


def test_case_63_scores_that_cannot_both_be_true_are_told_with_both_parts(
    child: Any, suite: Suite, tmp_path: Path
):
    (whole,) = parts_of(child, suite, 1, tmp_path)
    scores = read_part(whole).scores["m3#0"]
    other = with_scores(whole, tmp_path / "other", m3_0=(scores[0] + 0.01, *scores[1:]))
    for order in ([whole, other], [other, whole]):
        with pytest.raises(StoreError, match="item 'm3#0' has the scores") as error:
            merge(order)
        assert str(whole) in str(error.value)
        assert str(other) in str(error.value)


def test_case_63_a_row_that_one_rank_could_not_score_is_taken_from_the_other(
    child: Any, suite: Suite, tmp_path: Path
):
    (whole,) = parts_of(child, suite, 1, tmp_path)
    scores = read_part(whole).scores["m3#0"]
    other = with_scores(whole, tmp_path / "other", m3_0=(math.nan, *scores[1:]))
    for order in ([whole, other], [other, whole]):
        assert merge(order).scores["m3#0"] == scores
    assert math.isnan(merge([other]).scores["m3#0"][0])


def test_case_63_another_length_of_passage_seen_is_told(child: Any, suite: Suite, tmp_path: Path):
    (whole,) = parts_of(child, suite, 1, tmp_path)
    part = read_part(whole)
    folders = [
        write_part(tmp_path / str(at), replace(part, visible={"m1#0": length}))
        for at, length in enumerate((10, 11))
    ]
    with pytest.raises(StoreError, match=r"'m1#0' 10 characters were seen in .*, 11 in"):
        merge(folders)


def test_case_64_missing_parts_are_named_and_a_run_is_refused(child: Any, suite: Suite, tmp_path: Path):
    folders = parts_of(child, suite, 3, tmp_path)
    merged = merge(folders[:1] + folders[2:])
    absent = item_ids(share_of_suite(suite, Shard(1, 3)))
    assert not merged.complete
    assert sorted(merged.missing(suite)) == sorted(absent)
    message = rf"{len(absent)} of {len(item_ids(suite))} items are missing \(no part of shard 2/3\)"
    with pytest.raises(StoreError, match=message):
        merged.run(suite)
    partial = merged.run(suite, partial=True)
    assert partial.scores.keys() == set(item_ids(suite)) - set(absent)


def test_case_64_a_partial_run_is_judged_invalid(child: Any, suite: Suite, tmp_path: Path):
    from robustness.judging.verdicts import judge

    folders = parts_of(child, suite, 3, tmp_path)
    judgement = judge(suite, merge(folders[:2]).run(suite, partial=True))
    assert judgement.clean_invalid == len(share_of_suite(suite, Shard(2, 3)).examples)
    assert any(result.invalid.get("missing") for result in judgement.results)


def test_without_parts_there_is_nothing_to_merge():
    with pytest.raises(UsageError, match="at least one is needed"):
        merge([])


def test_case_22_equal_ids_of_two_suites_are_never_merged(child: Any, tmp_path: Path):
    one = part_of(child, child.suite_of(4, fingerprint="dev"), Shard(0, 2), tmp_path / "dev")
    other = part_of(child, child.suite_of(4, fingerprint="test"), Shard(1, 2), tmp_path / "test")
    with pytest.raises(StoreError, match="suite: 'dev' here, 'test' there"):
        merge([one, other])


@pytest.mark.parametrize(
    "name", ["a\x00b", "half \ud83d pair", "\u2028", "\ufffe", "e\u0301", "\u00e9", "../x", "\x1b["]
)
def test_case_25_and_26_ids_come_back_as_they_were(tmp_path: Path, name: str):
    made = Run("m", "c0", "s", {name: (0.5, -0.0), "other": (1.0,)}, {name: -1}, {"numeric_class": "n"})
    suite = Suite("s", 0, {}, (), (), (), {}, "s")
    part = read_part(write_part(tmp_path / "part", Part.of(made, suite, shard=Shard(0, 1))))
    assert dict(part.scores) == dict(made.scores)
    assert dict(part.visible) == {name: -1}


def test_case_28_a_share_of_nothing_is_a_part_that_merges(child: Any, tmp_path: Path):
    small = child.suite_of(1)
    folders = parts_of(child, small, 3, tmp_path)
    assert sorted(len(read_part(folder).scores) for folder in folders) == [0, 0, 1]
    assert merge(folders).complete


def test_scores_that_are_no_numbers_survive_in_parts(tmp_path: Path):
    row = (math.nan, math.inf, -math.inf)
    part = Part.of(
        Run("m", "c0", "s", {"a": row}, {}, {}), Suite("s", 0, {}, (), (), (), {}, "s"), shard=Shard(0, 1)
    )
    assert repr(read_part(write_part(tmp_path / "part", part)).scores["a"]) == repr(row)


def test_a_part_is_never_rewritten(child: Any, suite: Suite, tmp_path: Path):
    folder = part_of(child, suite, Shard(0, 2), tmp_path / "0")
    with pytest.raises(UsageError, match="never rewritten"):
        write_part(folder, read_part(folder))


def test_the_same_part_is_the_same_bytes(child: Any, suite: Suite, tmp_path: Path):
    folders = [part_of(child, suite, Shard(1, 2), tmp_path / name) for name in "ab"]
    for name in ("part.json", "rows.parquet", "scores.parquet"):
        one, other = ((folder / name).read_bytes() for folder in folders)
        assert one == other


def test_rows_of_a_part_are_of_use_to_any_cache(child: Any, suite: Suite, tmp_path: Path):
    folder = part_of(child, suite, Shard(0, 1), tmp_path / "0", cache=Cache(tmp_path / "there"))
    part = read_part(folder)
    store = Cache(tmp_path / "here").open(part.header)
    store.record(part.rows.rows())
    store.seal()
    model = child.Counting()
    with keep(model, suite=suite.fingerprint, cache=Cache(tmp_path / "here")):
        run(suite, model)
    assert model.counts["forward_calls"] == 0
    assert len(part.rows) == len(Table.of(part.rows.rows()))


def test_environments_that_differ_are_shown_side_by_side(suite: Suite, tmp_path: Path):
    folders = []
    for rank, threads in enumerate(["2", "1"]):
        made = Run("m", "c0", suite.fingerprint, {}, {}, {"threads": threads, "device": "cpu"})
        folders.append(write_part(tmp_path / threads, Part.of(made, suite, shard=Shard(rank, 2))))
    assert merge(folders).environment == {"device": "cpu", "threads": "1; 2"}


def test_case_56_what_was_raised_in_several_shares_is_told_as_by_one_process(child: Any, tmp_path: Path):
    class Fussy(child.Counting):  # type: ignore[misc]
        def score(self, batch: Sequence[Example]) -> Any:
            names = {example.id for example in batch}
            if "m3" in names:
                raise KeyError(self.name)
            if names & {"m5", "m6"}:
                raise ValueError(self.name)
            return super().score(batch)

    small = child.suite_of(8)
    folders = []
    for rank in range(3):
        shard = Shard(rank, 3)
        made = run(share_of_suite(small, shard), Fussy(), whole=small, chunk=4)
        folders.append(write_part(tmp_path / str(rank), Part.of(made, small, shard=shard)))
    whole = run(small, Fussy(), chunk=8)
    assert len(whole.environment["errors"].split("; ")) == 2
    assert merge(folders).run(small).environment == whole.environment
    assert merge([*folders, *folders[:1]]).run(small).environment == whole.environment
