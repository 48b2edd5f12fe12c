from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from robustness.models.huggingface import load
from robustness.models.options import ModelOptions


def digest(folder: Path, **options: Any) -> str:
    return load(str(folder), options=ModelOptions(device="cpu", **options)).fingerprint


@pytest.fixture
def copy(bert, tmp_path) -> Path:
    return Path(shutil.copytree(bert, tmp_path / "another-name"))


def test_a_copy_elsewhere_has_the_same_fingerprint(bert, copy):
    assert digest(copy) == digest(bert)


def test_another_shard_layout_has_the_same_fingerprint(bert, copy):
    from transformers import BertForMultipleChoice

    from robustness.models.quiet import quiet

    with quiet():
        network = BertForMultipleChoice.from_pretrained(bert)
        (copy / "model.safetensors").unlink()
        network.save_pretrained(copy, max_shard_size="8KB")
    assert (copy / "model.safetensors.index.json").exists()
    assert digest(copy) == digest(bert)


def test_scoring_does_not_change_the_fingerprint_of_a_later_load(bert, examples):
    model = load(str(bert), options=ModelOptions(device="cpu", max_length=32))
    model.score(examples)
    assert digest(bert, max_length=32) == model.fingerprint


def test_one_changed_weight_gives_another(bert, copy):
    from safetensors.torch import load_file, save_file

    tensors = load_file(copy / "model.safetensors")
    tensors["classifier.bias"] = tensors["classifier.bias"] + 1e-6
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    assert digest(copy) != digest(bert)


@pytest.mark.parametrize(
    ("key", "value", "is_same"),
    [("hidden_act", "relu", False), ("layer_norm_eps", 1e-5, False), ("transformers_version", "x", True)],
)  # fmt: skip
def test_the_configuration_counts_where_it_changes_scores(bert, copy, key, value, is_same):
    path = copy / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert (digest(copy) == digest(bert)) is is_same


def test_the_tokenizer_counts(bert, copy):
    path = copy / "tokenizer.json"
    settings = json.loads(path.read_text())
    settings["normalizer"]["lowercase"] = False
    path.write_text(json.dumps(settings))
    assert digest(copy) != digest(bert)


def test_the_tokenizer_s_stored_truncation_does_not_count(bert, copy):
    path = copy / "tokenizer.json"
    settings = json.loads(path.read_text())
    settings["truncation"] = {
        "direction": "Right", "max_length": 9, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    path.write_text(json.dumps(settings))
    assert digest(copy) == digest(bert)


def test_the_length_limit_counts_and_batches_and_threads_do_not(bert):
    assert digest(bert, max_length=32) != digest(bert)
    assert digest(bert, batch_tokens=7, threads=2) == digest(bert)


def test_the_numeric_class_names_dtype_versions_device_and_attention(bert):
    said = load(str(bert), options=ModelOptions(device="cpu")).environment()["numeric_class"]
    minor = ".".join(torch.__version__.split(".")[:2])
    assert said.startswith(f"fp32/torch{minor}/transformers")
    assert said.endswith("/cpu/sdpa")
