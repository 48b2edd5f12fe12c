"""Hostile text in every place that data, models and people fill: inert in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import yaml
from junitparser import JUnitXml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from robustness.domain import Example, Suite
from robustness.reports.compare import compare
from robustness.reports.compared import RunsCompared
from robustness.reports.contestants import contestants
from robustness.reports.github import commands, publish
from robustness.reports.items_to_csv import items_to_csv
from robustness.reports.renderers import RENDERERS, renderer
from robustness.reports.runs import listed_runs
from robustness.reports.runs_to_terminal import runs_text
from robustness.reports.store import read_run
from robustness.reports.summary import Summary
from robustness.reports.to_card import updated_card
from tests.reports.hostile import HOSTILE
from tests.reports.stored_runs import ATTACK, keep, questions
from tests.reports.test_artefacts import Tags, terminal
from tests.reports.test_compare_renderers import STYLES
from tests.reports.test_spreadsheet import active

STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]"
)
COMMAND = re.compile(r"^\s*::|##\[|##[a-zA-Z]+\[|::(?:error|set-output|stop-commands|add-mask)", re.MULTILINE)
CALM = "calm"


@dataclass(frozen=True)
class Said:
    """Two runs and their comparison in every format, by format."""

    folder: Path
    summary: Summary
    compared: RunsCompared
    texts: dict[str, str]


def soaked(suite: Suite, text: str) -> Suite:
    """The suite with `text` in every string that data or a plan fills, ids and groups included."""

    def words(one: Example) -> Example:
        options = tuple(f"{text} {option}" for option in one.options)
        return replace(
            one,
            id=f"{text} {one.id}",
            group=f"{text}{one.group}",
            passage=f"{text} {one.passage} {text}",
            question=f"{text}{one.question}",
            options=options,
        )

    variants = tuple(
        replace(
            v,
            id=f"{text} {v.id}",
            source=f"{text} {v.source}",
            example=words(v.example),
            edits=tuple(replace(e, before=text + e.before, after=e.after + text) for e in v.edits),
        )
        for v in suite.variants
    )
    recipe = dict.fromkeys(("title", "family", "source", "claim"), text) | {"polarity": "attack"}
    check = {"attack": ATTACK, "severities": [1], "limits": {"max_drop": 0.1}, "reason": text}
    return replace(
        suite,
        name=text,
        data=text,
        plan={
            **suite.plan,
            "description": text,
            "checks": [check],
            "recipes": {ATTACK: {**recipe, "known_limits": [text]}},
        },
        examples=tuple(map(words, suite.examples)),
        variants=variants,
        audit={
            "findings": [{"kind": "duplicate-options", "count": 1, "ids": [text], "detail": text}],
            "invalid_rows": [{"where": text, "reason": text}],
        },
    )


def said(folder: Path, text: str) -> Said:
    suite = soaked(questions(6), text)
    runs = [
        keep(folder / "reports" / name, suite, right, model=f"{text}{name}", tag=text, commit=text)
        for name, right in (
            ("old", [True, True, True, False, False, True]),
            ("new", [True, False, False, True, True, True]),
        )
    ]
    summary = read_run(runs[0])
    found = contestants([str(run) for run in runs], folder)
    compared = compare(tuple(replace(one, name=f"{text} {n}") for n, one in enumerate(found)), margin=0.1)
    texts = {name: renderer(name)(summary) for name in RENDERERS if name != "eval-results"}
    texts |= {"terminal": terminal(runs[0]), "items": items_to_csv(runs[0])}
    texts |= {f"compare {name}": made(compared) for name, made in STYLES.items()}
    texts["runs"] = runs_text(listed_runs(folder / "reports"), trend=ATTACK)
    return Said(runs[0], summary, compared, texts)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Said:
    return said(tmp_path_factory.mktemp("calm"), CALM)


@pytest.fixture(scope="module", params=HOSTILE, ids=lambda name: name.replace(" ", "-"))
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Said:
    return said(tmp_path_factory.mktemp("hostile"), HOSTILE[request.param])


def test_no_format_holds_a_character_that_hides_or_steers(hostile: Said):
    for name, text in hostile.texts.items():
        left = STEERING.findall(text.removeprefix("\ufeff").replace("\r\n", "\n"))
        assert not left, (name, left[:5])
        assert not re.search(r"[\u0300-\u036f]{9}", text), name


def test_pages_have_the_tags_of_a_calm_page_and_forbid_scripts_and_loads(hostile: Said, calm: Said):
    for name in ("html", "compare html"):
        page, known = Tags(hostile.texts[name]), Tags(calm.texts[name])
        assert page.tags == known.tags, name
        assert page.names <= known.names, name
        assert "default-src 'none'" in hostile.texts[name]
        assert not page.names & {"src", "srcset", "action", "style", "formaction"} - known.names, name
        assert not [name for name in page.names if name.startswith("on")]


def inside(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from inside(token.children or [])


def shape(text: str) -> list[str]:
    """What a Markdown parser makes of a text: the kinds of its blocks, in order."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return [token.type for token in parser.parse(text)]


