"""An edited checkpoint beside its original: helped, harmed or not shown, and never more than was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustness.edit_record import EDIT, EditRecord, edit_text
from robustness.reports.compare import compare
from robustness.reports.compare_to_csv import compare_to_csv
from robustness.reports.compare_to_html import compare_to_html
from robustness.reports.compare_to_json import compare_to_json
from robustness.reports.compare_to_markdown import compare_to_markdown
from robustness.reports.compared import EditOutcome, RunsCompared
from robustness.reports.contestants import contestants
from tests.reports.stored_runs import ATTACK, keep, questions

HEADS = ("head.1.1", "head.3.4", "head.3.9", "head.4.1")
HALF = [True, False] * 40


def record(model: str = "original", *, fingerprint: str = "fingerprint of original", value: str = "zero"):
    return EditRecord(model, fingerprint, HEADS, value, 0.0)


def runs(tmp_path: Path, right, *, clean=None, said: EditRecord | None = None, number: int = 80):
    suite = questions(number)
    return (
        keep(tmp_path / "original", suite, HALF[:number]),
        keep(
            tmp_path / "edited",
            suite,
            right,
            clean=clean,
            environment={EDIT: edit_text(said or record())},
        ),
    )


def beside(*folders: Path) -> RunsCompared:
    return compare(contestants([str(folder) for folder in folders], Path("reports")))


def outcomes(compared: RunsCompared) -> list[EditOutcome]:
    (edit,) = compared.edits
    return [one.outcome for one in edit.effects]


def test_an_edit_that_wins_many_items_helped_and_the_sentence_has_the_numbers(tmp_path):
    compared = beside(*runs(tmp_path, [True] * 70 + [False] * 10))
    assert outcomes(compared) == [EditOutcome.NOT_SHOWN, EditOutcome.HELPED]
    (edit,) = compared.edits
    assert edit.known_by == "fingerprint"
    found = edit.effects[1]
    assert (found.original, found.edited) == (0.5, 70 / 80)
    first = edit.sentences[0]
    assert first.startswith(f"The edit (4 heads set to zero: {', '.join(HEADS)}) helped on {ATTACK}: ")
    assert "accuracy 50.0% to 87.5% (a guess: 25.0%), +37.5 points, 95% interval" in first
    assert first.endswith("On unchanged questions neither a cost nor a gain is shown: "
                          "accuracy 100.0% to 100.0%, 0.0 points, 95% interval −4.6 to 4.6.")  # fmt: skip


def test_an_edit_that_loses_many_items_harmed_and_its_clean_cost_is_told(tmp_path):
    compared = beside(*runs(tmp_path, [False] * 80, clean=[True] * 50 + [False] * 30))
    assert outcomes(compared) == [EditOutcome.HARMED, EditOutcome.HARMED]
    said = compared.edits[0].sentences[0]
    assert f"harmed on {ATTACK}" in said
    assert "It has a cost on unchanged questions: accuracy 100.0% to 62.5%, −37.5 points" in said


def test_a_few_items_show_nothing_and_no_sentence_says_helped(tmp_path):
    compared = beside(*runs(tmp_path, [True, True, *HALF[2:]]))
    assert outcomes(compared) == [EditOutcome.NOT_SHOWN] * 2
    said = " ".join(compared.edits[0].sentences)
    assert "could not be shown to help or to harm" in said
    assert "helped" not in said


def test_with_too_few_passages_nothing_is_shown_and_the_reason_is_said(tmp_path):
    compared = beside(*runs(tmp_path, [True] * 20, number=20))
    assert outcomes(compared) == [EditOutcome.NOT_SHOWN] * 2
    assert "(fewer than 30 passages)" in compared.edits[0].sentences[0]


def test_what_only_holm_takes_back_is_said_to_be_so(tmp_path):
    suite = questions()
    right = [True] * 5 + HALF[5:]
    right[1:14:2] = [True] * 7
    folders = [keep(tmp_path / "original", suite, HALF)]
    for name in "abcdefgh":
        said = {EDIT: edit_text(record())}
        folders.append(keep(tmp_path / name, suite, right, environment=said))
    compared = beside(*folders)
    assert {edit.effects[1].outcome for edit in compared.edits} == {EditOutcome.NOT_SHOWN}
    assert "but Holm over 16 comparisons does not" in compared.edits[0].sentences[0]


def test_the_order_of_the_two_runs_changes_nothing_of_what_is_said(tmp_path):
    original, edited = runs(tmp_path, [True] * 70 + [False] * 10)
    (one,), (other,) = beside(original, edited).edits, beside(edited, original).edits
    assert one.sentences == other.sentences
    assert [e.outcome for e in one.effects] == [e.outcome for e in other.effects]
    assert one.effects[1].difference == other.effects[1].difference


@pytest.mark.parametrize(
    ("said", "known_by", "words"),
    [
        (record(fingerprint=""), "name", "known by its name alone"),
        (record("another", fingerprint="x"), "", "does not tell what the edit did"),
    ],
)
def test_an_original_that_is_not_surely_the_one_edited_is_told(tmp_path, said, known_by, words):
    compared = beside(*runs(tmp_path, [True] * 80, said=said))
    (edit,) = compared.edits
    assert edit.known_by == known_by
    assert words in " ".join(edit.sentences)
    assert bool(edit.effects) == bool(known_by)
    assert ("helped" in " ".join(edit.sentences)) == bool(known_by)


@pytest.mark.parametrize(
    ("both", "edited", "words"),
    [
        ({"exploratory": "no head"}, {}, "exploratory: no head"),
        ({}, {"partial": "part 1 of 2"}, "partial: part 1 of 2"),
        ({"max_length": "512"}, {"max_length": "64"}, "was read to 64 tokens and original to 512"),
    ],
)
def test_what_cannot_be_laid_to_the_edit_is_never_said_to_have_helped(tmp_path, both, edited, words):
    suite = questions()
    said = {EDIT: edit_text(record())}
    first = keep(tmp_path / "original", suite, HALF, environment=both)
    second = keep(tmp_path / "edited", suite, [True] * 80, environment={**both, **said, **edited})
    for order in ((first, second), (second, first)):
        compared = beside(*order)
        assert outcomes(compared) == [EditOutcome.NOT_SHOWN] * 2
        told = " ".join(compared.edits[0].sentences)
        assert words in told
        assert "helped" not in told


def test_an_edit_that_was_measured_on_some_items_alone_is_not_shown_to_help(tmp_path):
    measured = [True if right else None for right in HALF]  # it scored nothing that the original got wrong
    suite = questions()
    first = keep(tmp_path / "original", suite, [False] * 80)
    said = {EDIT: edit_text(record())}
    compared = beside(first, keep(tmp_path / "edited", suite, measured, environment=said))
    assert outcomes(compared)[1] is EditOutcome.NOT_SHOWN
    assert "(up to 40 items not measured by both, so nothing is shown)" in compared.edits[0].sentences[0]


def test_an_edit_of_an_edit_is_judged_beside_what_was_edited_last(tmp_path):
    suite = questions()
    keep(tmp_path / "original", suite, HALF)
    once = {EDIT: edit_text(record())}
    keep(tmp_path / "once", suite, HALF, environment=once)
    twice = {EDIT: edit_text(record("once", fingerprint="fingerprint of once"))}
    keep(tmp_path / "twice", suite, [True] * 80, environment=twice)
    (edit,) = beside(tmp_path / "original", tmp_path / "twice").edits
    assert (edit.known_by, edit.effects) == ("", ())
    known = [edit.known_by for edit in beside(tmp_path / "once", tmp_path / "twice").edits]
    assert sorted(known) == ["", "fingerprint"]


def test_two_plain_runs_say_nothing_of_edits(tmp_path):
    suite = questions()
    compared = beside(keep(tmp_path / "a", suite, HALF), keep(tmp_path / "b", suite, [True] * 80))
    assert compared.edits == ()


def test_every_report_says_it_and_json_has_it_as_data(tmp_path):
    compared = beside(*runs(tmp_path, [True] * 80))
    sentence = compared.edits[0].sentences[0][:60]
    for shown in (compare_to_html(compared), compare_to_markdown(compared)):
        assert sentence in shown
    read = json.loads(compare_to_json(compared))
    assert sentence in read["remarks"][0]
    assert read["edits"][0]["units"] == list(HEADS)
    assert read["edits"][0]["effects"][1]["outcome"] == "helped"
    assert compare_to_csv(compared)


@pytest.mark.parametrize(
    ("units", "value", "level", "words"),
    [
        (("ffn.1.5",), "mean", 0.0, "1 feed-forward unit held at its mean: ffn.1.5"),
        (
            ("ffn.1.5", "head.0.1"),
            "clamp",
            0.25,
            "1 feed-forward unit and 1 head held at 0.25: ffn.1.5, head.0.1",
        ),
        (tuple(f"out.0.{n}" for n in range(9)), "scale", 0.5, "and 3 more"),
    ],
)
def test_what_was_done_is_put_into_words(tmp_path, units, value, level, words):
    said = EditRecord("original", "fingerprint of original", units, value, level)
    assert words in beside(*runs(tmp_path, [True] * 80, said=said)).edits[0].sentences[0]


@pytest.mark.parametrize(
    ("name", "outcome"), [("found", "helped"), ("mean", "helped"), ("random", "not shown")]
)
def test_the_comparisons_of_a_real_edit_in_the_repository_hold_numbers_only(name, outcome):
    folder = Path(__file__).parents[2] / "reports" / "examples" / "dream-minilm"
    read = json.loads((folder / "edit" / f"{name}.json").read_text(encoding="utf-8"))
    (edit,) = read["edits"]
    assert (edit["known_by"], edit["effects"][1]["outcome"]) == ("fingerprint", outcome)
    assert edit["sentences"][0] in read["remarks"]
    found = json.loads((folder / "neurons.json").read_text(encoding="utf-8"))["sets"][0]["members"]
    assert (edit["units"] == found) == (name != "random")
    assert not read["text"]
    items = [i for m in read["matches"] for i in (*m["flips"]["lost_items"], *m["flips"]["won_items"])]
    assert items
    assert {(item["question"], item["passage"]) for item in items} == {("", None)}
    assert {o["label"].rstrip("0123456789") for item in items for o in item["options"]} == {"option "}
