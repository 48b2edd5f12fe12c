"""HotFlip, universal triggers and magnets, on a tiny random checkpoint whose vocabulary holds the words."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from robustness.attacks.foreign_words import asked_words, plain, replaceable
from robustness.choices import right_options
from robustness.domain import Example, Scores
from robustness.errors import DataError, UsageError
from robustness.models.huggingface import HuggingFaceModel, load
from robustness.models.options import ModelOptions
from robustness.models.stub import stub
from robustness.scoring import run
from robustness.searching.freezing import as_text, summarise_search
from robustness.searching.lockstep import margin_of
from robustness.searching.method import DEFAULTS, Method
from robustness.searching.search import Searching, search
from robustness.searching.universal import halves
from robustness.suites.store import freeze, thaw
from robustness.text import content_words, words
from tests.models.conftest import network
from tests.searching.victims import Counting, items

METHODS = (Method.HOTFLIP, Method.TRIGGER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A random BERT whose word pieces are whole words of the items."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    from robustness.models.quiet import quiet

    texts = [t for e in items(12) for t in (e.passage, e.question, *e.options)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "'", ".", "?", "t"]
    pieces += sorted(
        {w.lower() for t in texts for w in words(t.replace("n't", "")).words if w.isalpha()} - {"t"}
    )
    made = Tokenizer(models.WordPiece({p: at for at, p in enumerate(pieces)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )  # fmt: skip
    path = Path(tmp_path_factory.mktemp("victim"), "tiny")
    with quiet():
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
            mask_token="[MASK]", model_max_length=64,
        )  # fmt: skip
        network("bert", len(pieces)).save_pretrained(path)
        tokenizer.save_pretrained(path)
    return path


@pytest.fixture
def model(folder, monkeypatch) -> HuggingFaceModel:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return load(str(folder), options=ModelOptions(threads=1))


def asked(method: Method, **settings) -> Searching:
    return Searching(DEFAULTS[method], method=method, **{"budget": 60, **settings})


@pytest.mark.parametrize("method", METHODS)
def test_gradient_searches_are_deterministic_and_replay_exactly(folder, model, method, tmp_path):
    found = search(items(24), model, asked(method))
    fresh = load(str(folder), options=ModelOptions(threads=1, batch_tokens=128))
    assert search(items(24)[::-1], fresh, asked(method)) == found
    thawed = thaw(freeze(found, tmp_path / "suite"))
    assert run(thawed, fresh).scores == run(found, model).scores


def test_hotflip_keeps_its_budget_and_touches_nothing_protected(model, monkeypatch):
    counted: dict[str, int] = {}
    true_score = HuggingFaceModel.score

    def score(self, batch):
        for example in batch:
            counted[example.id] = counted.get(example.id, 0) + 1
        return true_score(self, batch)

    monkeypatch.setattr(HuggingFaceModel, "score", score)
    found = search(items(6), model, asked(Method.HOTFLIP, severity=2, budget=50))
    sources = {example.id: example for example in found.examples}
    # Each gradient also looks the scores of its text up, which costs no pass: it is counted here.
    assert max(counted.values()) <= 50 + 1
    for variant in found.variants:
        source = sources[variant.source]
        assert int(variant.notes["queries"]) <= 50
        before, after = words(source.passage), words(variant.example.passage)
        changed = [at for at, (a, b) in enumerate(zip(before.words, after.words, strict=True)) if a != b]
        assert len(changed) <= 2
        assert set(changed) <= set(replaceable(source, before))
        assert all(plain(after.words[at]) and after.words[at] not in asked_words(source) for at in changed)
        assert (variant.example.question, variant.example.options) == (source.question, source.options)


def test_hotflip_does_more_harm_than_chance_with_as_many_words(model):
    found = search(items(12), model, asked(Method.HOTFLIP, severity=1, budget=40))
    random = search(items(12), model, Searching("words-replaced", method=Method.RESTARTS, budget=2))
    margins = [
        fmean(margin_of(v.example, model.score([v.example])[0]) for v in suite.variants)
        for suite in (found, random)
    ]
    assert margins[0] < margins[1]


def test_a_trigger_is_one_for_all_found_on_other_passages_than_it_is_measured_on(model):
    found = search(items(24), model, asked(Method.TRIGGER))
    first, rest = halves(items(24), 0)
    assert found.examples == rest
    assert not {e.group for e in first} & {e.group for e in rest}
    settings = found.plan["recipes"]["search:words-planted"]["parameters"]["search"]  # type: ignore[index]
    sources = {example.id: example for example in rest}
    for variant in found.variants:
        assert variant.example.passage == f"{settings['found']} {sources[variant.source].passage}"
        assert int(variant.notes["queries"]) <= 3
    assert len(settings["found"].split()) == 3
    assert 0 < settings["one_off_queries"] <= 60 * settings["prepared_on"]
    told = summarise_search(found, run(found, model))
    assert f"{settings['found']} ({settings['one_off_queries']} queries" in as_text(told)


def test_a_trigger_lowers_the_margin_of_what_it_was_prepared_on(model):
    first, _ = halves(items(24), 0)
    found = search(items(24), model, asked(Method.TRIGGER, budget=150))
    words_found = found.plan["recipes"]["search:words-planted"]["parameters"]["search"]["found"]  # type: ignore[index]
    right = [e for e in first if margin_of(e, model.score([e])[0]) > 0]
    planted = [
        Example("t", f"{words_found} {e.passage}", e.question, e.options, e.answer, "g") for e in right
    ]
    margins = [fmean(margin_of(e, model.score([e])[0]) for e in some) for some in (right, planted)]
    assert margins[1] < margins[0]


def loves(text: str):
    """A model that knows the answer but likes one string more."""

    def rule(example: Example) -> Scores:
        right = right_options(example)
        return tuple(2.0 if option == text else float(i in right) for i, option in enumerate(example.options))

    return rule


def story(number: int) -> Example:
    things = [("red kite", "long rope"), ("old lamp", "blue tent"), ("tin drum", "gold bell")][number % 3]
    return Example(
        f"s{number:02d}", f"Tom saw the {things[0]} first.", "What did Tom see?",
        (f"the {things[0]}", f"the {things[1]}", ("my fish", "my duck", "my goat")[number % 3]),
        0, f"g{number:02d}",
    )  # fmt: skip


def test_the_option_that_a_model_loves_is_found_and_planted_elsewhere():
    model = Counting(loves("my duck"))
    data = [story(n) for n in range(36)]
    found = search(data, model, asked(Method.MAGNET, severity=2))
    settings = found.plan["recipes"]["search:magnet-stock"]["parameters"]["search"]  # type: ignore[index]
    assert settings["found"].split("; ")[0] == "my duck"
    sources = {example.id: example for example in found.examples}
    for variant in found.variants:
        source = sources[variant.source]
        new = [
            o for o, origin in zip(variant.example.options, variant.option_map, strict=True) if origin == -1
        ]
        assert new
        for option in new:
            assert not {*content_words(option)} & {
                *content_words(source.passage),
                *content_words(source.question),
            }
    told = summarise_search(found, run(found, model))
    assert told.accuracy < told.accuracy_fixed or told.success_rate > 0


@pytest.mark.parametrize(
    ("searching", "named"),
    [
        (Searching("swap-letters", method=Method.HOTFLIP), "hotflip exchanges whole words"),
        (Searching("swap-letters", method=Method.TRIGGER), "words planted before the passage"),
        (Searching("swap-letters", method=Method.MAGNET), "planted as distractors"),
        (Searching("words-replaced", method=Method.HOTFLIP), "need the gradient"),
        (Searching("words-planted", method=Method.TRIGGER), "need the gradient"),
    ],
)
def test_a_method_says_what_it_needs(searching, named):
    with pytest.raises(UsageError, match=named):
        search(items(6), stub("oracle"), searching)


def test_one_passage_cannot_be_halved():
    with pytest.raises(DataError, match="at least 2"):
        search(items(1), stub("oracle"), Searching("magnet-stock", method=Method.MAGNET))


@pytest.mark.parametrize("method", [Method.HOTFLIP, Method.TRIGGER, Method.GREEDY])
def test_a_search_that_is_given_again_scores_nothing_anew(folder, method, tmp_path):
    from robustness.pipeline import searched
    from robustness.readers.load import Dataset

    data = Dataset(items(24), "here", "0" * 32, ())
    wanted = Searching(DEFAULTS.get(method, "swap-letters"), method=method, budget=30)
    suites, forwarded = [], []
    for number in range(2):
        model = load(str(folder), options=ModelOptions(threads=1))
        place = tmp_path / f"suite{number}"
        suite, summary = searched(data, model, wanted, folder=place, cache=tmp_path / "cache")
        suites.append((suite, summary))
        forwarded.append(model.counts["rows_forwarded"])
    assert suites[0] == suites[1]
    assert forwarded[0] > 0
    assert forwarded[1] == 0
