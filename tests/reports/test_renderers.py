from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from robustness.domain import Run, Suite
from robustness.errors import OutputError, UsageError
from robustness.reports import renderers
from robustness.reports.renderers import RENDERERS, renderer, report_target, write_report
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_markdown import to_markdown
from robustness.results import Judgement


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement)


def plug(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    plugged = [EntryPoint(name, value, renderers.GROUP) for name, value in entries]
    monkeypatch.setattr(renderers, "entry_points", lambda **wanted: EntryPoints(plugged).select(**wanted))


@pytest.mark.parametrize("name", sorted(RENDERERS.keys() - {"eval-results"}))
def test_every_format_of_the_table_renders(summary: Summary, name: str):
    assert summary.model.name in renderer(name)(summary)


def test_an_unknown_format_lists_the_known_ones():
    with pytest.raises(
        UsageError,
        match=r"'htm'; did you mean 'html'.* known: card, comment, csv, eval-results, html, items, json, j",
    ):
        renderer("htm")


@pytest.mark.parametrize("spec", ["md", "md:", "report.md"])
def test_a_target_without_a_path_is_refused(spec: str):
    with pytest.raises(UsageError, match="FORMAT:PATH"):
        report_target(spec)


def test_a_report_lands_where_it_was_asked_for(summary: Summary, tmp_path: Path):
    path = write_report(f"md:{tmp_path}/new/report.md", summary, tmp_path)
    assert path.read_text(encoding="utf-8") == to_markdown(summary)
    assert [p.name for p in path.parent.iterdir()] == ["report.md"]


def test_an_unwritable_path_is_an_output_error_and_leaves_nothing(summary: Summary, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another path"):
        write_report(f"md:{tmp_path}/file/report.md", summary, tmp_path)


def test_a_folder_in_the_way_is_an_output_error_and_leaves_nothing(summary: Summary, tmp_path: Path):
    (tmp_path / "report.md").mkdir()
    with pytest.raises(OutputError):
        write_report(f"md:{tmp_path}/report.md", summary, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_a_plugged_in_format_is_found_by_name(monkeypatch: pytest.MonkeyPatch):
    plug(monkeypatch, ("mine", "robustness.reports.to_markdown:to_markdown"))
    assert renderer("mine") is to_markdown


def test_two_owners_of_one_format_are_both_named(monkeypatch: pytest.MonkeyPatch):
    plug(monkeypatch, ("mine", "a:b"), ("mine", "c:d"))
    with pytest.raises(UsageError, match="a:b, c:d"):
        renderer("mine")


def test_a_format_that_does_not_load_names_its_owner(monkeypatch: pytest.MonkeyPatch):
    plug(monkeypatch, ("mine", "no_such_module_here:render"))
    with pytest.raises(UsageError, match="no_such_module_here:render"):
        renderer("mine")
