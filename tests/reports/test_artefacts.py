"""What holds for every file of a run at once: no text where none is allowed, hostile text inert."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from robustness.domain import Example, Run, Suite
from robustness.reports.items import read_items
from robustness.reports.store import read_run
from robustness.reports.to_terminal import render
from robustness.reports.write_run import write_run
from robustness.results import Judgement
from tests.reports.hostile import HOSTILE

CREATED = "2026-03-01T10:00:00+00:00"
CANARY = "zqxcanary"
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# One of each kind; tests/reports/test_hostile.py has them all.
SOME = (
    "end of a script",
    "image that fails",
    "out of an attribute",
    "end of raw text",
    "template",
    "table cells",
    "fence and heading",
    "links and images",
    "mentions",
    "comment and entities",
    "operating system commands",
    "bidi override",
    "combining marks",
    "lone surrogates",
    "console markup",
    "workflow error",
    "runner command",
    "not characters",
)


def reworded(suite: Suite, text: str) -> Suite:
    """The suite with `text` added to every string that comes from data, and as part of every id."""

    def words(example: Example, **ids: str) -> Example:
        return replace(
            example,
            passage=f"{text} {example.passage} {text}",
            question=f"{text} {example.question}",
            options=tuple(f"{text} {option}" for option in example.options),
            meta={"note": text},
            **ids,  # type: ignore[arg-type]
        )

    return replace(
        suite,
        examples=tuple(words(e) for e in suite.examples),
        variants=tuple(
            replace(
                v,
                example=words(v.example),
                edits=tuple(
                    replace(e, before=f"{text}{e.before}", after=f"{text}{e.after}") for e in v.edits
                ),
                notes={"reason": text},
            )
            for v in suite.variants
        ),
        audit={
            **suite.audit,
            "findings": [{"kind": "duplicate-options", "count": 1, "ids": ["camp3#q1"], "detail": text}],
            "invalid_rows": [{"where": "camp.json:7", "reason": f"options are {text!r}"}],
        },
    )


def quoting(judgement: Judgement, text: str) -> Judgement:
    skipped = {f"no word of '{text}' is left": 3}
    results = tuple(replace(r, skipped=skipped) for r in judgement.results)
    return replace(judgement, results=results)


@pytest.fixture
def write(tmp_path: Path, run: Run):
    def write(suite: Suite, judgement: Judgement, *, text: bool, **changes: Any) -> Path:
        asked = replace(run, **changes)
        return write_run(tmp_path / "run", suite, asked, judgement, created=CREATED, text=text)

    return write


def terminal(folder: Path) -> str:
    file = StringIO()
    render(read_run(folder), Console(file=file, width=80))
    return file.getvalue()


def everything(folder: Path) -> str:
    """All that a run says: its files, its table unpacked, the terminal."""
    files = [path.read_bytes().decode("utf-8", "replace") for path in sorted(folder.iterdir())]
    return "\n".join([*files, repr(read_items(folder / "items.parquet").to_pydict()), terminal(folder)])


def test_without_text_the_corpus_is_in_no_artefact(write, suite: Suite, judgement: Judgement):
    folder = write(reworded(suite, CANARY), quoting(judgement, CANARY), text=False)
    said = everything(folder)
    assert CANARY not in said
    assert not [words for words in ("Nora", "old lamp", "blue tent", "Leo") if words in said]


def test_with_text_the_canary_would_be_seen(write, suite: Suite, judgement: Judgement):
    folder = write(reworded(suite, CANARY), quoting(judgement, CANARY), text=True)
    for name in ("summary.json", "report.md", "report.html"):
        assert CANARY in (folder / name).read_text(encoding="utf-8"), name
    assert CANARY in repr(read_items(folder / "items.parquet").to_pydict())


def test_secrets_and_home_paths_are_in_no_artefact(write, suite: Suite, judgement: Judgement):
    folder = write(
        replace(suite, data="dream:/home/zqxcanary/test.json"),
        judgement,
        text=True,
        model="https://ann:zqxcanary@host/home/zqxcanary/model",
        environment={"HF_TOKEN": CANARY, "cache": "/Users/zqxcanary/.cache", "torch": "2"},
    )
    assert CANARY not in everything(folder)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.code: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data):
        if self.tags and self.tags[-1] in {"style", "script"} and self.cdata_elem:
            self.code.append(data)


@pytest.fixture(params=SOME)
def hostile(request: pytest.FixtureRequest, write, suite: Suite, compared_judgement: Judgement):
    text = HOSTILE[request.param]
    recipes = {
        name: {"title": text, "claim": text, "source": text, "known_limits": [text], "family": text}
        for name in ("addsent2pas-shuffle", "passage-word-shuffle", "gold-removed")
    }
    checks = [{"attack": name, "reason": text} for name in recipes]
    plan = {"description": text, "recipes": recipes, "checks": checks}
    return write(
        replace(reworded(suite, text), plan=plan, name=text, data=text),
        replace(
            quoting(compared_judgement, text),
            baseline=text,
            correction=text,
            verdicts=tuple(
                replace(v, reason=text, known_failure=place * text, baseline=place * text)
                for place, v in enumerate(compared_judgement.verdicts)
            ),
            comparisons=tuple(replace(c, attack=text, measure=text) for c in compared_judgement.comparisons),
        ),
        text=True,
        model=text,
        environment={text or "x": text},
    )


def test_hostile_text_adds_no_tag_to_the_page(
    hostile: Path, tmp_path: Path, suite: Suite, run: Run, judgement: Judgement
):
    calm = write_run(tmp_path / "calm", suite, run, judgement, created="", text=True)
    known = Tags((calm / "report.html").read_text(encoding="utf-8"))
    page = Tags((hostile / "report.html").read_text(encoding="utf-8"))
    assert set(page.tags) <= set(known.tags)
    assert page.names <= known.names
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert page.code == known.code


def test_hostile_text_leaves_every_markdown_table_intact(hostile: Path):
    text = (hostile / "report.md").read_text(encoding="utf-8")
    width = None
    for line in text.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else None
        assert None in {cells, width} or cells == width, line
        width = cells


def test_hostile_text_opens_no_markup_outside_code(hostile: Path):
    text = (hostile / "report.md").read_text(encoding="utf-8")
    ours = re.compile(r"</?(?:details|summary)>|<code>[^<]*</code>")
    for line in text.splitlines():
        bare = re.sub(r"\\.", "", re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line))
        assert not re.search(r"<|\]\(|!\[|https?://|@", ours.sub("", bare)), line


def test_hostile_text_steers_no_terminal_and_no_log(hostile: Path):
    readable = [
        (hostile / name).read_text(encoding="utf-8")
        for name in ("report.md", "report.html", "junit.xml", "summary.json", "manifest.json")
    ]
    for said in (*readable, terminal(hostile)):
        assert not re.search(
            r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", said
        )
    for said in (readable[0], terminal(hostile)):
        assert not re.search(r"^\s*::", said, re.MULTILINE)
        assert "##[" not in said
