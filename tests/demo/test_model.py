from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest

from robustness.demo.stories import stories
from robustness.domain import Example
from robustness.models.huggingface import HuggingFaceModel, load
from robustness.models.options import ModelOptions
from robustness.training.conditions import under

FOLDER = Path(__file__).parents[2] / "robustness" / "demo" / "stories-bert"


@pytest.fixture(scope="module")
def model() -> HuggingFaceModel:
    return load(str(FOLDER), options=ModelOptions(device="cpu", threads=1))


def accuracy(model: HuggingFaceModel, items: tuple[Example, ...]) -> float:
    return fmean(
        row.index(max(row)) == item.answer for row, item in zip(model.score(items), items, strict=True)
    )


def test_the_folder_is_small_and_holds_what_a_reader_of_it_needs():
    assert (FOLDER / "model.safetensors").stat().st_size < 4_000_000
    assert {path.name for path in FOLDER.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    }


def test_the_readme_gives_the_command_and_the_accuracy_of_the_record():
    record = json.loads((FOLDER / "training.json").read_text(encoding="utf-8"))
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert record["command"] in readme
    assert f"{record['dev']['accuracy']:.3f}" in readme


def test_it_reads_the_first_held_out_stories(model):
    items = stories("test", passages=20)
    assert accuracy(model, items) >= 0.75
    assert model.visible(items) == tuple(len(item.passage) for item in items)


def test_without_passages_it_is_near_chance(model):
    items = stories("test", passages=20)
    blind = accuracy(model, under("passage-remove", items, seed=0))
    assert blind < fmean(item.chance for item in items) + 0.15


@pytest.mark.slow
def test_its_accuracy_on_held_out_stories_is_at_least_080(model):
    assert accuracy(model, stories("test")) >= 0.80


@pytest.mark.slow
def test_it_is_far_above_chance_where_word_overlap_says_nothing(model):
    items = stories("test", overlap_share=0.0)
    assert accuracy(model, items) >= 0.70


@pytest.mark.slow
def test_shuffling_the_words_of_the_passage_hurts_where_word_order_is_needed(model):
    items = stories("test", overlap_share=0.0)
    drop = accuracy(model, items) - accuracy(model, under("passage-shuffle", items, seed=0))
    assert drop > 0.2
