"""Showing and comparing finished runs must not wait for the code that made them: what each command loads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from robustness.neurons.sites import Site
from robustness.neurons.stored_cube import write_cube
from robustness.neurons.summary import from_json
from robustness.reports.neuron_folder import write_neurons
from tests.reports.stored_runs import keep, questions

EXAMPLE = Path(__file__).parents[2] / "reports" / "examples" / "dream-minilm" / "neurons.json"
LIBRARIES = ("matplotlib", "nltk", "pandas", "scipy", "torch", "transformers")
STAGES = ("robustness.attacks", "robustness.models", "robustness.text")
"""What makes items and scores."""

PROBE = """
import sys
sys.argv = ["robustness", *sys.argv[1:]]
from robustness.cli import main
try:
    main()
finally:
    print("loaded:", *sys.modules, file=sys.stderr)
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return keep(tmp_path / "run", questions(40), [True] * 30 + [False] * 10)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return keep(tmp_path / "other", questions(40), [True] * 20 + [False] * 20)


@pytest.fixture
def analysis(tmp_path: Path) -> Path:
    folder, units = tmp_path / "analysis", np.zeros((1, 4))
    write_cube(folder, [Site("ffn", 0, 0)], np.ones(1, bool), base=units[0], logits=units)
    return write_neurons(folder, from_json(EXAMPLE.read_text(encoding="utf-8")))


def loaded(*words: object) -> frozenset[str]:
    """Every module that a command of its own process has loaded at its end, which has to be a good one."""
    code = [sys.executable, "-c", PROBE, *map(str, words)]
    done = subprocess.run(code, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return frozenset(done.stderr.rpartition("loaded:")[2].split())


def among(modules: Collection[str], names: Collection[str]) -> list[str]:
    """The modules that are one of the names, or lie in one."""
    return sorted(one for one in modules if any(f"{one}.".startswith(f"{name}.") for name in names))


def test_a_report_on_the_terminal_loads_nothing_that_computes(run):
    found = loaded("report", run)
    assert among(found, (*LIBRARIES, *STAGES, "numpy", "pyarrow", "robustness.stats")) == []
    assert "robustness.reports.to_terminal" in found


def test_a_report_with_neurons_loads_nothing_that_computes_either(run, analysis):
    found = loaded("report", run, "--neurons", analysis)
    assert among(found, (*LIBRARIES, *STAGES, "numpy", "pyarrow", "robustness.stats")) == []
    assert among(found, ["robustness.neurons"]) == [
        "robustness.neurons",
        "robustness.neurons.findings",
        "robustness.neurons.store",
        "robustness.neurons.summary",
    ]


@pytest.mark.parametrize("style", ["csv", "html", "md"])
def test_a_report_in_a_file_loads_nothing_that_computes_either(run, analysis, tmp_path, style):
    found = loaded("report", run, "--neurons", analysis, "--report", f"{style}:{tmp_path / style}")
    assert among(found, (*LIBRARIES, *STAGES, "numpy", "pyarrow", "robustness.stats")) == []
    assert (tmp_path / style).is_file()


def test_a_comparison_loads_what_it_computes_with_and_nothing_that_made_the_runs(run, other):
    found = loaded("compare", run, other)
    assert among(found, (*LIBRARIES, *STAGES, "robustness.choices", "robustness.neurons")) == []
    assert among(found, ["numpy"])


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("2", "2")])
def test_a_comparison_sums_on_one_thread_where_nobody_says_otherwise(run, other, given, used):
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if given:
        environment["OPENBLAS_NUM_THREADS"] = given
    code = f"{PROBE}    print('threads:', __import__('os').environ['OPENBLAS_NUM_THREADS'])"
    words = [sys.executable, "-c", code, "compare", str(run), str(other)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True, env=environment)
    assert done.stdout.splitlines()[-1] == f"threads: {used}"


def test_the_help_loads_the_work_of_no_command():
    found = loaded("--help")
    assert among(found, (*LIBRARIES, *STAGES, "numpy", "pyarrow", "pydantic", "rich")) == []
    assert (
        among(found, ["robustness.judging", "robustness.neurons", "robustness.results", "robustness.stats"])
        == []
    )
