from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from robustness.attacks.recipes import recipe_names
from robustness.demo.checkpoint import location
from robustness.reports.renderers import FROM_FOLDER, RENDERERS

Command = Callable[..., Any]
WriteJsonl = Callable[..., str]
FILES = {"summary.json", "items.parquet", "report.md", "report.html", "junit.xml", "manifest.json"}

SMALL = """
name = "small"
description = "Two attacks and what takes the answer away."
control = "foreign-sentence"
[[check]]
attack = "foreign-sentence"
limits = { max_drop = 0.2 }
[[check]]
attack = "addsent2pas-shuffle"
limits = { max_drop = 0.2 }
[[check]]
attack = "gold-removed"
limits = { min_auroc = 0.6 }
"""
VERDICTS = {"oracle": 0, "overlap-window": 1, "constant": 1}


@pytest.fixture
def data(tmp_path: Path, write_jsonl: WriteJsonl) -> str:
    (tmp_path / "small.toml").write_text(SMALL)
    return write_jsonl(tmp_path)


def summary(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return made


def judged(folder: Path) -> dict[str, Any]:
    """What a run says, without when and where it was made."""
    made = summary(folder)
    return {key: made[key] for key in made if key not in ("created", "data", "environment")}


def check(command: Command, data: str, *more: str, model: str = "stub:oracle", **rest: Any) -> Any:
    return command("check", "-q", "--model", model, "--data", data, "--suite", "small.toml", *more, **rest)


def test_a_check_that_passes_ends_with_0_and_a_whole_run_folder(
    command: Command, data: str, tmp_path: Path
) -> None:
    said = check(command, data, "-o", "run")
    assert said.code == 0, said.err
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    assert summary(tmp_path / "run")["status"] == "pass"
    assert "run: run" in said.err
    assert "addsent2pas-shuffle" in said.out


def test_the_manifest_holds_the_digest_of_every_other_file_and_is_written_last(
    command: Command, data: str, tmp_path: Path
) -> None:
    check(command, data, "-o", "run")
    run = tmp_path / "run"
    listed = json.loads((run / "manifest.json").read_text())["files"]
    assert set(listed) == FILES - {"manifest.json"}
    for name, entry in listed.items():
        assert hashlib.sha256((run / name).read_bytes()).hexdigest() == entry["sha256"]
    times = {path.name: path.stat().st_mtime_ns for path in run.iterdir()}
    assert times["manifest.json"] == max(times.values())


@pytest.mark.parametrize(("rule", "code"), VERDICTS.items())
def test_the_exit_code_is_the_verdict(
    command: Command, data: str, tmp_path: Path, rule: str, code: int
) -> None:
    said = check(command, data, "-o", "run", model=f"stub:{rule}")
    assert said.code == code
    assert summary(tmp_path / "run")["status"] == ("fail" if code else "pass")


def test_a_check_with_too_few_passages_ends_with_4(command: Command, data: str, tmp_path: Path) -> None:
    said = check(command, data, "--limit", "20", "-o", "run")
    assert said.code == 4
    assert summary(tmp_path / "run")["status"] == "undecided"
    assert summary(tmp_path / "run")["clean"]["n"] == 20


def test_a_check_that_measured_nothing_ends_with_3_and_says_so_in_its_report(
    command: Command, data: str, tmp_path: Path
) -> None:
    plan = 'name = "none"\ndescription = "d"\n[[check]]\nattack = "evidence-deleted"\n'
    (tmp_path / "small.toml").write_text(plan + "limits = { min_auroc = 0.6 }\n")
    said = check(command, data, "-o", "run")
    assert said.code == 3
    assert summary(tmp_path / "run")["status"] == "invalid"
    assert "applied to no example" in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.parametrize(("policy", "code"), [("report", 4), ("pass", 0), ("fail", 1)])
def test_an_undecided_check_ends_as_it_was_told(command: Command, data: str, policy: str, code: int) -> None:
    assert check(command, data, "--limit", "20", "-o", "run", "--undecided", policy).code == code


@pytest.mark.parametrize("policy", ["pass", "fail"])
def test_the_policy_for_undecided_leaves_a_decided_check_alone(
    command: Command, data: str, policy: str
) -> None:
    assert check(command, data, "-o", "run", "--undecided", policy).code == 0
    assert check(command, data, "-o", "run2", "--undecided", policy, model="stub:constant").code == 1


def test_a_run_without_output_goes_to_a_named_folder_under_reports(
    command: Command, data: str, tmp_path: Path
) -> None:
    assert check(command, data, "--tag", "Nightly 1").code == 0
    (run,) = (tmp_path / "reports").iterdir()
    assert run.name.endswith("-nightly-1")
    assert summary(run)["status"] == "pass"


def test_a_frozen_suite_is_judged_as_if_it_had_just_been_built(
    command: Command, data: str, tmp_path: Path
) -> None:
    model = ("--model", "stub:overlap-window")
    built = command("build", "-q", "--data", data, "--suite", "small.toml", "-o", "frozen")
    assert built.code == 0, built.err
    direct = check(command, data, "-o", "direct", model=model[1])
    frozen = command("check", "-q", *model, "--frozen", "frozen", "-o", "thawed")
    assert direct.code == frozen.code == 1
    assert judged(tmp_path / "direct") == judged(tmp_path / "thawed")
    assert built.out.split()[0] == summary(tmp_path / "direct")["suite"]["fingerprint"]


def test_building_twice_gives_the_same_bytes_and_another_seed_others(
    command: Command, data: str, tmp_path: Path
) -> None:
    for folder, seed in (("one", "0"), ("two", "0"), ("three", "1")):
        given = ("--data", data, "--suite", "small.toml", "--seed", seed, "-o", folder)
        assert command("build", "-q", *given).code == 0
    one, two, three = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two", "three")
    )
    assert one == two
    assert one["variants.jsonl"] != three["variants.jsonl"]
    assert one["examples.jsonl"] == three["examples.jsonl"]


