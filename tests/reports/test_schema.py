from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.domain import Run, Suite
from robustness.errors import RobustnessError
from robustness.reports.renderers import RENDERERS, renderer
from robustness.reports.schema import SCHEMAS, comparison_schema, summary_schema
from robustness.reports.summarise import summarise
from robustness.reports.summary import SCHEMA
from robustness.reports.to_json import from_json, to_json
from robustness.results import Judgement

Draft202012Validator = pytest.importorskip(
    "jsonschema", reason="the dev extra is not installed (pip install -e .[dev])"
).Draft202012Validator

ROOT = Path(__file__).parents[2]
EARLIER = Path(__file__).parent / "earlier"
EXAMPLES = sorted((ROOT / "reports" / "examples").rglob("summary.json"))
KEPT = [*sorted(EARLIER.glob("summary-*.json")), *EXAMPLES]


def errors(value: object, schema: dict[str, Any]) -> list[str]:
    return [
        f"{error.json_path}: {error.message}"[:300]
        for error in Draft202012Validator(schema).iter_errors(value)
    ]


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without room for keys that it does not name."""
    made = deepcopy(schema)
    for shape in (made, *made["$defs"].values()):
        shape["additionalProperties"] = False
    return made


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schemas_are_current(name: str):
    """Where this fails: python tools/write_schemas.py."""
    assert json.loads((ROOT / "docs" / "schema" / name).read_text(encoding="utf-8")) == SCHEMAS[name]()


def test_no_other_schema_is_published_and_the_present_one_is():
    assert {path.name for path in (ROOT / "docs" / "schema").glob("*.json")} == set(SCHEMAS)
    assert f"summary-{SCHEMA}.json" in SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema(name: str):
    Draft202012Validator.check_schema(SCHEMAS[name]())


@pytest.mark.parametrize("text", [True, False])
def test_the_schema_names_every_key_that_is_written(
    suite: Suite, run: Run, judgement: Judgement, compared_judgement: Judgement, *, text: bool
):
    for made in (judgement, compared_judgement):
        value = json.loads(to_json(summarise(suite, run, made, text=text)))
        assert errors(value, closed(summary_schema())) == []


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_kept_report_is_of_the_schema_that_it_names(path: Path):
    value = json.loads(path.read_text(encoding="utf-8"))
    assert errors(value, closed(summary_schema(value["schema"]))) == []


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_kept_report_is_read_and_written_again_in_the_present_schema(path: Path):
    text = path.read_text(encoding="utf-8")
    made = to_json(from_json(text))
    assert errors(json.loads(made), closed(summary_schema())) == []
    if json.loads(text)["schema"] == SCHEMA:
        assert made == text


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.stem}")
@pytest.mark.parametrize("style", sorted(RENDERERS.keys() - {"eval-results"}))
def test_every_kept_report_renders_in_every_format(path: Path, style: str):
    summary = from_json(path.read_text(encoding="utf-8"))
    assert summary.model.name in renderer(style)(summary)


def test_there_is_a_kept_report_of_every_schema():
    assert {json.loads(path.read_text(encoding="utf-8"))["schema"] for path in KEPT} == set(
        range(1, SCHEMA + 1)
    )


@pytest.mark.parametrize("version", range(2, SCHEMA + 1))
def test_a_report_of_one_schema_is_not_of_the_next_nor_the_other_way_round(version: int):
    one, two = (
        json.loads((EARLIER / f"summary-{n}.json").read_text(encoding="utf-8"))
        for n in (version - 1, version)
    )
    assert errors(one, summary_schema(version))
    assert errors(two, summary_schema(version - 1))


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key and every entry of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        yield (*path, key)
        yield from places(entry, (*path, key))


@cache
def kept() -> str:
    return (EARLIER / f"summary-{SCHEMA}.json").read_text(encoding="utf-8")


@given(st.integers(0, 2**32), st.sampled_from([None, "x", 1.5, 3, True, [], {}, [1], "gone"]))
def test_the_reader_accepts_what_the_schema_accepts_and_nothing_else(seed: int, wrong: object):
    """Any one place of a report taken out or replaced: the schema and the reader say the same."""
    value = json.loads(kept())
    place = Random(seed).choice(list(places(value)))
    *way, last = place
    holder: Any = value
    for key in way:
        holder = holder[key]
    if wrong == "gone":
        del holder[last]
    else:
        holder[last] = wrong
    try:
        from_json(json.dumps(value))
        read = True
    except RobustnessError:
        read = False
    assert read is (errors(value, summary_schema()) == []), place


def test_each_definition_and_most_keys_are_explained():
    shapes = [summary_schema(), comparison_schema()]
    defs = [shape for one in shapes for shape in (one, *one["$defs"].values())]
    assert all(shape["description"] for shape in defs)
    told = summary_schema()["$defs"]["AttackSummary"]["properties"]
    assert told["drop"]["description"] == "Clean minus attacked accuracy."
    assert not re.search(r"`{3}|>>>", json.dumps(shapes))
