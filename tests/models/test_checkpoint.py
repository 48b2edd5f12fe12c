from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from robustness.errors import ModelError
from robustness.models.checkpoint import open_checkpoint


@pytest.fixture
def folder(bert, tmp_path) -> Path:
    return Path(shutil.copytree(bert, tmp_path / "broken"))


def change(path: Path, **settings: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def change_weights(folder: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def refused(folder: Path, reason: str, **options: Any) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        open_checkpoint(str(folder), **options)
    message = str(caught.value)
    assert "model 'broken': " in message
    assert "\n" not in message
    assert str(folder.parent) not in message


def test_a_head_that_was_never_trained_is_refused(folder):
    change_weights(folder, lambda tensors: [tensors.pop(f"classifier.{x}") for x in ("weight", "bias")])
    refused(folder, r"2 tensor\(s\).*newly initialised.*classifier\.bias, classifier\.weight")


def headless(folder: Path) -> None:
    change_weights(folder, lambda tensors: [tensors.pop(f"classifier.{x}") for x in ("weight", "bias")])


def test_case_7_an_untrained_head_is_exploratory_where_that_is_asked_for(folder):
    headless(folder)
    refused(folder, r"--model-arg untrained=exploratory")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = (open_checkpoint(str(folder), untrained=True) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.exploratory == (
        "2 tensor(s) were never trained and are random numbers (classifier.bias, classifier.weight)"
    )
    assert first.told("slow") == {"exploratory": first.exploratory, "warning": "slow"}
    # Always the same numbers, so that processes and runs agree.
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, second.network.state_dict()[name]), name


def test_case_7_what_was_trained_is_not_exploratory_whatever_is_asked_for(folder):
    assert open_checkpoint(str(folder), untrained=True).told() == {}


def test_case_7_an_encoder_without_a_head_is_what_it_is_asked_to_be(folder):
    from robustness.models.checkpoint import kind_at

    headless(folder)
    change(folder / "config.json", architectures=["BertModel"])
    refused(folder, "names the architecture")
    assert kind_at(str(folder), asked="multiple-choice", untrained=True) == "multiple-choice"
    with pytest.raises(ModelError, match="names the architecture"):
        kind_at(str(folder), untrained=True)
    assert open_checkpoint(str(folder), untrained=True).exploratory


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"pad_token_id": 7}, "pad_token_id 0 for 7"), ({"sep_token_id": [8, 9]}, "for 8 or 9")],
)
def test_case_10_a_tokenizer_whose_special_tokens_are_others_is_warned_of(folder, settings, said):
    assert open_checkpoint(str(folder)).warning == ""
    change(folder / "config.json", **settings)
    assert "the tokenizer may be of another model" in (
        warning := open_checkpoint(str(folder)).told()["warning"]
    )
    assert said in warning


def test_a_missing_layer_is_refused(folder):
    change_weights(folder, lambda tensors: tensors.pop("bert.pooler.dense.weight"))
    refused(folder, r"1 tensor\(s\).*bert\.pooler\.dense\.weight")


@pytest.mark.parametrize("named", [["BertModel"], ["BertForSequenceClassification"], [], None])
def test_an_architecture_for_another_task_is_refused(folder, named):
    change(folder / "config.json", architectures=named)
    refused(folder, r"names the architecture .*ForMultipleChoice is needed.*fine-tune")


def test_a_plain_encoder_checkpoint_is_refused(folder):
    from transformers import BertConfig, BertModel

    from robustness.models.quiet import quiet

    with quiet():
        BertModel(BertConfig.from_pretrained(folder)).save_pretrained(folder)
    refused(folder, "'BertModel'.*without a trained multiple-choice head")


