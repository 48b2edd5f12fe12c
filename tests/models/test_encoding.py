from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.domain import Example
from robustness.errors import DataError, ModelError
from robustness.models.encoding import Row, encode, pair_texts

text = st.text(
    st.sampled_from("abnAhe .,?_'é狗\u3000\n\t\x00👩‍🌾́") | st.characters(exclude_categories=["Cs"]),
    max_size=40,
)
# The tokenizers are built once and hold no state that an example could leave behind.
lenient = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", params=["bert", "roberta", "albert", "deberta-v2"])
def tokenizer(request, checkpoints):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(checkpoints[request.param])


def reference(tokenizer, passage: str, tail: str, **options: object):
    """One pair through the tokenizer's own call, in a list: bare, it drops an empty second text."""
    coded = tokenizer([passage], text_pair=[tail], verbose=False, **options)
    return tuple(coded["input_ids"][0]), tuple(coded.get("token_type_ids", [()])[0])


def parts(row: Row) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return row.ids, row.types


@lenient
@given(passage=text, question=text, options=st.lists(text, min_size=2, max_size=4))
def test_rows_equal_the_plain_pair_call_where_nothing_is_cut(tokenizer, passage, question, options):
    example = Example("m#0", passage, question, tuple(options), 0, "m")
    filled = Example("m#1", "hens and a mill", "who?", ("Anna", "Ben"), 0, "m")
    coded, _ = encode(tokenizer, (example, filled), max_length=10_000)
    _, tails = pair_texts(example)
    assert [parts(row) for row in coded.rows] == [reference(tokenizer, passage, tail) for tail in tails]
    assert coded.visible == len(passage)


@lenient
@given(passage=text, options=st.lists(text, min_size=2, max_size=4), limit=st.integers(4, 40))
def test_rows_equal_truncation_of_the_passage_alone_by_one_length_for_all(tokenizer, passage, options, limit):
    example = Example("m#0", passage, "who feeds?", tuple(options), 0, "m")
    (coded,) = encode(tokenizer, (example,), max_length=limit)
    _, tails = pair_texts(example)
    whole = [len(reference(tokenizer, passage, tail)[0]) for tail in tails]
    excess = max(0, max(whole) - limit)
    alone = len(tokenizer(passage, add_special_tokens=False, verbose=False)["input_ids"])
    if excess > alone:
        assert (coded.rows, coded.visible) == ((), -1)
        return
    if excess == alone:  # the reference refuses to cut a text to nothing
        bare = "" if excess else passage
        assert [parts(row) for row in coded.rows] == [reference(tokenizer, bare, t) for t in tails]
        return
    expected = [
        reference(tokenizer, passage, tail, truncation="only_first", max_length=length - excess)
        if excess
        else reference(tokenizer, passage, tail)
        for tail, length in zip(tails, whole, strict=True)
    ]
    assert [parts(row) for row in coded.rows] == expected
    assert max(len(row.ids) for row in coded.rows) <= limit
    assert 0 <= coded.visible <= len(passage)


def test_a_long_distractor_takes_passage_from_every_option_alike(tokenizer, examples):
    _, _, _, _, cut = examples
    wordy = replace(cut, options=("his sister", "Ben and the two grey hens behind the mill"))
    whole = max(len(row.ids) for row in encode(tokenizer, (wordy,), max_length=9_999)[0].rows)
    alone, beside = encode(tokenizer, (cut, wordy), max_length=whole - 12)
    tails = [len(tokenizer(tail, add_special_tokens=False)["input_ids"]) for tail in pair_texts(wordy)[1]]
    passages = {len(row.ids) - tail for row, tail in zip(beside.rows, tails, strict=True)}
    assert len(passages) == 1
    assert 0 < beside.visible < alone.visible <= len(cut.passage)


def test_visible_is_the_passage_up_to_the_last_token_kept(tokenizer, examples):
    (coded,) = encode(tokenizer, examples[4:], max_length=40)
    passage = examples[4].passage
    seen = tokenizer(passage[: coded.visible], add_special_tokens=False)["input_ids"]
    length = len(seen)
    assert all(tuple(seen) in [row.ids[1 : 1 + length]] for row in coded.rows)
    assert 0 < coded.visible < len(passage)