def test_markdown_has_the_blocks_of_a_calm_one(hostile: Said, calm: Said):
    for name in ("md", "compare md"):
        assert shape(hostile.texts[name]) == shape(calm.texts[name]), name
    body, known = (one.texts["card"].split("\n---\n", 1)[1] for one in (hostile, calm))
    assert shape(body) == shape(known)


def test_markdown_has_no_link_no_image_and_no_tags_but_ours(hostile: Said):
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    ours = re.compile(r"</?(?:details|summary|code)>|<!-- robustness [\w.-]+: (?:begin|end) -->")
    for name in ("md", "compare md", "card"):
        text = hostile.texts[name]
        body = text.split("\n---\n", 1)[1] if name == "card" else text
        for token in inside(parser.parse(body)):
            assert token.type not in ("link_open", "image"), (name, token.attrs)
            if token.type in ("html_inline", "html_block"):
                bare = re.sub(r"<code>[^<]*</code>", "", token.content)
                assert not re.search(r"<[a-z!/]", ours.sub("", bare)), (name, token.content)
            if token.type == "text":
                assert not re.search(r"://|www\.|(?<!\w)@\w|#\d", token.content), (name, token.content)


def test_logs_hold_no_command(hostile: Said):
    for name in ("terminal", "compare terminal", "md", "compare md", "card", "runs"):
        assert not COMMAND.search(hostile.texts[name]), name


def test_annotations_are_one_command_a_line_with_a_title_of_ours(hostile: Said):
    for line in commands(hostile.summary):
        assert "\n" not in line
        assert re.fullmatch(r"::(?:error|warning|notice) title=robustness [^:,]*::.*", line)
        assert line.count("::") == 2
        assert not STEERING.search(line)


def test_step_outputs_are_the_names_of_a_calm_run(hostile: Said, calm: Said, tmp_path: Path):
    told = []
    for place, one in enumerate((hostile, calm)):
        output, page = tmp_path / f"output{place}", tmp_path / f"summary{place}"
        named = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(page)}
        publish(one.summary, one.folder, named)
        told.append([line.partition("=")[0] for line in output.read_text(encoding="utf-8").splitlines()])
        assert not COMMAND.search(page.read_text(encoding="utf-8"))
    assert told[0] == told[1]


def test_junit_is_xml_with_the_elements_of_a_calm_file(hostile: Said, calm: Said):
    trees = [Xml.fromstring(one.texts["junit"]) for one in (hostile, calm)]
    first, second = ([element.tag for element in tree.iter()] for tree in trees)
    assert first == second
    assert len(list(JUnitXml.fromstring(hostile.texts["junit"].encode()))) == 1


@pytest.mark.parametrize("name", ["csv", "items", "compare csv"])
def test_tables_have_the_cells_of_a_calm_table_and_no_formula(hostile: Said, calm: Said, name: str):
    text, known = hostile.texts[name], calm.texts[name]
    for delimiter in ",;\t|":
        assert active(text, delimiter) == [], delimiter
    rows, expected = (list(csv.reader(io.StringIO(one, newline=""))) for one in (text, known))
    assert [len(row) for row in rows] == [len(row) for row in expected]


def test_numbers_of_tables_are_those_of_a_calm_table(hostile: Said, calm: Said):
    for name in ("csv", "compare csv"):
        tables = [
            list(csv.DictReader(io.StringIO(one.texts[name].removeprefix("\ufeff"), newline="")))
            for one in (hostile, calm)
        ]
        for row, known in zip(*tables, strict=True):
            for head in ("value", "low", "high", "n", "p_adjusted"):
                assert row[head] == known[head], (name, head)


def test_json_is_ascii_with_the_keys_of_a_calm_file(hostile: Said, calm: Said):
    for name in ("json", "compare json"):
        assert hostile.texts[name].isascii()
        assert keys(json.loads(hostile.texts[name])) == keys(json.loads(calm.texts[name])), name


def keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    return [keys(inner) for inner in value] if isinstance(value, list) else type(value)


def test_the_metadata_of_a_card_are_those_of_a_calm_card(hostile: Said, calm: Said):
    found, known = (
        keys(yaml.safe_load(one.texts["card"].removeprefix("---\n").split("\n---\n")[0]))
        for one in (hostile, calm)
    )
    assert found == known


def test_a_card_is_updated_to_itself(hostile: Said):
    card = hostile.texts["card"]
    assert updated_card(hostile.summary, card) == card
    assert len(re.findall(r"^<!-- robustness .* -->$", card, re.MULTILINE)) == 2