def _predict(folder: Path, *, broken: str = "") -> str:
    """Write predictions for a frozen suite: the longest option, as anyone's own program would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    lines: list[dict[str, Any]] = [{"suite": manifest["fingerprint"], "model": "mine"}]
    for name in ("examples", "variants"):
        for line in (folder / f"{name}.jsonl").read_text().splitlines():
            row = json.loads(line)
            example = row.get("example", row)
            lines.append({"id": example["id"], "scores": [float(len(text)) for text in example["options"]]})
    if broken == "missing":
        del lines[5]
    elif broken == "nan":
        lines[1]["scores"][0] = float("nan")
    elif broken == "foreign":
        lines[0]["suite"] = "0" * 32
    (folder.parent / "mine.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "predictions:mine.jsonl"


def test_predictions_made_from_a_frozen_suite_are_judged_like_the_model(
    command: Command, data: str, tmp_path: Path
) -> None:
    command("build", "-q", "--data", data, "--suite", "small.toml", "-o", "frozen")
    mine = _predict(tmp_path / "frozen")
    written = command("check", "-q", "--frozen", "frozen", "--model", mine, "-o", "written")
    longest = command("check", "-q", "--frozen", "frozen", "--model", "stub:longest", "-o", "longest")
    assert written.code == longest.code
    first, second = judged(tmp_path / "written"), judged(tmp_path / "longest")
    assert first.pop("model")["name"] == "mine"
    assert second.pop("model")["name"] == "stub:longest"
    for key in ("attacks", "verdicts", "clean", "robust_accuracy"):
        assert first[key] == second[key]


def test_one_nan_among_predictions_makes_the_run_invalid_and_never_a_pass(
    command: Command, data: str, tmp_path: Path
) -> None:
    (tmp_path / "small.toml").write_text(SMALL.replace("0.2", "1.0").replace("0.6", "0.0"))
    command("build", "-q", "--data", data, "--suite", "small.toml", "-o", "frozen")
    mine = _predict(tmp_path / "frozen", broken="nan")
    assert command("check", "-q", "--frozen", "frozen", "--model", mine, "-o", "run").code == 3
    made = summary(tmp_path / "run")
    assert made["status"] == "invalid"
    assert made["clean"]["n"] == 79


@pytest.mark.parametrize(
    ("broken", "told"), [("missing", "1 of 64 items are missing"), ("foreign", "'0000000000000000")]
)
def test_predictions_that_do_not_fit_the_suite_are_refused(
    command: Command, data: str, tmp_path: Path, broken: str, told: str
) -> None:
    command("build", "-q", "--data", data, "--suite", "small.toml", "-o", "frozen")
    mine = _predict(tmp_path / "frozen", broken=broken)
    said = command("check", "-q", "--frozen", "frozen", "--model", mine, "-o", "run")
    assert said.code == 3
    assert said.err.startswith("error: ")
    assert told in said.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("form", "name"), [("md", "report.md"), ("html", "report.html")])
def test_a_report_is_rendered_again_to_the_same_bytes_without_the_model(
    command: Command, data: str, tmp_path: Path, form: str, name: str
) -> None:
    check(command, data, "-o", "run")
    said = command("report", "run", "--report", f"{form}:again/{name}")
    assert said.code == 0
    assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()
    assert said.out == ""


def test_a_report_as_json_is_the_summary_byte_for_byte(command: Command, data: str, tmp_path: Path) -> None:
    live = check(command, data, "-o", "run", "--json")
    again = command("report", "run", "--json")
    assert live.out == again.out == (tmp_path / "run" / "summary.json").read_text()


def test_a_report_shows_what_the_check_showed(command: Command, data: str) -> None:
    live = check(command, data, "-o", "run")
    assert command("report", "run").out == live.out


def test_a_check_writes_every_report_that_it_is_asked_for(
    command: Command, data: str, tmp_path: Path
) -> None:
    # A claim about a data set of the Hub cannot be made from a file.
    forms = {*RENDERERS, *FROM_FOLDER} - {"eval-results"}
    asked = [word for form in sorted(forms) for word in ("--report", f"{form}:out/it.{form}")]
    assert check(command, data, "-o", "run", *asked).code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"it.{form}" for form in forms}


def test_no_text_keeps_every_word_of_the_data_out_of_every_artefact(
    command: Command, data: str, tmp_path: Path
) -> None:
    file = tmp_path / "stories.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    for row in rows:
        row["passage"] += " Pcanary ran."
        row["question"] += " Qcanary?"
        row["options"] = [f"{option} Ocanary" for option in row["options"]]
        row["hint"] = "Mcanary"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = check(command, data, "-o", "told", "--report", "json:told.json")
    hushed = check(command, data, "-o", "hushed", "--no-text", "--report", "json:hushed.json", "--json")
    assert told.code == hushed.code == 0
    there = _bytes_of(tmp_path / "told")
    assert b"Pcanary" in there or b"Ocanary" in there
    assert b"canary" not in _bytes_of(tmp_path / "hushed")
    assert "canary" not in (tmp_path / "hushed.json").read_text()
    assert "canary" not in hushed.out + hushed.err


def _bytes_of(run: Path) -> bytes:
    """Return all that a run folder holds, tables unpacked."""
    import pyarrow.parquet as pq

    table = pq.read_table(run / "items.parquet")
    unpacked = json.dumps(table.to_pylist(), default=str) + str(table.schema.metadata)
    return b"".join(path.read_bytes() for path in run.iterdir()) + unpacked.encode()


@pytest.mark.parametrize("limit", ["1", "7"])
def test_limit_takes_the_first_items_in_file_order(
    command: Command, data: str, tmp_path: Path, limit: str
) -> None:
    said = command("build", "-q", "--data", data, "--suite", "small.toml", "--limit", limit, "-o", "frozen")
    assert said.code == 0
    rows = (tmp_path / "frozen" / "examples.jsonl").read_text().splitlines()
    wanted = (tmp_path / "stories.jsonl").read_text().splitlines()[: int(limit)]
    assert {json.loads(row)["id"] for row in rows} == {json.loads(row)["id"] for row in wanted}


def test_skip_invalid_leaves_rows_out_and_lists_them(command: Command, data: str, tmp_path: Path) -> None:
    with (tmp_path / "stories.jsonl").open("a") as file:
        file.write('{"passage": "x", "question": "y", "options": ["only one"], "answer": 0}\n')
    assert check(command, data, "-o", "strict").code == 3
    assert check(command, data, "-o", "lenient", "--skip-invalid").code == 0
    made = summary(tmp_path / "lenient")
    assert made["invalid_rows_count"] == 1
    assert made["clean"]["n"] == 80


ENVIRONMENT = {
    "ROBUSTNESS_MODEL": "stub:constant",
    "ROBUSTNESS_DATA": "jsonl:stories.jsonl",
    "ROBUSTNESS_SUITE": "small.toml",
    "ROBUSTNESS_OUTPUT": "from-environment",
    "ROBUSTNESS_LIMIT": "66",
    "ROBUSTNESS_QUIET": "1",
}


def test_flags_may_come_from_the_environment(command: Command, data: str, tmp_path: Path) -> None:
    assert data == ENVIRONMENT["ROBUSTNESS_DATA"]
    said = command("check", env=ENVIRONMENT)
    assert said.code == 1
    made = summary(tmp_path / "from-environment")
    assert (made["model"]["name"], made["suite"]["name"]) == ("stub:constant", "small")
    assert made["clean"]["n"] == 66


def test_a_flag_wins_over_the_environment(command: Command, data: str, tmp_path: Path) -> None:
    flags = ("--model", "stub:oracle", "--limit", "70", "-o", "from-flag")
    said = command("check", *flags, env=ENVIRONMENT | {"ROBUSTNESS_DATA": data})
    assert said.code == 0
    assert summary(tmp_path / "from-flag")["clean"]["n"] == 70
    assert not (tmp_path / "from-environment").exists()


def test_a_frozen_flag_wins_over_data_from_the_environment(
    command: Command, data: str, tmp_path: Path
) -> None:
    command("build", "-q", "--data", data, "--suite", "small.toml", "-o", "frozen")
    env = {"ROBUSTNESS_DATA": "jsonl:elsewhere.jsonl"}
    said = command("check", "-q", "--model", "stub:oracle", "--frozen", "frozen", "-o", "run", env=env)
    assert said.code == 0


def test_a_data_flag_wins_over_frozen_from_the_environment(command: Command, data: str) -> None:
    assert check(command, data, "-o", "run", env={"ROBUSTNESS_FROZEN": "elsewhere"}).code == 0


def test_quiet_shows_no_progress_bar(command: Command, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = check(command, data, "-o", "run")
    assert said.err == "run: run\n"


def test_attacks_lists_every_recipe(command: Command) -> None:
    said = command("attacks")
    assert said.code == 0
    assert {name for name in recipe_names() if f"  {name} " in said.out} == set(recipe_names())


def test_attacks_as_json_is_a_list_of_recipes(command: Command) -> None:
    rows = json.loads(command("attacks", "--json").out)
    assert sorted(row["name"] for row in rows) == list(recipe_names())
    assert {row["polarity"] for row in rows} >= {"attack", "ablation", "abstain"}


def test_attacks_explains_one_with_its_worked_example(command: Command) -> None:
    out = command("attacks", "addsent2opt-shuffle").out
    assert out.startswith("addsent2opt-shuffle: ")
    assert "before" in out
    assert "after" in out
    assert "shortest" in out


def test_attacks_explains_one_as_json(command: Command) -> None:
    assert json.loads(command("attacks", "no-passage", "--json").out)["polarity"] == "ablation"


def test_doctor_ends_with_0_only_where_nothing_is_missing(command: Command) -> None:
    said = command("doctor")
    lines = said.out.splitlines()
    assert {line[:3] for line in lines} <= {"ok ", "BAD"}
    assert said.code == (3 if any(line.startswith("BAD") for line in lines) else 0)


def test_doctor_names_the_consequence_of_what_is_missing(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from robustness import doctor

    monkeypatch.setattr(doctor, "_PACKAGES", ("no-such-package",))
    said = command("doctor", "--json")
    assert said.code == 3
    (missing,) = (line for line in json.loads(said.out) if line["what"] == "no-such-package")
    assert missing == {
        "what": "no-such-package",
        "found": "missing",
        "ok": False,
        "consequence": "install it: pip install no-such-package",
    }


@pytest.mark.parametrize("words", [(), ("--help",), ("check", "--help")])
def test_help_is_given(command: Command, words: tuple[str, ...]) -> None:
    said = command(*words)
    assert "Usage: robustness" in said.out + said.err


def test_two_runs_in_different_seconds_do_not_share_a_folder(
    command: Command, data: str, tmp_path: Path
) -> None:
    assert check(command, data).code == 0
    time.sleep(1.1)
    assert check(command, data).code == 0
    assert len(list((tmp_path / "reports").iterdir())) == 2


def test_a_github_job_gets_annotations_a_summary_and_outputs(
    command: Command, data: str, tmp_path: Path
) -> None:
    page, outputs = tmp_path / "page.md", tmp_path / "outputs"
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(page),
        "GITHUB_OUTPUT": str(outputs),
    }
    said = command(
        "check",
        "--model",
        "stub:overlap",
        "--data",
        data,
        "--suite",
        "shortcuts",
        "-o",
        "run",
        env=environment,
    )
    assert said.code == 1
    assert "::error title=robustness FAIL%3A passage-word-shuffle" in said.err
    assert page.read_text(encoding="utf-8") == (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "status=fail\nrun=run\n" in outputs.read_text(encoding="utf-8")


def test_a_model_is_trained_and_then_checked(command: Command, tmp_path: Path) -> None:
    said = command(
        "train", "--base", "scratch", "--data", "stories:train?passages=4", "--dev", "stories:dev?passages=3",
        "--epochs", "0.5", "--max-length", "128", "--condition", "passage-shuffle", "-o", "mine", "-q",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert said.out.startswith("accuracy ")
    words = (
        "--model",
        "mine",
        "--data",
        "stories:test?passages=3",
        "--suite",
        "abstain",
        "-o",
        "run",
        "--threads",
        "1",
    )
    assert command("check", *words, "-q").code in {1, 3, 4}
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["model"]["name"] == "mine"


def test_an_attack_of_the_users_own_project_runs_from_its_folder(
    command: Command, data: str, tmp_path: Path
) -> None:
    (tmp_path / "attacks").mkdir()
    recipe = (Path(__file__).parents[2] / "attacks" / "no-passage.toml").read_text(encoding="utf-8")
    recipe = recipe.replace('"no-passage"', '"mine-own"').replace('"fields-removed"', '"own_attacks:Emptied"')
    (tmp_path / "attacks" / "mine-own.toml").write_text(recipe, encoding="utf-8")
    (tmp_path / "own_attacks.py").write_text(
        "from robustness.attacks.unanswerable import FieldsRemoved\nclass Emptied(FieldsRemoved):\n    pass\n"
    )
    plan = 'name = "mine"\ndescription = "d"\n[[check]]\nattack = "mine-own"\n'
    (tmp_path / "own.toml").write_text(plan)
    script = Path(sys.executable).with_name("robustness")
    words = ["build", "--data", data, "--suite", "own.toml", "-o", "frozen", "-q"]
    done = subprocess.run([script, *words], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "variants" in done.stdout


CONFIGURATION = """
model = "stub:oracle"
data = "jsonl:stories.jsonl"
suite = "small.toml"
"""
KNOWN = """
[[known_failures]]
attack = "{attack}"
until = 2999-12-31
owner = "Nora"
reason = "retraining is planned"
"""


def configure(folder: Path, text: str = CONFIGURATION) -> None:
    (folder / "robustness.toml").write_text(text, encoding="utf-8")


def test_a_check_needs_no_flag_where_the_folder_has_a_configuration(
    command: Command, data: str, tmp_path: Path
) -> None:
    configure(tmp_path)
    assert command("check", "-q", "-o", "run").code == 0
    (tmp_path / "robustness.toml").unlink()
    (tmp_path / "pyproject.toml").write_text(f"[tool.robustness]\n{CONFIGURATION}")
    assert command("check", "-q", "-o", "again").code == 0
    assert judged(tmp_path / "run") == judged(tmp_path / "again")


def test_the_command_line_and_pytest_judge_one_configuration_alike(
    command: Command, data: str, tmp_path: Path
) -> None:
    configure(tmp_path, CONFIGURATION + "[limits.foreign-sentence]\nmin_accuracy = 0.5\n")
    assert command("check", "-q", "-o", "typed").code == 0
    words = [sys.executable, "-m", "pytest", "-q", "robustness.toml", "--robustness-output=tested"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
    assert judged(tmp_path / "typed") == judged(tmp_path / "tested")


def test_a_flag_outranks_a_variable_which_outranks_the_file(
    command: Command, data: str, tmp_path: Path
) -> None:
    configure(tmp_path, CONFIGURATION + 'limit = 60\ntag = "file"\nseed = 4\n')
    env = {"ROBUSTNESS_LIMIT": "64", "ROBUSTNESS_TAG": "variable"}
    assert command("check", "-q", "--limit", "70", "-o", "run", env=env).code == 0
    made = summary(tmp_path / "run")
    assert (made["clean"]["n"], made["suite"]["seed"]) == (70, 4)
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["tag"] == "variable"


def test_every_key_is_shown_with_its_value_and_where_it_came_from(
    command: Command, data: str, tmp_path: Path
) -> None:
    configure(tmp_path, CONFIGURATION + '[limits]\nforeign-sentence.max_drop = "off"\n')
    said = command("check", "--show-config", "--json", "--limit", "9", env={"ROBUSTNESS_SEED": "5"})
    shown = {one["key"]: (one["value"], one["origin"]) for one in json.loads(said.out)}
    assert said.code == 0
    assert shown["limit"] == ("9", "flag")
    assert shown["seed"] == ("5", "environment")
    assert shown["model"] == ("stub:oracle", "robustness.toml")
    assert shown["device"] == ("auto", "default")
    assert shown["limits"] == ("limits.foreign-sentence.max_drop = off", "robustness.toml")
    assert not (tmp_path / "reports").exists()
    assert "environment" in command("check", "--show-config", env={"ROBUSTNESS_SEED": "5"}).out


def test_paths_of_a_file_start_at_its_folder_and_those_of_flags_at_the_current_one(
    command: Command, data: str, tmp_path: Path
) -> None:
    there = tmp_path / "project"
    there.mkdir()
    for name in ("stories.jsonl", "small.toml"):
        (tmp_path / name).rename(there / name)
    configure(there)
    said = command("check", "-q", "--config", "project/robustness.toml", "-o", "run")
    assert said.code == 0, said.err
    assert (tmp_path / "run" / "manifest.json").is_file()
    (there / "small.toml").rename(tmp_path / "mine.toml")
    asked = ("check", "-q", "--config", "project/robustness.toml", "--suite", "mine.toml")
    assert command(*asked).code == 0
    assert len(list((tmp_path / "reports").iterdir())) == 1
    assert not (there / "reports").exists()


def test_a_limit_that_is_off_decides_nothing(command: Command, data: str, tmp_path: Path) -> None:
    configure(tmp_path)
    assert command("check", "-q", "--model", "stub:overlap-window", "-o", "held").code == 1
    configure(tmp_path, CONFIGURATION + '[limits]\naddsent2pas-shuffle.max_drop = "off"\n')
    assert command("check", "-q", "--model", "stub:overlap-window", "-o", "free").code == 0
    kinds = {(v["attack"], v["check"]) for v in summary(tmp_path / "free")["verdicts"]}
    assert ("addsent2pas-shuffle", "max_drop") not in kinds
    assert len(kinds) == 2


def test_a_known_failure_leaves_the_exit_code_alone_and_stands_in_the_report(
    command: Command, data: str, tmp_path: Path
) -> None:
    configure(tmp_path, CONFIGURATION + KNOWN.format(attack="addsent2pas-shuffle"))
    assert command("check", "-q", "--model", "stub:overlap-window", "-o", "run").code == 0
    (failed,) = (v for v in summary(tmp_path / "run")["verdicts"] if v["status"] == "fail")
    assert failed["known_failure"] == "until 2999-12-31 (Nora): retraining is planned"
    configure(tmp_path, CONFIGURATION + KNOWN.format(attack="foreign-sentence"))
    assert command("check", "-q", "--model", "stub:overlap-window", "-o", "other").code == 1


def test_limits_known_failures_and_baselines_leave_the_suite_what_it_is(
    command: Command, data: str, tmp_path: Path
) -> None:
    check(command, data, "-o", "plain")
    configure(
        tmp_path,
        CONFIGURATION
        + 'gate = "anytime"\ncorrection = "holm"\nmin_passages = 35\nregression = 0.1\n'
        + 'baseline = "plain"\n[limits]\nforeign-sentence.max_drop = 0.3\n'
        + KNOWN.format(attack="gold-removed"),
    )
    said = command("check", "-q", "-o", "run")
    assert said.code in {0, 4}, said.err
    plain, run = summary(tmp_path / "plain"), summary(tmp_path / "run")
    assert plain["suite"]["fingerprint"] == run["suite"]["fingerprint"]
    assert run["correction"] == "holm"
    assert {v["gate"] for v in run["verdicts"]} >= {"anytime"}
    assert [v["baseline"] for v in run["verdicts"] if v["check"] == "min_accuracy"] == ["stub:oracle"] * 2


@pytest.mark.parametrize(("model", "code"), [("stub:oracle", 0), ("stub:longest", 1)])
@pytest.mark.parametrize("spec", ["reports/first", "auto", "release-1"])
def test_a_regression_against_the_baseline_fails(
    command: Command, data: str, tmp_path: Path, spec: str, model: str, code: int
) -> None:
    lenient = SMALL.replace("0.2 }", "1.0 }").replace("0.6 }", "0.0 }")
    (tmp_path / "small.toml").write_text(lenient)
    assert check(command, data, "-o", "reports/first", "--tag", "release-1").code == 0
    more = ("--baseline", spec, "--regression", "0.3", "-o", "reports/second")
    said = check(command, data, *more, model=model)
    assert said.code == code, said.out + said.err
    manifest = json.loads((tmp_path / "reports" / "second" / "manifest.json").read_text())
    assert manifest["baseline"]["run"] == "first"
    assert summary(tmp_path / "reports" / "second")["baseline"].startswith("stub:oracle")


def test_without_a_baseline_a_regression_limit_is_invalid_or_skipped(
    command: Command, data: str, tmp_path: Path
) -> None:
    assert check(command, data, "--regression", "0.1", "-o", "strict").code == 3
    skip = ("--regression", "0.1", "--on-missing-baseline", "skip")
    assert check(command, data, *skip, "-o", "lenient").code == 0
    assert check(command, data, *skip, "--baseline", "auto", "-o", "new/first").code == 0
    assert json.loads((tmp_path / "new" / "first" / "manifest.json").read_text())["baseline"] is None


def test_how_a_checkpoint_is_asked_comes_from_flag_or_file(
    command: Command, data: str, tmp_path: Path
) -> None:
    configure(tmp_path, CONFIGURATION + 'model_arg = ["likelihood=letter"]\n')
    shown = json.loads(command("check", "--show-config", "--json").out)
    assert {"key": "model_arg", "value": "likelihood=letter", "origin": "robustness.toml"} in shown
    asked = ("--model-arg", "kind=causal", "--model-arg", "template={passage}, {question}")
    shown = json.loads(command("check", *asked, "--show-config", "--json").out)
    (line,) = (line for line in shown if line["key"] == "model_arg")
    assert line["origin"] == "flag"
    checkpoint = str(location())
    refused = command("check", "-q", "--model", checkpoint, "--model-arg", "kind=causal", "-o", "run")
    assert (refused.code, "kind" in refused.err or "is needed" in refused.err) == (3, True), refused.err
    mistyped = command("check", "-q", "--model", checkpoint, "--model-arg", "likelyhood=raw", "-o", "run")
    assert mistyped.code == 2
    assert "did you mean 'likelihood'?" in mistyped.err


def test_case_7_a_model_whose_head_was_never_trained_can_be_looked_at_but_never_passes(
    command: Command, data: str, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(location(), tmp_path / "headless"))
    tensors = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith("classifier.")}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    asked = ("check", "-q", "--model", "headless", "--data", data, "--limit", "40", "--no-cache")
    assert "untrained=exploratory" in command(*asked, "-o", "refused").err
    said = command(*asked, "--model-arg", "untrained=exploratory", "-o", "run")
    assert said.code == 3, said.err
    told = summary(tmp_path / "run")
    assert {attack["status"] for attack in told["attacks"] if attack["limits"]} == {"invalid"}
    assert "Exploratory: 2 tensor(s) were never trained" in (tmp_path / "run" / "report.md").read_text()
    beside = command(*asked, "--baseline", "run", "-o", "beside", "--model-arg", "untrained=exploratory")
    assert (beside.code, "it is exploratory" in beside.err) == (3, True)
