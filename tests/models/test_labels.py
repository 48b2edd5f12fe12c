from __future__ import annotations

import pytest

from robustness.errors import ModelError
from robustness.models.labels import right_label


@pytest.mark.parametrize(
    ("names", "right"),
    [
        (("wrong", "right"), 1), (("Correct", "Incorrect"), 0), (("0", "1"), 1), (("yes", "no"), 0),
        (("entailment", "not_entailment"), 0), (("FALSE", "TRUE"), 1), (("LABEL_0",), 0), (("score",), 0),
    ],
)  # fmt: skip
def test_names_that_leave_no_doubt_decide(names, right):
    assert right_label(dict(enumerate(names))) == right


@pytest.mark.parametrize("names", [("LABEL_0", "LABEL_1"), ("yes", "yes"), ("yes", "maybe"), ("wrong",)])
def test_names_that_leave_a_doubt_are_refused_with_the_way_out(names):
    with pytest.raises(ModelError, match=r"do not tell.*--model-arg right_label="):
        right_label(dict(enumerate(names)))


def test_what_was_asked_for_decides():
    assert right_label({0: "LABEL_0", 1: "LABEL_1"}, asked="LABEL_0") == 0


def test_a_label_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ModelError, match=r"did you mean 'LABEL_1'.*known: LABEL_0, LABEL_1"):
        right_label({0: "LABEL_0", 1: "LABEL_1"}, asked="LABEL1")


@pytest.mark.parametrize("count", [0, 3])
def test_other_numbers_of_labels_are_refused(count):
    with pytest.raises(ModelError, match=f"{count} labels came"):
        right_label({at: f"LABEL_{at}" for at in range(count)})
