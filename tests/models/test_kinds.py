from __future__ import annotations

import pytest

from robustness.errors import ModelError
from robustness.models.kinds import ModelKind, kind_of


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("BertForMultipleChoice", ModelKind.MULTIPLE_CHOICE),
        ("RobertaForSequenceClassification", ModelKind.CLASSIFIER),
        ("LlamaForCausalLM", ModelKind.CAUSAL),
        ("GPT2LMHeadModel", ModelKind.CAUSAL),
        ("T5ForConditionalGeneration", ModelKind.ENCODER_DECODER),
    ],
)
def test_the_architecture_says_the_kind(architecture, kind):
    assert kind_of({"architectures": ["Other", architecture]}) is kind
    assert kind_of({"architectures": [architecture]}, asked=kind) is kind


@pytest.mark.parametrize("named", [["BertModel"], ["BertForMaskedLM"], [], None, "BertForMultipleChoice"])
def test_an_architecture_of_no_kind_is_refused_with_all_that_would_do(named):
    with pytest.raises(
        ModelError, match=r"ForMultipleChoice or .*ForCausalLM or .*ForConditionalGeneration is"
    ):
        kind_of({"architectures": named})


def test_a_kind_that_was_not_asked_for_is_refused_with_what_was():
    with pytest.raises(
        ModelError, match=r"GPT2LMHeadModel.*one that ends in ForSequenceClassification is needed"
    ):
        kind_of({"architectures": ["GPT2LMHeadModel"]}, asked="classifier")


def test_a_decoder_of_an_encoders_family_is_one_where_it_says_so():
    config: dict[str, object] = {"architectures": ["BertLMHeadModel"], "model_type": "bert"}
    with pytest.raises(ModelError, match="bert language model without is_decoder"):
        kind_of(config)
    assert kind_of(config | {"is_decoder": True}) is ModelKind.CAUSAL


@pytest.mark.parametrize("key", ["vision_config", "audio_config", "num_mel_bins"])
def test_models_of_more_than_text_are_refused(key):
    with pytest.raises(ModelError, match=f"has {key}, but a model of text alone"):
        kind_of({"architectures": ["XForConditionalGeneration"], "model_type": "x", key: {}})
