from __future__ import annotations

import json
import math
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from robustness.domain import Example, Model, Truncates
from robustness.models.encoding import encode, pair_texts
from robustness.models.huggingface import HuggingFaceModel, load
from robustness.models.options import ModelOptions
from robustness.models.packed import Packed

CLOSE = 1e-5
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"


@pytest.fixture(autouse=True)
def reference_on_one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def naive(model: HuggingFaceModel, example: Example, *, limit: int) -> list[float]:
    """Plain transformers: one option at a time, the tokenizer's own pair call, no batch."""
    tokenizer, network = model.tokenizer, model.network.eval()
    passage, tails = pair_texts(example)
    whole = [len(tokenizer([passage], [tail])["input_ids"][0]) for tail in tails]
    excess = max(0, max(whole) - limit)
    scores = []
    for tail, length in zip(tails, whole, strict=True):
        coded = tokenizer(
            [passage],
            [tail],
            truncation="only_first" if excess else False,
            max_length=length - excess if excess else None,
            return_tensors="pt",
        )
        with torch.inference_mode():
            logits = network(**{name: value[:, None] for name, value in coded.items()}).logits
        scores.append(float(logits[0, 0]))
    return scores


def near(expected: list[float]) -> object:
    return pytest.approx(expected, abs=CLOSE)


def opened(folder: Path, **options: Any) -> HuggingFaceModel:
    return load(str(folder), options=ModelOptions(device="cpu", threads=1, **options))


@pytest.mark.parametrize("budget", [1, 64, 4_096])
def test_scores_equal_plain_transformers_for_every_family_and_budget(checkpoint, examples, budget):
    model = opened(checkpoint, batch_tokens=budget)
    for example, scores in zip(examples, model.score(examples), strict=True):
        assert list(scores) == near(naive(model, example, limit=64))


def test_scores_of_cut_passages_equal_plain_transformers(checkpoint, examples):
    model = opened(checkpoint, max_length=40)
    shown = model.visible(examples)
    for example, scores, seen in zip(examples, model.score(examples), shown, strict=True):
        if seen >= 0:
            assert list(scores) == near(naive(model, example, limit=40))
    assert any(0 <= seen < len(e.passage) for e, seen in zip(examples, shown, strict=True))


@pytest.mark.parametrize("family", ["xlnet", "fnet"])
def test_families_that_padding_would_disturb_equal_plain_transformers_too(build, examples, family):
    model = opened(build(family), batch_tokens=4_096)
    for example, scores in zip(examples, model.score(examples), strict=True):
        assert list(scores) == near(naive(model, example, limit=64))
    assert model.counts["padded_tokens"] == model.counts["tokens"]


def test_the_order_of_options_orders_the_scores(checkpoint, examples):
    model = opened(checkpoint)
    reversed_options = [replace(e, options=e.options[::-1]) for e in examples]
    forward, backward = model.score(examples), model.score(reversed_options)
    assert [scores[::-1] for scores in backward] == list(forward)


def test_the_order_of_the_batch_orders_the_scores(bert, examples):
    model = opened(bert)
    assert model.score(examples[::-1]) == model.score(examples)[::-1]


def test_equal_rows_are_forwarded_once_in_all_calls_together(bert, examples):
    model = opened(bert)
    once = model.score(examples)
    before = dict(model.counts)
    again = [replace(example, id=f"{example.id}~copy") for example in examples]
    twice = model.score((*examples, *again))
    assert twice == (*once, *once)
    assert model.counts["rows"] - before["rows"] == 2 * before["rows"]
    # The five examples hold 14 options, two of which are the same question's in another order.
    assert before["rows_forwarded"] == 12
    assert model.counts["rows_forwarded"] == 12
    assert model.counts["forward_calls"] == before["forward_calls"]


def test_text_that_was_cut_away_makes_no_new_row(bert, examples):
    model = opened(bert, max_length=40)
    longer = replace(examples[4], id="d#0~added.1", passage=examples[4].passage + " Ben ran.")
    model.score((examples[4], longer))
    assert model.counts["rows_forwarded"] == len(longer.options)


