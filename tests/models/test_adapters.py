from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from robustness.errors import ModelError
from robustness.models import adapters
from robustness.models.kinds import ModelKind
from robustness.models.locate import locate
from robustness.models.options import ModelOptions
from robustness.models.quiet import quiet
from robustness.models.resolve import resolve
from robustness.models.row_model import RowModel
from tests.models.language_models import causal_network, saved, tokenizer
from tests.models.test_causal import ITEMS

OPTIONS = ModelOptions(device="cpu", threads=1)


def score(folder: Path, **options: Any) -> Any:
    return resolve(str(folder), options=ModelOptions(device="cpu", threads=1, **options)).score(ITEMS)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    words = tokenizer(bos=True)
    return saved(
        causal_network("llama", vocabulary=len(words)), words, tmp_path_factory.mktemp("base") / "base"
    )


def adapted(
    base: Path, folder: Path, *, seed: int = 1, loader: str = "AutoModelForCausalLM", **settings: Any
) -> Any:
    """Put a random LoRA adapter over a base, save it, and return the network that plain PEFT makes."""
    peft = pytest.importorskip("peft", reason="the extra `peft` is not installed")
    import transformers

    with quiet():
        network = getattr(transformers, loader).from_pretrained(base)
        chosen = {"task_type": "CAUSAL_LM", "target_modules": ["q_proj", "v_proj"]} | settings
        made = peft.get_peft_model(network, peft.LoraConfig(r=2, lora_alpha=8, **chosen))
        draw = torch.Generator().manual_seed(seed)
        for name, value in made.named_parameters():
            if value.requires_grad:
                value.data = 0.3 * torch.randn(value.shape, generator=draw)
                assert "lora" in name or "modules_to_save" in name
        made.save_pretrained(folder)
    return made.eval()


@pytest.fixture
def adapter(base, tmp_path) -> Path:
    adapted(base, tmp_path / "adapter")
    return Path(tmp_path / "adapter")


def test_scores_are_those_of_plain_peft(base, tmp_path):
    network = adapted(base, tmp_path / "adapter")
    model = resolve(str(tmp_path / "adapter"), options=ModelOptions(device="cpu", likelihood="raw"))
    assert isinstance(model, RowModel)
    for item, scores in zip(model.read(ITEMS), model.score(ITEMS), strict=True):
        for row, found in zip(item.rows, scores, strict=True):
            with torch.inference_mode():
                table = network(input_ids=torch.tensor([row.ids])).logits[0].double().log_softmax(-1)
            expected = sum(table[at - 1, row.ids[at]] for at, kind in enumerate(row.types) if kind)
            assert found == pytest.approx(float(expected), rel=1e-5)
    assert score(base, likelihood="raw") != model.score(ITEMS)


def test_the_adapter_is_in_the_fingerprint(base, adapter, tmp_path):
    adapted(base, tmp_path / "other", seed=2)
    shutil.copytree(adapter, tmp_path / "copy")
    prints = [
        resolve(str(folder), options=OPTIONS).fingerprint
        for folder in (base, adapter, tmp_path / "other", tmp_path / "copy")
    ]
    assert len(set(prints)) == 3
    assert prints[1] == prints[3]


def test_a_head_that_the_adapter_brings_is_not_missed_in_the_base(tmp_path):
    from tests.models.conftest import network, wrapped

    words = wrapped("bert")
    with quiet():
        network("bert", len(words)).bert.save_pretrained(tmp_path / "base")
    words.save_pretrained(tmp_path / "base")
    own: dict[str, Any] = {
        "task_type": "SEQ_CLS",
        "target_modules": ["query"],
        "modules_to_save": ["classifier"],
    }
    loader = "AutoModelForSequenceClassification"
    made = adapted(tmp_path / "base", tmp_path / "adapter", loader=loader, **own)
    model = resolve(str(tmp_path / "adapter"), options=ModelOptions(device="cpu", right_label="LABEL_1"))
    item = ITEMS[0]
    for option, found in zip(item.options, model.score([item])[0], strict=True):
        inputs = words([item.passage], [f"{item.question} {option}"], return_tensors="pt")
        with torch.inference_mode():
            logits = made(**inputs).logits[0]
        assert found == pytest.approx(float(logits[1] - logits[0]), abs=1e-5)


def test_a_base_is_found_beside_its_adapter(base, tmp_path):
    shutil.copytree(base, tmp_path / "my-base")
    adapted(base, tmp_path / "adapter")
    settings = tmp_path / "adapter" / "adapter_config.json"
    for written in ("../my-base", "/gone/from/here/my-base"):
        change(settings, base_model_name_or_path=written)
        assert score(tmp_path / "adapter")


