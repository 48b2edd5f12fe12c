"""The pytest plugin in a user's project that is made from nothing, found by its entry point."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest

from robustness.configuration.settings import Settings
from robustness.domain import Status
from robustness.errors import DataError, RobustnessError
from robustness.gates import gate, verdicts_of
from robustness.jobs import job, once, score

pytest_plugins = ["pytester"]

NAMES = "Ann Ben Cleo Dan Eva Finn Gus Hana Ivo Jan".split()
THINGS = "lamp boat tent coat drum kite vase rope cake book".split()
PLACES = "garden kitchen attic cellar harbour forest market school museum station".split()
MODEL = """
from pathlib import Path
from robustness.models.stub import stub

class Mine:
    name, fingerprint = "mine", "mine/1"

    def score(self, batch):
        return stub("oracle").score(batch)

def make():
    with Path("loads.txt").open("a") as file:
        file.write("loaded\\n")
    return Mine()

def broken():
    raise RuntimeError("no such weights")
"""
PLAN = """
name = "checks"
description = "One check for each way to end."
[[check]]
attack = "foreign-sentence"
limits = { max_drop = 0.20 }
[[check]]
attack = "passage-word-shuffle"
limits = { max_margin_retained = 0.50 }
[[check]]
attack = "addsent2pas-shuffle"
limits = { max_drop = 0.02 }
[[check]]
attack = "evidence-deleted"
limits = { min_accuracy = 0.10 }
[[check]]
attack = "ngram-shuffle"
severities = [1, 2]
"""
CONFIGURATION = 'model = "model:make"\ndata = "jsonl:mine.jsonl"\nsuite = "checks.toml"\n'
ENDS = {
    "foreign-sentence[1]": "pass",
    "passage-word-shuffle[1]": "fail",
    "addsent2pas-shuffle[1]": "undecided",
    "evidence-deleted[1]": "invalid",
    "ngram-shuffle[1]": "unjudged",
    "ngram-shuffle[2]": "unjudged",
}


def rows(passages: int) -> str:
    draw = random.Random(0)
    lines = []
    for number in range(passages):
        people, things, places = (draw.sample(words, 4) for words in (NAMES, THINGS, PLACES))
        said = zip(people, things, places, strict=True)
        passage = " ".join(f"{who} took the {what} to the {where}." for who, what, where in said)
        lines.append(
            {
                "id": f"p{number}",
                "passage": passage,
                "question": f"What did {people[1]} take to the {places[1]}?",
                "options": [f"The {thing}." for thing in things],
                "answer": 1,
            }
        )
    return "\n".join(map(json.dumps, lines))


def make_project(folder: Path, configuration: str = CONFIGURATION, *, passages: int = 40) -> None:
    """Write a project with packages of its own that are called as our folders are."""
    for package in ("attacks", "suites", "reports"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text(f"OWNER = 'the user, {package}'\n", encoding="utf-8")
    installed = folder / "site" / "entry-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: entry\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[pytest11]\nrobustness = robustness.plugin\n")
    for name, text in {
        "model.py": MODEL,
        "mine.jsonl": rows(passages),
        "checks.toml": PLAN,
        "robustness.toml": configuration,
        "pytest.ini": "[pytest]\nfilterwarnings = error\npythonpath = .\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Ran:
    folder: Path
    code: int
    out: str

    @property
    def counts(self) -> dict[str, int]:
        found = re.findall(r"(\d+) (\w+)", self.out.strip().splitlines()[-1].partition(" in ")[0])
        return {noun.removesuffix("s"): int(number) for number, noun in found}

    @property
    def loads(self) -> int:
        log = self.folder / "loads.txt"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def cases(self) -> dict[str, ElementTree.Element]:
        tree = ElementTree.parse(self.folder / "junit.xml")
        return {str(case.get("name")): case for case in tree.iter("testcase")}


def spawn(folder: Path, *arguments: str, python: tuple[str, ...] = ("-m", "pytest")) -> Ran:
    """Run pytest in a process of its own."""
    (folder / "tmp").mkdir(exist_ok=True)
    ours = {"PYTHONPATH": str(folder / "site"), "TMPDIR": str(folder / "tmp"), "OPENBLAS_NUM_THREADS": "1"}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "ROBUSTNESS"))
    }
    command = [sys.executable, *python, "-q", "-p", "no:hypothesispytest", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, **ours},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Ran(folder, done.returncode, done.stdout)


def properties(case: ElementTree.Element) -> dict[str, str]:
    return {str(p.get("name")): str(p.get("value")) for p in case.iter("property")}


@dataclass(frozen=True)
class Project:
    path: Path
    run: Callable[..., Ran]
    """Runs pytest in this process."""

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """Load whatever a run loads: pytester forgets modules that were first loaded inside it."""
    folder = tmp_path_factory.mktemp("warm")
    make_project(folder)
    flags = {"model": "stub:oracle", "data": "jsonl:mine.jsonl", "suite": "checks.toml"}
    settings = Settings.of(None, environment={}, flags=flags, here=folder)
    made = job(settings, today=date(2026, 1, 1))
    return once(folder, "run", lambda out: score(made, None, out).folder)


@pytest.fixture
def project(pytester, monkeypatch, warm):
    make_project(pytester.path)
    pytester.syspathinsert(pytester.path / "site")
    for name in [name for name in os.environ if name.startswith("ROBUSTNESS")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **variables: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            done = pytester.runpytest_inprocess("-q", "-p", "no:hypothesispytest", *arguments)
        return Ran(pytester.path, int(done.ret), done.stdout.str() + done.stderr.str())

    return Project(pytester.path, run)


@pytest.fixture(scope="module", params=["alone", "two workers"])
def ran(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    make_project(folder)
    workers = ["-n", "2"] if request.param == "two workers" else []
    return spawn(folder, "--robustness", "--junitxml=junit.xml", *workers)


def test_every_check_ends_as_it_should(ran):
    assert ran.code == pytest.ExitCode.TESTS_FAILED
    assert ran.counts == {"failed": 1, "passed": 1, "skipped": 2, "error": 1, "undecided": 1}, ran.out


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="this pytest has no subtests")
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_the_slices_of_a_check_are_its_subtests(tmp_path, workers):
    make_project(tmp_path, CONFIGURATION + 'slices = ["meta.kind", "question-word"]\n', passages=80)
    lines = [json.loads(line) for line in (tmp_path / "mine.jsonl").read_text().splitlines()]
    for number, line in enumerate(lines):
        line["kind"] = "even" if number % 2 else "odd"
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = spawn(tmp_path, "robustness.toml", "--junitxml=junit.xml", *workers)
    # what pytest adds after " - " is cut to the terminal, and not cut where CI is set
    told = [line.split(" - ")[0] for line in done.out.splitlines() if line.startswith("SUBFAILED")]
    assert sorted(told) == [
        f"SUBFAILED[meta.kind: {kind}, max_margin_retained] robustness.toml::passage-word-shuffle[1]"
        for kind in ("even", "odd")
    ]
    assert done.counts["subtest"] >= 2, done.out
    assert "fail: max_margin_retained on meta.kind: even: " in done.out
    assert "Captured stdout" not in done.out
    assert "question-word" not in done.out  # one word in all of them: the whole says it already
    assert done.code == pytest.ExitCode.TESTS_FAILED
    assert done.loads == 1


def test_a_slice_that_the_data_cannot_give_is_an_error_in_one_paragraph(project):
    project.write("robustness.toml", CONFIGURATION + 'slices = ["meta.kind"]\n')
    done = project.run("robustness.toml")
    assert "slices: no meta.KEY is called 'meta.kind'" in done.out
    assert "Traceback" not in done.out
    assert done.counts["error"] == 6


def test_an_unknown_slice_is_refused_at_collection(project):
    project.write("robustness.toml", CONFIGURATION + 'slices = ["question-wrod"]\n')
    done = project.run("robustness.toml")
    assert "slices: no slice is called 'question-wrod'; did you mean 'question-word'?" in done.out
    assert done.code == pytest.ExitCode.USAGE_ERROR


def test_the_suite_is_scored_once(ran):
    assert ran.loads == 1


def test_junit_tells_outcome_and_figures_of_every_check(ran):
    told = {name: properties(case) for name, case in ran.cases().items()}
    assert {name: one["robustness_status"] for name, one in told.items()} == ENDS
    kinds = {
        name: [child.tag for child in case if child.tag != "properties"] for name, case in ran.cases().items()
    }
    assert kinds == {
        "foreign-sentence[1]": [],
        "passage-word-shuffle[1]": ["failure"],
        "addsent2pas-shuffle[1]": ["skipped"],
        "evidence-deleted[1]": ["error"],
        "ngram-shuffle[1]": ["skipped"],
        "ngram-shuffle[2]": ["skipped"],
    }
    failed = told["passage-word-shuffle[1]"]
    low, high = float(failed["robustness_low"]), float(failed["robustness_high"])
    assert 0.5 < low <= float(failed["robustness_estimate"]) <= high
    assert (failed["robustness_limit"], failed["robustness_n"], failed["robustness_passages"]) == (
        "0.5",
        "40",
        "40",
    )
    assert failed["robustness_model"] == "mine/1"
    assert len({one["robustness_suite"] for one in told.values()}) == 1


def test_a_failure_shows_figures_and_the_three_most_telling_items(ran):
    failure = ran.cases()["passage-word-shuffle[1]"].find("failure")
    assert failure is not None
    first, *rest = str(failure.text).splitlines()
    assert re.match(
        r"FAIL passage-word-shuffle\[1\]: margin retained 100\.0% \[\S+% to \S+%\], limit: ", first
    )
    assert first.endswith("n 40, 40 passages")
    shown = [line for line in rest if re.match(r"\d\. p\d+~passage-word-shuffle\.1  What did ", line)]
    assert len(shown) == 3
    assert len([line for line in rest if "passage now:    «" in line]) == 3
    assert len([line for line in rest if re.match(r" +\* +>47\.5% +>47\.5%  The ", line)]) == 3


def test_the_terminal_has_one_line_per_check_the_gravest_first(ran):
    section = ran.out.partition("= robustness =")[2].splitlines()
    lines = [line.split() for line in section if line[:10].strip().lower() in set(ENDS.values())]
    assert Counter(status.lower() for status, *_ in lines) == Counter(ENDS.values())
    statuses = [status for status, *_ in lines]
    assert statuses == ["FAIL", "INVALID", "UNDECIDED", "UNJUDGED", "UNJUDGED", "PASS"]


def test_no_run_is_left_behind(ran):
    assert list((ran.folder / "tmp").glob("robustness-*")) == []
    assert not (ran.folder / "reports" / "summary.json").exists()


def test_the_last_failed_run_again_and_no_other(project):
    project.run("--robustness")
    again = project.run("--robustness", "--lf")
    assert again.counts == {"failed": 1, "error": 1}, again.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--robustness", "-k", "foreign"),
        ("robustness.toml::foreign-sentence[1]",),
        ("robustness.toml", "-k", "foreign"),
        ("attacks/../robustness.toml", "-k", "foreign"),
    ],
)
def test_a_single_check_can_be_chosen(project, arguments):
    done = project.run(*arguments)
    assert (done.code, done.counts["passed"]) == (0, 1), done.out


def test_a_table_in_pyproject_is_as_good_as_a_file(project):
    (project.path / "robustness.toml").unlink()
    project.write("pyproject.toml", f"[tool.robustness]\n{CONFIGURATION}")
    for arguments in [("pyproject.toml",), ("--robustness",)]:
        done = project.run(*arguments, "--collect-only")
        assert "pyproject.toml::ngram-shuffle[2]" in done.out
    assert "::" not in project.run("--collect-only").out


def test_collecting_reads_neither_data_nor_model(project):
    (project.path / "mine.jsonl").unlink()
    done = project.run("--robustness", "--collect-only", "-m", "robustness")
    assert [line for line in done.out.splitlines() if "::" in line] == [
        f"robustness.toml::{name}" for name in ENDS
    ]
    assert (done.code, done.loads) == (0, 0)


IDLE = """
import sys

