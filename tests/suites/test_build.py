from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Example, replay
from robustness.errors import DataError
from robustness.suites.build import build
from robustness.suites.plan import Plan, plan

Make = Callable[[int], tuple[Example, ...]]

PLAN = """
name = "spread"
description = "Recipes that draw words, sentences and other passages."
[[check]]
attack = "addsent2opt-shuffle-matched"
[[check]]
attack = "foreign-passage-near"
[[check]]
attack = "foreign-sentence"
[[check]]
attack = "ngram-shuffle"
severities = [1, 2]
"""


def changed(small_plan: Plan, **changes: Any) -> Plan:
    return Plan.model_validate(small_plan.model_dump() | changes)


def test_every_item_check_and_severity_yields_variants_or_one_skip(items: Make, small_plan: Plan) -> None:
    suite = build(items(12), small_plan)
    counted = Counter((v.source, v.attack) for v in suite.variants)
    counted.update((s.source, s.attack) for s in suite.skipped)
    wanted = {
        (example.id, check.attack): len(check.severities)
        for example in suite.examples
        for check in small_plan.check
    }
    assert counted == wanted
    assert {s.attack for s in suite.skipped} == {"evidence-deleted"}


@pytest.mark.parametrize("name", ["core", "si2019", "shortcuts", "abstain"])
def test_no_cell_of_a_shipped_plan_is_lost(items: Make, name: str) -> None:
    odd = (
        Example("odd#1", "", "Which?", ("a", "b"), 0, "odd"),
        Example("odd#2", "One.", "", ("One.", "Two of them.", "All of the above."), 2, "odd2"),
        Example("odd#3", "他去了湖边。他没有带灯。", "他去了哪里？", ("湖边。", "山上。"), 0, "odd3"),
    )
    chosen = plan(name)
    suite = build((*items(3), *odd), chosen)
    made = Counter((v.source, v.attack, v.severity) for v in suite.variants)
    skips = Counter((s.source, s.attack) for s in suite.skipped)
    assert set(made.values()) == {1}
    for example in suite.examples:
        for check in chosen.check:
            there = sum(made[example.id, check.attack, level] for level in check.severities)
            assert there + skips[example.id, check.attack] == len(check.severities)


def test_every_skip_says_why(items: Make, small_plan: Plan) -> None:
    no_passage = tuple(replace(example, passage="") for example in items(3))
    skipped = build(no_passage, small_plan).skipped
    assert {(s.attack, s.reason) for s in skipped} >= {
        ("evidence-deleted", "the data does not mark the evidence"),
        ("foreign-sentence", "empty passage"),
        ("addsent2opt-shuffle", "no passage sentence to draw"),
    }


def test_every_variant_is_what_its_edits_make_of_its_source(items: Make, small_plan: Plan) -> None:
    suite = build(items(12), small_plan)
    sources = {example.id: example for example in suite.examples}
    for variant in suite.variants:
        assert replay(sources[variant.source], variant) == variant.example


def test_examples_stand_by_id_and_variants_by_source_and_plan(items: Make, small_plan: Plan) -> None:
    suite = build(items(5)[::-1], small_plan)
    assert [e.id for e in suite.examples] == sorted(e.id for e in suite.examples)
    order = [check.attack for check in small_plan.check]
    keys = [(v.source, order.index(v.attack), v.severity) for v in suite.variants]
    assert keys == sorted(keys)


@settings(max_examples=10)
@given(seed=st.integers(0, 999))
def test_the_order_of_the_examples_is_of_no_account(items: Make, seed: int) -> None:
    chosen = plan("abstain")
    examples = list(items(6))
    expected = build(items(6), chosen)
    Random(seed).shuffle(examples)
    assert build(examples, chosen) == expected


def test_three_workers_make_what_one_makes(items: Make, small_plan: Plan) -> None:
    many = items(520)  # three chunks, so that the workers really share
    assert build(many, small_plan, workers=3) == build(many, small_plan)


def test_another_seed_makes_another_suite(items: Make, small_plan: Plan) -> None:
    first, second = (build(items(5), small_plan, seed=seed) for seed in (0, 1))
    assert first.fingerprint != second.fingerprint
    assert first.examples == second.examples
    assert first.variants != second.variants


def test_an_item_has_the_same_variants_alone_and_among_others(items: Make, small_plan: Plan) -> None:
    own = {"addsent2opt-shuffle", "window-shuffle", "gold-removed"}  # nothing drawn from other items
    alone = [v for v in build(items(1), small_plan).variants if v.attack in own]
    among = [v for v in build(items(9), small_plan).variants if v.attack in own and v.source == "trip0000#1"]
    assert alone == among


def test_limits_names_and_words_leave_the_fingerprint_alone(items: Make, small_plan: Plan) -> None:
    first = small_plan.model_dump()["check"][0]
    looser = {**first, "limits": {"max_drop": 0.3}, "reason": "Other.", "accept_leaks": ("longest",)}
    rest = small_plan.model_dump()["check"][1:]
    other = changed(small_plan, name="other", description="x", min_passages=99, control=None)
    other = changed(other, check=[looser, *rest])
    assert build(items(5), other, data="b").fingerprint == build(items(5), small_plan, data="a").fingerprint


