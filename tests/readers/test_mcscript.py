from __future__ import annotations

import pytest

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.mcscript import read
from robustness.readers.rows import InvalidRow

ANSWERS = '<answer correct="False" id="0" text="Tea."/><answer correct="True" id="1" text="Ink."/>'


@pytest.fixture
def write(tmp_path):
    def make(questions, *, head='<?xml version="1.0" encoding="UTF-8"?>'):
        path = tmp_path / "dev.xml"
        path.write_text(
            f'{head}<data><instance id="9" scenario="writing"><text>I took\nink &amp; paper.</text>'
            f"<questions>{questions}</questions></instance></data>"
        )
        return str(path)

    return make


def test_the_string_false_is_not_gold(write):
    (example,) = read(write(f'<question id="3" text="What?" type="commonsense">{ANSWERS}</question>'))
    assert isinstance(example, Example)
    assert (example.id, example.group, example.answer) == ("9#3", "9", 1)
    assert example.passage == "I took\nink & paper."
    assert dict(example.meta) == {"scenario": "writing", "type": "commonsense"}


def test_four_options_and_two_stand_in_one_file(write):
    more = ANSWERS + '<answer correct="False" id="2" text="Oil."/><answer correct="False" text="Wax."/>'
    two, four = read(
        write(f'<question id="1" text="A?">{ANSWERS}</question><question id="2" text="B?">{more}</question>')
    )
    assert isinstance(two, Example)
    assert isinstance(four, Example)
    assert (len(two.options), len(four.options)) == (2, 4)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (ANSWERS.replace("True", "False"), "0 answers are marked correct"),
        (ANSWERS.replace("False", "True"), "2 answers are marked correct"),
        (ANSWERS.replace("False", "false"), "correct='false' came"),
        (ANSWERS.replace(' correct="False"', ""), "correct='' came"),
        (ANSWERS.replace('text="Tea."', ""), "<answer> has no 'text' attribute"),
        ("", "0 answers are marked correct"),
    ],
)
def test_anything_but_one_marked_answer_is_refused(write, answers, reason):
    path = write(f'<question id="1" text="A?">{answers}</question>')
    (bad,) = read(path)
    assert isinstance(bad, InvalidRow)
    assert bad.where == f"{path}:entry 1"
    assert bad.reason.startswith("question 1: ")
    assert reason in bad.reason


@pytest.mark.parametrize("head", ['<!DOCTYPE data [<!ENTITY a "b">]>', "<!doctype data>"])
def test_document_types_and_entities_are_refused_before_parsing(write, head):
    with pytest.raises(DataError, match="plain XML is needed"):
        list(read(write("", head=head)))


def test_broken_xml_is_named_with_its_line(write):
    with pytest.raises(DataError, match=r"dev.xml:2: not XML"):
        list(read(write("<question>")))
