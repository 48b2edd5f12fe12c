"""What a browser shows of a report and of a comparison."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from robustness.domain import Run, Suite
from robustness.reports.summarise import summarise
from robustness.reports.to_html import to_html
from robustness.results import Judgement
from tests.browser.conftest import Open
from tests.reports.conftest import judgement, run, suite  # noqa: F401 - fixtures
from tests.reports.hostile import HOSTILE
from tests.reports.test_artefacts import reworded

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

BOTH = ["report", "compare"]
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


def brightness(page: Page, what: str) -> float:
    colour = page.evaluate(f"getComputedStyle(document.body).{what}")
    return sum(map(float, colour[colour.index("(") + 1 : -1].split(",")[:3])) / (3 * 255)


def visible_items(page: Page) -> list[str]:
    conditions: list[str] = page.locator(".item:visible").evaluate_all(
        "(all) => all.map((one) => one.dataset.condition)"
    )
    return conditions


@pytest.mark.parametrize("name", BOTH)
def test_a_page_opens_from_disk_with_no_request_and_no_complaint(pages, open_page: Open, name: str):
    tab = open_page(pages[name])
    tab.page.evaluate(UNFOLD)
    assert tab.page.locator("h1").inner_text().endswith(".")
    assert tab.requests == [pages[name].as_uri()]
    assert tab.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", BOTH)
def test_an_accessibility_check_finds_nothing_with_all_unfolded(
    pages, open_page: Open, screenshots: Path, name: str, look: str
):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page = open_page(pages[name], **LOOKS[look]).page
    page.screenshot(path=screenshots / f"{name}-{look}.png", full_page=True)
    if name == "report":
        # All items are made alike, so those of one condition stand for all.
        page.get_by_label("Condition").select_option("c1")
    page.evaluate(UNFOLD)
    found = axe.Axe().run(page).response
    assert len(found["passes"]) > 15
    assert [(v["impact"], v["id"], v["nodes"][0]["html"][:200]) for v in found["violations"]] == []
    page.screenshot(path=screenshots / f"{name}-{look}-unfolded.png", full_page=True)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", BOTH)
def test_nothing_sticks_out_to_the_side(pages, open_page: Open, name: str, look: str):
    page = open_page(pages[name], **LOOKS[look]).page
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", BOTH)
def test_dark_mode_is_dark_and_light_mode_is_light(pages, open_page: Open, name: str):
    page = open_page(pages[name], color_scheme="dark").page
    assert brightness(page, "backgroundColor") < 0.2 < 0.8 < brightness(page, "color")
    page.emulate_media(color_scheme="light")
    assert brightness(page, "backgroundColor") > 0.9 > 0.3 > brightness(page, "color")


@pytest.mark.parametrize("name", BOTH)
def test_paper_is_white_and_shows_what_is_folded(pages, open_page: Open, screenshots: Path, name: str):
    page = open_page(pages[name], color_scheme="dark").page
    folded = page.locator("main details:not([open]) table").first
    assert not folded.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    assert brightness(page, "backgroundColor") == 1
    assert folded.is_visible()
    assert page.locator("nav:visible, #item-filter:visible").count() == 0
    paper = page.pdf(path=screenshots / f"{name}.pdf", print_background=True)
    assert paper.startswith(b"%PDF")


def test_a_search_narrows_the_items_and_clear_brings_them_back(pages, open_page: Open):
    page = open_page(pages["report"]).page
    before = len(visible_items(page))
    assert before == 25
    name = page.locator(".item").nth(3).locator("p.small code").text_content()
    assert name
    page.get_by_label("Search").fill(name.upper())
    assert len(visible_items(page)) == 1
    assert page.get_by_role("status").inner_text().startswith("1 of 1 items that fit")
    page.get_by_label("Search").fill("no item says this")
    assert visible_items(page) == []
    assert page.get_by_role("status").inner_text().startswith("No item fits")
    page.get_by_role("button", name="Clear").click()
    assert len(visible_items(page)) == before


def test_filters_work_together(pages, open_page: Open):
    page = open_page(pages["report"]).page
    page.get_by_label("Condition").select_option("c1")
    assert set(visible_items(page)) == {"c1"}
    several = len(visible_items(page))
    page.get_by_label("What became of it").select_option("lost")
    assert 0 < len(visible_items(page)) < several
    assert page.locator(".item:visible .badge", has_text="lost").count() == len(visible_items(page))


def test_more_items_come_when_asked_for(pages, open_page: Open):
    page = open_page(pages["report"]).page
    page.get_by_role("button", name="Show all").click()
    assert len(visible_items(page)) == page.locator(".item").count() > 25


def test_an_item_unfolds_to_clean_and_changed_side_by_side_with_marks(pages, open_page: Open):
    page = open_page(pages["report"]).page
    page.get_by_label("Condition").select_option("c1")
    item = page.locator(".item:visible").first
    assert not item.locator("table").is_visible()
    item.locator("summary").click()
    clean, changed = item.locator(".pair > div").all()
    left, right = clean.bounding_box(), changed.bounding_box()
    assert left
    assert right
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    assert changed.locator("mark").is_visible()
    assert item.get_by_role("table").get_by_text("chosen").count() >= 2


def test_a_condition_leads_to_its_items_and_back_to_its_card(pages, open_page: Open):
    page = open_page(pages["report"]).page
    page.locator("#attack ~ table a").nth(1).click()
    card = page.locator("#c1")
    assert card.evaluate("(one) => one.open")
    card.get_by_role("link", name="one by one").click()
    assert set(visible_items(page)) == {"c1"}
    assert page.locator("#i1").evaluate("(one) => one.open")


def test_all_is_there_without_a_script(pages, open_page: Open):
    page = open_page(pages["report"], java_script_enabled=False).page
    assert not page.locator("#item-filter").is_visible()
    assert page.locator(".item:visible").count() == page.locator(".item").count() > 25
    page.locator(".item summary").first.click()
    assert page.locator(".item table").first.is_visible()


def test_the_keyboard_reaches_the_results_and_unfolds_a_card(pages, open_page: Open):
    page = open_page(pages["report"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    assert page.locator(".skip").is_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")


def test_charts_are_drawn_with_their_words(pages, open_page: Open):
    page = open_page(pages["report"]).page
    charts = page.locator("figure svg.chart")
    said = charts.evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))")
    assert [words.split(",")[0].split(".")[0] for words in said] == [
        "keyboard-typos",
        "Share right against the model's own probability",
        "Share of wrong answers against the share answered",
    ]
    for chart in charts.all():
        box = chart.bounding_box()
        assert box
        assert min(box["width"], box["height"]) > 150


def test_hostile_text_runs_nothing_and_loads_nothing(
    open_page: Open,
    tmp_path: Path,
    suite: Suite,  # noqa: F811
    run: Run,  # noqa: F811
    judgement: Judgement,  # noqa: F811
):
    text = " ".join(["<script>alert(1)</script>", *HOSTILE.values()])
    summary = summarise(replace(reworded(suite, text), name=text, data=text), run, judgement)
    file = tmp_path / "hostile.html"
    file.write_text(to_html(replace(summary, headline=text)), encoding="utf-8")
    tab = open_page(file)
    tab.page.evaluate(UNFOLD)
    assert tab.page.locator("h1").inner_text().startswith("<script>alert(1)</script>")
    assert tab.complaints == []
    assert tab.requests == [file.as_uri()]


def test_the_policy_stops_what_markup_of_others_would_do(pages, open_page: Open, tmp_path: Path):
    page = pages["report"].read_text(encoding="utf-8")
    evil = (
        "<script>alert(1)</script><p style='color:red'>"
        "<img src='http://127.0.0.1:9/x.png' onerror='alert(2)'>"
    )
    file = tmp_path / "evil.html"
    file.write_text(page.replace("<h1>", f"{evil}<h1>"), encoding="utf-8")
    tab = open_page(file)
    assert tab.blocked == ["http://127.0.0.1:9/x.png: csp"]
    assert len(tab.complaints) >= 3
    assert all("Content Security Policy" in complaint for complaint in tab.complaints)
