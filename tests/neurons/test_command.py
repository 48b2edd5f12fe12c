"""Find units, edit them away, check the edited model and compare it with the original, by commands alone."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from robustness.cli import main
from robustness.reports.store import read_run
from robustness.suites.store import fingerprint, freeze

ATTACK = "addsent2opt-shuffle-matched"


@pytest.fixture
def checkpoint(planted, tmp_path: Path) -> Path:
    folder = tmp_path / "planted"
    planted.network.save_pretrained(folder)
    planted.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def frozen(larger_suite, tmp_path) -> Path:
    """The suite of cues under the name of a shipped recipe, so that it can be judged as a run."""
    from robustness.suites.plan import Plan

    plan = Plan.model_validate(
        {"name": "cue", "description": "One cue.", "check": [{"attack": ATTACK, "limits": {"max_drop": 0.1}}]}
    )
    from robustness.suites.build import build

    suite = larger_suite
    named = build(suite.examples, plan, seed=0).plan
    variants = tuple(replace(v, attack=ATTACK) for v in suite.variants)
    made = replace(suite, plan=named, variants=variants)
    made = replace(made, fingerprint=fingerprint(0, named, made.examples, variants, ()))
    return freeze(made, tmp_path / "frozen")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Return a caller of the command line: exit code and what was said."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["robustness", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_units_are_found_edited_away_checked_and_compared(run, checkpoint, frozen, tmp_path):
    asked = ("neurons", "--model", checkpoint, "--frozen", frozen, "--units", "ffn", "--exact", "-q")
    code, out, _ = run(*asked, "-o", "found")
    assert code == 0
    assert "Ablating 1 unit helps on passages that had no say in it" in out
    found = tmp_path / "found"
    assert {path.name for path in found.iterdir()} == {
        "cube.npz", "manifest.json", "neurons.json", "portrait.npz", "report.html", "report.md",
    }  # fmt: skip
    assert run("edit", "--model", checkpoint, "--set", "found", "-o", "edited")[0] == 0
    assert json.loads((tmp_path / "edited" / "edit.json").read_text())["units"] == ["ffn.1.5"]
    for model in ("planted", "edited"):
        code, _, err = run(
            "check", "--model", tmp_path / model, "--frozen", frozen, "-o", f"run-{model}", "--no-cache", "-q"
        )
        assert code in (0, 1, 4), err
    before, after = (read_run(tmp_path / f"run-{model}").attacks[0] for model in ("planted", "edited"))
    assert (before.accuracy.value, after.accuracy.value) == (0.0, 1.0)
    code, out, err = run("compare", "run-planted", "run-edited", "--report", "json:difference.json")
    assert code == 0, err
    shown = json.loads((tmp_path / "difference.json").read_text())
    better = [row for row in shown["matches"] if ATTACK in json.dumps(row) and row["standing"] == "better"]
    assert better
    (judged,) = shown["edits"]
    assert (judged["known_by"], judged["units"]) == ("fingerprint", ["ffn.1.5"])
    assert [one["outcome"] for one in judged["effects"]] == ["not shown", "helped"]
    said = " ".join(out.split())
    assert f"The edit (1 feed-forward unit set to zero: ffn.1.5) helped on {ATTACK}: accuracy 0.0% to" in said
    assert "neither a cost nor a gain is shown" in said
    run("report", "run-planted", "--neurons", "found", "--report", "html:with.html", "--report", "md:with.md")
    for name in ("with.html", "with.md"):
        assert "ffn.1.5" in (tmp_path / name).read_text()
    (tmp_path / "run-planted" / "neurons").mkdir()
    for path in found.iterdir():
        (tmp_path / "run-planted" / "neurons" / path.name).write_bytes(path.read_bytes())
    run("report", "run-planted", "--report", "md:inside.md")
    assert (tmp_path / "inside.md").read_text() == (tmp_path / "with.md").read_text()


def test_an_edit_of_random_units_is_not_said_to_help(run, checkpoint, frozen, tmp_path):
    edited = ("edit", "--model", checkpoint, "--units", "ffn.0.3,ffn.1.9,ffn.2.20", "-o", "random")
    assert run(*edited)[0] == 0
    for model in ("planted", "random"):
        run(
            "check", "--model", tmp_path / model, "--frozen", frozen, "-o", f"run-{model}", "--no-cache", "-q"
        )
    _, out, _ = run("compare", "run-planted", "run-random", "--report", "json:c.json", "--report", "md:c.md")
    assert "could not be shown to help or to harm on" in " ".join(out.split())
    assert "The edit (3 feed-forward units set to zero" in (tmp_path / "c.md").read_text()
    (judged,) = json.loads((tmp_path / "c.json").read_text())["edits"]
    assert {one["outcome"] for one in judged["effects"]} == {"not shown"}


def test_two_checkpoints_are_compared_by_their_folders_alone(run, checkpoint, frozen, tmp_path):
    run("edit", "--model", checkpoint, "--units", "ffn.1.5", "-o", "edited")
    for model, folder in ((checkpoint, "before"), (tmp_path / "edited", "after")):
        asked = ("neurons", "--model", model, "--frozen", frozen, "--units", "ffn", "--exact", "-q")
        assert run(*asked, "-o", folder)[0] == 0
    files = ("--report", "html:c.html", "--report", "md:c.md", "--report", "json:c.json")
    code, out, err = run("neurons", "--compare", "before", "after", *files)
    assert code == 0, err
    said = " ".join(out.split())
    assert said.startswith("Shortcut and guardian units: 1 of planted gone in edited (shortcut ffn.1.5).")
    assert "No other unit is shown to have moved." in said
    for name in ("c.html", "c.md"):
        assert "ffn.1.5" in (tmp_path / name).read_text()
    read = json.loads((tmp_path / "c.json").read_text())
    assert [(u["id"], u["fate"]) for u in read["units"] if u["fate"] != "alike"] == [("ffn.1.5", "gone")]
    assert json.loads(run("neurons", "--compare", "before", "after", "--json")[1]) == read
    code, _, err = run("compare", "before", "after")
    assert (code, "neurons --compare A B" in " ".join(err.split())) == (2, True)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--compare", "a", "b", "--model", "m"), "two finished neuron folders alone"),
        (("--compare", "a", "b", "--report", "pdf:x"), "format of compared neurons"),
        (("--compare", "a", "b", "--dry-run"), "two finished neuron folders alone"),
        (("--compare", "a", "b", "--exact"), "two finished neuron folders alone"),
        (
            ("--compare", "a", "b", "--value", "zero", "--seed", "1"),
            "came with --seed, --value, but",
        ),
        (("--compare", "a", "b"), "there is no such folder"),
        (("--compare", "a", "./a"), "one folder came twice"),
        (("--report", "md:x"), "give it with --compare"),
    ],
)
def test_what_cannot_be_compared_is_one_paragraph(run, flags, said):
    code, _, err = run("neurons", *flags)
    assert code != 0
    assert said in " ".join(err.split())
    assert "Traceback" not in err


def test_a_model_that_the_environment_names_is_in_no_comparisons_way(run, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_MODEL", "somewhere")
    code, _, err = run("neurons", "--compare", "a", "b")
    assert code != 0
    assert "there is no such folder" in " ".join(err.split())


def test_no_finding_is_made_of_a_head_that_was_never_trained(run, checkpoint, frozen, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = checkpoint / "model.safetensors"
    body = {name: own for name, own in load_file(weights).items() if not name.startswith("classifier")}
    save_file(body, weights, metadata={"format": "pt"})
    asked = (
        "neurons",
        "--model",
        checkpoint,
        "--frozen",
        frozen,
        "--model-arg",
        "untrained=exploratory",
        "-q",
    )
    code, out, err = run(*asked, "-o", "found")
    assert (code, out, "is exploratory (2 tensor(s)" in " ".join(err.split())) == (2, "", True)
    assert not (tmp_path / "found").exists()


def test_a_damaged_record_of_an_edit_is_refused(run, checkpoint, frozen, tmp_path):
    run("edit", "--model", checkpoint, "--units", "ffn.0.3", "-o", "random")
    (tmp_path / "random" / "edit.json").write_text('{"units": []}')
    code, _, err = run("check", "--model", tmp_path / "random", "--frozen", frozen, "-o", "run", "-q")
    assert (code != 0, "edit.json" in err, "Traceback" in err) == (True, True, False)


def test_a_dry_run_tells_the_price_and_writes_nothing(run, checkpoint, frozen, tmp_path):
    code, out, _ = run("neurons", "--model", checkpoint, "--frozen", frozen, "--dry-run")
    assert code == 0
    assert "distinct sequences" in out
    code, out, _ = run("neurons", "--model", checkpoint, "--frozen", frozen, "--dry-run", "--json")
    assert json.loads(out)["units"] == 3 * (32 + 2)
    assert not (tmp_path / "parts").exists()


def test_a_screen_computes_no_unit_exactly(run, checkpoint, frozen):
    asked = ("neurons", "--model", checkpoint, "--frozen", frozen, "--screen", "--json", "-q", "-o", "found")
    code, out, _ = run(*asked)
    assert code == 0
    assert all(own["verified"] == 0 for own in json.loads(out)["screen"])


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--units", "mlp"), "kind of unit"),
        (("--exact", "--screen"), "opposites"),
        (("--value", "nought"), "--value"),
        (("--model-arg", "likelyhood=raw"), "did you mean 'likelihood'?"),
    ],
)
def test_a_wrong_flag_is_one_paragraph(run, checkpoint, frozen, flags, said):
    code, _, err = run("neurons", "--model", checkpoint, "--frozen", frozen, "-o", "x", *flags)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_a_model_without_units_and_a_folder_that_is_taken_are_refused(run, checkpoint, frozen, tmp_path):
    code, _, err = run("neurons", "--model", "stub:overlap", "--frozen", frozen, "-o", "x")
    assert (code, "ForMultipleChoice" in err) == (2, True)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    code, _, err = run("neurons", "--model", checkpoint, "--frozen", frozen, "-o", "taken", "-q")
    assert (code, "never rewritten" in err) == (2, True)


def test_a_changed_analysis_is_not_shown(run, checkpoint, frozen, tmp_path):
    run(
        "neurons",
        "--model",
        checkpoint,
        "--frozen",
        frozen,
        "--units",
        "ffn",
        "--screen",
        "-q",
        "-o",
        "found",
    )
    path = tmp_path / "found" / "neurons.json"
    path.write_text(path.read_text().replace("ffn.1.5", "ffn.1.6"))
    code, _, err = run("edit", "--model", checkpoint, "--set", "found", "-o", "edited")
    assert code != 0
    assert "not what was written" in err