def test_pickled_weights_are_refused_with_the_way_to_convert_them(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refused(folder, r"pickle \(pytorch_model\.bin\).*safetensors are needed.*save_pretrained")


def test_pickled_weights_beside_safetensors_are_never_opened(folder):
    (folder / "pytorch_model.bin").write_bytes(b"not a pickle")
    assert open_checkpoint(str(folder)).name == "broken"


def test_a_folder_without_weights_is_refused(folder):
    (folder / "model.safetensors").unlink()
    refused(folder, r"no weights in model\.safetensors")


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_code_that_comes_with_a_checkpoint_is_refused(folder, name):
    change(folder / name, auto_map={"AutoConfig": "evil.Config"})
    (folder / "evil.py").write_text("raise SystemExit('code of the checkpoint ran')")
    refused(folder, rf"{name} asks to run code.*auto_map")


def test_an_adapter_is_refused(folder):
    (folder / "adapter_config.json").write_text("{}")
    refused(folder, "adapter.*merge")


def test_quantised_weights_are_refused(folder):
    change(folder / "config.json", quantization_config={"quant_method": "bitsandbytes"})
    refused(folder, "quantised.*fp32")


def test_a_vocabulary_larger_than_the_embedding_is_refused_with_both_sizes(build):
    folder = build("bert", config={"vocab_size": 90}, name="broken")
    refused(folder, "tokenizer has 93 tokens, but the embedding has 90")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_by_name(folder, value):
    change_weights(folder, lambda tensors: tensors["classifier.weight"].fill_(value))
    refused(folder, r"NaN or infinite weights in 1 tensor\(s\) \(classifier\.weight\)")


def test_weights_of_another_shape_are_refused(folder):
    change_weights(folder, lambda tensors: tensors.update({"classifier.weight": torch.ones(1, 8)}))
    refused(folder, r"1 tensor\(s\) do not fit config\.json \(classifier\.weight .*1, 8.*1, 16")


def test_a_damaged_weights_file_is_refused(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:900])
    refused(folder, "could not load it.*save or fetch it again")


def test_a_folder_without_configuration_is_refused(folder):
    (folder / "config.json").unlink()
    refused(folder, r"no config\.json")


@pytest.mark.parametrize(("text", "reason"), [("{", "not JSON"), ("[]", "holds a list")])
def test_a_configuration_that_is_no_object_is_refused(folder, text, reason):
    (folder / "config.json").write_text(text)
    refused(folder, reason)


def test_an_architecture_that_transformers_does_not_contain_is_refused(folder):
    change(folder / "config.json", model_type="unheard", architectures=["UnheardForMultipleChoice"])
    refused(folder, "could not load it")


def test_a_folder_without_tokenizer_is_refused(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()
    refused(folder, "no tokenizer")


def test_a_tokenizer_that_is_not_readable_is_refused(folder):
    (folder / "tokenizer.json").write_text("{}")
    refused(folder, "tokenizer could not be loaded")


def test_a_length_beyond_the_positions_is_refused_with_the_number_there_are(folder):
    refused(folder, "--max-length is 65, but the model has 64 positions", max_length=65)


def test_roberta_has_two_positions_less_than_its_table(checkpoints):
    with pytest.raises(ModelError, match="the model has 64 positions"):
        open_checkpoint(str(checkpoints["roberta"]), max_length=66)


def test_the_default_length_is_the_lower_of_tokenizer_and_positions(build):
    for own, expected in ((32, 32), (64, 64), (512, 64), (int(1e30), 64)):
        folder = build("bert", tokenizer={"model_max_length": own})
        assert open_checkpoint(str(folder)).max_length == expected


def test_a_model_without_any_limit_asks_for_one(build):
    folder = build("xlnet", tokenizer={"model_max_length": int(1e30)}, name="broken")
    refused(folder, "give --max-length")
    assert open_checkpoint(str(folder), max_length=99).max_length == 99


def test_half_precision_weights_are_raised_to_fp32_and_dropout_is_off(folder):
    change_weights(folder, lambda tensors: tensors.update({k: v.half() for k, v in tensors.items()}))
    network = open_checkpoint(str(folder)).network
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}
    assert not network.training
