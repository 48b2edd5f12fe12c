"""The attack that does nothing: taken apart and joined again, every text is what it was.

Otherwise every attack would be confounded with a change of spacing (and no data set would be safe).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness import text as text_module
from robustness.attacks.draft import Draft
from robustness.demo.stories import stories
from robustness.domain import Edit, Example, Polarity, Variant, replay
from robustness.readers.load import load
from robustness.rng import Rng, derive
from robustness.text import sentences, words

SHARED = Path(__file__).parents[3] / "shared" / "data"
SETS = {
    "dream": ("dream:dream/train.json", "dream:dream/dev.json", "dream:dream/test.json"),
    "c3": ("c3:c3/c3-m-dev.json", "c3:c3/c3-d-dev.json"),
    "onestopqa": ("onestopqa:onestopqa/annotated_articles",),
    "cosmosqa": ("cosmosqa:cosmosqa/valid.csv",),
}
ODD = "don't DON’T U.S. Mr. 9:00 26.5 1,000 well-known ___ ... … -- — e\u0301 कि 他 。 “a” A1b '".split()
PIECES = st.sampled_from([*ODD, *"\x1c\x85\u2028\xa0 \t\n"])
TEXT = st.one_of(st.text(max_size=60), st.lists(st.one_of(PIECES, st.just(" ")), max_size=20).map("".join))


class Null:
    """Does nothing."""

    name = "null"
    polarity = Polarity.ATTACK

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield the item as it is."""
        yield Draft.of(example).variant(self, severity)


def texts(example: Example) -> tuple[str, ...]:
    return (example.passage, example.question, *example.options)


def assert_identity(text: str) -> None:
    taken = words(text)
    assert taken.text == text
    assert len(taken.gaps) == len(taken.words) + 1
    assert not any(gap.strip() for gap in taken.gaps)
    assert all(word and not any(c.isspace() for c in word) for word in taken.words)


def assert_sentences_lose_nothing(text: str) -> None:
    end = 0
    for start, stop in sentences(text):
        assert not text[end:start].strip()
        assert start < stop
        end = stop
    assert not text[end:].strip()


@settings(max_examples=600)
@given(text=TEXT)
def test_words_and_gaps_are_the_text_whatever_it_is(text):
    assert_identity(text)
    assert_sentences_lose_nothing(text)


@settings(max_examples=600)
@given(text=st.one_of(TEXT, st.text(st.characters(max_codepoint=127), max_size=60)).filter(str.isascii))
def test_texts_of_ascii_alone_have_the_words_that_any_text_has(text):
    general = tuple(token for _, token in text_module._TOKEN.findall(text))
    assert words(text).words == general


@settings(max_examples=200)
@given(passage=TEXT, question=TEXT, options=st.lists(TEXT, min_size=2, max_size=4))
def test_the_null_attack_is_the_identity(passage, question, options):
    example = Example("m1", passage, question, tuple(options), 0, "p")
    (made,) = Null()(example, 1, derive(0, "null"))
    assert made.edits == ()
    assert texts(made.example) == texts(example)


@settings(max_examples=300)
@given(before=TEXT, after=TEXT)
def test_an_edit_is_the_shortest_one_and_replays(before, after):
    example = Example("m1", before, "q", ("a", "b"), 0, "p")
    made = Draft.of(example).with_field("passage", after).variant(Null(), 1)
    assert replay(example, made).passage == after
    for edit in made.edits:
        assert isinstance(edit, Edit)
        assert not edit.before or not edit.after or edit.before[0] != edit.after[0]
        assert not edit.before or not edit.after or edit.before[-1] != edit.after[-1]


def test_every_text_of_the_stories_comes_back():
    for example in stories("test"):
        for text in texts(example):
            assert_identity(text)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside the checkout")
@pytest.mark.parametrize("name", SETS)
def test_every_text_of_a_data_set_comes_back(name):
    seen: set[str] = set()
    for spec in SETS[name]:
        reader, _, path = spec.partition(":")
        for example in load(f"{reader}:{SHARED / path}", skip_invalid=True).examples:
            seen.update(texts(example))
            assert Draft.of(example).variant(Null(), 1).edits == ()
    assert len(seen) > 1000
    for text in seen:
        assert_identity(text)
        assert_sentences_lose_nothing(text)
