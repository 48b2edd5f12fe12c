from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from robustness.domain import Example, Model, Truncates
from robustness.errors import ModelError
from robustness.models.causal import load
from robustness.models.ledger import Memory
from robustness.models.options import ModelOptions
from robustness.models.prompts import DEFAULT, LETTERED, Template
from robustness.models.row_model import RowModel
from tests.models.language_models import causal_network, naive_causal, saved, tokenizer

PASSAGE = "Anna keeps two grey hens behind the mill and feeds them before school. "
ITEMS = (
    Example("a#0", PASSAGE, "Who feeds the hens?", ("Anna", "Ben", "the old miller"), 0, "a"),
    Example("a#1", PASSAGE, "What does Anna keep?", ("hens", "a boat"), 0, "a"),
    Example("a#1~x.1", PASSAGE + "Ben paints the boat.", "What does Anna keep?", ("hens", "a boat"), 0, "a"),
    Example("b#0", "The ferry left at noon.", "", ("at noon", "never", "in fog", "at six"), 0, "b"),
    Example("c#0", "", "What colour is the boat?", ("blue", "red"), 0, "c"),
)
FAMILIES = {"gpt2": False, "llama": True, "gpt_neo": False}
"""Family -> whether its tokenizer puts a beginning-of-sequence token; GPT-Neo takes the plain way."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for family, bos in FAMILIES.items():
        words = tokenizer(bos=bos)
        own = {"attention_types": [[["global", "local"], 1]], "window_size": 8} if family == "gpt_neo" else {}
        network = causal_network(family, vocabulary=len(words), **own)
        made[family] = saved(network, words, tmp_path_factory.mktemp(family))
    return made


@pytest.fixture(params=FAMILIES)
def folder(request, folders):
    return folders[request.param]


def opened(folder: Path, **options: Any) -> RowModel:
    return load(str(folder), options=ModelOptions(device="cpu", threads=1, **options))


def expected(model, item: Example, likelihood: str) -> list[float]:
    """Scores by the plain loop over each prompt and continuation."""
    letters = likelihood == "letter"
    asked = Template(LETTERED if letters else DEFAULT, letters).asked(item)
    found = []
    for continuation, option in zip(asked.continuations, item.options, strict=True):
        raw, tokens = naive_causal(model.network, model.tokenizer, asked.prompt, continuation)
        sizes = {"raw": 1, "letter": 1, "token": tokens, "byte": len(option.encode())}
        found.append(raw / sizes[likelihood])
    return found


@pytest.mark.parametrize("likelihood", ["raw", "token", "byte", "letter"])
def test_scores_are_those_of_the_plain_loop(folder, likelihood):
    model = opened(folder, likelihood=likelihood)
    for item, scores in zip(ITEMS, model.score(ITEMS), strict=True):
        assert scores == pytest.approx(expected(model, item, likelihood), rel=1e-5)
    assert "warning" not in model.environment()


def test_it_is_a_model_that_says_what_it_saw(folder):
    model = opened(folder)
    assert isinstance(model, Model)
    assert isinstance(model, Truncates)
    assert model.visible(ITEMS) == tuple(len(item.passage) for item in ITEMS)


@pytest.mark.parametrize("budget", [1, 16, 64, 4_096])
def test_scores_do_not_depend_on_budget_company_or_order(folder, budget):
    alone = [opened(folder).score([item])[0] for item in ITEMS]
    together = opened(folder, batch_tokens=budget).score(ITEMS[::-1])[::-1]
    for one, other in zip(alone, together, strict=True):
        assert other == pytest.approx(one, rel=1e-5)


def test_a_passage_is_computed_once_for_all_that_share_it(folders):
    model = opened(folders["llama"])
    model.score(ITEMS[3:])  # the check
    before = model.counts["tokens"]
    model.score(ITEMS[:3])
    inputs = [row.ids[:-1] for item in model.read(ITEMS[:3]) for row in item.rows]
    beginnings = {ids[:stop] for ids in inputs for stop in range(1, len(ids) + 1)}
    assert model.counts["tokens"] - before == len(beginnings) < sum(map(len, inputs)) / 2


def test_letters_cost_the_prompt_alone(folders):
    model = opened(folders["llama"], likelihood="letter")
    model.score(ITEMS[3:4])  # the check, and this item
    before = model.counts["tokens"]
    other = replace(ITEMS[3], id="b#1", question="When did the ferry leave?")
    model.score([other])
    assert model.counts["tokens"] - before == len(model.read([other])[0].rows[0].ids) - 1


def test_what_was_scored_is_not_forwarded_again_by_this_model_or_another_unit(folders):
    model = opened(folders["gpt2"], likelihood="raw")
    first = model.score(ITEMS)
    done = dict(model.counts)
    assert model.score(ITEMS) == first
    assert model.counts["forward_calls"] == done["forward_calls"]
    other = opened(folders["gpt2"], likelihood="byte")
    other.ledger = model.ledger
    other.score(ITEMS)
    assert other.counts["forward_calls"] == 0


def test_two_networks_share_no_key_of_a_ledger(folders):
    shared = Memory()
    for family in FAMILIES:
        model = opened(folders[family])
        model.ledger = shared
        before = len(shared)
        model.score(ITEMS[:1])
        assert len(shared) - before == len(ITEMS[0].options)


def test_equal_options_tie_to_the_last_bit(folder):
    twice = replace(ITEMS[0], options=("Anna", "Ben", "Anna"))
    scores = opened(folder).score([twice])[0]
    assert scores[0] == scores[2]


def test_options_too_close_for_fp32_are_ranked_in_fp64(folders, monkeypatch):
    from robustness.models import ties

    model = opened(folders["llama"], likelihood="raw")
    plain = model.score(ITEMS)
    assert model.counts["rescored_items"] == 0
    monkeypatch.setattr(ties, "NEAR_TIE", 1e6)
    close = opened(folders["llama"], likelihood="raw")
    for before, after in zip(plain, close.score(ITEMS), strict=True):
        assert after == pytest.approx(before, rel=1e-5)
    assert close.counts["rescored_items"] == len(ITEMS)
    assert close.counts["canonical_rows"] == len({row for item in close.read(ITEMS) for row in item.rows})


def test_fp64_scores_can_be_asked_for_by_themselves(folders):
    model = opened(folders["llama"])
    for exact, fast in zip(model.canonical(ITEMS), model.score(ITEMS), strict=True):
        assert exact == pytest.approx(fast, rel=1e-5)
        assert exact != fast
    assert model.counts["canonical_rows"] == len({row for item in model.read(ITEMS) for row in item.rows})


def test_a_long_passage_is_cut_alike_for_all_options_and_said_so(folder):
    model = opened(folder, max_length=40)
    long = replace(ITEMS[0], passage=PASSAGE * 8)
    seen = model.visible([long])[0]
    assert 0 < seen < len(long.passage)
    shorter = replace(long, passage=long.passage[:seen])
    assert model.score([long])[0] == pytest.approx(model.score([shorter])[0], rel=1e-6)


def test_an_item_that_does_not_fit_is_not_measured(folder):
    model = opened(folder, max_length=8)
    assert all(math.isnan(score) for score in model.score(ITEMS[:1])[0])
    assert model.visible(ITEMS[:1]) == (-1,)


def test_how_a_model_is_asked_is_part_of_its_fingerprint(folders):
    ways: list[dict[str, Any]] = [
        {}, {"likelihood": "raw"}, {"likelihood": "letter"}, {"max_length": 100},
        {"template": "{passage} {question}"},
    ]  # fmt: skip
    prints = {opened(folders["gpt2"], **way).fingerprint for way in ways}
    assert len(prints) == len(ways)
    assert opened(folders["gpt2"], batch_tokens=7).fingerprint in prints


def test_a_fast_way_that_is_wrong_gives_way_to_the_plain_one_and_says_so(folders, monkeypatch):
    from robustness.models.tree_forward import TreeForward

    right = opened(folders["llama"]).score(ITEMS)
    honest = TreeForward.__call__
    monkeypatch.setattr(
        TreeForward,
        "__call__",
        lambda self, rows, *, budget: [v - 0.5 for v in honest(self, rows, budget=budget)],
    )
    model = opened(folders["llama"])
    for scores, other in zip(model.score(ITEMS), right, strict=True):
        assert scores == pytest.approx(other, rel=1e-5)
    assert "differs from the plain one" in model.environment()["warning"]


def test_case_6_a_language_model_that_draws_random_numbers_is_refused(folders):
    model = opened(folders["llama"])

    def drawn(_module, _inputs, found):
        found.logits *= torch.rand_like(found.logits)

    model.network.register_forward_hook(drawn)
    with pytest.raises(ModelError, match="two passes over the same"):
        model.score(ITEMS)


@pytest.mark.parametrize("most", [1, 3, 1_000])
def test_where_memory_runs_out_the_budget_and_then_the_rows_are_halved(folders, monkeypatch, most):
    from robustness.models.tree_forward import TreeForward

    honest = TreeForward.__call__

    def small(self, rows, *, budget):
        if len(rows) > most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return honest(self, rows, budget=budget)

    right = opened(folders["llama"]).score(ITEMS)
    monkeypatch.setattr(TreeForward, "__call__", small)
    model = opened(folders["llama"])
    for scores, other in zip(model.score(ITEMS), right, strict=True):
        assert scores == pytest.approx(other, rel=1e-5)
    assert model.counts["out_of_memory_rows"] == 0


def test_a_row_that_never_fits_is_not_measured_and_not_recorded(folders, monkeypatch):
    from robustness.models.plain_forward import PlainForward
    from robustness.models.tree_forward import TreeForward

    def never(self, rows, *, budget):
        raise MemoryError

    for way in (TreeForward, PlainForward):
        monkeypatch.setattr(way, "__call__", never)
    model = opened(folders["llama"])
    assert all(math.isnan(score) for score in model.score(ITEMS[:1])[0])
    assert model.counts["out_of_memory_rows"] > 0
    assert isinstance(model.ledger, Memory)
    assert len(model.ledger) == 0


def test_other_faults_keep_their_stack(folders, monkeypatch):
    from robustness.models.tree_forward import TreeForward

    def broken(self, rows, *, budget):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(TreeForward, "__call__", broken)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        opened(folders["llama"]).score(ITEMS)


def test_dropout_is_off(tmp_path):
    words = tokenizer()
    folder = saved(causal_network("gpt2", vocabulary=len(words), resid_pdrop=0.5), words, tmp_path)
    model = opened(folder)
    model.network.train()
    first = model.score(ITEMS)
    model.ledger = Memory()
    assert model.score(ITEMS) == first


def test_a_masked_language_model_under_a_causal_name_is_refused(tmp_path):
    from transformers import BertConfig, BertLMHeadModel

    from robustness.models.quiet import quiet

    words = tokenizer()
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    with quiet():
        network = BertLMHeadModel(BertConfig(vocab_size=len(words), **sizes))
    with pytest.raises(ModelError, match="without is_decoder"):
        opened(saved(network, words, tmp_path))


def test_a_run_records_how_the_model_was_asked(folders):
    model = opened(folders["llama"], likelihood="token")
    model.score(ITEMS)
    told = model.environment()
    assert told["kind"] == "causal"
    assert told["likelihood"] == "token"
    assert told["template"] == DEFAULT
    assert float(told["shadow_check"].rsplit(" ", 1)[1]) < 1e-4
