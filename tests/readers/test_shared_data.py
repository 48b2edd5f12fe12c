"""The real files beside the checkout: counts, and a deliberate behaviour for each problem row."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from robustness.errors import DataError
from robustness.readers import FORMATS, Dataset, load
from robustness.readers.checks import Finding, check

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
PROBLEMS = DATA / "problem_rows.tsv"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not PROBLEMS.is_file(), reason="../shared/data is not beside the checkout"),
]

SPECS = {
    ("dream", "train"): f"dream:{DATA}/dream/train.json",
    ("dream", "dev"): f"dream:{DATA}/dream/dev.json",
    ("dream", "test"): f"dream:{DATA}/dream/test.json",
    ("c3", "m-dev"): f"c3:{DATA}/c3/c3-m-dev.json",
    ("c3", "d-dev"): f"c3:{DATA}/c3/c3-d-dev.json",
    ("onestopqa", "all (3 levels)"): f"onestopqa:{DATA}/onestopqa/annotated_articles",
    ("cosmosqa", "valid"): f"cosmosqa:{DATA}/cosmosqa/valid.csv",
}
KIND = {
    "duplicate options (exact)": "duplicate-options",
    # A near miss, deliberately not a duplicate: the sums differ by their points alone.
    "duplicate options (ignoring case, spaces, punctuation)": "options-collide-when-folded",
    "gold answer has a duplicate among the options": "options-collide-when-folded",
    'option refers to other options (by letter or "above")': "options-refer-to-others",
    "passage under 8 words (15 characters if Chinese)": "very-short-passage",
}


@cache
def dataset(name: str, split: str) -> Dataset:
    return load(SPECS[name, split])


@cache
def findings(name: str, split: str) -> tuple[Finding, ...]:
    return check(dataset(name, split).examples)


def ids_of(kind: str, name: str, split: str) -> set[str]:
    return {i for finding in findings(name, split) if finding.kind == kind for i in finding.ids}


def problems(*names: str) -> list[dict[str, str]]:
    with PROBLEMS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["dataset"] in names]


def squashed(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())[:50]


@pytest.mark.parametrize(
    ("name", "split", "groups", "options", "golds"),
    [
        ("dream", "train", 3869, {3: 6116}, (1979, 2067, 2070)),
        ("dream", "dev", 1288, {3: 2040}, (652, 703, 685)),
        ("dream", "test", 1287, {3: 2041}, (626, 704, 711)),
        ("c3", "m-dev", 1046, {2: 170, 3: 152, 4: 1669}, (527, 524, 501, 439)),
        ("c3", "d-dev", 1628, {3: 313, 4: 1512}, (427, 504, 555, 339)),
        ("cosmosqa", "valid", 2445, {4: 2985}, (744, 729, 761, 751)),
    ],
)
def test_counts_and_gold_positions_are_those_of_the_source(name, split, groups, options, golds):
    examples = dataset(name, split).examples
    assert dataset(name, split).invalid == ()
    assert len({e.group for e in examples}) == groups
    assert Counter(len(e.options) for e in examples) == options
    assert Counter(e.answer for e in examples) == dict(enumerate(golds))


def test_onestopqa_has_every_paragraph_at_three_levels_and_no_gold_position():
    examples = dataset("onestopqa", "all (3 levels)").examples
    assert (len(examples), len({e.group for e in examples})) == (1458, 162)
    assert Counter(e.meta["level"] for e in examples) == {"Adv": 486, "Int": 486, "Ele": 486}
    assert not ids_of("gold-position-skew", "onestopqa", "all (3 levels)")
    assert set(Counter(e.answer for e in examples)) == {0, 1, 2, 3}


def test_onestopqa_spans_lie_in_passages_without_tags():
    for example in dataset("onestopqa", "all (3 levels)").examples:
        assert "<" not in example.passage
        assert example.meta["roles"][example.answer or 0] == "a"
        for note in ("evidence", "distractor_span"):
            for span in example.meta[note].split(","):
                start, end = map(int, span.split(":"))
                assert 0 <= start < end <= len(example.passage)


@pytest.mark.parametrize(
    ("name", "split", "long"), [("dream", "train", 44), ("dream", "dev", 13), ("dream", "test", 16)]
)
def test_over_long_dialogues_are_counted_as_in_the_source(name, split, long):
    assert sum(finding.kind == "over-long" for finding in findings(name, split)) == long


@pytest.mark.parametrize(("split", "repeated"), [("train", 9), ("dev", 3), ("test", 6)])
def test_repeated_dialogues_are_found(split, repeated):
    assert sum(f.kind == "repeated-passage" for f in findings("dream", split)) == repeated


def test_none_of_the_above_of_cosmosqa_is_found():
    found = ids_of("options-refer-to-others", "cosmosqa", "valid")
    listed = {
        example.id
        for example in dataset("cosmosqa", "valid").examples
        if any(option.startswith("None of the above") for option in example.options)
    }
    assert len(listed) == 2187
    assert listed <= found


def test_every_problem_row_of_the_reading_data_is_met():
    rows = problems("dream", "c3", "onestopqa", "cosmosqa")
    met = Counter(_meet(row) for row in rows)
    assert met == {"finding": 40, "repeated item": 18, "CRLF": 6}


def _meet(row: dict[str, str]) -> str:
    key = row["dataset"], row["split"]
    if row["problem"] == "CRLF file":
        path = Path(SPECS[key].partition(":")[2])
        assert b"\r\n" in path.read_bytes()
        assert dataset(*key).examples
        assert not any(o.endswith("\r") for e in dataset(*key).examples for o in e.options)
        return "CRLF"
    if row["problem"].startswith("repeated item"):
        by_id = {e.id: e for e in dataset(*key).examples}
        copies = [f.ids for f in findings(*key) if f.kind == "repeated-item"]
        found = [ids for ids in copies if squashed(by_id[ids[0]].question) == row["location"]]
        assert [len(ids) for ids in found] == [int(row["detail"].removeprefix("x"))]
        return "repeated item"
    (detail,) = {
        f.detail for f in findings(*key) if f.kind == KIND[row["problem"]] and row["location"] in f.ids
    }
    if "refers" in row["problem"] or "exact" in row["problem"]:
        assert row["detail"] in detail
    if "gold" in row["problem"]:
        assert row["detail"] in detail
        assert "the gold is among them" in detail
    return "finding"


def test_no_real_item_is_called_a_duplicate_without_being_one():
    assert ids_of("duplicate-options", "dream", "train") == {"21-261#q3"}
    assert ids_of("duplicate-options", "c3", "d-dev") == {"47-277#q1"}
    for name, split in SPECS:
        assert not ids_of("gold-has-duplicate", name, split)


def test_every_short_chinese_passage_is_listed_and_no_other():
    listed = {row["location"] for row in problems("c3") if row["problem"].startswith("passage under")}
    assert ids_of("very-short-passage", "c3", "m-dev") == listed


def _foreign_files() -> Counter[Path]:
    rows = problems("open_sesame", "ud_english_ewt")
    files = {"open_sesame": "data_dill/{}", "ud_english_ewt": "en_ewt-ud-{}.conllu"}
    names = ((row["dataset"], files[row["dataset"]].format(row["split"])) for row in rows)
    return Counter(DATA / folder / name for folder, name in names)


def test_data_that_is_no_reading_comprehension_is_refused_by_every_format():
    foreign = _foreign_files()
    assert foreign.total() == 185
    formats = sorted(set(FORMATS) - {"hub", "stories"})
    for path in foreign:
        assert path.is_file()
        for name in formats:
            for skip in (False, True):
                with pytest.raises(DataError, match=r".{20,}"):
                    load(f"{name}:{path}", skip_invalid=skip)
