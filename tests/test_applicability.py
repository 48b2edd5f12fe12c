"""docs/applicability.md: a row for every recipe, rows that add up, and some counted another way."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from robustness.attacks.recipes import recipe, recipe_names

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
PAGE = (ROOT / "docs" / "applicability.md").read_text(encoding="utf-8")
SETS = ("dream", "c3", "onestopqa", "cosmosqa")
SEVERAL = {"option-rotations", "option-permutations", "option-sample", "gold-to-each-slot"}
here = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside the checkout"),
]


def table() -> dict[str, dict[str, tuple[int, ...]]]:
    """Recipe -> data set -> (variants, degraded, skipped)."""
    found = {}
    for line in PAGE.splitlines():
        if match := re.match(r"\| `([^`]+)` \| (.+) \|$", line):
            cells = [tuple(map(int, cell.split(" / "))) for cell in match[2].split(" | ")]
            found[match[1]] = dict(zip(SETS, cells, strict=True))
    return found


def sizes() -> dict[str, int]:
    heads = next(line for line in PAGE.splitlines() if line.startswith("| recipe |"))
    return dict(zip(SETS, (int(n.replace(",", "")) for n in re.findall(r"\(([\d,]+)\)", heads)), strict=True))


TABLE = table()


def test_every_recipe_has_a_row_and_no_other_has():
    assert sorted(TABLE) == list(recipe_names())


@pytest.mark.parametrize("name", sorted(TABLE))
def test_variants_and_skips_add_up_to_the_items(name):
    for data, (variants, degraded, skipped) in TABLE[name].items():
        assert degraded <= variants
        if name in SEVERAL:
            assert variants + skipped >= sizes()[data]
        else:
            assert variants + skipped == sizes()[data]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_recipe_of_one_language_skips_all_of_the_other(name):
    for data, language in zip(SETS, ("en", "zh", "en", "en"), strict=True):
        if language not in recipe(name).languages:
            assert TABLE[name][data] == (0, 0, sizes()[data])


def turns(path: str) -> list[tuple[str, dict[str, Any]]]:
    """(passage, question) of a file in the layout of DREAM and C3."""
    rows = json.loads((DATA / path).read_text(encoding="utf-8"))
    return [("\n".join(said), asked) for said, questions, _ in rows for asked in questions]


def with_a_word(items: list[tuple[str, dict[str, Any]]], listed: str) -> int:
    wanted = set(listed.split())
    return sum(bool(wanted & set(re.findall(r"[a-z]+", text.lower()))) for text, _ in items)


class TestByHand:
    """The same numbers from the raw files, without any reader, attack or tokenizer of ours."""

    pytestmark = here

    def test_causal_words_on_dream(self):
        found = with_a_word(turns("dream/test.json"), "because why therefore cause reason as since")
        assert TABLE["causal-words-dropped"]["dream"] == (found, 0, 2041 - found)

    def test_logical_words_on_dream(self):
        listed = "not all any each every few if more most no nor other same some than"
        items = turns("dream/test.json")
        contracted = sum(
            bool(re.search(r"n['’]t\b", text.lower())) and not with_a_word([(text, asked)], listed)
            for text, asked in items
        )
        found = with_a_word(items, listed) + contracted
        assert TABLE["logical-words-dropped"]["dream"] == (found, 0, 2041 - found)

    def test_gold_options_of_dream_that_are_not_first(self):
        # Options that name others by letter or place are skipped on top: under one in a hundred.
        items = [asked for _, asked in turns("dream/test.json")]
        for name, place in (("gold-first", 0), ("gold-last", -1)):
            found = sum(asked["choice"][place] != asked["answer"] for asked in items)
            assert 0 <= found - TABLE[name]["dream"][0] <= 10

    def test_options_of_cosmosqa_that_say_none_of_the_above(self):
        with (DATA / "cosmosqa" / "valid.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        having = sum(
            any(row[f"answer{i}"].lower().startswith("none of the above") for i in range(4)) for row in rows
        )
        assert TABLE["gold-removed"]["cosmosqa"] == (len(rows) - having, 0, having)
        assert TABLE["nota-as-answer"]["cosmosqa"] == (len(rows) - having, 0, having)

    def test_full_width_punctuation_of_c3(self):
        items = [*turns("c3/c3-m-dev.json"), *turns("c3/c3-d-dev.json")]
        marks = "，。！？；：（）"
        found = sum(any(mark in text + asked["question"] for mark in marks) for text, asked in items)
        assert TABLE["half-width-punctuation"]["c3"] == (found, 0, len(items) - found)

    def test_rotations_of_c3_are_one_fewer_than_its_options(self):
        items = [*turns("c3/c3-m-dev.json"), *turns("c3/c3-d-dev.json")]
        steps = sum(len(asked["choice"]) - 1 for _, asked in items)
        # A pinned option ("none of the above") does not turn with the others.
        assert 0 <= steps - TABLE["option-rotations"]["c3"][0] < 20
