from __future__ import annotations

import json
from dataclasses import replace
from statistics import fmean

import pytest

from robustness.demo.stories import stories
from robustness.errors import DataError, ModelError, OutputError, UsageError
from robustness.models.huggingface import load as open_model
from robustness.models.options import ModelOptions
from robustness.readers.load import Dataset
from robustness.training import finetune
from robustness.training.data import choice_items
from robustness.training.finetune import train
from robustness.training.options import Training

SHORT = stories("train", passages=30, sentences=(2, 3))[:64]
DATA = Dataset(SHORT, "stories:train?passages=30&sentences=2-3", "0" * 64, ())
DEV = Dataset(stories("dev", passages=4), "stories:dev?passages=4", "1" * 64, ())
QUICK = Training(epochs=2.0, rate=1e-3, warm_epochs=2.0, max_length=128)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("training") / "model"
    return train("scratch", DATA, dev=DEV, out=out, training=QUICK)


def test_the_loss_falls_over_a_few_steps_on_sixty_four_questions(trained):
    assert len(trained.losses) == 8
    assert fmean(trained.losses[-2:]) < 0.98 * fmean(trained.losses[:2])


def test_plain_multiple_choice_learns_eight_questions_by_heart(tmp_path):
    few = replace(DATA, examples=SHORT[:8])
    options = replace(QUICK, epochs=24.0, warm_epochs=0.0, batch_size=8)
    losses = train("scratch", few, dev=DEV, out=tmp_path / "m", training=options).losses
    assert len(losses) == 24
    assert losses[-1] < 0.5 * losses[0]


def test_the_warm_start_takes_its_own_steps_and_its_loss_falls(trained):
    assert len(trained.warm_losses) >= 2
    assert trained.warm_losses[-1] < trained.warm_losses[0]


def test_the_folder_opens_as_a_model_that_scores(trained):
    model = open_model(str(trained.folder), options=ModelOptions(threads=1))
    scores = model.score(DEV.examples)
    assert [len(row) for row in scores] == [len(item.options) for item in DEV.examples]
    right = sum(row.index(max(row)) == item.answer for row, item in zip(scores, DEV.examples, strict=True))
    assert trained.accuracy == pytest.approx(right / len(DEV.examples))


def test_the_folder_holds_safetensors_a_tokenizer_and_a_record(trained):
    assert {path.name for path in trained.folder.iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    }


def test_the_record_says_how_to_do_it_again_without_a_path_of_this_machine(trained):
    text = (trained.folder / "training.json").read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["command"].startswith(
        "robustness train --base scratch --data 'stories:train?passages=30&sentences=2-3'"
    )
    assert record["training"]["seed"] == 0
    assert record["training"]["condition"] == "plain"
    assert record["data"]["digest"] == "0" * 64
    assert record["dev"]["accuracy"] == pytest.approx(trained.accuracy, abs=1e-4)
    assert set(record["versions"]) == {"python", "tokenizers", "torch", "transformers"}
    assert str(trained.folder.parent) not in text


def test_the_same_seed_gives_the_same_weights_and_another_seed_does_not(tmp_path):
    short = replace(QUICK, epochs=0.5, warm_epochs=1.0)
    runs = [
        train("scratch", DATA, dev=DEV, out=tmp_path / name, training=replace(short, seed=seed))
        for name, seed in (("first", 0), ("again", 0), ("other", 1))
    ]
    files = [run.folder / "model.safetensors" for run in runs]
    first, second, third = (file.read_bytes() for file in files)
    assert first == second != third


def test_a_trained_folder_can_be_the_base_of_the_next(trained, tmp_path):
    again = train(
        str(trained.folder),
        DATA,
        dev=DEV,
        out=tmp_path / "next",
        training=replace(QUICK, warm_epochs=0.0, epochs=0.25, rate=1e-12),
    )
    assert again.accuracy == pytest.approx(trained.accuracy)
    assert json.loads((again.folder / "training.json").read_text())["base"] == "model"


def test_the_condition_reaches_the_training_questions_and_not_the_development_ones(tmp_path, monkeypatch):
    seen = []

    def spy(coder, examples, *, max_length):
        seen.append(tuple(examples))
        return choice_items(coder, examples, max_length=max_length)

    monkeypatch.setattr(finetune, "choice_items", spy)
    options = replace(QUICK, condition="passage-remove", warm_epochs=0.0, epochs=0.25)
    train("scratch", DATA, dev=DEV, out=tmp_path / "m", training=options)
    learned, judged = seen
    assert judged == DEV.examples
    assert {item.passage for item in learned} == {""}
    assert [item.options for item in learned] == [item.options for item in DATA.examples]


def test_an_interrupted_training_leaves_no_half_written_folder(tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(finetune, "accuracy", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train("scratch", DATA, dev=DEV, out=tmp_path / "m", training=replace(QUICK, epochs=0.25))
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_exists_is_refused_before_any_training(trained, monkeypatch):
    monkeypatch.setattr(finetune, "run_steps", lambda *_, **__: pytest.fail("it trained"))
    with pytest.raises(OutputError, match="there is something already"):
        train("scratch", DATA, dev=DEV, out=trained.folder, training=QUICK)


def test_a_rate_that_makes_the_loss_diverge_ends_in_one_paragraph(tmp_path):
    wild = replace(QUICK, rate=1e30, epochs=10.0, warm_epochs=0.0)
    with pytest.raises(ModelError, match="the loss is"):
        train("scratch", DATA, dev=DEV, out=tmp_path / "m", training=wild)
    assert list(tmp_path.iterdir()) == []


def test_a_question_without_gold_is_refused(tmp_path):
    broken = replace(DATA, examples=(replace(SHORT[0], answer=None), *SHORT[1:]))
    with pytest.raises(DataError, match="training needs a gold option"):
        train("scratch", broken, dev=DEV, out=tmp_path / "m", training=QUICK)


def test_a_base_that_does_not_exist_is_refused(tmp_path):
    options = replace(QUICK, warm_epochs=0.0)
    with pytest.raises(ModelError, match="there is no such folder"):
        train(str(tmp_path / "none"), DATA, dev=DEV, out=tmp_path / "m", training=options)


def test_rows_longer_than_the_base_can_read_are_refused(trained, tmp_path):
    options = replace(QUICK, warm_epochs=0.0, max_length=129)
    with pytest.raises(UsageError, match="has 128 positions; give 128 or less"):
        train(str(trained.folder), DATA, dev=DEV, out=tmp_path / "m", training=options)


def test_only_a_new_network_can_be_started_warm(trained, tmp_path):
    with pytest.raises(UsageError, match="only the base 'scratch'"):
        train(str(trained.folder), DATA, dev=DEV, out=tmp_path / "m", training=QUICK)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0.0},
        {"rate": -1.0},
        {"batch_size": 0},
        {"max_length": 0},
        {"threads": 0},
        {"warm_epochs": -1.0},
        {"condition": "no-such"},
        {"rate": float("nan")},
    ],
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        Training(**wrong)