def test_nothing_of_ours_is_loaded():
    ours = {name for name in sys.modules if name.partition(".")[0] == "robustness"}
    assert ours <= {"robustness", "robustness.plugin", "robustness.hookspecs"}
    assert "robustness.plugin" in sys.modules
    heavy = {"numpy", "torch", "pandas", "pyarrow", "pydantic", "transformers", "datasets", "scipy", "rich"}
    assert not heavy & set(sys.modules)

def test_own_packages_are_the_users():
    import attacks, reports, suites
    assert [m.OWNER[:8] for m in (attacks, reports, suites)] == ["the user"] * 3
"""
OFFLINE = """
import socket, sys, pytest
def refuse(*_, **__): raise AssertionError("a socket was opened")
socket.socket.connect = socket.getaddrinfo = refuse
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_an_idle_start_is_silent_offline_and_imports_nothing(project):
    project.write("test_idle.py", IDLE)
    idle = spawn(project.path, python=("-c", OFFLINE))
    assert idle.counts == {"passed": 2}, idle.out
    without = spawn(project.path, "-p", "no:robustness", "-k", "own_packages")
    idle = spawn(project.path, "-k", "own_packages")
    timeless = [re.sub(r"in [\d.]+s", "", one.out) for one in (idle, without)]
    assert timeless[0] == timeless[1]
    assert idle.code == without.code == 0


