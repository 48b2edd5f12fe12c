from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Edit, Example, Polarity, Status, Variant, edited_spans, replay
from robustness.errors import DataError

SOURCE = Example("m1", "The tent is blue.", "What is blue?", ("The tent.", "The lamp.", "A boat."), 0, "p1")


def variant(example: Example, option_map: tuple[int, ...], edits: tuple[Edit, ...]) -> Variant:
    return Variant("m1~x.1", "m1", "x", 1, example, option_map, edits)


def test_an_example_without_an_id_is_refused():
    with pytest.raises(DataError, match="the id is empty"):
        replace(SOURCE, id="")


@pytest.mark.parametrize("options", [(), ("one",)])
def test_an_example_needs_two_options(options):
    with pytest.raises(DataError, match=r"'m1'.*at least 2 are needed"):
        replace(SOURCE, options=options, answer=None)


@pytest.mark.parametrize("answer", [-1, 3, 99])
def test_an_answer_outside_the_options_is_refused(answer):
    with pytest.raises(DataError, match=rf"answer is {answer} but there are 3 options \(0\.\.2\)"):
        replace(SOURCE, answer=answer)


def test_chance_is_one_over_the_number_of_options():
    assert SOURCE.chance == pytest.approx(1 / 3)
    assert replace(SOURCE, options=SOURCE.options[:2], answer=None).chance == 0.5


def test_an_example_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        SOURCE.passage = "other"  # type: ignore[misc]


def test_polarities_and_statuses_are_closed_sets():
    assert {p.value for p in Polarity} == {"attack", "ablation", "contrast", "abstain"}
    assert {s.value for s in Status} == {"pass", "fail", "undecided", "invalid"}


def test_replay_follows_the_option_map_and_starts_new_options_empty():
    after = replace(SOURCE, options=("A boat!", "None.", "The tent."), answer=2)
    edits = (Edit("option", 0, 6, ".", "!"), Edit("option", 1, 0, "", "None."))
    assert replay(SOURCE, variant(after, (2, -1, 0), edits)) == after


def test_replay_names_an_edit_that_does_not_fit():
    wrong = variant(SOURCE, (0, 1, 2), (Edit("passage", 0, 4, "lamp", "boat"),))
    with pytest.raises(DataError, match="edit of passage 0 expects 'lamp' at 4, but 'tent' stands there"):
        replay(SOURCE, wrong)


@st.composite
def edited(draw):
    """A text, random edits of it in turn, the final text, and which final characters were written."""
    text = draw(st.text("abc", max_size=12))
    start_text, edits, written = text, [], [False] * len(text)
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, len(text)))
        after = draw(st.text("XYZ", max_size=4))
        edits.append(Edit("passage", 0, start, text[start:end], after))
        text = text[:start] + after + text[end:]
        written = written[:start] + [True] * len(after) + written[end:]
    return start_text, tuple(edits), text, written


@settings(max_examples=300, deadline=None)
@given(edited())
def test_replay_carries_out_any_edits_in_turn(made):
    before, edits, after, _ = made
    source = replace(SOURCE, passage=before)
    final = replace(SOURCE, passage=after)
    assert replay(source, variant(final, (0, 1, 2), edits)) == final


@settings(max_examples=300, deadline=None)
@given(edited())
def test_edited_spans_cover_all_that_was_written(made):
    _, edits, after, written = made
    spans = edited_spans(edits, "passage")
    assert len(spans) == len(edits)
    assert all(0 <= start <= end <= len(after) for start, end in spans)
    covered = {i for start, end in spans for i in range(start, end)}
    assert {i for i, new in enumerate(written) if new} <= covered


def test_edited_spans_of_one_edit_are_exactly_what_it_wrote():
    edits = (
        Edit("passage", 0, 4, "tent", "big lamp"),
        Edit("option", 1, 0, "", "x"),
        Edit("passage", 0, 0, "", "Oh! "),
    )
    assert edited_spans(edits, "passage") == ((8, 16), (0, 4))
    assert edited_spans(edits, "option", 1) == ((0, 1),)
    assert edited_spans(edits, "option", 0) == ()
