from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType
from typing import Any

import pytest

from robustness.domain import Model
from robustness.errors import ModelError, UsageError
from robustness.models import resolve as module
from robustness.models.huggingface import HuggingFaceModel
from robustness.models.options import ModelOptions
from robustness.models.predictions import Predictions
from robustness.models.resolve import resolve

OPTIONS = ModelOptions(device="cpu", max_length=32)


class Mine:
    name = "mine"
    fingerprint = "1"

    def score(self, batch):
        return [tuple(map(float, map(len, e.options))) for e in batch]


def found(spec: str) -> Model:
    return resolve(spec, options=OPTIONS)


@pytest.fixture
def mine(monkeypatch) -> ModuleType:
    made = ModuleType("mine_here")
    made.make = Mine  # type: ignore[attr-defined]
    made.half = object  # type: ignore[attr-defined]
    made.number = 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mine_here", made)
    return made


def test_a_folder_is_a_checkpoint_and_gets_the_options(bert):
    model = found(str(bert))
    assert isinstance(model, HuggingFaceModel)
    assert model.max_length == 32


def test_a_folder_wins_over_every_other_reading(bert, tmp_path, monkeypatch):
    (tmp_path / "stub:overlap").symlink_to(bert)
    monkeypatch.chdir(tmp_path)
    assert isinstance(found("stub:overlap"), HuggingFaceModel)


def test_stub_names_reach_the_stubs(monkeypatch):
    stubs = ModuleType("robustness.models.stub")
    asked: list[str] = []

    def stub(name: str) -> Mine:
        asked.append(name)
        return Mine()

    stubs.stub = stub  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "robustness.models.stub", stubs)
    assert found("stub:overlap").name == "mine"
    assert asked == ["overlap"]


def test_predictions_are_read_from_their_file(tmp_path):
    file = tmp_path / "mine.jsonl"
    file.write_text('{"id": "a", "choice": 1}\n')
    assert isinstance(found(f"predictions:{file}"), Predictions)


def test_a_factory_is_called_without_arguments(mine):
    assert found("mine_here:make").name == "mine"


def test_a_module_in_the_current_folder_is_found_and_the_path_restored(tmp_path, monkeypatch):
    source = "class M:\n    name = fingerprint = 'local'\n    def score(self, batch): return []\n"
    (tmp_path / "my_local_model.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    assert found("my_local_model:M").name == "local"
    assert sys.path == before
    sys.modules.pop("my_local_model")


def test_an_entry_point_is_found_by_its_name(mine, monkeypatch):
    point = EntryPoint("house-model", "mine_here:make", module.GROUP)
    monkeypatch.setattr(module, "entry_points", lambda *, group: EntryPoints([point]))
    assert found("house-model").name == "mine"
    with pytest.raises(UsageError, match="did you mean 'house-model'"):
        found("house-modle")


def test_a_hub_id_goes_to_the_hub(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        found("org/no-such-name")


@pytest.mark.parametrize("spec", ["./no/such/folder", "/no/such", "~/no-such", "a/b/c"])
def test_a_path_that_does_not_exist_is_said_so(spec):
    with pytest.raises(ModelError, match="no such folder"):
        found(spec)


@pytest.mark.parametrize("spec", ["", "name", "a b", ":", "stub", "x:", ":y", "a.b:c d"])
def test_other_names_are_refused_with_the_forms_that_exist(spec):
    with pytest.raises(UsageError, match=r"package\.module:factory.*known: endpoint:, predictions:, stub:"):
        found(spec)


def test_a_misspelt_kind_is_recognised():
    with pytest.raises(UsageError, match=r"no module 'stbu'.*did you mean 'stub'"):
        found("stbu:overlap")


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="no module 'no_such_package'"):
        found("no_such_package.models:make")


def test_a_module_that_lacks_one_of_its_own_keeps_its_stack(tmp_path, monkeypatch):
    (tmp_path / "needs_more.py").write_text("import no_such_library\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        found("needs_more:make")


@pytest.mark.parametrize("name", ["nothing", "number"])
def test_a_factory_that_is_not_there_is_named(mine, name):
    with pytest.raises(UsageError, match=f"'mine_here' has no function '{name}'"):
        found(f"mine_here:{name}")


def test_an_object_that_is_no_model_is_refused_with_what_it_lacks(mine):
    with pytest.raises(UsageError, match="'object' without name, fingerprint, score"):
        found("mine_here:half")


def test_a_model_without_a_fingerprint_is_refused(mine, monkeypatch):
    monkeypatch.setattr(Mine, "fingerprint", "")
    with pytest.raises(UsageError, match="fingerprint '', but both must be text"):
        found("mine_here:make")


def test_asking_for_a_kind_loads_neither_torch_nor_transformers():
    import subprocess

    code = (
        "import sys; from robustness.models.resolve import resolve; "
        "from robustness.models.options import ModelOptions\n"
        "try: resolve('predictions:none.jsonl', options=ModelOptions())\n"
        "except Exception as e: assert 'cannot be read' in str(e), e\n"
        "assert not {'torch', 'transformers', 'pandas', 'pyarrow'} & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", ["multiple-choice", "classifier", "causal", "encoder-decoder"])
def test_the_kind_of_a_checkpoint_is_read_off_its_architecture(kind, tmp_path, bert):
    from tests.models.language_models import causal_network, saved, seq2seq_network, tokenizer
    from tests.models.test_classifier import made

    def model_of(kind: str) -> Any:
        if kind == "multiple-choice":
            return bert
        if kind == "classifier":
            return made(tmp_path, "bert", ("wrong", "right"))
        words = tokenizer(eos=kind != "causal")
        network = causal_network if kind == "causal" else seq2seq_network
        return saved(network("gpt2" if kind == "causal" else "t5", vocabulary=len(words)), words, tmp_path)

    folder = str(model_of(kind))
    model = resolve(folder, options=OPTIONS)
    assert getattr(model, "kind", "multiple-choice") == kind
    other = "causal" if kind != "causal" else "classifier"
    with pytest.raises(ModelError, match="is needed: this is"):
        resolve(folder, options=ModelOptions(device="cpu", kind=other))