def test_dropout_is_off_even_where_the_network_was_left_in_training(build, examples):
    rates = {"hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5}
    model = opened(build("bert", config=rates))
    first = model.score(examples)
    model.network.train()
    assert model.score(examples) == first


@pytest.mark.parametrize(
    "settings",
    [{"padding_side": "left"}, {"pad_token": None}, {"pad_token": "[SEP]"}],
    ids=["left", "no pad token", "pad is the separator"],
)
def test_padding_side_and_pad_token_do_not_change_scores(build, bert, examples, settings):
    odd = opened(build("bert", tokenizer=settings), batch_tokens=4_096)
    assert odd.score(examples) == opened(bert, batch_tokens=4_096).score(examples)


def test_segment_types_are_left_out_where_the_network_has_none(build, examples):
    names = ["input_ids", "token_type_ids", "attention_mask"]
    typed = opened(build("distilbert", tokenizer={"model_input_names": names}))
    plain = opened(build("distilbert"))
    assert typed.score(examples) == plain.score(examples)
    assert {row.types for item in typed.encode(examples) for row in item.rows} == {()}


def test_an_item_whose_question_and_options_do_not_fit_is_nan_and_minus_one(bert, examples):
    model = opened(bert, max_length=16)
    wordy = Example("w#0", "hens", "who feeds " * 9, ("Anna", "Ben", "nobody"), 0, "w")
    (fits, too_long) = model.score((examples[1], wordy))
    assert all(math.isfinite(score) for score in fits)
    assert len(too_long) == 3
    assert all(math.isnan(score) for score in too_long)
    assert model.visible((examples[1], wordy))[1] == -1


def test_non_finite_logits_are_passed_on(bert, examples):
    model = opened(bert)
    with torch.no_grad():
        model.network.classifier.bias.fill_(math.inf)
    assert all(score == math.inf for scores in model.score(examples) for score in scores)
    with torch.no_grad():
        model.network.classifier.bias.fill_(math.nan)
    assert all(math.isnan(score) for scores in model.score(examples) for score in scores)


def memory_for(monkeypatch, *, rows: int, error: Exception) -> list[int]:
    """Let a forward pass of more than `rows` rows run out of memory; return the sizes tried."""
    tried: list[int] = []
    whole = Packed.__call__

    def limited(self, part):
        tried.append(len(part))
        if len(part) > rows:
            raise error
        return whole(self, part)

    monkeypatch.setattr(Packed, "__call__", limited)
    return tried


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    MemoryError(),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["gpu", "cpu", "python"])
def test_a_batch_that_exceeds_memory_is_halved_alone(bert, examples, monkeypatch, error):
    names = ("Anna", "Ben", "hens", "mill", "boat", "fog", "noon", "school")
    wide = Example("w#0", "grey hens", "who?", names, 0, "w")
    expected = opened(bert, batch_tokens=4_096).score((wide,))
    model = opened(bert, batch_tokens=4_096)
    model.score(examples[:1])
    tried = memory_for(monkeypatch, rows=2, error=error)
    assert model.score((wide,)) == expected
    assert tried == [8, 4, 2, 2, 2, 2]
    assert model.environment()["out_of_memory_rows"] == "0"


def test_memory_that_never_suffices_ends_in_nan_after_a_bounded_number_of_tries(bert, examples, monkeypatch):
    wide = Example("w#0", "hens", "who?", ("Anna", "hens", "mill", "boat", "noon"), 0, "w")
    model = opened(bert, batch_tokens=4_096)
    model.score(examples[:1])
    tried = memory_for(monkeypatch, rows=0, error=MemoryError())
    (scores,) = model.score((wide,))
    assert all(math.isnan(score) for score in scores)
    assert len(tried) <= len(wide.options) + math.log2(len(wide.options)) + 2
    assert model.environment()["out_of_memory_rows"] == str(len(wide.options))


def test_other_faults_of_the_network_are_not_taken_for_memory(bert, examples, monkeypatch):
    model = opened(bert)
    memory_for(monkeypatch, rows=0, error=RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        model.score(examples)


def test_one_encoding_serves_score_and_visible(bert, examples, monkeypatch):
    model = opened(bert)
    calls: list[int] = []

    def counted(tokenizer, batch, *, max_length):
        calls.append(len(batch))
        return encode(tokenizer, batch, max_length=max_length)

    monkeypatch.setattr("robustness.models.huggingface.encode", counted)
    model.score(examples)
    assert model.visible(list(examples))[3] == 0
    model.visible(examples[:2])
    assert calls == [len(examples), 2]


def test_an_empty_batch_gives_no_scores(bert):
    assert opened(bert).score(()) == ()


def test_it_is_a_model_that_truncates_and_is_named_by_its_folder(bert):
    model = opened(bert)
    assert isinstance(model, Model)
    assert isinstance(model, Truncates)
    assert model.name == "tiny-bert"


def test_the_environment_says_what_decides_a_score_and_names_no_path(bert):
    said = opened(bert, max_length=32).environment()
    assert said["max_length"] == "32"
    assert (said["device"], said["dtype"], said["threads"]) == ("cpu", "float32", "1")
    assert (said["attention"], said["tf32"]) == ("sdpa", "off")
    assert said["torch"] == torch.__version__
    assert str(bert.parent) not in json.dumps(dict(said))


def test_a_folder_is_loaded_and_scored_without_a_connection(bert, examples, monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(opened(bert).score(examples)) == len(examples)


def test_loading_and_scoring_say_nothing(bert, examples, capfd):
    opened(bert).score(examples)
    assert capfd.readouterr() == ("", "")


@pytest.mark.shared
def test_a_real_checkpoint_on_real_questions_equals_plain_transformers():
    folder, data = SHARED / "models" / "dream-minilm", SHARED / "data" / "dream" / "dev.json"
    if not (folder.is_dir() and data.is_file()):
        pytest.skip(f"no real checkpoint and data under {SHARED}")
    questions = [
        Example(f"{key}#{n}", "\n".join(turns), q["question"], tuple(q["choice"]), None, key)
        for turns, asked, key in json.loads(data.read_text(encoding="utf-8"))
        for n, q in enumerate(asked)
    ][:20]
    model = opened(folder, max_length=160)
    for example, scores in zip(questions, model.score(questions), strict=True):
        assert list(scores) == near(naive(model, example, limit=160))
    assert model.counts["padded_tokens"] <= 1.05 * model.counts["tokens"]
