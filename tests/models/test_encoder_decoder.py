from __future__ import annotations

from dataclasses import replace

import pytest

from robustness.models.encoder_decoder import load
from robustness.models.options import ModelOptions
from robustness.models.prompts import DEFAULT, LETTERED, Template
from robustness.models.row_model import RowModel
from tests.models.language_models import naive_seq2seq, saved, seq2seq_network, tokenizer
from tests.models.test_causal import ITEMS


@pytest.fixture(scope="module", params=["t5", "bart"])
def folder(request, tmp_path_factory):
    words = tokenizer(bos=request.param == "bart", eos=True, metaspace=request.param == "t5")
    network = seq2seq_network(request.param, vocabulary=len(words))
    return saved(network, words, tmp_path_factory.mktemp(request.param))


def opened(folder, **options) -> RowModel:
    return load(str(folder), options=ModelOptions(device="cpu", threads=1, **options))


@pytest.mark.parametrize("likelihood", ["raw", "token", "byte", "letter"])
def test_scores_are_the_networks_own_loss_turned_round(folder, likelihood):
    model = opened(folder, likelihood=likelihood)
    letters = likelihood == "letter"
    template = Template(LETTERED if letters else DEFAULT, letters)
    for item, scores in zip(ITEMS, model.score(ITEMS), strict=True):
        asked = template.asked(item)
        for continuation, option, score in zip(asked.continuations, item.options, scores, strict=True):
            raw, tokens = naive_seq2seq(model.network, model.tokenizer, asked.prompt, continuation[1:])
            size = {"token": tokens, "byte": len(option.encode())}.get(likelihood, 1)
            assert score == pytest.approx(raw / size, rel=1e-5)
    assert "warning" not in model.environment()


def test_each_distinct_prompt_is_encoded_once(folder):
    model = opened(folder)
    renamed = tuple(replace(item, id=f"{item.id}~same.1") for item in ITEMS)
    model.score(ITEMS)
    checked = model.counts["encoder_rows"] - len(ITEMS)
    assert 0 < checked <= 4  # the rows of the check
    model.score((*ITEMS, *renamed))
    assert model.counts["encoder_rows"] == len(ITEMS) + checked
    more = replace(ITEMS[0], id="a#9", options=(*ITEMS[0].options, "nobody"))
    model.score([more])
    assert model.counts["encoder_rows"] == len(ITEMS) + checked + 1  # its prompt has a new option to score


@pytest.mark.parametrize("budget", [1, 64, 4_096])
def test_scores_do_not_depend_on_budget_company_or_order(folder, budget):
    alone = [opened(folder).score([item])[0] for item in ITEMS]
    together = opened(folder, batch_tokens=budget).score(ITEMS[::-1])[::-1]
    for one, other in zip(alone, together, strict=True):
        assert other == pytest.approx(one, rel=1e-5)


def test_a_long_passage_is_cut_to_what_the_encoder_takes(folder):
    model = opened(folder, max_length=48)
    long = replace(ITEMS[0], passage=ITEMS[0].passage * 8)
    seen = model.visible([long])[0]
    assert 0 < seen < len(long.passage)
    shorter = replace(long, passage=long.passage[:seen])
    assert model.score([long])[0] == pytest.approx(model.score([shorter])[0], rel=1e-6)


def test_near_ties_are_ranked_in_fp64(folder, monkeypatch):
    from robustness.models import ties

    plain = opened(folder).score(ITEMS)
    monkeypatch.setattr(ties, "NEAR_TIE", 1e6)
    model = opened(folder)
    for before, after in zip(plain, model.score(ITEMS), strict=True):
        assert after == pytest.approx(before, rel=1e-5)
    assert model.counts["rescored_items"] == len(ITEMS)
