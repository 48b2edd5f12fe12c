from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from robustness.errors import ModelError
from robustness.models.classifier import Classifier, load
from robustness.models.options import ModelOptions
from robustness.models.quiet import quiet
from tests.models.conftest import SIZES, wrapped

ENCODERS = ("bert", "distilbert", "roberta", "electra")


def made(folder, family: str, labels: tuple[str, ...]):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    words = wrapped(family, model_max_length=400)
    torch.manual_seed(7)
    common = {
        "vocab_size": len(words), "pad_token_id": 1 if family == "roberta" else 0, "initializer_range": 0.5,
        "max_position_embeddings": 402, "id2label": dict(enumerate(labels)),
        "label2id": {label: at for at, label in enumerate(labels)},
    }  # fmt: skip
    config = AutoConfig.for_model(family, **common, **SIZES.get(family, SIZES["bert"]))
    with quiet():
        AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
        words.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    both = ("wrong", "right")
    return {
        (family, labels): made(tmp_path_factory.mktemp("classifier"), family, labels)
        for family in ENCODERS
        for labels in (both, ("right",))
    }


def opened(folder, **options) -> Classifier:
    return load(str(folder), options=ModelOptions(device="cpu", threads=1, **options))


def plain(model, example, *, right: int) -> list[float]:
    """The log-odds by the tokenizer's own pair, one row at a time."""
    found = []
    for option in example.options:
        tail = " ".join(text for text in (example.question, option) if text)
        inputs = model.tokenizer([example.passage], [tail], return_tensors="pt")
        with torch.inference_mode():
            logits = model.network(**inputs).logits[0]
        odds = torch.softmax(logits.double(), 0)
        found.append(float(odds[right].logit()) if len(logits) == 2 else float(logits[0]))
    return found


@pytest.mark.parametrize("family", ENCODERS)
@pytest.mark.parametrize("labels", [("wrong", "right"), ("right",)])
def test_scores_are_the_log_odds_of_being_right(folders, examples, family, labels):
    model = opened(folders[family, labels])
    for example, scores in zip(examples, model.score(examples), strict=True):
        assert scores == pytest.approx(plain(model, example, right=len(labels) - 1), rel=1e-4, abs=1e-5)
    assert model.visible(examples) == tuple(len(example.passage) for example in examples)


def test_the_other_label_turns_every_sign(folders, examples):
    folder = folders["bert", ("wrong", "right")]
    usual, turned = opened(folder), opened(folder, right_label="wrong")
    turned.ledger = usual.ledger  # a shared ledger must not mix them
    for scores, other in zip(usual.score(examples), turned.score(examples), strict=True):
        assert other == pytest.approx([-score for score in scores], abs=1e-6)
    assert usual.fingerprint != turned.fingerprint
    assert turned.environment()["right_label"] == "wrong"


@pytest.mark.parametrize("budget", [1, 32, 4_096])
@pytest.mark.parametrize("family", ENCODERS)
def test_scores_do_not_depend_on_budget_company_or_order(folders, examples, family, budget):
    folder = folders[family, ("wrong", "right")]
    alone = [opened(folder).score([example])[0] for example in examples]
    together = opened(folder, batch_tokens=budget).score(examples[::-1])[::-1]
    assert together == tuple(alone)  # to the last bit


def test_equal_rows_are_forwarded_once(folders, examples):
    model = opened(folders["bert", ("wrong", "right")])
    model.score((*examples, *(replace(example, id=f"{example.id}~again.1") for example in examples)))
    rows = [row for item in model.encode(examples) for row in item.rows]
    assert model.counts["rows"] == 2 * len(rows)
    assert model.counts["rows_forwarded"] == len(set(rows))


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("pad", [None, 0])
def test_a_decoder_that_reads_the_last_token_is_given_one_row_at_a_time(tmp_path, examples, family, pad):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from tests.models.language_models import SIZES as DECODER
    from tests.models.language_models import tokenizer

    words = tokenizer()
    torch.manual_seed(7)
    config = AutoConfig.for_model(
        family,
        **(DECODER | {"vocab_size": len(words), "pad_token_id": pad}),
        id2label={0: "no", 1: "yes"},
        label2id={"no": 0, "yes": 1},
    )
    with quiet():
        AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
        words.save_pretrained(tmp_path)
    filled = tuple(example for example in examples if example.passage)
    model = opened(tmp_path)
    for example, scores in zip(filled, model.score(filled), strict=True):
        assert scores == pytest.approx(plain(model, example, right=1), rel=1e-4, abs=1e-5)
    assert model.counts["forward_calls"] >= model.counts["rows_forwarded"]


@pytest.mark.parametrize("labels", [("LABEL_0", "LABEL_1"), ("entailment", "neutral", "contradiction")])
def test_labels_that_do_not_tell_are_refused_before_anything_is_scored(tmp_path, labels):
    folder = made(tmp_path, "bert", labels)
    with pytest.raises(ModelError, match=r"right_label|one label or two"):
        opened(folder)
