from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from robustness.domain import Polarity, Run, Status, Suite
from robustness.neurons.summary import from_json
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_html import to_html
from robustness.results import Judgement

VOID = {"meta", "br", "input"}


class Page(HTMLParser):
    """Tags that balance, or an error; what the page links to; what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.drawings: list[dict[str, str | None]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "svg":
            self.drawings.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data)


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement, created="2026-03-01T10:00:00+00:00")


def test_the_page_is_balanced_and_loads_nothing(summary: Summary):
    text = to_html(summary)
    page = Page(text)
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(page.tags)
    assert not {"src", "action", "srcset", "style"} & {name for name, _ in page.attributes}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text


def test_every_link_leads_to_a_place_on_the_page(summary: Summary):
    page = Page(to_html(summary))
    ids = [value for name, value in page.attributes if name == "id"]
    links = {value for name, value in page.attributes if name == "href"}
    assert links
    assert len(ids) == len(set(ids))
    assert links <= {f"#{id_}" for id_ in ids}


def test_the_policy_names_our_style_and_our_script_and_nothing_else(summary: Summary):
    text = to_html(summary)
    page = Page(text)
    policy = next(v for n, v in page.attributes if n == "content" and str(v).startswith("default-src"))
    assert page.tags.count("style") == page.tags.count("script") == 1
    digests = {}
    for tag in ("style", "script"):
        inner = text.split(f"<{tag}>")[1].split(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        digests[tag] = f"{tag}-src 'sha256-{digest}'"
    wanted = ["default-src 'none'", *digests.values(), "base-uri 'none'", "form-action 'none'"]
    assert str(policy).split("; ") == wanted


def test_the_verdict_comes_first_then_clean_then_polarity_by_polarity(summary: Summary):
    header, said = to_html(summary).split('<main id="main">')
    assert html.escape(summary.headline) in header
    order = [
        '<h2 id="clean">Clean questions',
        "a careful reader still finds the answer",
        "What a reader needs is taken away",
        "No option can be known to be right",
        '<h2 id="data">Data checks',
        '<h2 id="sentinels">Sentinels',
        '<h2 id="provenance">Provenance',
    ]
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def test_tables_have_captions_and_scoped_headings(summary: Summary):
    page = Page(to_html(summary))
    assert page.tags.count("caption") == page.tags.count("table") > 0
    assert page.tags.count("th") == sum(name == "scope" for name, _ in page.attributes)


def test_every_drawing_says_in_words_what_it_shows_or_stands_beside_its_numbers(summary: Summary):
    page = Page(to_html(summary))
    assert page.drawings
    for attributes in page.drawings:
        said = attributes.get("aria-label") and attributes.get("role") == "img"
        assert bool(said) != (attributes.get("aria-hidden") == "true"), attributes
    assert "drop at most 10.0 points: 50.0 points" in {d.get("aria-label") for d in page.drawings}


def test_every_place_on_a_bar_lies_on_the_line(summary: Summary):
    places = re.findall(r'(?:cx|x1|x2|x)="([\d.-]+)%"', to_html(summary))
    assert places
    assert all(0 <= float(place) <= 100 for place in places)


def test_what_the_attack_wrote_is_marked(summary: Summary):
    assert "<mark> The lamp Leo home blue left.</mark>" in to_html(summary)


def test_sentences_are_set_apart(summary: Summary):
    assert not re.search(r"[a-z)][.;:][A-Z]", " ".join(Page(to_html(summary)).words))


def test_light_dark_and_print_are_styled(summary: Summary):
    text = to_html(summary)
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_an_undeclared_leak_stands_out(summary: Summary):
    assert '<span class="badge fail">undeclared</span>' in to_html(summary)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_renders(summary: Summary, status: Status):
    attacks = tuple(replace(a, status=status, reason="why") for a in summary.attacks)
    page = Page(to_html(replace(summary, status=status, attacks=attacks)))
    assert page.words.count(status.value) >= 4


def test_a_run_in_which_nothing_was_measured_renders(suite: Suite, run: Run, judgement: Judgement):
    none = replace(judgement.clean_accuracy, value=None, low=None, high=None)
    results = tuple(
        replace(r, n=0, drop=none, auroc=none, margin_retained=none, accuracy=none) for r in judgement.results
    )
    bare = replace(
        judgement,
        clean_accuracy=none,
        results=results,
        outcomes=(),
        verdicts=(),
        robust_accuracy=replace(judgement.robust_accuracy, worst_case=none, null=None, attacks=0),
        status=Status.INVALID,
    )
    said = " ".join(Page(to_html(summarise(replace(suite, audit={}), run, bare))).words)
    assert said.count("not measured") >= 3
    assert "None" not in said
    assert not re.search(r"\bnan\b", said)


def test_every_polarity_has_its_section(summary: Summary):
    attacks = tuple(replace(summary.attacks[0], polarity=polarity) for polarity in Polarity)
    text = to_html(replace(summary, attacks=attacks))
    assert all(f'<h2 id="{polarity}">' in text for polarity in Polarity)


def test_the_same_summary_gives_the_same_page(summary: Summary):
    assert to_html(summary) == to_html(summary)


@pytest.fixture
def compared(suite: Suite, run: Run, compared_judgement: Judgement) -> Summary:
    return summarise(suite, run, compared_judgement)


def test_known_failures_have_a_section_and_do_not_count_as_failed(compared: Summary):
    text = to_html(compared)
    said = " ".join(Page(text).words)
    assert '<h2 id="known">Known failures</h2>' in text
    assert "until 2027-03-31 (the reading team): retraining is under way" in said
    assert '<span class="badge fail">2 fail</span>' in text
    assert '<span class="badge none">1 known</span>' in text
    assert '<span class="badge none">known fail</span>' in text


def test_the_baseline_stands_in_a_table_of_its_own(compared: Summary):
    said = " ".join(Page(to_html(compared)).words)
    assert "Baseline: stub:oracle sha256:efefefef…." in said
    assert "drop at most 2.0 points above the baseline" in said
    assert "+12.5 points" in said


def test_details_are_closed_at_first_and_no_number_is_lost(compared: Summary):
    text = to_html(compared)
    assert "<details open" not in text
    for title in (
        "Gates and p-values",
        "Drops: significance and power",
        "Calibration and margins",
        "Favour for a place among the options",
    ):
        assert f"<summary><strong>{title}</strong></summary>" in text


def test_every_bar_of_a_difference_lies_on_its_line(compared: Summary):
    places = [float(place) for place in re.findall(r'(?:cx|x1|x2|x)="([\d.-]+)%"', to_html(compared))]
    assert places
    assert all(0 <= place <= 100 for place in places)


def test_why_the_limits_are_what_they_are_is_told(compared: Summary):
    assert "A reader skips what cannot be read." in to_html(compared)


NEURONS = Path(__file__).parents[2] / "reports" / "examples" / "dream-minilm" / "neurons.json"


def test_an_analysis_of_neurons_is_a_section_before_the_items(summary: Summary):
    text = to_html(summary, neurons=from_json(NEURONS.read_text(encoding="utf-8")))
    places = [text.index(part) for part in ('id="flips"', '<h2 id="neurons">', '<h2 id="items">')]
    assert places == sorted(places)
    assert 'href="#neurons"' in text
    assert not re.search(r"<[^>]* style=", text)  # the policy would drop it
    Page(text)
    assert 'id="neurons"' not in to_html(summary)


def test_items_say_what_became_of_them_and_can_be_filtered_by_it(summary: Summary):
    page = Page(to_html(summary))
    outcomes = [value for name, value in page.attributes if name == "data-outcome"]
    conditions = {value for name, value in page.attributes if name == "data-condition"}
    assert set(outcomes) == {"lost", "kept", "unanswerable"}
    assert conditions == {"c0", "c1", "c2"}
    assert len(outcomes) == len(summary.attacks) * 4


def test_a_condition_says_what_it_is_by_a_worked_example(suite: Suite, run: Run, judgement: Judgement):
    recipes = {
        "addsent2pas-shuffle": {
            "example": {"passage": "Ann sat.", "options": ["a", "b"]},
            "after": {"passage": "Ann sat. No one.", "options": ["b", "a"]},
        }
    }
    text = to_html(summarise(replace(suite, plan={**suite.plan, "recipes": recipes}), run, judgement))
    assert "Worked example" in text
    assert "Ann sat.<mark> No one.</mark>" in text
    assert "<li>b</li><li>a</li>" in text


def test_without_text_items_have_ids_and_numbers_alone(suite: Suite, run: Run, judgement: Judgement):
    text = to_html(summarise(suite, run, judgement, text=False))
    assert "camp0#q1~addsent2pas-shuffle.1" in text
    assert "Leo" not in text
    assert "option 0" in text