COUNTED = """
import sys, time
import pytest
before, begun = set(sys.modules), time.process_time()
import robustness.plugin, robustness.hookspecs
cost = 1000 * (time.process_time() - begun)
print(cost, *sorted(set(sys.modules) - before))
"""


def test_an_idle_start_imports_our_two_files_and_nothing_that_python_does_not_bring():
    done = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, encoding="utf-8", check=True)
    cost, *loaded = done.stdout.split()
    print(f"an idle start costs {float(cost):.1f} ms of processor time")  # noqa: T201 - told, not held to
    ours = {name for name in loaded if name.partition(".")[0] == "robustness"}
    assert ours == {"robustness", "robustness.plugin", "robustness.hookspecs"}
    strange = {name.partition(".")[0] for name in set(loaded) - ours} - sys.stdlib_module_names
    assert strange == set()


def test_the_plugin_can_be_switched_off(project):
    project.write("test_mine.py", "def test_mine(robustness_check):\n    pass\n")
    done = project.run("-p", "no:robustness")
    assert "fixture 'robustness_check' not found" in done.out


@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        (CONFIGURATION + "modle = 'x'\n", "no key is called 'modle'; did you mean 'model'?"),
        (CONFIGURATION.replace("checks.toml", "cores"), "no suite is called 'cores'"),
        ("model = 'stub:oracle'\n", "neither data nor frozen came"),
        (
            CONFIGURATION + "[limits.no-pasage]\nmax_drop = 0.1\n",
            "no attack of this suite is called 'no-pasage'",
        ),
        (CONFIGURATION + "[limits.family.ordr]\nmax_drop = 0.1\n", "did you mean 'order'?"),
        (
            CONFIGURATION + "[limits.ngram-shuffle.7]\nmax_drop = 0.1\n",
            "limits.ngram-shuffle: severity 7 came",
        ),
        (
            CONFIGURATION + "[[known_failures]]\nattack = 'passage-word-shuffle'\nuntil = 2020-01-01\n"
            "owner = 'Nora'\nreason = 'later'\n",
            "it was expected until 2020-01-01, and that day is over; Nora has to mend",
        ),
    ],
)
def test_a_bad_configuration_is_one_paragraph_and_a_usage_error(project, configuration, told):
    project.write("robustness.toml", configuration)
    done = project.run("--robustness")
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert told in done.out
    assert "Traceback" not in done.out
    assert len(done.out.strip().splitlines()) == 1


