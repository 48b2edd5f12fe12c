from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Example
from robustness.errors import DataError, UsageError
from robustness.models.likelihood import Likelihood
from robustness.models.prompts import DEFAULT, LETTERED, Template, template_for

ITEM = Example("a#0", "Tom ran.", "Who ran?", ("Tom", "Ännchen"), 0, "a")


@given(st.text(), st.text(), st.lists(st.text(), min_size=2, max_size=5))
def test_braces_in_the_data_are_data(passage, question, options):
    item = Example("a", "{question}" + passage, "{passage}" + question, tuple(options), 0, "a")
    asked = Template(DEFAULT).asked(item)
    assert asked.prompt == f"Passage: {item.passage}\nQuestion: {item.question}\nAnswer:"
    assert asked.prompt[asked.passage_at : asked.passage_at + asked.passage] == item.passage
    assert asked.continuations == tuple(f" {option}" for option in options)


def test_other_braces_of_a_template_stand_for_themselves():
    assert Template('{"a": "{passage}"} {question}').asked(ITEM).prompt == '{"a": "Tom ran."} Who ran?'


def test_bytes_are_counted_without_the_space():
    assert Template(DEFAULT).asked(ITEM).sizes == (3, 8)


def test_options_may_be_listed_and_still_be_scored_by_their_text():
    asked = Template(LETTERED).asked(ITEM)
    assert "A. Tom\nB. Ännchen" in asked.prompt
    assert asked.continuations == (" Tom", " Ännchen")


def test_a_cut_passage_is_cut_in_the_prompt():
    assert "Passage: Tom\n" in Template(DEFAULT).cut(ITEM, 3).prompt


@pytest.mark.parametrize("text", ["{passage}", "{question}", "", "{passage} {passage} {question}"])
def test_a_template_needs_each_field_once(text):
    with pytest.raises(UsageError, match="passage, question is needed once"):
        Template(text)


def test_letters_need_the_list():
    with pytest.raises(UsageError, match="options, passage, question is needed once"):
        Template(DEFAULT, letters=True)


@pytest.mark.parametrize("end", [" ", "\n", "\t", "\u00a0"])
def test_white_space_at_the_end_is_refused_with_the_reason(end):
    with pytest.raises(UsageError, match=r"ends in white space.*put there"):
        Template(DEFAULT + end)


def test_more_options_than_letters_are_refused_with_the_item():
    many = replace(ITEM, options=tuple(map(str, range(27))))
    with pytest.raises(DataError, match="'a#0': 27 options came, but a list with letters holds 26"):
        Template(LETTERED, letters=True).asked(many)
    assert len(Template(DEFAULT).asked(many).continuations) == 27


def test_a_template_is_text_or_the_file_behind_an_at_sign(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("{passage}\n{question}\nA:\n", encoding="utf-8")
    assert template_for(Likelihood.RAW, f"@{file}").text == "{passage}\n{question}\nA:"
    assert template_for(Likelihood.RAW, "{passage} {question}").text == "{passage} {question}"
    assert template_for(Likelihood.LETTER, None) == Template(LETTERED, letters=True)


def test_a_template_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.txt' cannot be read \(FileNotFoundError\)"):
        template_for(Likelihood.RAW, f"@{tmp_path}/none.txt")