def test_a_passage_that_is_wholly_cut_is_scored_and_visible_for_zero_characters(tokenizer):
    example = Example("m#0", "hens", "who?", ("Anna", "Ben"), 0, "m")
    empty = replace(example, passage="")
    limit = max(len(row.ids) for row in encode(tokenizer, (example,), max_length=99)[0].rows)
    rest = max(len(row.ids) for row in encode(tokenizer, (empty,), max_length=99)[0].rows)
    (cut,) = encode(tokenizer, (example,), max_length=rest)
    (too_long,) = encode(tokenizer, (example,), max_length=rest - 1)
    assert rest < limit
    assert (cut.visible, len(cut.rows)) == (0, 2)
    assert cut.rows == encode(tokenizer, (empty,), max_length=99)[0].rows
    assert (too_long.visible, too_long.rows) == (-1, ())


@pytest.mark.parametrize(
    ("question", "option", "tail"),
    [
        ("Who ran?", "Tom", "Who ran? Tom"),
        ("", "Tom", "Tom"),
        ("Who ran?", "", "Who ran?"),
        ("Tom _ home.", "ran", "Tom _ home. ran"),
    ],
)
def test_the_second_segment_is_question_space_option(question, option, tail):
    example = Example("m#0", "", question, (option, "x"), 0, "m")
    assert pair_texts(example)[1][0] == tail


def test_the_tokenizer_s_own_truncation_side_and_padding_change_nothing(build, examples):
    from transformers import AutoTokenizer

    plain = AutoTokenizer.from_pretrained(build("bert"))
    odd = AutoTokenizer.from_pretrained(
        build("bert", tokenizer={"truncation_side": "left", "padding_side": "left"})
    )
    odd.backend_tokenizer.enable_truncation(7)
    odd.backend_tokenizer.enable_padding(length=50)
    assert odd.truncation_side == "left"
    assert encode(odd, examples, max_length=30) == encode(plain, examples, max_length=30)


def test_no_examples_give_no_rows(tokenizer):
    assert encode(tokenizer, (), max_length=10) == ()


def test_each_distinct_text_is_tokenised_once(checkpoints, examples, monkeypatch):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoints["bert"])
    calls: list[list[str]] = []
    plain = type(tokenizer).__call__

    def counted(self, first, second=None, **options):
        calls.append(first)
        return plain(self, first, second, **options)

    monkeypatch.setattr(type(tokenizer), "__call__", counted)
    encode(tokenizer, (*examples, *examples), max_length=64)
    texts = [text for example in examples for text in (example.passage, *pair_texts(example)[1])]
    bare, probe = calls
    assert sorted(bare) == sorted(set(texts))
    assert len(probe) == 1


def test_a_lone_surrogate_is_refused_with_the_id_of_its_item(tokenizer, examples):
    broken = Example("x#3", "a \ud800 b", "who?", ("Anna", "Ben"), 0, "x")
    with pytest.raises(DataError, match=r"'x#3'.*lone surrogate '\\ud800'"):
        encode(tokenizer, (*examples, broken), max_length=64)


def test_texts_without_a_single_token_are_refused(checkpoints):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoints["bert"])
    blank = Example("x#3", "", "", ("", " "), 0, "x")
    with pytest.raises(DataError, match="single token"):
        encode(tokenizer, (blank,), max_length=64)


def test_a_slow_tokenizer_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(ModelError, match=r"'Slow' is a slow one.*tokenizer\.json"):
        encode(Slow(), (), max_length=64)


def test_a_tokenizer_that_joins_the_pair_otherwise_is_refused(bert, examples):
    from transformers import AutoTokenizer

    class Swapping:
        is_fast = True
        inner = AutoTokenizer.from_pretrained(bert)

        def __call__(self, first, second=None, **options):
            if second is not None:
                first = [f"{text} grey" for text in first]
            return self.inner(first, second, **options)

    with pytest.raises(ModelError, match="constant special tokens"):
        encode(Swapping(), examples, max_length=64)
