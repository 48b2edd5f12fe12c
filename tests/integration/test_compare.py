"""`robustness compare`, `runs` and `report --report` as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reports.stored_runs import ATTACK, keep, questions

ROOT = Path(__file__).parents[2]
Command = Callable[..., Any]
WELL = [True] * 60 + [False] * 20
BADLY = [True] * 30 + [False] * 50


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    suite = questions()
    for day, (name, right) in enumerate({"old": WELL, "new": BADLY, "same": WELL}.items(), 1):
        keep(
            tmp_path / "reports" / name,
            suite,
            right,
            tag=f"tag-{name}",
            created=f"2026-03-0{day}T10:00:00+00:00",
        )
    return tmp_path / "reports"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("old", "new"), 0),
        (("old", "new", "--fail-on", "worse"), 1),
        (("old", "new", "--fail-on", "undecided"), 1),
        (("new", "old", "--fail-on", "worse"), 0),
        (("old", "same", "--fail-on", "worse"), 0),
        (("old", "same", "--fail-on", "undecided"), 4),
        (("old", "same", "--fail-on", "undecided", "--margin", "0.2"), 0),
        (("old", "same", "new", "--fail-on", "worse"), 1),
    ],
)
def test_fail_on_says_what_ends_a_comparison_with_another_code_than_0(
    command: Command, reports: Path, words: tuple[str, ...], code: int
):
    assert command("compare", *words).code == code


def test_what_was_not_measured_never_looks_like_nothing_worse(command: Command, reports: Path):
    keep(reports / "empty", questions(), [None] * 80, tag="empty")
    assert command("compare", "old", "empty", "--fail-on", "worse").code == 3
    assert command("compare", "old", "empty").code == 0


def test_a_run_that_scored_only_what_it_gets_right_is_not_taken_for_none_the_worse(
    command: Command, reports: Path
):
    half = [True if right else None for right in BADLY]
    keep(reports / "half", questions(), half, tag="half")
    said = command("compare", "old", "half", "--fail-on", "worse")
    assert (said.code, "Up to 50 items of a condition left out" in " ".join(said.out.split())) == (3, True)


@pytest.mark.parametrize(
    ("around", "kind"), [({"exploratory": "no head"}, "exploratory"), ({"partial": "part 1 of 2"}, "partial")]
)
def test_a_run_that_can_carry_no_verdict_says_so_in_every_format_and_passes_no_gate(
    command: Command, reports: Path, tmp_path: Path, around: dict[str, str], kind: str
):
    keep(reports / "unfit", questions(), [True] * 80, tag="unfit", environment=around)
    formats = ("html", "md", "comment", "json", "csv")
    targets = [word for name in formats for word in ("--report", f"{name}:out/c.{name}")]
    said = command("compare", "new", "unfit", "--fail-on", "worse", *targets)
    assert said.code == 3
    assert f"unfit is {kind}, so nothing" in " ".join(said.out.split())
    for name in formats:
        text = (tmp_path / "out" / f"c.{name}").read_text(encoding="utf-8")
        assert kind in text, name
    turned = command("compare", "unfit", "new", "--fail-on", "undecided")
    assert (turned.code, kind in turned.out) == (1, True)


def test_a_run_is_found_by_folder_name_path_and_tag(command: Command, reports: Path):
    for words in (
        ("old", "new"),
        ("reports/old", "reports/new"),
        ("tag-old", "tag-new"),
        ("a=old", "b=tag-new"),
    ):
        assert "1 of 2 conditions" in command("compare", *words).out.replace("\n", " "), words


def test_every_format_is_written_and_named(command: Command, reports: Path, tmp_path: Path):
    targets = [
        word for name in ("html", "md", "json", "csv") for word in ("--report", f"{name}:out/c.{name}")
    ]
    said = command("compare", "old", "new", *targets)
    assert said.code == 0, said.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"c.html", "c.md", "c.json", "c.csv"}
    assert said.err.count("wrote out/c.") == 4
    assert json.loads(command("compare", "old", "new", "--json").out) == json.loads(
        (tmp_path / "out" / "c.json").read_text(encoding="utf-8")
    )


def test_a_format_that_there_is_not_lists_those_there_are_before_any_work(command: Command, reports: Path):
    said = command("compare", "none", "at-all", "--report", "docx:x")
    assert said.code == 2
    assert "comment, csv, html, json, md" in said.err


def test_seeds_are_named_by_commas_or_by_a_flag(command: Command, reports: Path):
    keep(reports / "seed", questions(), [True] * 50 + [False] * 30)
    first = command("compare", "old", "model=new,seed", "--json")
    second = command("compare", "old", "--seeds-of", "model=new,seed", "--json")
    assert first.code == second.code == 0
    assert first.out == second.out
    assert [len(one["runs"]) for one in json.loads(first.out)["contestants"]] == [2]


def test_runs_of_different_suites_are_refused_with_what_to_do(command: Command, reports: Path):
    keep(reports / "other", questions(fingerprint="cd"), WELL)
    said = command("compare", "old", "other")
    assert said.code == 2
    assert "--allow-different-suites" in said.err
    assert command("compare", "old", "other", "--allow-different-suites").code == 0


def test_a_run_that_was_changed_is_refused(command: Command, reports: Path):
    (reports / "new" / "summary.json").write_text("{}")
    said = command("compare", "old", "new")
    assert said.code == 3
    assert "summary.json is not the file that was written" in said.err


def test_the_trend_is_drawn_over_the_runs_oldest_first(command: Command, reports: Path):
    said = command("runs", "--trend", ATTACK)
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()[1:4]] == ["old", "new", "same"]
    assert said.out.splitlines()[-1] == f"{ATTACK}, oldest to newest: █▁█"


def test_a_finished_run_is_written_again_in_every_format(command: Command, reports: Path, tmp_path: Path):
    names = ("html", "md", "json", "junit", "csv", "items", "card")
    targets = [word for name in names for word in ("--report", f"{name}:out/{name}")]
    said = command("report", "reports/old", *targets)
    assert said.code == 0, said.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(names)
    for name, kept in {"html": "report.html", "md": "report.md", "json": "summary.json"}.items():
        assert (tmp_path / "out" / name).read_bytes() == (reports / "old" / kept).read_bytes()
    assert (tmp_path / "out" / "items").read_text(encoding="utf-8").count("\n") == 161


def test_a_model_card_that_is_there_is_added_to(command: Command, reports: Path, tmp_path: Path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n", encoding="utf-8")
    assert command("report", "reports/old", "--report", "card:README.md").code == 0
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: mit\nmodel-index:")
    assert "# Mine\n" in card


def test_a_claim_that_cannot_be_made_is_refused_and_writes_nothing(
    command: Command, reports: Path, tmp_path: Path
):
    said = command("report", "reports/old", "--report", "eval-results:x.yaml")
    assert said.code == 3
    assert "a data set of the Hub at a known commit is needed" in said.err
    assert not (tmp_path / "x.yaml").exists()


ELSEWHERE = (
    {"LC_ALL": "C", "TZ": "UTC", "COLUMNS": "80", "PYTHONHASHSEED": "1", "PYTHONUTF8": "0"},
    {"LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu", "COLUMNS": "200", "PYTHONHASHSEED": "2", "PYTHONUTF8": "1"},
)


@pytest.mark.slow
def test_reports_are_the_same_bytes_under_another_locale_time_zone_width_and_hash_seed(
    reports: Path, tmp_path: Path
):
    one = [
        f"{name}:{{}}/one.{name}"
        for name in ("html", "md", "comment", "json", "junit", "csv", "items", "card")
    ]
    two = [f"{name}:{{}}/two.{name}" for name in ("html", "md", "comment", "json", "csv")]
    for place, environment in enumerate(ELSEWHERE):
        for words, targets in ((("report", "reports/old"), one), (("compare", "old", "new"), two)):
            asked = [word for target in targets for word in ("--report", target.format(f"out{place}"))]
            subprocess.run(
                [sys.executable, "-m", "robustness", *words, *asked],
                cwd=tmp_path,
                env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
                capture_output=True,
                check=True,
            )
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / f"out{n}").iterdir()} for n in (0, 1))
    assert len(first) == len(one) + len(two)
    assert first == second
