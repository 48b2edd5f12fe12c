"""`robustness search` from the command line, and what it freezes through `check --frozen`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

Command = Callable[..., Any]
WriteJsonl = Callable[..., str]


def searched(command: Command, data: str, *more: str, model: str = "stub:overlap-window") -> Any:
    return command(
        "search",
        "-q",
        "--model",
        model,
        "--data",
        data,
        "--attack",
        "swap-letters",
        "--severity",
        "3",
        "-o",
        "found",
        *more,
    )


def test_what_was_found_replays_through_check_with_the_same_numbers(
    command: Command, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    said = searched(command, write_jsonl(tmp_path, 15), "--budget", "40", "--json")
    assert said.code == 0
    told = json.loads(said.out)
    assert told["accuracy"] < told["accuracy_fixed"] < told["accuracy_clean"]
    assert 2 <= told["median_queries"] <= 40
    command("check", "-q", "--model", "stub:overlap-window", "--frozen", "found", "-o", "run", "--no-cache")
    found = json.loads((tmp_path / "run" / "summary.json").read_text())
    (row,) = found["attacks"]
    assert (row["name"], row["n"]) == ("search:swap-letters", told["n"])
    assert row["accuracy"] == pytest.approx(told["accuracy"], abs=1e-12)
    assert row["accuracy_clean"] == pytest.approx(told["accuracy_clean"], abs=1e-12)
    assert row["attack_success_rate"] == pytest.approx(told["success_rate"], abs=1e-12)
    assert row["repair_rate"] == pytest.approx(told["repair_rate"], abs=1e-12)


def test_the_same_search_freezes_the_same_bytes(
    command: Command, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    data = write_jsonl(tmp_path, 8)
    searched(command, data, "--budget", "20")
    (tmp_path / "found").rename(tmp_path / "first")
    searched(command, data, "--budget", "20")
    for file in (tmp_path / "first").iterdir():
        assert file.read_bytes() == (tmp_path / "found" / file.name).read_bytes()


def test_the_numbers_are_told_in_words(command: Command, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    said = searched(command, write_jsonl(tmp_path, 8), "--method", "restarts", "--budget", "10")
    for word in ("clean", "fixed recipe", "searched", "success rate", "median queries", "median change"):
        assert f"\n{word}" in said.out
    assert "suite: found" in said.err


def test_the_suite_says_where_its_items_came_from(
    command: Command, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    searched(command, write_jsonl(tmp_path, 8), "--limit", "3", "--budget", "5")
    manifest = json.loads((tmp_path / "found" / "manifest.json").read_text())
    assert (manifest["counts"]["examples"], manifest["data"]) == (3, "jsonl:stories.jsonl (first 3)")
    assert manifest["audit"]["data_digest"]


def test_a_search_that_lacks_something_says_what(command: Command) -> None:
    said = command("search", "--model", "stub:overlap")
    assert said.code == 2
    assert "--model, --data, --attack and -o are all needed" in said.err


def test_a_folder_that_holds_something_is_refused_before_the_search(
    command: Command, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    data = write_jsonl(tmp_path, 4)
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "mine.txt").write_text("mine")
    said = searched(command, data)
    assert said.code == 2
    assert (tmp_path / "found" / "mine.txt").read_text() == "mine"


@pytest.mark.slow
def test_on_the_demo_model_a_search_beats_the_best_fixed_recipe_of_its_kind_and_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from robustness.choices import credit, right_options
    from robustness.demo.checkpoint import location
    from robustness.models.options import ModelOptions
    from robustness.models.resolve import resolve
    from robustness.readers.load import load
    from robustness.scoring import run
    from robustness.searching.freezing import summarise_search
    from robustness.searching.search import Searching, search
    from robustness.suites.build import build
    from robustness.suites.plan import Check, Plan
    from robustness.suites.store import freeze, thaw

    monkeypatch.setenv("TQDM_DISABLE", "1")
    model = resolve(str(location()), options=ModelOptions(threads=1))
    examples = load("stories:test?passages=10").examples
    kinds = ("swap", "insert", "delete", "substitute")
    checks = (*(Check(attack=f"{kind}-letters", severities=(1, 2, 3)) for kind in kinds),)
    fixed = build(examples, Plan(name="fixed", description="Letter noise.", check=checks))
    said = run(fixed, model)
    rows: dict[tuple[str, int], list[float]] = {}
    for variant in fixed.variants:
        earned = credit(said.scores[variant.id], right_options(variant.example))
        rows.setdefault((variant.attack, variant.severity), []).append(earned)
    best_fixed = min(fmean(found) for found in rows.values())

    found = search(examples, model, Searching("swap-letters", severity=3, budget=200))
    told = summarise_search(found, run(found, model))
    assert told.accuracy < best_fixed - 0.2
    assert max(int(v.notes["queries"]) for v in found.variants) <= 200
    fresh = resolve(str(location()), options=ModelOptions(threads=1, batch_tokens=300))
    replayed = run(thaw(freeze(found, tmp_path / "found")), fresh)
    assert replayed.scores == run(found, model).scores


def test_how_a_checkpoint_is_asked_is_said_as_for_check(
    command: Command, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    from robustness.demo.checkpoint import location

    data, model = write_jsonl(tmp_path, 2), str(location())
    refused = searched(command, data, "--model-arg", "kind=causal", model=model)
    assert (refused.code, "causal" in refused.err) == (3, True), refused.err
    mistyped = searched(command, data, "--model-arg", "likelyhood=raw", model=model)
    assert (mistyped.code, "did you mean 'likelihood'?" in mistyped.err) == (2, True), mistyped.err
