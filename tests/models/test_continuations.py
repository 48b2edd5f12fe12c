from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Example
from robustness.errors import DataError, ModelError
from robustness.models.continuations import joined_reader, read_all, split_reader
from robustness.models.prompts import DEFAULT, LETTERED, Template
from tests.models.language_models import tokenizer

PASSAGE = "Anna keeps two grey hens behind the mill. The ferry left at noon because the fog had lifted. " * 3
ITEM = Example("a#0", PASSAGE, "Who feeds the hens?", ("Anna", "the old miller, at noon", "Ben"), 0, "a")

PLAIN = Template(DEFAULT)


@pytest.fixture(scope="module")
def plain():
    return tokenizer()


@pytest.fixture(scope="module")
def opened():
    return tokenizer(bos=True)


@pytest.fixture(scope="module")
def ended():
    return tokenizer(eos=True, metaspace=True)


def read(
    words: Any, *examples: Any, template: Any = PLAIN, limit: int = 500, make: Any = joined_reader
) -> Any:
    return read_all(words, examples, template=template, reader=make(words), max_length=limit)


def scored(words, row) -> str:
    return str(words.decode([token for token, kind in zip(row.ids, row.types, strict=True) if kind]))


def test_a_row_is_the_joined_text_and_the_option_alone_is_scored(plain):
    item = read(plain, ITEM)[0]
    for row, option in zip(item.rows, ITEM.options, strict=True):
        prompt = f"Passage: {PASSAGE}\nQuestion: Who feeds the hens?\nAnswer:"
        assert list(row.ids) == plain(f"{prompt} {option}")["input_ids"]
        assert scored(plain, row) == f" {option}"
    assert item.visible == len(PASSAGE)
    assert item.sizes == (4, 23, 3)


@pytest.mark.parametrize("template", [DEFAULT, "<s>" + DEFAULT])
def test_the_beginning_of_sequence_stands_there_once(opened, template):
    row = read(opened, ITEM, template=Template(template))[0].rows[0]
    assert row.ids[0] == 1
    assert row.ids.count(1) == 1


def test_no_end_of_sequence_is_put_behind_an_option_of_a_causal_model():
    words = tokenizer(bos=True, eos=True)
    rows = read(words, ITEM)[0].rows
    assert all(row.ids[0] == 1 and 2 not in row.ids for row in rows)


def test_a_tokenizer_that_adds_nothing_gets_nothing(plain):
    assert 1 not in read(plain, ITEM)[0].rows[0].ids


def test_where_a_merge_crosses_the_boundary_all_options_start_at_the_same_token(plain):
    # "mi" + " ll..." would not merge; the continuation of one option begins within a learned word.
    template = Template("{passage} {question} h")
    options = ("ens", "at")
    reader = joined_reader(plain)
    asked = replace(template.asked(replace(ITEM, options=options)), continuations=options)
    rows = reader.rows([asked])[0]
    starts = {row.types.index(1) for row in rows}
    assert len(starts) == 1
    assert len({row.ids[: starts.copy().pop()] for row in rows}) == 1
    assert all(
        plain.decode(row.ids) == asked.prompt + option for row, option in zip(rows, options, strict=True)
    )
    assert [scored(plain, row) for row in rows] == [" hens", " hat"]


def test_the_passage_is_cut_from_its_end_and_alike_for_all_options(plain):
    whole = read(plain, ITEM)[0]
    longest = max(len(row.ids) for row in whole.rows)
    cut = read(plain, ITEM, limit=longest - 20)[0]
    assert 0 < cut.visible < len(PASSAGE)
    shorter = replace(ITEM, passage=PASSAGE[: cut.visible])
    assert read(plain, shorter)[0].rows == cut.rows
    assert max(len(row.ids) for row in cut.rows) <= longest - 20


