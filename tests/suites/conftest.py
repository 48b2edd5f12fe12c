"""Short items of one form, and small plans, for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from robustness.domain import Example
from robustness.suites.plan import Plan

Make = Callable[[int], tuple[Example, ...]]

_NAMES = ("Nora", "Leo", "Mia", "Sam", "Ida", "Ben", "Eva")
_THINGS = ("lamp", "tent", "coat", "boat", "kite", "drum", "rope", "bell", "spoon", "ladder", "basket")
_PLACES = ("lake", "mill", "barn", "harbour", "tower")


def item(number: int) -> Example:
    name, place = _NAMES[number % 7], _PLACES[number % 5]
    things = [_THINGS[(number + step) % 11] for step in (0, 3, 5, 8)]
    gold = number % 4
    options = [f"{name} carried the old {thing}." for thing in (*things[1:], things[0])]
    options[gold], options[-1] = options[-1], options[gold]
    return Example(
        id=f"trip{number:04d}#1",
        passage=(
            f"{name} set off at 9:0{number % 10} with the {things[0]} in a bag. The {things[1]} didn't fit. "
            f"Near the {place} a friend of {name} had left the {things[2]}."
        ),
        question=f"What did {name} carry to the {place}?",
        options=tuple(options),
        answer=gold,
        group=f"trip{number:04d}",
        meta={"kind": "what"} if number % 2 else {},
    )


@pytest.fixture(scope="session")
def items() -> Make:
    return lambda count: tuple(map(item, range(count)))


@pytest.fixture
def small_plan() -> Plan:
    return Plan.model_validate(
        {
            "name": "small",
            "description": "One recipe of each kind.",
            "control": "foreign-sentence",
            "check": [
                {"attack": "addsent2opt-shuffle", "limits": {"max_drop": 0.1}, "reason": "Unreadable."},
                {"attack": "foreign-sentence"},
                {"attack": "window-shuffle", "severities": [1, 3]},
                {"attack": "evidence-deleted"},
                {"attack": "gold-removed"},
            ],
        }
    )


@pytest.fixture
def recipe_of_mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write `attacks/give-away.toml` into a fresh current folder: addsent2opt-shuffle, undeclared."""
    monkeypatch.chdir(tmp_path)

    def write(*, version: int = 1, shuffle: bool = True, leaks: tuple[str, ...] = ()) -> Path:
        file = tmp_path / "attacks" / "give-away.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            f'name = "give-away"\ntitle = "t"\nfamily = "mine"\ngenerator = "change-distractors"\n'
            f'version = {version}\npolarity = "attack"\nsource = "s"\nclaim = "c"\nlanguages = ["en"]\n'
            f"leaks = {json.dumps(leaks)}\n[parameters]\n"
            f'material = "sentence"\nkeep = true\nshuffle = {str(shuffle).lower()}\n'
            '[example]\noptions = ["a", "b"]\nanswer = 0\n[after]\noptions = ["a", "b"]\nanswer = 0\n'
        )
        return file

    return write
