from __future__ import annotations

import math
from typing import Any

import pytest

from robustness.errors import ModelError
from robustness.models.echo import Echo, echoes, shared_start


def answer(tokens: Any, offsets: Any, values: Any, *, text: str = "ab cd") -> dict[str, Any]:
    parts = {"tokens": tokens, "text_offset": offsets, "token_logprobs": values}
    return {"choices": [{"index": 0, "text": text, "logprobs": parts}]}


def one(body, text="ab cd") -> Echo:
    return echoes(body, [text], where="endpoint")[0]


def test_what_was_generated_is_left_out():
    found = one(answer(["ab", " cd", " ef"], [0, 2, 5], [None, -1, -2.5], text="ab cd ef"))
    assert found.tokens == ("ab", " cd")
    assert math.isnan(found.values[0])
    assert found.values[1:] == (-1.0,)


@pytest.mark.parametrize("shown", ["", "<s>"])
def test_a_beginning_that_is_counted_into_the_offsets_is_taken_off(shown):
    body = answer(["<s>", "ab", " cd", "!"], [0, 3, 5, 8], [None, -1, -2, -3], text=f"{shown}ab cd!")
    assert one(body).starts == (0, 0, 2)
    assert one(body).values[1:] == (-1.0, -2.0)


@pytest.mark.parametrize(
    "body",
    [
        None, [], {}, {"choices": None}, {"choices": []}, {"choices": [None]},
        {"choices": [{"text": "ab cd"}]},
        {"choices": [{"text": "ab cd", "logprobs": {"content": []}}]},
        answer(["ab"], [0], [None]), answer(["ab", " cd"], [0], [None, -1]), answer("ab", "cd", "ef"),
        answer(["ab", " cd"], [0, 2], [None, "-1"]), answer(["ab", " cd"], [0, 2], [None, None]),
        answer(["ab", " cd"], [0, 2], [None, True]), answer(["cd"], [0], [None], text="cd"),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_refused_in_one_paragraph(body):
    with pytest.raises(ModelError, match="endpoint: "):
        one(body)


def test_answers_are_put_in_order_by_their_index():
    parts = {"tokens": ["a", "b"], "text_offset": [0, 1], "token_logprobs": [None, -1]}
    other = {"tokens": ["a", "c"], "text_offset": [0, 1], "token_logprobs": [None, -2]}
    choices = [{"index": 1, "text": "ac", "logprobs": other}, {"index": 0, "text": "ab", "logprobs": parts}]
    assert [found.tokens for found in echoes({"choices": choices}, ["ab", "ac"], where="e")] == [
        ("a", "b"), ("a", "c"),
    ]  # fmt: skip


def test_all_texts_are_scored_from_the_same_token():
    nan = math.nan
    merged = Echo(("Q", ": h", "ens"), (0, 1, 4), (nan, -1, -1))
    apart = Echo(("Q", ":", " at"), (0, 1, 2), (nan, -1, -1))
    assert shared_start((merged, apart), 2) == 1
    assert shared_start((apart, apart), 2) == 2


def test_a_token_is_left_before_and_behind():
    nan = math.nan
    assert shared_start((Echo(("Q: hens", "!"), (0, 7), (nan, -1)),), 2) == 1
    same = Echo(("Q", ":"), (0, 1), (nan, -1))
    assert shared_start((same, same), 2) == 1