@given(st.integers(1, 200), st.text(max_size=60), st.sampled_from([DEFAULT, LETTERED]))
@settings(max_examples=40, deadline=None)
def test_what_is_read_always_fits_and_is_what_a_shorter_passage_gives(limit, passage, template):
    words = tokenizer(bos=True)
    item = replace(ITEM, passage=passage)
    asked = Template(template, letters=template == LETTERED)
    found = read(words, item, template=asked, limit=limit)[0]
    if found.visible < 0:
        empty = read(words, replace(item, passage=""), template=asked)[0]
        assert not found.rows
        assert max(len(row.ids) for row in empty.rows) > limit
    else:
        assert max(len(row.ids) for row in found.rows) <= limit
        again = read(words, replace(item, passage=passage[: found.visible]), template=asked)[0]
        assert again.rows == found.rows
        assert all(1 <= sum(row.types) < len(row.ids) for row in found.rows)


def test_a_cut_loses_little_more_than_it_must(plain):
    longest = max(len(row.ids) for row in read(plain, ITEM)[0].rows)
    for limit in range(longest - 12, longest):
        kept = max(len(row.ids) for row in read(plain, ITEM, limit=limit)[0].rows)
        assert limit - 3 <= kept <= limit


def test_question_and_options_that_do_not_fit_alone_give_no_rows(plain):
    found = read(plain, ITEM, limit=12)[0]
    assert (found.rows, found.visible) == ((), -1)


def test_an_empty_option_is_still_scored_over_at_least_one_token(plain):
    item = read(plain, replace(ITEM, options=("", "Anna")))[0]
    assert all(sum(row.types) >= 1 for row in item.rows)
    assert item.sizes == (0, 4)


def test_a_prompt_without_a_token_is_conditioned_on_a_start(plain):
    bare = Example("e#0", "", "", ("Anna", "Ben"), 0, "e")
    rows = read(plain, bare, template=Template("{passage}{question}"))[0].rows
    assert [row.ids[0] for row in rows] == [1, 1]


def test_a_prompt_without_a_token_and_no_start_token_is_refused():
    words = tokenizer()
    words.bos_token = words.eos_token = None
    bare = Example("e#0", "", "", ("Anna", "Ben"), 0, "e")
    with pytest.raises(ModelError, match=r"prompt without a token.*template"):
        read(words, bare, template=Template("{passage}{question}"))


def test_letters_are_scored_where_letters_are_asked_for(plain):
    item = read(plain, ITEM, template=Template(LETTERED, letters=True))[0]
    assert [scored(plain, row) for row in item.rows] == [" A", " B", " C"]
    assert "A. Anna\nB. the old miller, at noon\nC. Ben" in plain.decode(item.rows[0].ids)


def test_encoder_and_decoder_get_the_tokens_of_fine_tuning(ended):
    item = read(ended, ITEM, make=split_reader)[0]
    prompt = ended(f"Passage: {PASSAGE}\nQuestion: Who feeds the hens?\nAnswer:")["input_ids"]
    for row, option in zip(item.rows, ITEM.options, strict=True):
        start = row.types.index(1)
        assert list(row.ids[:start]) == prompt
        assert list(row.ids[start:]) == ended(option)["input_ids"]
        assert row.ids[-1] == 2


def test_the_encoders_side_alone_has_to_fit(ended):
    whole = read(ended, ITEM, make=split_reader)[0]
    start = whole.rows[0].types.index(1)
    assert read(ended, ITEM, make=split_reader, limit=start)[0].visible == len(PASSAGE)
    assert read(ended, ITEM, make=split_reader, limit=start - 5)[0].visible < len(PASSAGE)


def test_a_lone_surrogate_is_refused_with_its_item(plain):
    with pytest.raises(DataError, match=r"'a#0': a lone surrogate"):
        read(plain, replace(ITEM, passage="\ud800"))


def test_nothing_is_read_of_nothing(plain, ended):
    assert read(plain) == ()
    assert read(ended, make=split_reader) == ()
