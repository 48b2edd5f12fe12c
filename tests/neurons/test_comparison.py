"""Two checkpoints with planted truth: what is in both, what is gone, and nothing where nothing differs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robustness.domain import Suite
from robustness.errors import RobustnessError, UsageError
from robustness.neurons.analyse import analyse
from robustness.neurons.compared import Fate
from robustness.neurons.comparison import compare_analyses
from robustness.neurons.engine import Settings
from robustness.neurons.pair import read_pair
from robustness.neurons.portrait import portrait_of, read_portrait, write_portrait
from robustness.neurons.values import Ablation, Value
from robustness.neurons.verify import Budget
from robustness.reports.neuron_folder import write_neurons

PLANTED = "ffn.1.5"
FEW = Budget(random_sets=20, patch=False)


def kept(folder: Path, model, suite, *, kinds=("ffn",), exact="all", settings=None) -> Path:
    folder.mkdir()
    made = analyse(model, suite, sites=kinds, exact=exact, budget=FEW, settings=settings, folder=folder)
    write_portrait(folder, portrait_of(model, suite, kinds))
    return write_neurons(folder, made)


@pytest.fixture
def folders(planted, honest, suite, tmp_path):
    """A model with the shortcut, and the same without it."""
    return kept(tmp_path / "with", planted, suite), kept(tmp_path / "without", honest, suite)


def beside(first: Path, second: Path):
    return compare_analyses(*read_pair(first, second))


def test_the_planted_shortcut_is_gone_in_the_model_without_it_and_nothing_else_moved(folders):
    made = beside(*folders)
    assert made.by_address
    gone = made.of(Fate.GONE)
    assert [unit.id for unit in gone] == [PLANTED]
    assert gone[0].lift_a.low > 0.1 > abs(gone[0].lift_b.value)
    assert gone[0].lift_change.high < 0
    assert gone[0].q_lift < 0.001
    assert gone[0].sets == "A"
    assert made.fates == {"gone": 1, "alike": 95}
    back = beside(*folders[::-1])
    assert [unit.id for unit in back.of(Fate.NEW)] == [PLANTED]
    assert back.of(Fate.NEW)[0].lift_change.value == pytest.approx(-gone[0].lift_change.value)


def test_the_same_model_twice_agrees_in_everything(folders, planted, suite, tmp_path):
    made = beside(folders[0], kept(tmp_path / "again", planted, suite))
    assert made.by_address
    assert made.at_home == 1
    assert [unit.id for unit in made.of(Fate.KEPT)] == [PLANTED]
    assert made.fates == {"kept": 1, "alike": 95}
    assert all(unit.lift_change.value == unit.cost_change.value == 0 for unit in made.units)
    for own in made.agreement:
        assert (own.spearman.value, own.spearman.low, own.spearman.high) == (1, 1, 1)
        assert len(own.shared) == own.top
        assert own.p < 0.001
    for layer in made.layers:
        assert layer.likeness.cka == pytest.approx(1)
        assert layer.likeness.svcca == pytest.approx(1)
        assert layer.likeness.weight_change == 0
        assert layer.size_a == layer.size_b
    assert all(own.quadrant_a == own.quadrant_b for own in made.quadrants)


def renamed(suite: Suite) -> Suite:
    return replace(suite, fingerprint="1" * 64)


def test_foreign_suites_values_and_kinds_are_refused_in_one_paragraph(folders, planted, suite, tmp_path):
    zero = Settings(ablation=Ablation(Value.ZERO))
    others = {
        "suites": kept(tmp_path / "suite", planted, renamed(suite), exact=0),
        "values": kept(tmp_path / "value", planted, suite, exact=0, settings=zero),
        "kinds of units": kept(tmp_path / "kinds", planted, suite, kinds=("head",), exact=0),
    }
    for what, folder in others.items():
        with pytest.raises(UsageError, match=f"{what} differ") as refused:
            read_pair(folders[0], folder)
        assert "\n" not in str(refused.value)


def test_an_analysis_without_a_portrait_is_refused_and_one_that_was_changed_too(folders):
    path = folders[0] / "portrait.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(RobustnessError, match=r"portrait\.npz is missing or not what was written"):
        read_pair(*folders)
    manifest = json.loads((folders[0] / "manifest.json").read_text())
    del manifest["files"]["portrait.npz"]
    (folders[0] / "manifest.json").write_text(json.dumps(manifest))
    path.unlink()
    with pytest.raises(RobustnessError, match="run the analysis again with this version"):
        read_pair(*folders)


def signed(folder: Path) -> Path:
    """The folder with digests of what lies in it now, as another version would have written it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in manifest["files"]:
        data = (folder / name).read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    path.write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize(
    ("part", "key"), [("model", "shared"), ("data", "sequences_sha"), ("ablation", "seed")]
)
def test_an_analysis_of_a_version_that_said_less_is_refused_by_what_it_lacks(folders, part, key):
    path = folders[1] / "neurons.json"
    read = json.loads(path.read_text())
    del read[part][key]
    path.write_text(json.dumps(read))
    for pair in ((folders[0], signed(folders[1])), (folders[1], folders[0])):
        with pytest.raises(RobustnessError, match=f"it does not say {key}, but"):
            read_pair(*pair)


