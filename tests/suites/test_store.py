from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Example, Suite
from robustness.errors import OutputError, SuiteError, UsageError
from robustness.suites import store
from robustness.suites.build import build
from robustness.suites.plan import Plan
from robustness.suites.store import freeze, thaw

Make = Callable[[int], tuple[Example, ...]]
FILES = ("manifest.json", "examples.jsonl", "variants.jsonl", "skipped.jsonl")

PLAN = Plan.model_validate(
    {
        "name": "small",
        "description": "d",
        "check": [
            {"attack": "addsent2opt-shuffle", "limits": {"max_drop": 0.1}},
            {"attack": "evidence-deleted"},
            {"attack": "gold-removed"},
        ],
    }
)


@pytest.fixture(scope="module")
def suite(items: Make) -> Suite:
    return replace(build(items(4), PLAN, seed=7, data="jsonl:trips.jsonl"), audit={"findings": [], "n": 4})


@pytest.fixture
def frozen(suite: Suite, tmp_path: Path) -> Path:
    return freeze(suite, tmp_path / "frozen")


def refusal(folder: Path) -> str:
    with pytest.raises(SuiteError) as error:
        thaw(folder)
    assert error.value.exit_code == 3
    return str(error.value)


def test_what_was_frozen_thaws_to_the_same_suite(suite: Suite, frozen: Path) -> None:
    assert thaw(frozen) == suite


def test_a_suite_freezes_to_the_same_bytes_each_time(suite: Suite, frozen: Path, tmp_path: Path) -> None:
    again = freeze(thaw(frozen), tmp_path / "again")
    assert sorted(path.name for path in again.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (again / name).read_bytes() == (frozen / name).read_bytes()


@settings(max_examples=30)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=4, max_size=4),
    meta=st.dictionaries(st.text("ab\u2028\u0000é", max_size=3), st.text("x\n\r\u0085", max_size=3)),
)
def test_any_text_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], meta: dict[str, str]
) -> None:
    passage, question, first, second = texts
    example = Example("odd#1", passage, question, (first, second), 1, "odd", meta)
    odd = build((example,), Plan.model_validate({**PLAN.model_dump(), "check": [{"attack": "no-passage"}]}))
    assert thaw(freeze(odd, tmp_path_factory.mktemp("odd") / "s")) == odd


def _tamperings() -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    yield "truncated", lambda raw: raw[:-2]
    yield "halved", lambda raw: raw[: len(raw) // 2]
    yield "emptied", lambda raw: b""
    yield "lengthened", lambda raw: raw + raw.split(b"\n")[0] + b"\n"
    yield "not UTF-8", lambda raw: raw.replace(b"e", b"\xff", 1)
    yield "one letter", lambda raw: raw.replace(b"trip0001", b"trip0009", 1).replace(b"small", b"smell", 1)
    yield "one digit", lambda raw: raw.replace(b"0.1", b"0.9", 1).replace(b":1", b":2", 1)
    yield "zeroed", lambda raw: b"\0" * len(raw)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("how", "change"), [*_tamperings()], ids=[how for how, _ in _tamperings()])
def test_a_tampered_file_is_refused(
    frozen: Path, name: str, how: str, change: Callable[[bytes], bytes]
) -> None:
    path = frozen / name
    before = path.read_bytes()
    path.write_bytes(change(before))
    if path.read_bytes() == before:
        pytest.skip(f"{name} holds nothing that {how} could change")
    refusal(frozen)


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_is_refused(frozen: Path, name: str) -> None:
    raw = (frozen / name).read_bytes()
    for position in range(0, len(raw), max(1, len(raw) // 60)):
        flipped = bytes([*raw[:position], raw[position] ^ 1, *raw[position + 1 :]])
        (frozen / name).write_bytes(flipped)
        if name == "manifest.json" and _same_json(raw, flipped):
            continue
        refusal(frozen)


def _same_json(first: bytes, second: bytes) -> bool:
    try:
        return bool(json.loads(first) == json.loads(second))
    except ValueError:
        return False


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(frozen: Path, name: str) -> None:
    (frozen / name).unlink()
    assert name in refusal(frozen)


def test_a_folder_that_is_no_suite_is_told_how_to_make_one(tmp_path: Path) -> None:
    assert "robustness build" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_another_schema_is_refused_with_both_numbers(frozen: Path, schema: object) -> None:
    _edit(frozen, schema=schema)
    assert f"schema {schema!r} came, but this version reads 1" in refusal(frozen)


@pytest.mark.parametrize("text", ["[]", "7", '"schema"', "{}", "null"])
def test_a_manifest_of_another_shape_is_refused(frozen: Path, text: str) -> None:
    (frozen / "manifest.json").write_text(text)
    assert "manifest.json is damaged" in refusal(frozen)


def test_a_limit_loosened_in_the_manifest_is_refused(frozen: Path) -> None:
    plan = json.loads((frozen / "manifest.json").read_text())["plan"]
    plan["checks"][0]["limits"]["max_drop"] = 0.99
    _edit(frozen, plan=plan)
    assert "manifest.json is not as it was written" in refusal(frozen)


def test_rows_changed_together_with_their_digests_still_miss_the_fingerprint(
    suite: Suite, tmp_path: Path
) -> None:
    swapped = replace(suite, variants=suite.variants[::-1])
    assert "its content has the fingerprint" in refusal(freeze(swapped, tmp_path / "swapped"))


def _edit(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_that_holds_something_is_left_as_it_is(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(UsageError, match="something stands there") as error:
        freeze(suite, tmp_path / "mine")
    assert error.value.exit_code == 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_file_in_the_way_is_left_as_it_is(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(UsageError, match="something stands there"):
        freeze(suite, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "keep"


def test_an_empty_folder_may_be_filled(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert thaw(freeze(suite, tmp_path / "mine")) == suite


def test_a_place_under_a_file_is_refused(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("keep")
    with pytest.raises(OutputError, match="choose a writable -o"):
        freeze(suite, tmp_path / "file" / "suite")


@pytest.mark.parametrize(
    ("fault", "told"),
    [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left on device"), OutputError)],
)
@pytest.mark.parametrize("after", [0, 2])
def test_an_interrupted_freeze_leaves_nothing(
    suite: Suite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    told: type[BaseException],
    after: int,
) -> None:
    write, calls = store._write, iter(range(9))

    def failing(*given: Any) -> str:
        if next(calls) == after:
            raise fault
        return write(*given)

    monkeypatch.setattr(store, "_write", failing)
    with pytest.raises(told):
        freeze(suite, tmp_path / "frozen")
    assert list(tmp_path.iterdir()) == []


def test_a_frozen_suite_may_be_moved(suite: Suite, frozen: Path, tmp_path: Path) -> None:
    shutil.move(frozen, tmp_path / "elsewhere")
    assert thaw(tmp_path / "elsewhere") == suite
