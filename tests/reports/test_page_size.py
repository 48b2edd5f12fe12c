"""What a page weighs does not grow with the data, and where it is made does not show."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from robustness.domain import Run, Suite
from robustness.reports.shown_items import shown_items
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_html import to_html
from robustness.reports.to_json import to_json
from robustness.results import Judgement
from tests.reports.conftest import emptied, example, inserted, outcome, shuffled

LIMIT = 2_000_000
ITEMS = 10_000


@pytest.fixture
def large(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    """10,000 questions with a long passage each, under three conditions, each skipped for its own reason."""
    passage = 'Nora said: "Tom & Ann\'s boat < ours". ' * 100
    examples = tuple(replace(example(n), passage=passage) for n in range(ITEMS))
    # Every question is changed in the same way, so that making them takes no time.
    drafts = [make(examples[0]) for make in (inserted, shuffled, emptied)]
    variants = tuple(
        replace(
            draft,
            id=(name := f"{e.id}~{draft.attack}.1"),
            source=e.id,
            example=replace(draft.example, id=name, group=e.group),
        )
        for e in examples
        for draft in drafts
    )
    scores = {e.id: (3.0, 1.0, 0.0, -1.0) for e in examples}
    scores |= {v.id: (0.5, 2.0, 0.0, -1.0) for v in variants}
    skipped = {f"no word of 'item {n}' is left": 1 for n in range(ITEMS)}
    return summarise(
        replace(suite, examples=examples, variants=variants),
        replace(run, scores=scores),
        replace(
            judgement,
            clean_n=ITEMS,
            outcomes=tuple(outcome(v, confidence=n / 30_000) for n, v in enumerate(variants)),
            results=tuple(replace(r, skipped=skipped) for r in judgement.results),
        ),
    )


@pytest.fixture
def small(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement)


def test_a_page_about_10_000_questions_stays_below_2_mb(large: Summary):
    page = to_html(large)
    assert "10,000" in page
    assert len(page.encode()) < LIMIT / 4
    assert "for 9994 further reasons" in page


def test_a_page_of_100_conditions_with_long_texts_stays_below_2_mb(small: Summary):
    attack = small.attacks[0]
    long = "Tom & Ann's <b>boat</b> 船 " * 12
    items = tuple(
        replace(
            item,
            id=f"{item.id}-{n}",
            question=long,
            options=(long,) * 5,
            options_clean=(long,) * 5,
            option_map=(0, 1, 2, 3, 4),
            probabilities=(0.2,) * 5,
            probabilities_clean=(0.2,) * 5,
            edits=tuple(replace(e, before=long, after=long, marks=((0, 3),)) for e in item.edits * 6),
        )
        for n, item in enumerate(attack.examples)
    )
    many = tuple(replace(attack, name=f"attack-{n}", examples=items, items=items[:1]) for n in range(100))
    shown = shown_items(many)
    page = to_html(replace(small, attacks=many))
    assert len(page.encode()) < LIMIT
    assert shown.left_out == 400 - len(shown.items) > 0
    assert f"{shown.left_out} items of <code>summary.json</code> found no room here" in page


def test_where_there_is_no_room_for_all_every_condition_keeps_its_most_telling_items(small: Summary):
    attack = small.attacks[0]
    examples = tuple(replace(e, passage="x" * 40_000) for e in attack.examples)
    many = tuple(replace(attack, name=f"attack-{n}", examples=examples, items=()) for n in range(4))
    shown = shown_items(many)
    assert 4 <= len(shown.items) < 12
    assert {one.telling.id for one in shown.items if one.condition == "c3"} >= {examples[0].id}
    assert {one.condition for one in shown.items} == {"c0", "c1", "c2", "c3"}


def test_a_report_made_elsewhere_is_the_same_to_the_byte(tmp_path: Path, small: Summary):
    (tmp_path / "summary.json").write_text(to_json(small), encoding="utf-8")
    code = (
        "import locale, sys, time; locale.setlocale(locale.LC_ALL, ''); time.tzset()\n"
        "from pathlib import Path\n"
        "from robustness.reports.renderers import renderer\n"
        "from robustness.reports.to_json import from_json\n"
        "summary = from_json(Path('summary.json').read_text(encoding='utf-8'))\n"
        "for style in ('html', 'md', 'junit', 'json'):\n"
        "    Path(f'{sys.argv[1]}.{style}').write_bytes(renderer(style)(summary).encode())\n"
    )
    places = {
        "here": {"LC_ALL": "C.UTF-8", "TZ": "UTC", "COLUMNS": "80"},
        "there": {"LC_ALL": "C", "LANG": "de_DE.UTF-8", "TZ": "Asia/Kathmandu", "COLUMNS": "37"},
    }
    for seed, (name, place) in enumerate(places.items()):
        environment = os.environ | place | {"PYTHONHASHSEED": str(seed), "PYTHONUTF8": str(seed)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        subprocess.run([sys.executable, "-c", code, name], cwd=tmp_path, env=environment, check=True)
    for style in ("html", "md", "junit", "json"):
        pages = [(tmp_path / f"{name}.{style}").read_bytes() for name in places]
        assert pages[0] == pages[1], style
        assert pages[0]
    assert (tmp_path / "here.html").read_bytes() == to_html(small).encode()
