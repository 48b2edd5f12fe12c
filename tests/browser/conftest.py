"""A real browser, and two pages to look at: a run's report and a comparison, made by the command line.

Tests here are skipped, with the reason, where no browser is found. `ROBUSTNESS_BROWSER` names one;
`ROBUSTNESS_SCREENSHOTS` says where pictures go.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from robustness.cli import main
from robustness.neurons.summary import from_json
from robustness.reports.store import read_run
from robustness.reports.to_html import to_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

KNOWN = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HINT = "`make browser` installs one where it can; ROBUSTNESS_BROWSER=PATH names another"
PLAN = """
name = "pages"
description = "What a page can show: all polarities, several severities, limits that hold and that break."
control = "foreign-sentence"
check = [
    { attack = "foreign-sentence", limits = { max_drop = 0.05 }, reason = "Nothing that is asked changes." },
    { attack = "addsent2pas-shuffle", limits = { max_drop = 0.10 } },
    { attack = "keyboard-typos", severities = [1, 2, 3], limits = { max_drop = 0.10 } },
    { attack = "nota-as-distractor" },
    { attack = "passage-word-shuffle", limits = { max_margin_retained = 0.50 } },
    { attack = "options-only", limits = { max_margin_retained = 0.25 } },
    { attack = "gold-removed", limits = { min_auroc = 0.60 } },
]
"""
NEURONS = Path(__file__).parents[2] / "reports" / "examples" / "dream-minilm" / "neurons.json"
_SHOTS = pytest.StashKey[Path]()


@dataclass
class Tab:
    """An open page and what it did since it was opened."""

    page: Page
    requests: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    """Requests that did not go out, with the reason."""
    complaints: list[str] = field(default_factory=list)
    """Console errors and warnings, errors of scripts, dialogs."""

    def dismissed(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()


Open = Callable[..., Tab]


def _found() -> str | None:
    named = os.environ.get("ROBUSTNESS_BROWSER")
    return named or next(filter(None, map(shutil.which, KNOWN)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    reason = f"playwright is not installed (pip install -e '.[dev]'); {HINT}"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    path = _found()
    if path is None:
        pytest.skip(f"no Chromium is on the path; {HINT}")
    with playwright.sync_playwright() as running:
        # Root, as in containers, has no sandbox; the pages are our own files.
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        made = running.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        yield made
        made.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report, with an analysis of neurons of another model, and the comparison, as files."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "pages.toml").write_text(PLAN, encoding="utf-8")
    asked = ["--data", "stories:test?passages=16", "--suite", str(folder / "pages.toml"), "--no-cache", "-q"]
    for name in ("overlap", "longest"):
        _ran("check", "--model", f"stub:{name}", *asked, "-o", str(folder / name))
    compared = folder / "compare.html"
    _ran("compare", str(folder / "overlap"), str(folder / "longest"), "--report", f"html:{compared}")
    report = folder / "report.html"
    analysis = from_json(NEURONS.read_text(encoding="utf-8"))
    report.write_text(to_html(read_run(folder / "overlap"), neurons=analysis), encoding="utf-8")
    return {"report": report, "compare": compared}


def _ran(*arguments: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["robustness", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code in {None, 0, 1, 3, 4}


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a file in a tab of its own; keyword arguments are those of a browser context."""
    contexts = []

    def opened(path: Path, **settings: Any) -> Tab:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings)
        contexts.append(context)
        tab = Tab(context.new_page())
        tab.page.on("request", lambda request: tab.requests.append(request.url))
        tab.page.on("requestfailed", lambda r: tab.blocked.append(f"{r.url}: {r.failure}"))
        tab.page.on("console", lambda said: tab.complaints.append(f"{said.type}: {said.text}"))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.on("dialog", tab.dismissed)
        tab.page.goto(path.as_uri())
        return tab

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def screenshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go, for people to look at."""
    named = os.environ.get("ROBUSTNESS_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    request.config.stash[_SHOTS] = folder
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    folder = config.stash.get(_SHOTS, None)
    if folder is not None:
        terminalreporter.write_line(f"screenshots of the pages: {folder}")