def test_portraits_of_another_size_or_no_portraits_at_all_are_refused(folders):
    path = folders[1] / "portrait.npz"
    with np.load(path) as file:
        arrays = {name: own[:9] if name.startswith("act") else own for name, own in file.items()}
    np.savez(path, **arrays)
    with pytest.raises(RobustnessError, match="unlike numbers of tokens"):
        read_pair(folders[0], signed(folders[1]))
    path.write_bytes(b"no arrays")
    with pytest.raises(RobustnessError, match=r"portrait\.npz cannot be read"):
        read_pair(folders[0], signed(folders[1]))


def test_a_folder_of_another_kind_is_told_as_such(folders, tmp_path):
    other = tmp_path / "run"
    other.mkdir()
    (other / "manifest.json").write_text('{"schema": 3, "files": {"summary.json": {}}}')
    with pytest.raises(RobustnessError, match="something else than an analysis of neurons"):
        read_pair(folders[0], other)
    with pytest.raises(UsageError, match="one folder came twice"):
        read_pair(folders[0], folders[0] / ".." / folders[0].name)


def test_activations_beyond_half_precision_are_kept(planted, suite, tmp_path):
    made = portrait_of(planted, suite, ("ffn",))
    large = made._replace(activations={key: 1e6 * own for key, own in made.activations.items()})
    write_portrait(tmp_path, large)
    for key, values in read_portrait(tmp_path).activations.items():
        assert np.isfinite(values).all()
        assert values == pytest.approx(large.activations[key], rel=1e-3)


def test_a_portrait_reads_back_and_holds_no_text(planted, suite, tmp_path):
    made = portrait_of(planted, suite, ("ffn", "head"))
    write_portrait(tmp_path, made)
    read = read_portrait(tmp_path)
    assert [one.name for one in read.conditions] == ["clean", "sent2opt-cue"]
    for ours, theirs in zip(made.conditions, read.conditions, strict=True):
        assert (ours.sources, ours.groups, ours.polarity) == (theirs.sources, theirs.groups, theirs.polarity)
        assert (ours.options == theirs.options).all()
        assert (ours.gold == theirs.gold).all()
    for key, values in made.activations.items():
        assert values == pytest.approx(read.activations[key], abs=1e-2)
    assert set(made.weights) == set(read.weights) == {(k, at) for k in ("ffn", "head") for at in range(3)}
    assert suite.examples[0].passage.encode() not in (tmp_path / "portrait.npz").read_bytes()


def test_only_the_edited_unit_differs_from_the_original_by_its_weights(planted, suite):
    import copy

    from robustness.neurons.edit import Edit, edit
    from robustness.neurons.matching import weight_changes
    from robustness.neurons.sites import Site
    from tests.neurons.conftest import as_model

    network = copy.deepcopy(planted.network)
    edit(network, Edit((Site("ffn", 1, 5),)))
    portraits = [portrait_of(model, suite, ("ffn",)) for model in (planted, as_model(network))]
    moved = weight_changes(*portraits)
    assert {(key, at) for key, own in moved.items() for at, value in enumerate(own) if value} == {
        (("ffn", 1), 5)
    }
