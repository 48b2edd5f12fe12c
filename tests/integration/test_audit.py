"""`robustness audit`: a run is confirmed, or what differs is named; the run itself is never touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustness.demo.checkpoint import location
from robustness.models.options import ModelOptions
from robustness.models.resolve import resolve
from robustness.reports.audit_record import AuditRecord, Repeat, audit_to_json, audit_to_markdown

DATA = ("--data", "stories:test?passages=3")
STUB = ("--model", "stub:overlap", *DATA)

OWN = """
import os, zlib

class Own:
    name, fingerprint = "own", "own/1"
    def score(self, batch):
        shift = float(os.environ.get("SHIFT", "0"))
        if os.environ.get("BY_HASH"):
            return [tuple(float(hash(o) % 97) for o in e.options) for e in batch]
        return [self.row(e.options, shift) for e in batch]
    def row(self, options, shift):
        return tuple(zlib.crc32(o.encode()) % 97 + shift * (n == 0) for n, o in enumerate(options))

def make():
    return Own()
"""


@pytest.fixture
def own(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "own_model.py").write_text(OWN)
    return ("--model", "own_model:make", *DATA)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_a_checkpoints_run_is_confirmed_in_fp64_and_to_the_bit_in_every_other_way(tmp_path, command):
    model = ("--model", str(location()), *DATA)
    command("check", *model, "-q", "-o", "run")
    before = contents(tmp_path / "run")
    said = command("audit", "run", *model, "-q")
    assert said.code == 0, said.err
    assert contents(tmp_path / "run") == before
    record = json.loads((tmp_path / "run.audit" / "audit.json").read_text())
    canonical, *others = record["repeats"]
    assert (canonical["name"], canonical["items"], canonical["choices"]) == ("canonical", 20, [])
    assert 0 < canonical["difference"] < 1e-4
    assert [one["name"] for one in others] == [
        "without cache", "budget 1", "budget 256", "budget 1024", "budget 8192", "1 thread", "2 threads",
        "hash seed 0", "hash seed 1",
    ]  # fmt: skip
    assert all(one["identical"] == one["items"] == 20 for one in others)
    assert (tmp_path / "run.audit" / "audit.md").read_text() == said.out


def test_a_model_that_cannot_be_asked_in_fp64_is_still_repeated_and_the_record_says_so(tmp_path, command):
    command("check", *STUB, "-q", "-o", "run")
    said = command("audit", "run", *STUB, "-q", "-o", "record", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["confirmed"]
    assert told["left_out"] == ["canonical scores: this model has none"]
    assert len(told["repeats"]) == 9
    again = command("audit", "run", *STUB, "-q", "-o", "record")
    assert (again.code, "an empty or new folder is needed" in again.err) == (2, True)


def test_scores_that_depend_on_the_hash_seed_are_found(command, own):
    command("check", *own, "-q", "-o", "run", env={"BY_HASH": "1"})
    said = command("audit", "run", *own, "-q", env={"BY_HASH": "1"})
    assert said.code == 1
    assert "The run is not confirmed: hash seed 0, hash seed 1." in said.out.replace("\\", "")


def test_a_run_that_says_other_than_its_model_is_found(command, own):
    command("check", *own, "-q", "-o", "run", env={"SHIFT": "50"})
    said = command("audit", "run", *own, "-q", "--json")
    assert said.code == 1
    (wrong,) = (one for one in json.loads(said.out)["repeats"] if not one["confirmed"])
    assert wrong["name"] == "without cache"
    assert wrong["choices"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--model", "stub:longest", *DATA), "is of model 'stub:overlap/1', but 'stub:longest/1' came"),
        (("--model", "stub:overlap", "--data", "stories:test?passages=4"), "is of suite "),
    ],
)
def test_another_model_or_suite_is_refused(tmp_path, command, words, what):
    command("check", *STUB, "-q", "-o", "run")
    said = command("audit", "run", *words, "-q")
    assert said.code == 3
    assert what in said.err
    assert not (tmp_path / "run.audit").exists()


def test_a_damaged_run_is_refused(tmp_path, command):
    command("check", *STUB, "-q", "-o", "run")
    items = tmp_path / "run" / "items.parquet"
    items.write_bytes(items.read_bytes()[:-1])
    said = command("audit", "run", *STUB, "-q")
    assert (said.code, "items.parquet is not the file that was written" in said.err) == (3, True)


def test_a_record_holds_no_markup_of_a_name_and_no_number_that_json_lacks():
    odd = Repeat("canonical", "the run", 2, 0, float("inf"), ("<b>|`x`",), 0.1, 1e-4)
    record = AuditRecord("now", "<i>", "0" * 64, "a|b", "f", "s", 2, (odd,), (), {"x": "<script>"})
    told = json.loads(audit_to_json(record), parse_constant=pytest.fail)
    assert (told["confirmed"], told["repeats"][0]["difference"]) == (False, "Infinity")
    shown = audit_to_markdown(record)
    assert "<script>" not in shown
    assert "not confirmed: canonical" in shown


def test_fp64_scores_of_a_checkpoint_are_near_its_own():
    model = resolve(str(location()), options=ModelOptions(threads=1))
    from robustness.readers.load import load

    items = load("stories:test?passages=2").examples
    for fast, exact in zip(model.score(items), model.canonical(items), strict=True):  # type: ignore[attr-defined]
        assert exact == pytest.approx(fast, rel=1e-4, abs=1e-4)
