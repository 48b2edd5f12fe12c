from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness.choices import gold_margin
from robustness.domain import Example
from robustness.errors import UsageError
from robustness.models.gradients import word_gradients
from robustness.models.huggingface import load
from robustness.models.options import ModelOptions
from robustness.models.stub import stub

PASSAGE = "Anna keeps two grey hens behind the mill and feeds them before school."


def words_of_letters(word: str) -> bool:
    return word.isascii() and word.isalpha() and word.islower()


def item(passage: str = PASSAGE) -> Example:
    return Example("a#0", passage, "Who feeds the hens?", ("Anna", "Ben", "the old miller"), 0, "a")


def spans_of(passage: str, *wanted: str) -> list[tuple[int, int]]:
    return [(passage.index(word), passage.index(word) + len(word)) for word in wanted]


def margin_when_moved(model, example: Example, span: tuple[int, int], towards: int, share: float) -> float:
    """The gold margin with the word at `span` moved a share of the way to another token's embedding."""
    rows = model.encode([example])[0].rows
    coded = model.tokenizer([example.passage], ["Who feeds the hens? Anna"], return_offsets_mapping=True)
    place = next(
        at
        for at, (side, offsets) in enumerate(
            zip(coded.sequence_ids(0), coded["offset_mapping"][0], strict=True)
        )
        if side == 0 and example.passage[slice(*offsets)].strip() == example.passage[slice(*span)]
    )
    network = model.network.double()
    weights = network.get_input_embeddings().weight.detach()

    def moved(_module, _given, made):
        step = weights[towards] - weights[rows[0].ids[place]]
        return torch.cat(
            [made[:, :place], made[:, place : place + 1] + share * step, made[:, place + 1 :]], dim=1
        )

    handle = network.get_input_embeddings().register_forward_hook(moved)
    try:
        with torch.inference_mode():
            scores = []
            for row in rows:
                inputs = {"input_ids": torch.tensor([[row.ids]])}
                if row.types:
                    inputs["token_type_ids"] = torch.tensor([[row.types]])
                scores.append(float(network(**inputs).logits))
    finally:
        handle.remove()
        network.float()
    return gold_margin(scores, frozenset({0}))


def test_the_estimate_is_the_slope_of_the_margin(checkpoint):
    model = load(str(checkpoint), options=ModelOptions(threads=1))
    gradients = word_gradients(model, words_of_letters)
    if not gradients.vocabulary:
        pytest.skip("this tokenizer has no whole word")
    (scores,) = model.score([item()])
    if sorted(scores[1:])[-1] - sorted(scores[1:])[-2] < 1e-3:
        pytest.skip("two distractors are too close to tell which is the best")
    spans = spans_of(PASSAGE, "the")
    estimated = gradients.changes(item(), spans)
    if not np.isfinite(estimated).all():
        pytest.skip("the word is not one token")
    for column in range(0, len(gradients.vocabulary), max(1, len(gradients.vocabulary) // 5)):
        token = model.tokenizer(f"a {gradients.vocabulary[column]}", add_special_tokens=False)["input_ids"][
            -1
        ]
        tiny = 1e-5
        ends = [margin_when_moved(model, item(), spans[0], token, share) for share in (-tiny, tiny)]
        slope = (ends[1] - ends[0]) / (2 * tiny)
        assert estimated[0, column] == pytest.approx(slope, rel=1e-2, abs=1e-4)


def test_every_word_of_the_vocabulary_is_one_token_inside_a_sentence(checkpoint):
    model = load(str(checkpoint), options=ModelOptions(threads=1))
    vocabulary = word_gradients(model, words_of_letters).vocabulary
    assert list(vocabulary) == sorted(vocabulary)
    for word in vocabulary:
        assert words_of_letters(word)
        assert len(model.tokenizer(f"a {word}", add_special_tokens=False)["input_ids"]) == 2


def test_a_span_that_is_no_single_visible_token_promises_nothing(bert):
    model = load(str(bert), options=ModelOptions(threads=1, max_length=24))
    gradients = word_gradients(model, words_of_letters)
    changes = gradients.changes(item(), [*spans_of(PASSAGE, "hens", "school"), (0, 9)])
    assert np.isfinite(changes[0]).all()
    assert np.isinf(changes[1:]).all()  # cut off; two words


def test_an_item_without_a_right_option_promises_nothing(bert):
    model = load(str(bert), options=ModelOptions(threads=1))
    none_right = Example("a", PASSAGE, "Who?", ("Anna", "Ben"), None, "a")
    changes = word_gradients(model, words_of_letters).changes(none_right, spans_of(PASSAGE, "hens"))
    assert np.isinf(changes).all()


def test_an_estimate_depends_on_its_item_alone_and_leaves_the_scores_alone(bert):
    model = load(str(bert), options=ModelOptions(threads=1))
    gradients = word_gradients(model, words_of_letters)
    spans = spans_of(PASSAGE, "hens", "mill")
    first = gradients.changes(item(), spans)
    before = load(str(bert), options=ModelOptions(threads=1)).score([item()])
    gradients.changes(item(PASSAGE + " Ben paints the old boat blue."), spans)
    assert np.array_equal(first, gradients.changes(item(), spans))
    assert model.score([item()]) == before
    assert all(parameter.grad is None for parameter in model.network.parameters())


def test_models_without_a_gradient_are_refused():
    with pytest.raises(UsageError, match="need the gradient of a Hugging Face checkpoint"):
        word_gradients(stub("overlap"), words_of_letters)