def test_asking_without_a_configuration_is_a_usage_error(project):
    (project.path / "robustness.toml").unlink()
    done = project.run("--robustness")
    assert (done.code, "write it, or give its path" in done.out) == (pytest.ExitCode.USAGE_ERROR, True)


def test_data_that_cannot_be_read_makes_every_check_an_error_told_in_a_paragraph(project):
    done = project.run("--robustness", "--robustness-data", "jsonl:none.jsonl")
    assert done.counts == {"error": len(ENDS)}
    assert "Traceback" not in done.out
    assert done.out.count("INVALID    ") == len(ENDS)


def test_how_a_checkpoint_is_asked_comes_from_repeated_flags(project):
    asked = ("--robustness-model-arg", "kind=causal", "--robustness-model-arg", "likelyhood=raw")
    done = project.run("--robustness", "-k", "foreign", *asked, ROBUSTNESS_MODEL="stories-bert")
    assert "did you mean 'likelihood'?" in done.out
    assert "Traceback" not in done.out


def test_a_fault_of_the_model_keeps_its_stack_and_is_not_tried_again(project):
    done = project.run("--robustness", "-k", "shuffle", ROBUSTNESS_MODEL="model:broken")
    assert done.out.count("RuntimeError: no such weights") == 2  # the stack, and its line in the summary
    assert "it broke off before it was finished" in done.out