def test_another_severity_another_order_or_one_check_less_changes_it(items: Make, small_plan: Plan) -> None:
    checks = small_plan.model_dump()["check"]
    plans = [
        small_plan,
        changed(small_plan, check=checks[:-1]),
        changed(small_plan, check=checks[::-1]),
        changed(small_plan, check=[*checks[:2], {**checks[2], "severities": (1, 2)}, *checks[3:]]),
    ]
    assert len({build(items(5), made).fingerprint for made in plans}) == 4


@pytest.mark.parametrize(
    "field",
    [
        {"passage": "Another text."},
        {"question": "Who?"},
        {"answer": 3},
        {"group": "elsewhere"},
        {"meta": {"kind": "where"}},
        {"id": "zzz"},
    ],
)
def test_any_field_of_any_example_changes_the_fingerprint(
    items: Make, small_plan: Plan, field: dict[str, Any]
) -> None:
    first, *rest = items(4)
    assert first.answer != 3
    other = (replace(first, **field), *rest)
    assert build(other, small_plan).fingerprint != build(items(4), small_plan).fingerprint


def test_a_new_version_or_parameter_of_a_recipe_changes_the_fingerprint(
    items: Make, recipe_of_mine: Callable[..., Path]
) -> None:
    mine = Plan.model_validate({"name": "m", "description": "d", "check": [{"attack": "give-away"}]})
    prints = []
    for change in ({"version": 1}, {"version": 2}, {"shuffle": False}, {"leaks": ("shortest",)}):
        recipe_of_mine(**change)
        prints.append(build(items(5), mine).fingerprint)
    assert len(set(prints[:3])) == 3
    assert prints[3] == prints[0]


def test_case_30_code_that_was_edited_under_its_old_version_makes_another_suite(
    items: Make, small_plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from robustness.attacks.order import WordOrder

    before, drawn = build(items(5), small_plan), WordOrder.__call__
    monkeypatch.setattr(WordOrder, "__call__", lambda self, *given: list(drawn(self, *given))[:0])
    assert build(items(5), small_plan).fingerprint != before.fingerprint
    monkeypatch.setattr(WordOrder, "__call__", lambda self, *given: list(drawn(self, *given)))
    assert build(items(5), small_plan).fingerprint == before.fingerprint


def test_no_examples_are_refused(small_plan: Plan) -> None:
    with pytest.raises(DataError, match="0 examples came"):
        build((), small_plan)


def test_two_examples_with_one_id_are_refused(items: Make, small_plan: Plan) -> None:
    twin = replace(items(2)[1], id="trip0000#1")
    with pytest.raises(DataError, match="two examples have the id 'trip0000#1'"):
        build((*items(2), twin), small_plan)


def test_an_example_called_like_a_variant_is_refused(items: Make, small_plan: Plan) -> None:
    twin = replace(items(2)[1], id="trip0000#1~gold-removed.1")
    with pytest.raises(DataError, match=r"variant 'trip0000#1~gold-removed.1' has the id of another item"):
        build((*items(2), twin), small_plan)


def _jsonl(example: Example) -> dict[str, Any]:
    fields = ("id", "passage", "question", "options", "answer", "group")
    return {name: getattr(example, name) for name in fields} | dict(example.meta)


def _dream(example: Example) -> list[Any]:
    assert example.answer is not None
    asked = {
        "question": example.question,
        "choice": example.options,
        "answer": example.options[example.answer],
    }
    return [example.passage.split(". "), [asked], example.group]


def _write(examples: list[Example], form: str, path: Path) -> str:
    if form == "jsonl":
        path.write_text("".join(json.dumps(_jsonl(e)) + "\n" for e in examples))
    else:
        path.write_text(json.dumps([_dream(e) for e in examples]))
    return f"{form}:{path}"


@pytest.mark.parametrize("form", ["jsonl", "dream"])
def test_one_fingerprint_for_any_hash_seed_worker_count_and_file_order(
    items: Make, form: str, tmp_path: Path
) -> None:
    (tmp_path / "spread.toml").write_text(PLAN)
    examples = list(items(260))  # two chunks of work
    started = []
    for number, hash_seed in enumerate(("0", "1", "random"), 1):
        Random(number).shuffle(examples)
        data = _write(examples, form, tmp_path / f"data{number}")
        command = [sys.executable, "-c", "from robustness.cli import main; main()", "build", "-q"]
        command += [
            "--data",
            data,
            "--suite",
            "spread.toml",
            "--workers",
            str(number),
            "-o",
            f"suite{number}",
        ]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        started.append(
            subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
        )
    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len({line.split()[0] for line in said}) == 1
    for name in ("examples.jsonl", "variants.jsonl", "skipped.jsonl"):
        assert len({(tmp_path / f"suite{i}" / name).read_bytes() for i in (1, 2, 3)}) == 1
