"""An attack of a third party, installed by pip: listed, contracted, shown, built and scored like our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

OUTSIDE = Path(__file__).parents[1] / "outside_plugin"
NAME = "outside-sentence-twice"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, environment: Callable[..., Path]) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(OUTSIDE, folder / "source")
    return environment(folder, folder / "source")


def run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "ROBUSTNESS"))}
    return subprocess.run(
        [python, "-m", *words], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=600
    )


def test_its_recipe_is_listed_beside_ours(python, tmp_path):
    rows = json.loads(run(python, tmp_path, "robustness", "attacks", "--json").stdout)
    families = {row["name"]: row["family"] for row in rows}
    assert families[NAME] == "outside"
    assert len(families) > 60


def test_its_own_tests_pass_by_one_call_of_the_kit(python, tmp_path):
    tests = shutil.copytree(OUTSIDE / "tests", tmp_path / "tests")
    done = run(python, tmp_path, "pytest", "-q", "-p", "no:cacheprovider", str(tests))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_it_is_shown_on_an_item(python, tmp_path):
    done = run(python, tmp_path, "robustness", "attacks", NAME, "--data", "stories:test?passages=2")
    assert done.returncode == 0, done.stderr
    assert "{+" in done.stdout


def test_its_plan_is_judged_and_its_suite_is_the_same_for_any_number_of_workers(python, tmp_path):
    data = "stories:test?passages=80"
    for workers in ("1", "2"):
        words = ["build", "--data", data, "--suite", "outside", "--workers", workers, "-o", f"suite{workers}"]
        assert run(python, tmp_path, "robustness", *words).returncode == 0
    first, second = ((tmp_path / f"suite{n}" / "manifest.json").read_bytes() for n in (1, 2))
    assert first == second
    words = ["check", "-q", "--frozen", "suite1", "--model", "stub:oracle", "--json", "-o", "run"]
    done = run(python, tmp_path, "robustness", *words)
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)["attacks"]] == [NAME, "foreign-sentence"]
