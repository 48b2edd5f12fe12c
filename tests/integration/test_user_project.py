"""A user's project made from nothing: the wheel, a checkpoint, a jsonl, six lines of TOML."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser.xunit2 import JUnitXml, TestCase

from robustness.demo.checkpoint import location
from robustness.readers.load import load

pytestmark = pytest.mark.slow

CONFIGURATION = """\
model = "checkpoint"
data = "jsonl:data.jsonl"
suite = "release"
threads = 1
[limits.nota-as-distractor]
min_accuracy = 0.99
"""
PLAN = """
name = "release"
description = "One check for each way to end."
[[check]]
attack = "foreign-sentence"
limits = { max_drop = 0.20 }
[[check]]
attack = "nota-as-distractor"
[[check]]
attack = "addsent2opt-shuffle-matched"
limits = { max_drop = 0.02 }
[[check]]
attack = "evidence-deleted"
limits = { min_auroc = 0.60 }
[[check]]
attack = "no-question"
"""
ENDS = {
    "foreign-sentence[1]": "pass",
    "nota-as-distractor[1]": "fail",
    "addsent2opt-shuffle-matched[1]": "undecided",
    "evidence-deleted[1]": "invalid",
    "no-question[1]": "unjudged",
}
OWN_TEST = """
import attacks
import reports
import suites

def test_the_projects_own_packages_are_its_own():
    assert (attacks.OWNER, reports.OWNER, suites.OWNER) == ("us", "us", "us")

def test_the_fixture_reads_the_same_run(robustness_check):
    assert robustness_check("foreign-sentence", max_drop=0.20).n > 100
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, environment: Callable[..., Path]) -> Path:
    """Return the interpreter of a fresh environment with the wheel in it."""
    return environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the project's folder."""
    for name in ("attacks", "reports", "suites"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('OWNER = "us"\n', encoding="utf-8")
    shutil.copytree(location(), tmp_path / "checkpoint")
    rows = [
        {"id": e.id, "passage_id": e.group, "passage": e.passage, "question": e.question}
        | {"options": list(e.options), "answer": e.answer}
        for e in load("stories:test?passages=40").examples
    ]
    data = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "data.jsonl").write_text(data, encoding="utf-8")
    (tmp_path / "robustness.toml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "suites" / "release.toml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "test_ours.py").write_text(OWN_TEST, encoding="utf-8")
    return tmp_path


def ends(xml: Path) -> dict[str, str]:
    """Return the status of each check, as junitparser reads it from the properties."""
    found = {}
    for suite in JUnitXml.fromfile(str(xml)):
        for case in suite:
            assert isinstance(case, TestCase)
            told = {told.name: told.value for told in case.properties()}  # type: ignore[no-untyped-call]
            if case.classname == "robustness.toml":
                found[case.name] = told["robustness_status"]
    return found


def outcomes(xml: Path) -> Counter[str]:
    """Return how often each kind of result stands in a JUnit file."""
    cases = [case for suite in JUnitXml.fromfile(str(xml)) for case in suite]
    kinds = [type(case.result[0]).__name__ if case.result else "Passed" for case in cases]
    return Counter(kinds)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_users_project_ends_as_its_model_deserves(python, project, workers):
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=junit.xml", *workers]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "ROBUSTNESS"))}
    run = subprocess.run(
        [*command, "--robustness"],
        check=False,
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert ends(project / "junit.xml") == ENDS, run.stdout
    # An undecided check is an xfail and an unjudged one a skip: both are `Skipped` to JUnit.
    assert outcomes(project / "junit.xml") == {"Passed": 3, "Failure": 1, "Error": 1, "Skipped": 2}
    counted = {"1 failed", "3 passed", "1 skipped", "1 error", "1 undecided"}
    assert counted <= {*run.stdout.splitlines()[-1].partition(" in ")[0].split(", ")}


def test_the_plugin_of_the_wheel_is_the_one_that_ran(python, project):
    where = [python, "-c", "import robustness.plugin as p; print(p.__file__)"]
    found = subprocess.run(where, cwd=project, capture_output=True, text=True, check=True).stdout
    assert str(python.parents[1]) in found
