"""`check --dry-run`: what is left to be scored, beside what the cache has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from robustness.demo.checkpoint import location

DATA = ("--data", "stories:test?passages=4", "--suite", "shortcuts", "--cache", "cache")


def asked(command: Any, *more: str) -> dict[str, Any]:
    said = command("check", "--model", str(location()), *DATA, "-q", *more, "--dry-run", "--json")
    assert said.code == 0, said.err
    return dict(json.loads(said.out))


def test_a_forecast_takes_off_what_the_cache_has_and_adds_nothing_to_it(command: Any, tmp_path: Path) -> None:
    cold = asked(command)
    assert (cold["known_rows"], cold["seconds"] > 0, (tmp_path / "cache").exists()) == (0, True, False)
    command("check", "--model", str(location()), *DATA, "-q", "-o", "run")
    files = sorted(path.name for path in (tmp_path / "cache").rglob("*"))
    warm = asked(command)
    assert (warm["known_rows"], warm["known_tokens"]) == (warm["distinct_rows"], warm["distinct_tokens"])
    assert warm["seconds"] == 0.0
    assert {name: warm[name] for name in ("rows", "distinct_rows", "tokens")} == {
        name: cold[name] for name in ("rows", "distinct_rows", "tokens")
    }
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*")) == files
    assert asked(command, "--no-cache")["known_rows"] == 0
    more = asked(command, "--seed", "1", "--sequential")
    assert (0 < more["known_rows"] < more["distinct_rows"], more["upper_bound"]) == (True, True)