CHECKED = (
    CONFIGURATION
    + """
no_text = true
undecided = "{undecided}"
[limits]
family.insertion.max_drop = 0.01
ngram-shuffle.2.max_margin_retained = 0.5
[[known_failures]]
attack = "passage-word-shuffle"
until = 2999-12-31
owner = "Nora"
reason = "retraining is planned"
"""
)


def test_limits_known_failures_and_hidden_text_come_from_the_file(project):
    project.write("robustness.toml", CHECKED.format(undecided="fail"))
    done = project.run(
        "--robustness",
        "-rx",
        "--junitxml=junit.xml",
        "--deselect",
        "robustness.toml::evidence-deleted[1]",
    )
    assert done.counts == {"failed": 3, "skipped": 1, "xfailed": 1, "deselected": 1}, done.out
    ends = {name: properties(case)["robustness_status"] for name, case in done.cases().items()}
    assert ends["foreign-sentence[1]"] == "undecided"  # the family's limit, over the plan's
    assert ends["ngram-shuffle[2]"] == "fail"
    assert "known failure until 2999-12-31 (Nora): retraining is planned" in done.out
    assert "~ngram-shuffle.2" in done.out
    assert " took " not in done.out


def test_an_undecided_check_passes_where_that_is_agreed_and_fails_under_runxfail(project):
    project.write("robustness.toml", CHECKED.format(undecided="pass"))
    assert project.run("--robustness", "-k", "addsent2pas").counts == {"passed": 1, "deselected": 5}
    project.write("robustness.toml", CHECKED.format(undecided="xfail"))
    assert project.run("--robustness", "-k", "addsent2pas", "--runxfail").counts["failed"] == 1


HOOKS = """
from dataclasses import replace
from robustness.domain import Status

def pytest_robustness_model(config):
    return "stub:constant"

def pytest_robustness_verdict(verdict):
    if verdict.status is Status.UNDECIDED:
        return replace(verdict, status=Status.FAIL, reason="not good enough for us")
"""


def test_hooks_give_the_model_and_replace_a_verdict(project):
    project.write("conftest.py", HOOKS)
    done = project.run("--robustness", "-k", "addsent2pas", "--robustness-output", "kept")
    assert done.counts == {"failed": 1, "deselected": 5}, done.out
    assert "not good enough for us" in done.out
    assert "model stub:constant" in done.out
    assert (project.path / "kept" / "manifest.json").is_file()
    assert done.loads == 0
    again = project.run("--robustness", "-k", "foreign", "--robustness-output", "kept")
    assert "runs are never rewritten" in again.out
    flag = project.run("--robustness", "-k", "foreign", "--robustness-model", "model:make")
    assert (flag.counts["passed"], flag.loads) == (1, 1)  # the command line outranks the hook


FIXTURE = """
import pytest
from attacks import OWNER

@pytest.mark.parametrize("attack", ["foreign-sentence", "nota-as-distractor"])
def test_holds(robustness_check, attack):
    assert robustness_check(attack, max_drop=0.2).n == 40

def test_configured(robustness_check):
    robustness_check("foreign-sentence")

def test_misses(robustness_check):
    robustness_check("passage-word-shuffle", max_margin_retained=0.5)

def test_misses_as_an_assertion(robustness_check):
    with pytest.raises(AssertionError, match=r"^FAIL no-passage"):
        robustness_check("no-passage", max_margin_retained=0.1)

def test_undecided(robustness_check):
    robustness_check("foreign-sentence", max_drop=0.01)

def test_not_measured(robustness_check):
    robustness_check("evidence-deleted", max_drop=0.1)

@pytest.mark.parametrize(("attack", "limits"), [("ngram-shuffle", {}), ("no-pasage", {"max_drop": 1}),
                                                ("no-passage", {"max_drp": 1}), (None, {"max_drop": 1}),
                                                ("no-passage", {"severity": "1", "max_drop": 0.1})])
def test_mistaken(robustness_check, attack, limits):
    with pytest.raises(pytest.fail.Exception, match="^robustness_check: "):
        robustness_check(attack, **limits)

@pytest.mark.parametrize("limit", [5, -1, True, "0.1", None, float("nan"), float("inf")])
def test_no_fraction(robustness_check, limit):
    with pytest.raises(pytest.fail.Exception, match="a fraction in .0, 1. is needed; 5 % is 0.05"):
        robustness_check("foreign-sentence", max_drop=limit)

def test_mistyped(robustness_check):
    robustness_check("no-pasage", max_drop=1)
"""


