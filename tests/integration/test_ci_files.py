"""The files of docs/ci, parsed, and their shell steps run as the services run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from robustness.domain import Status

WriteJsonl = Callable[..., str]
ROOT = Path(__file__).parents[2]
CI = ROOT / "docs" / "ci"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

PLAN = """
name = "small"
description = "One attack."
[[check]]
attack = "addsent2pas-shuffle"
limits = { max_drop = 0.2 }
"""
CONFIG = """
model = "stub:oracle"
data = "jsonl:stories.jsonl"
suite = "small.toml"
"""


def parsed(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CI / name).read_text(encoding="utf-8"))
    return read


ACTION = parsed("action/action.yml")
WORKFLOW = parsed("github-workflow.yml")
GITLAB = parsed("gitlab-ci.yml")["robustness"]


def step(steps: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(s for s in steps if s.get("name") == name)


@dataclass(frozen=True)
class Ended:
    """How a step ended, and what it left for the service."""

    code: int
    said: str
    outputs: Mapping[str, str]
    page: str


class Machine:
    """A folder that looks like a job's: the command on the path, `python -m pip` and `gh` recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / ".bin"
        self.bin.mkdir()
        self.tool("robustness", f'exec "{sys.executable}" -c "from robustness.cli import main; main()" "$@"')
        self.tool("python", 'printf "%s\\n" "$@" > python.txt')

    def tool(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(0o755)

    def run(self, script: str, env: Mapping[str, str]) -> Ended:
        """Run a script as `shell: bash` does: a file, with -e and pipefail."""
        for name in ("output", "page", "script.sh"):
            (self.folder / f".{name}").write_text(script if name == "script.sh" else "")
        given = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.folder / ".output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / ".page"),
            "GITHUB_ENV": str(self.folder / ".env"),
            "OMP_NUM_THREADS": "1",
            **env,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", ".script.sh"],
            cwd=self.folder,
            env=given,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (self.folder / ".output").read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        page = (self.folder / ".page").read_text(encoding="utf-8")
        return Ended(done.returncode, done.stdout + done.stderr, outputs, page)

    def action(self, name: str, **inputs: str) -> Ended:
        """Run a step of the action with its inputs put in, hyphens written as underscores."""
        given = {key: str(told.get("default", "")) for key, told in ACTION["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        one = step(ACTION["runs"]["steps"], name)
        return self.run(one["run"], {key: filled(value, given) for key, value in one["env"].items()})


def filled(text: str, inputs: Mapping[str, str]) -> str:
    return EXPRESSION.sub(lambda found: inputs[found[1].removeprefix("inputs.")], text)


@pytest.fixture
def machine(tmp_path: Path, write_jsonl: WriteJsonl) -> Machine:
    write_jsonl(tmp_path)
    (tmp_path / "small.toml").write_text(PLAN)
    return Machine(tmp_path)


def asked(rule: str, **more: str) -> dict[str, str]:
    return {"model": f"stub:{rule}", "data": "jsonl:stories.jsonl", "suite": "small.toml", **more}


def test_the_action_passes_a_model_that_reads_and_says_where_its_report_is(machine: Machine) -> None:
    ended = machine.action("Check", **asked("oracle", arguments="--no-text\n  --seed 3", tag="nightly"))
    assert ended.code == 0, ended.said
    assert (ended.outputs["status"], ended.outputs["exit-code"]) == ("pass", "0")
    assert ended.page.startswith("# PASS")
    run = machine.folder / ended.outputs["run"]
    assert run.name.endswith("-nightly")
    assert "seed 3" in (run / "report.md").read_text(encoding="utf-8")
    assert (
        (machine.folder / ended.outputs["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    )
    cases = [
        case for suite in JUnitXml.fromfile(str(machine.folder / ended.outputs["junit"])) for case in suite
    ]
    assert [case.name for case in cases] == ["addsent2pas-shuffle[1] max_drop"]


@pytest.mark.parametrize(("fail", "code"), [("true", 1), ("false", 0)])
def test_the_action_fails_with_the_verdict_unless_it_is_told_not_to(
    machine: Machine, fail: str, code: int
) -> None:
    ended = machine.action("Check", **asked("overlap", fail=fail))
    assert ended.code == code, ended.said
    assert (ended.outputs["status"], ended.outputs["exit-code"], ended.outputs["fail"]) == ("fail", "1", "1")
    assert "::error title=robustness FAIL" in ended.said


def test_an_error_fails_the_action_whatever_it_is_told_and_is_no_verdict(machine: Machine) -> None:
    ended = machine.action("Check", **asked("nobody", fail="false"))
    assert ended.code == 2, ended.said
    assert ended.outputs == {"status": "error", "exit-code": "2"}


def test_an_input_is_never_run_as_a_command(machine: Machine) -> None:
    ended = machine.action("Check", **asked("oracle", tag='$(touch ran) `touch ran` "; touch ran #'))
    assert ended.code == 0, ended.said
    assert not (machine.folder / "ran").exists()


def test_the_second_run_of_the_action_is_compared_with_the_first(machine: Machine) -> None:
    first = machine.action("Check", **asked("oracle", baseline="auto", on_missing_baseline="skip"))
    assert first.code == 0, first.said
    assert first.outputs["baseline"] == ""
    second = machine.action("Check", **asked("overlap", baseline="auto", regression="0.02"))
    assert second.code == 1, second.said
    assert second.outputs["baseline"].startswith("stub:oracle")
    assert "## Beside the baseline" in second.page


def test_the_install_step_hands_pip_each_word_and_the_package_whole(machine: Machine) -> None:
    ended = machine.action("Install", package="./my package", pip_arguments="-c constraints.txt\n --pre *")
    assert ended.code == 0, ended.said
    words = (machine.folder / "python.txt").read_text().splitlines()
    assert words[:3] == ["-m", "pip", "install"]
    assert words[-5:] == ["-c", "constraints.txt", "--pre", "*", "./my package"]


def test_every_input_of_the_action_is_used_and_every_use_is_an_input() -> None:
    text = (CI / "action" / "action.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"\binputs\.([\w-]+)", text))
    assert used == set(ACTION["inputs"])
    for one in ACTION["runs"]["steps"]:
        assert not EXPRESSION.search(one.get("run", "")), "an input in a script is run as code"


def test_every_output_of_the_action_is_one_that_the_step_writes(machine: Machine) -> None:
    written = machine.action("Check", **asked("oracle")).outputs
    for name, told in ACTION["outputs"].items():
        (source,) = EXPRESSION.findall(told["value"])
        assert source.removeprefix("steps.check.outputs.") in written, name
    assert {status.value for status in Status} <= written.keys()


def test_the_workflow_uses_inputs_and_outputs_that_the_action_has() -> None:
    steps = WORKFLOW["jobs"]["robustness"]["steps"]
    checked = step(steps, "Check")
    assert set(checked["with"]) <= set(ACTION["inputs"])
    text = (CI / "github-workflow.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"steps\.robustness\.outputs\.([\w-]+)", text)) <= set(ACTION["outputs"])
    assert checked["id"] == "robustness"
    for one in steps:
        assert not EXPRESSION.search(one.get("run", "")), "an expression in a script is run as code"


@pytest.mark.parametrize(("found", "said"), [(True, "baseline: run 12 of main"), (False, "none yet")])
def test_the_workflow_takes_the_newest_run_that_kept_its_folder(
    machine: Machine, found: bool, said: str
) -> None:
    kept = 'if [ "$3" = 12 ]; then mkdir -p reports/baseline; exit 0; fi\n' if found else ""
    machine.tool("gh", f'if [ "$2" = list ]; then echo 13; echo 12; echo 11; exit 0; fi\n{kept}exit 1')
    fetch = step(WORKFLOW["jobs"]["robustness"]["steps"], "Fetch the baseline")
    ended = machine.run(fetch["run"], {"GH_TOKEN": "t", "BRANCH": "main"})
    assert ended.code == 0, ended.said
    assert said in ended.said
    assert (machine.folder / "reports" / "baseline").exists() is found


def gitlab(machine: Machine, commit: str, **env: str) -> Ended:
    variables = {key: value for key, value in GITLAB["variables"].items() if "$" not in value}
    script = "\n".join(GITLAB["script"])
    return machine.run(script, {"GITHUB_ACTIONS": "", "CI_COMMIT_SHORT_SHA": commit, **variables, **env})


def test_the_gitlab_job_keeps_one_run_and_hands_its_cases_over(machine: Machine) -> None:
    (machine.folder / "robustness.toml").write_text(CONFIG)
    first = gitlab(machine, "0a1b2c3d")
    assert first.code == 0, first.said
    second = gitlab(machine, "4e5f6a7b", ROBUSTNESS_MODEL="stub:overlap")
    assert second.code == 1, second.said
    (kept,) = (machine.folder / "reports").iterdir()
    assert kept.name.endswith("-4e5f6a7b")
    junit = machine.folder / GITLAB["artifacts"]["reports"]["junit"]
    (suite,) = JUnitXml.fromfile(str(junit))
    assert suite.failures >= 1
    assert any("against the baseline" in case.name for case in suite)


@pytest.mark.slow
def test_a_gitlab_job_that_could_not_start_keeps_the_earlier_run(machine: Machine) -> None:
    (machine.folder / "robustness.toml").write_text(CONFIG)
    assert gitlab(machine, "0a1b2c3d").code == 0
    broken = gitlab(machine, "4e5f6a7b", ROBUSTNESS_MODEL="stub:nobody")
    assert broken.code == 2, broken.said
    (kept,) = (machine.folder / "reports").iterdir()
    assert kept.name.endswith("-0a1b2c3d")


def test_an_undecided_gitlab_job_is_a_warning_and_artefacts_are_always_kept() -> None:
    assert GITLAB["allow_failure"] == {"exit_codes": [4]}
    assert GITLAB["artifacts"]["when"] == "always"
    assert {rule["variables"]["BASELINE_POLICY"] for rule in GITLAB["rules"]} == {"pull", "pull-push"}
