from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest

from robustness.domain import Example
from robustness.errors import DataError, UsageError
from robustness.readers import hub
from robustness.readers.hub import KNOWN, origin, parse, read
from robustness.readers.load import load
from robustness.readers.rows import InvalidRow

COMMIT = "0123456789abcdef" * 2 + "01234567"
RACE = {"example_id": "high1.txt", "article": "x", "question": "Q", "options": ["a", "b"]}


@pytest.fixture
def online(monkeypatch):
    """The Hub as seen through two calls; returns the calls made."""
    calls: list[tuple[object, ...]] = []

    class Info:
        sha = COMMIT

    def dataset_info(self, name, *, revision):
        calls.append(("info", name, revision))
        return Info()

    def load_dataset(*args, **options):
        calls.append(("load", args, options))
        return [{**RACE, "answer": "B"}, {**RACE, "answer": "Z"}]

    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", dataset_info)
    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    monkeypatch.setattr(hub, "_offline", lambda: False)
    return calls


@pytest.fixture
def folder(tmp_path, monkeypatch):
    import pandas as pd

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    path = tmp_path / "local-quiz"
    path.mkdir()
    frame = {
        "ctx": ["Tom ran.", "Tom ran."],
        "q": ["Who?", "Who did?"],
        "x": ["Ann", "Ann"],
        "y": ["Tom", "Tom"],
        "both": [["Ann", "Tom"], ["Ann", "Tom", "Bo"]],
        "index": [1, 0],
        "letter": ["B", "C"],
        "text": ["Tom", "Bo"],
    }
    pd.DataFrame(frame).to_parquet(path / "test-00000.parquet")
    return path


def test_every_known_id_has_a_reader():
    for target in KNOWN.values():
        module, _, name = target.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_a_request_survives_being_written_out():
    text = "org/name@refs/convert/parquet/default/test?question=q&options=a"
    request = parse(text)
    assert (request.id, request.revision) == ("org/name", "refs/convert/parquet")
    assert (request.config, request.split) == ("default", "test")
    assert request.argument == text


@pytest.mark.parametrize("argument", ["race", "org/name", "a//b", ""])
def test_a_request_without_config_and_split_is_refused(argument):
    with pytest.raises(UsageError, match="such as hub:ehovy/race/high/test"):
        parse(argument)


def test_the_revision_is_resolved_once_and_then_read_at(online):
    dataset = load("hub:ehovy/race@main/high/test", skip_invalid=True)
    assert online == [
        ("info", "ehovy/race", "main"),
        ("load", ("ehovy/race", "high"), {"split": "test", "revision": COMMIT}),
    ]
    assert dataset.source == f"hub:ehovy/race@{COMMIT}/high/test"
    assert [e.answer for e in dataset.examples] == [1]
    assert dataset.invalid[0].where == f"ehovy/race@{COMMIT}/high/test:entry 2"
    assert len(dataset.digest) == 64


def test_a_commit_is_not_looked_up(online):
    assert origin(f"ehovy/race@{COMMIT}/high/test").revision == COMMIT
    assert online == []


def test_offline_nothing_is_asked_and_the_items_make_the_digest(online, monkeypatch):
    monkeypatch.setattr(hub, "_offline", lambda: True)
    one = load("hub:ehovy/race/high/test", limit=1)
    monkeypatch.setitem(RACE, "article", "y")
    two = load("hub:ehovy/race/high/test", limit=1)
    assert {call[0] for call in online} == {"load"}
    assert one.source == "hub:ehovy/race/high/test"
    assert one.digest != two.digest


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_both_offline_switches_are_obeyed(variable):
    code = "from robustness.readers.hub import _offline; print(_offline())"
    clean = {k: v for k, v in os.environ.items() if not k.endswith("_OFFLINE")}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, variable: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == "True", ran.stderr


def test_a_hub_that_cannot_be_reached_is_one_clear_error(online, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("Dataset scripts are no longer supported")

    monkeypatch.setattr("datasets.load_dataset", fail)
    with pytest.raises(DataError, match=r"scripts are no longer.*HF_HUB_OFFLINE=1.*refs/convert"):
        load("hub:ehovy/race/high/test")
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", fail)
    with pytest.raises(DataError, match="check id, revision"):
        load("hub:ehovy/race/high/test")


def test_an_unknown_id_asks_for_its_columns_before_anything_is_fetched(online):
    with pytest.raises(UsageError, match=r"did you mean 'ehovy/race'\?.*\?passage=context"):
        load("hub:ehovy/rase/high/test")
    assert online == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("pasage=ctx", "did you mean 'passage'"),
        ("question=q&options=x,y", "exactly one of"),
        ("question=q&options=x,y&answer=a&answer_text=b", "exactly one of"),
        ("options=x,y&answer=a", "question="),
        ("question=&options=x,y&answer=a", "one column name is needed"),
        ("question=q&question=r&options=x,y&answer=a", "one column name is needed"),
    ],
)
def test_a_bad_mapping_is_refused(query, reason):
    with pytest.raises(UsageError, match=reason):
        origin(f"org/any/default/test?{query}")


@pytest.mark.parametrize(
    ("query", "golds"),
    [
        ("passage=ctx&question=q&options=x,y&answer=index", [1, 0]),
        ("passage=ctx&question=q&options=both&answer_letter=letter", [1, 2]),
        ("passage=ctx&question=q&options=both&answer_text=text", [1, 2]),
    ],
)
def test_any_data_set_is_read_through_its_mapping(folder, query, golds):
    dataset = load(f"hub:{folder}/default/test?{query}")
    assert [e.answer for e in dataset.examples] == golds
    assert [e.question for e in dataset.examples] == ["Who?", "Who did?"]
    assert len({e.group for e in dataset.examples}) == 1
    assert str(folder.parent) not in dataset.source
    assert "local-quiz/default/test" in dataset.source


def test_a_wrong_column_is_named_with_those_that_are_there(folder):
    argument = f"{folder}/default/test?question=nope&options=x,y&answer=index"
    bad = next(read(argument))
    assert isinstance(bad, InvalidRow)
    assert bad.reason.startswith("field 'nope' is missing; the row has 'both, ctx")


def test_a_wrong_split_says_which_there_are(folder):
    with pytest.raises(DataError, match=r"Unknown split \"dev\".*\['test'\]"):
        load(f"hub:{folder}/default/dev?question=q&options=x,y&answer=index")


def test_a_mapping_overrides_a_known_id(online):
    query = "passage=article&question=question&options=options&answer_letter=answer&id=example_id"
    example = next(read(f"ehovy/race@{COMMIT}/high/test?{query}"))
    assert isinstance(example, Example)
    assert example.id == "high1.txt"