@pytest.mark.parametrize(
    "workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.slow)], ids=["alone", "two workers"]
)
def test_the_fixture_judges_inside_a_test(project, workers):
    project.write("test_mine.py", FIXTURE)
    done = spawn(project.path, *workers) if workers else project.run()
    assert done.counts == {"passed": 16, "failed": 3, "undecided": 1}, done.out
    assert "\nrobustness_check: INVALID evidence-deleted[1]" in done.out
    assert "\nrobustness_check: no attack is called 'no-pasage'; did you mean 'no-passage'?" in done.out
    assert "Error: no attack" not in done.out  # a paragraph, no stack
    assert "During handling" not in done.out  # and told once
    assert "AssertionError: FAIL passage-word-shuffle[1]" in done.out
    assert done.loads == 3  # the suite, and two attacks that are not in it


GUESSER = """
import pytest

@pytest.fixture(scope="session")
def robustness_model():
    return "stub:constant"

@pytest.mark.parametrize("limits", [{}, {"max_drop": 0.2}])
def test_holds(robustness_check, limits):
    robustness_check("foreign-sentence", **limits)
"""


def test_who_guesses_passes_nothing_by_losing_nothing(project):
    project.write("test_mine.py", GUESSER)
    done = project.run()
    assert done.counts == {"failed": 2}, done.out
    assert done.out.count("clean accuracy is not clearly above chance") >= 2


OVERRIDDEN = """
import pytest

@pytest.fixture(scope="session")
def robustness_model():
    return "stub:longest"

@pytest.fixture(scope="session")
def robustness_data():
    return "jsonl:mine.jsonl"

def test_mine(robustness_check):
    assert robustness_check("foreign-sentence", min_applicable=0.3).accuracy.value < 0.9
"""


def test_a_test_suite_without_configuration_brings_model_and_data_as_fixtures(project):
    (project.path / "robustness.toml").unlink()
    project.write("test_mine.py", OVERRIDDEN)
    done = project.run(ROBUSTNESS_SUITE="checks.toml")
    assert done.counts == {"passed": 1}, done.out


def test_too_few_passages_never_pass(project):
    project.write("mine.jsonl", rows(8))
    done = project.run("--robustness", "--junitxml=junit.xml")
    ends = Counter(properties(case)["robustness_status"] for case in done.cases().values())
    assert ends == {"undecided": 3, "invalid": 1, "unjudged": 2}
    assert "at least 30 are needed" in done.out


def test_nothing_passes_where_a_clean_question_was_not_measured(warm):
    check = ("foreign-sentence", 1)
    verdicts = verdicts_of(warm, check)
    assert gate(warm, check, verdicts).status is Status.PASS
    gappy = replace(warm, clean=replace(warm.clean, invalid=1))
    judged = gate(gappy, check, verdicts)
    assert judged.status is Status.INVALID
    assert judged.line.endswith("1 clean question not measured")


def test_limits_of_a_test_are_no_way_around_what_takes_a_verdict_back(warm):
    check, limits = ("foreign-sentence", 1), {"min_accuracy": 0.0}
    assert [v.status for v in verdicts_of(warm, check, limits=limits)] == [Status.PASS]
    untrained = replace(warm, environment={**warm.environment, "exploratory": "it was never trained"})
    (never,) = verdicts_of(untrained, check, limits=limits)
    assert (never.status, "never trained" in never.reason) == (Status.INVALID, True)
    attacks = tuple(replace(a, visible_share=0.2) if a.name == check[0] else a for a in warm.attacks)
    (unseen,) = verdicts_of(replace(warm, attacks=attacks), check, limits=limits)
    assert (unseen.status, "saw 20% of" in unseen.reason) == (Status.INVALID, True)


def test_a_failure_outranks_a_pass_of_the_same_check(warm):
    check = ("passage-word-shuffle", 1)
    verdicts = verdicts_of(warm, check, limits={"min_applicable": 0.5, "max_margin_retained": 0.5})
    judged = gate(warm, check, verdicts)
    assert judged.status is Status.FAIL
    assert dict(judged.properties)["robustness_kind"] == "max_margin_retained"
    assert "pass: min_applicable" in judged.message