def change(file: Path, **settings: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def refused(folder: Path, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        resolve(str(folder), options=OPTIONS)
    assert "\n" not in str(caught.value)


def test_an_adapter_of_another_base_is_refused(adapter, tmp_path):
    words = tokenizer(bos=True)
    larger = causal_network("llama", vocabulary=len(words), hidden_size=32)
    saved(larger, words, tmp_path / "larger")
    change(adapter / "adapter_config.json", base_model_name_or_path=str(tmp_path / "larger"))
    refused(adapter, "could not be put over its base model")


def test_tensors_that_reach_no_place_in_the_base_are_refused(adapter):
    from safetensors.torch import load_file, save_file

    file = adapter / "adapter_model.safetensors"
    tensors = load_file(file)
    name = next(iter(tensors))
    tensors[name.replace("layers.0", "layers.7").replace("layers.1", "layers.8")] = tensors.pop(name)
    save_file(tensors, file)
    refused(adapter, "do not match")


def test_an_adapter_that_cannot_be_merged_is_refused(base, tmp_path):
    peft = pytest.importorskip("peft", reason="the extra `peft` is not installed")
    from transformers import AutoModelForCausalLM

    with quiet():
        network = AutoModelForCausalLM.from_pretrained(base)
        prompt = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
        peft.get_peft_model(network, prompt).save_pretrained(tmp_path / "prompt")
    refused(tmp_path / "prompt", "cannot be merged")


@pytest.fixture
def sketch(base, tmp_path) -> Path:
    """A folder that is an adapter by its files alone: enough for what is refused before peft is asked."""
    from safetensors.torch import save_file

    folder = Path(tmp_path / "sketch")
    folder.mkdir()
    settings = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": str(base)}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    save_file({"base_model.model.x.lora_A.weight": torch.ones(2, 2)}, folder / "adapter_model.safetensors")
    return folder


def test_without_peft_the_extra_is_named(sketch, monkeypatch):
    monkeypatch.setattr(adapters, "find_spec", lambda name: None)
    refused(sketch, r"`peft` is not installed; pip install 'mcrc-robustness\[peft\]', or merge")


def test_an_adapter_without_a_base_is_refused(sketch):
    change(sketch / "adapter_config.json", base_model_name_or_path=None)
    refused(sketch, "without base_model_name_or_path")


def test_an_adapter_that_names_a_module_to_import_is_refused(sketch):
    change(sketch / "adapter_config.json", megatron_config={"x": 1}, megatron_core="os")
    refused(sketch, "code of others is never run")


def test_pickled_adapter_weights_are_never_opened(sketch):
    (sketch / "adapter_model.safetensors").rename(sketch / "adapter_model.bin")
    refused(sketch, r"no adapter_model\.safetensors.*pickled")


def test_a_damaged_adapter_is_refused(sketch, monkeypatch):
    monkeypatch.setattr(adapters, "find_spec", lambda name: True)
    file = sketch / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:20])
    refused(sketch, "cannot be read")


def test_adapter_weights_that_are_not_finite_are_refused(sketch, monkeypatch):
    from safetensors.torch import save_file

    monkeypatch.setattr(adapters, "find_spec", lambda name: True)
    save_file({"a": torch.tensor([float("nan")])}, sketch / "adapter_model.safetensors")
    refused(sketch, r"NaN or infinite weights in 1 tensor")


@pytest.mark.parametrize(
    ("task", "kind"),
    [("SEQ_CLS", ModelKind.CLASSIFIER), ("SEQ_2_SEQ_LM", ModelKind.ENCODER_DECODER), (None, None)],
)
def test_the_task_says_the_kind(sketch, monkeypatch, task, kind):
    monkeypatch.setattr(adapters, "find_spec", lambda name: True)
    change(sketch / "adapter_config.json", task_type=task)
    found = adapters.read_adapter(locate(str(sketch)))
    assert found is not None
    assert found.kind is kind


def test_a_kind_that_the_adapter_is_not_of_is_refused(sketch, monkeypatch):
    monkeypatch.setattr(adapters, "find_spec", lambda name: True)
    with pytest.raises(ModelError, match="'causal' came, but 'classifier' was asked for"):
        resolve(str(sketch), options=ModelOptions(device="cpu", kind="classifier"))


def test_a_whole_checkpoint_is_no_adapter(base):
    assert adapters.read_adapter(locate(str(base))) is None
