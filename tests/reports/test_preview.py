from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from robustness.attacks.recipes import recipe
from robustness.demo.stories import stories
from robustness.domain import Example, Variant
from robustness.errors import DataError, PlanError
from robustness.reports.preview import preview, render, to_json
from robustness.suites.build import build
from robustness.suites.plan import Check, Plan

STORIES = stories("test", passages=4)


def printed(made, **of_the_console) -> str:
    file = io.StringIO()
    render(made, Console(file=file, width=80, **of_the_console))
    return file.getvalue()


def suite_variants(name: str, item: str, seed: int = 0) -> tuple[Variant, ...]:
    plan = Plan(name="one", description="", check=(Check(attack=name),))
    return tuple(v for v in build(STORIES, plan, seed=seed).variants if v.source == item)


@pytest.mark.parametrize("name", ["swap-letters", "foreign-sentence", "option-rotations", "distractor-added"])
def test_a_preview_holds_the_very_variants_of_a_suite(name):
    made = preview(recipe(name), STORIES, None, seed=3)
    assert made.variants
    assert made.variants == suite_variants(name, made.example.id, 3)


def test_the_marks_tell_what_is_gone_and_what_is_new():
    out = printed(preview(recipe("swap-letters"), STORIES, STORIES[0].id))
    before, after = out.split("\nafter\n")
    gone = re.findall(r"\[-(.+?)-\]", before)
    new = re.findall(r"\{\+(.+?)\+\}", after)
    assert gone
    assert [sorted(word) for word in gone] == [sorted(word) for word in new]
    assert not re.search(r"\{\+", before)
    assert not re.search(r"\[-", after)


def test_without_the_marks_both_texts_stand_there_in_full():
    made = preview(recipe("swap-letters"), STORIES, STORIES[0].id)
    plain = re.sub(r"\[-|-\]|\{\+|\+\}", "", printed(made))
    assert made.example.passage in plain
    assert made.variants[0].example.passage in plain


def test_colours_come_on_a_terminal_alone():
    made = preview(recipe("swap-letters"), STORIES, STORIES[0].id)
    assert "\x1b" not in printed(made)
    coloured = printed(made, force_terminal=True, color_system="standard")
    assert "\x1b[" in coloured
    assert "[-" not in coloured
    assert "{+" not in coloured


def test_a_terminal_without_colour_gets_plain_marks():
    made = preview(recipe("swap-letters"), STORIES, STORIES[0].id)
    assert "{+" in printed(made, force_terminal=True, no_color=True)


def test_nothing_in_the_data_steers_the_terminal():
    hostile = Example(
        "x\x1b[31m", "Ann went \x1b]0;home\x07 \u202e.", "Who\r went?", ("Ann", "\x1b[2J"), 0, "g"
    )
    for out in (
        printed(preview(recipe("swap-letters"), [hostile], None)),
        to_json(preview(recipe("swap-letters"), [hostile], None)),
    ):
        assert not set(out) & {"\x1b", "\x07", "\u202e", "\r"}


def test_an_item_that_the_recipe_does_not_apply_to_is_shown_with_the_reason():
    bare = Example("m1", "Ann left.", "Who left?", ("Ann", "Bob"), 0, "g")
    made = preview(recipe("evidence-deleted"), [bare], "m1")
    assert made.variants == ()
    assert "does not apply: the data does not mark the evidence" in printed(made)


def test_without_an_id_the_first_item_that_the_recipe_fits_is_shown():
    bare = Example("m1", "Ann left.", "Who left?", ("Ann", "Bob"), 0, "g")
    made = preview(recipe("evidence-deleted"), [bare, *STORIES], None)
    assert (made.example, made.passed_over) == (STORIES[0], 1)
    assert "passed over 1" in printed(made)


def test_a_recipe_that_fits_no_item_says_so():
    bare = [Example(f"m{i}", "Ann left.", "Who left?", ("Ann", "Bob"), 0, "g") for i in range(3)]
    made = preview(recipe("evidence-deleted"), bare, None)
    assert "does not apply to any of 3 items; here: the data does not mark" in printed(made)


def test_moved_and_new_options_are_told():
    out = printed(preview(recipe("gold-first"), STORIES, None))
    assert "^ was " in out
    assert "^ new" in printed(preview(recipe("nota-as-distractor"), STORIES, None))


def test_an_unknown_item_gets_ids_that_look_like_it():
    with pytest.raises(DataError, match=r"item 'test-0-00000-9': none of the \d+ items.*'test-0-00000-."):
        preview(recipe("no-passage"), STORIES, "test-0-00000-9")


def test_an_unknown_severity_is_told():
    with pytest.raises(PlanError, match="severity 2 was asked for"):
        preview(recipe("no-passage"), STORIES, None, severity=2)


def test_json_holds_both_texts_and_the_edits():
    made = preview(recipe("swap-letters"), STORIES, STORIES[0].id, severity=2, seed=4)
    told = json.loads(to_json(made))
    assert (told["severity"], told["seed"], told["item"]) == (2, 4, STORIES[0].id)
    assert told["before"]["passage"] == STORIES[0].passage
    assert told["variants"][0]["after"]["passage"] == made.variants[0].example.passage
    assert told["variants"][0]["edits"][0]["place"] in ("passage", "question")


@pytest.mark.parametrize("name", ["addsent2opt-shuffle", "ngram-shuffle", "options-only", "gold-removed"])
def test_every_kind_of_attack_can_be_shown(name):
    out = printed(preview(recipe(name), STORIES, None))
    assert out.startswith(f"{name}: ")
    assert "before" in out
    assert "after" in out