def test_a_known_failure_speaks_only_where_nothing_else_fell_short(warm):
    check = ("passage-word-shuffle", 1)
    (failed,) = verdicts_of(warm, check)
    known = replace(failed, known_failure="until 2999-12-31 (Nora): later")
    judged = gate(warm, check, (known,))
    assert (judged.status, judged.known_failure) == (Status.FAIL, known.known_failure)
    assert dict(judged.properties)["robustness_note"] == "known failure until 2999-12-31 (Nora): later"
    worse = gate(warm, check, (known, replace(failed, check="max_drop")))
    assert (worse.status, worse.known_failure) == (Status.FAIL, "")
    assert dict(worse.properties)["robustness_kind"] == "max_drop"
    lost = gate(warm, check, (known, replace(failed, check="max_drop", status=Status.INVALID)))
    assert (lost.status, lost.known_failure) == (Status.INVALID, "")


def test_a_gate_shows_how_it_was_looked_at_and_against_what(warm):
    check = ("passage-word-shuffle", 1)
    (failed,) = verdicts_of(warm, check)
    shown = replace(
        failed, gate="anytime", step=31, baseline="mine", p_value=0.0001, p_adjusted=0.0004, limit=0.02
    )
    judged = gate(warm, check, (shown,))
    for part in (
        "baseline mine",
        "anytime gate, decided after 31 passages",
        "p <0.001 after Holm",
        "2.0 points above",
    ):
        assert part in judged.line
    told = dict(judged.properties)
    assert (told["robustness_gate"], told["robustness_step"]) == ("anytime", 31)
    assert (told["robustness_baseline"], told["robustness_p_adjusted"]) == ("mine", 0.0004)


BASELINE = (
    CONFIGURATION
    + """
output = "reports/new"
[limits.foreign-sentence.baseline]
min_accuracy = 0.10
"""
)


def test_a_baseline_limit_is_judged_against_the_run_that_was_asked_for(project):
    project.write("robustness.toml", BASELINE)
    asked = ("--robustness", "-k", "foreign", "--robustness-baseline", "auto")
    missing = project.run(*asked)
    assert "baseline 'auto': no such finished run of suite" in missing.out
    assert missing.counts["error"] == 1
    first = project.run(
        *asked, "--robustness-on-missing-baseline", "skip", "--robustness-output", "reports/old"
    )
    assert first.counts["passed"] == 1, first.out
    second = project.run(*asked, "--robustness-model", "stub:longest", "--junitxml=junit.xml")
    assert second.counts["failed"] == 1, second.out
    told = properties(second.cases()["foreign-sentence[1]"])
    assert told["robustness_kind"] in {"min_accuracy", "max_drop"}
    manifest = json.loads((project.path / "reports" / "new" / "manifest.json").read_text())
    assert (manifest["baseline"]["run"], manifest["baseline"]["model"]["name"]) == ("old", "mine")
    without = project.run("--robustness", "-k", "foreign", "--robustness-output", "reports/none")
    assert "give --baseline" in without.out
    assert without.counts["error"] == 1


def test_a_run_that_is_not_kept_finds_its_baseline_in_reports(project):
    project.write("robustness.toml", BASELINE)
    skip = ("--robustness-on-missing-baseline", "skip")
    assert project.run("--robustness", "-k", "foreign", *skip).counts["passed"] == 1
    project.write("robustness.toml", BASELINE.replace('output = "reports/new"', ""))
    project.write(
        "test_mine.py",
        "def test_mine(robustness_check):\n"
        "    robustness_check('foreign-sentence')\n"
        "    robustness_check('nota-as-distractor', max_drop=0.2)  # its own suite: no baseline\n",
    )
    done = project.run("test_mine.py", ROBUSTNESS_BASELINE="auto")
    assert done.counts == {"passed": 1}, done.out


def test_flags_start_at_the_current_folder_and_keys_at_the_files(project, monkeypatch):
    (project.path / "elsewhere").mkdir()
    (project.path / "mine.jsonl").rename(project.path / "elsewhere" / "theirs.jsonl")
    monkeypatch.chdir(project.path / "elsewhere")
    done = project.run("../robustness.toml", "-k", "foreign", "--robustness-data", "jsonl:theirs.jsonl")
    assert done.counts["passed"] == 1, done.out


def test_a_run_is_made_once_and_its_failure_is_told_to_all(tmp_path):
    calls = []

    def fail(folder):
        calls.append(folder)
        raise DataError("mine.jsonl: nothing is there")

    for _ in range(2):
        with pytest.raises(RobustnessError, match=r"^mine\.jsonl: nothing is there$"):
            once(tmp_path, "key", fail)
    assert calls == [tmp_path / "key"]
