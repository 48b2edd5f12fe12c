"""Attacks that each break one promise, and the kit that must see it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from robustness.attacks.draft import Draft
from robustness.attacks.recipes import Recipe, recipe
from robustness.domain import Edit, Example, NotApplicable, Polarity, Variant
from robustness.rng import Rng
from robustness.testing import SAMPLE_ITEMS, ContractError, broken_promises, check_attack, odd_faults

_COUNT = {"calls": 0}


@dataclass(frozen=True, kw_only=True)
class Whispered:
    """Keeps the contract: the question in small letters, with a word in front."""

    name: str
    polarity: Polarity
    lead: str = "please:"

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant."""
        if not example.question.strip():
            raise NotApplicable("no question")
        yield self.changed(example, rng).variant(self, severity)

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Return the draft; what each broken attack overrides."""
        return Draft.of(example).with_field("question", f"{self.lead} {example.question.lower()}")


class Unsteady(Whispered):
    """Depends on how often it was called."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Count the calls."""
        _COUNT["calls"] += 1
        return Draft.of(example).with_field("question", f"{_COUNT['calls']} {example.question}")


@dataclass(frozen=True, kw_only=True)
class Remembering(Whispered):
    """Keeps what it saw."""

    seen: list[str] = field(default_factory=list)

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Remember the item."""
        self.seen.append(example.id)
        return Draft.of(example).with_field("question", f"{len(self.seen)} {example.question}")


class Hashing(Whispered):
    """Takes the order of a set for an order."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Sort nothing."""
        return Draft.of(example).with_field("question", " ".join({*"abcdefgh", *example.question.split()}))


class GoldEdited(Whispered):
    """Edits the gold option."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Edit it."""
        assert example.answer is not None
        return Draft.of(example).with_option(example.answer, f"{example.options[example.answer]} indeed")


class GoldDoubled(Whispered):
    """Writes the gold option over a distractor."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Copy it."""
        assert example.answer is not None
        place = (example.answer + 1) % len(example.options)
        return Draft.of(example).with_option(place, example.options[example.answer].upper() + "!", new=True)


class AnswerMoved(Whispered):
    """Calls another option right."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Turn the answer."""
        assert example.answer is not None
        draft = super().changed(example, rng)
        return replace(draft, answer=(example.answer + 1) % len(example.options))


class Idle(Whispered):
    """Changes nothing and says so nowhere."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Change nothing."""
        return Draft.of(example)


class Unreplayable(Whispered):
    """Records an edit that did not happen."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with a wrong edit list."""
        (made,) = super().__call__(example, severity, rng)
        yield replace(made, edits=(*made.edits, Edit("question", 0, 0, "never", "ever")))


class Misnamed(Whispered):
    """Gives variants ids of its own."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant under another id."""
        (made,) = super().__call__(example, severity, rng)
        yield replace(made, id="mine", example=replace(made.example, id="mine", group="elsewhere"))


class Mutating(Whispered):
    """Writes into the item's meta."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Write."""
        example.meta["seen"] = "yes"  # type: ignore[index]
        return super().changed(example, rng)


class Crashing(Whispered):
    """Does not look whether there is a passage, or a right option."""

    def changed(self, example: Example, rng: Rng) -> Draft:
        """Look at the first word."""
        first = example.passage.split()[0] if example.meta else ""
        return super().changed(replace(example, question=f"{first} {example.question}"), rng)


class Empty(Whispered):
    """Skips without a reason."""

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Raise."""
        if example.id:
            raise NotApplicable
        yield from super().__call__(example, severity, rng)


def made(kind: type[Whispered], **changes: object) -> Recipe:
    """Return a recipe with a generator of this module."""
    sys.modules.setdefault("broken_attacks", sys.modules[__name__])
    document = recipe("no-question").model_dump(mode="json")
    after = {**document["example"], "question": f"please: {document['example']['question'].lower()}"}
    fields = {"generator": f"broken_attacks:{kind.__name__}", "parameters": {}, "levels": [{}]}
    return Recipe.model_validate({**document, "polarity": "attack", **fields, "after": after, **changes})


BROKEN = {
    Unsteady: "the same seed gives other variants",
    Remembering: "it keeps a state",
    GoldEdited: "the gold option has another text",
    GoldDoubled: "an option became like the right one",
    AnswerMoved: "another option is called right",
    Idle: "nothing was changed",
    Unreplayable: "the edits cannot be replayed",
    Misnamed: "left its passage's group",
    Mutating: "changed in place",
    Crashing: "only NotApplicable may be raised",
    Empty: "without a reason",
}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_each_broken_promise_is_told(kind):
    found = made(kind)
    items = [replace(SAMPLE_ITEMS[0], meta=dict(SAMPLE_ITEMS[0].meta)), *SAMPLE_ITEMS[1:]]
    faults = [fault for item in items for fault in broken_promises(found, item)]
    faults += [fault for item in items for fault in odd_faults(found, item)]
    assert any(BROKEN[kind] in fault for fault in faults), faults


def test_an_attack_that_keeps_the_contract_has_no_broken_promise():
    assert [fault for item in SAMPLE_ITEMS for fault in broken_promises(made(Whispered), item)] == []


def test_the_one_call_lists_every_broken_promise(tmp_path, monkeypatch):
    with pytest.raises(ContractError) as caught:
        check_attack(made(GoldEdited))
    told = str(caught.value)
    assert "attack 'no-question' breaks its contract" in told
    assert "worked example" in told
    assert "the gold option has another text" in told


HASHING = """
from robustness.attacks.draft import Draft

class Hashing:
    def __init__(self, *, name, polarity):
        self.name, self.polarity = name, polarity

    def __call__(self, example, severity, rng):
        words = " ".join({*"abcdefgh", *example.question.split()})
        yield Draft.of(example).with_field("question", words).variant(self, severity)
"""


def test_an_attack_that_depends_on_the_hash_seed_is_told(tmp_path, monkeypatch):
    (tmp_path / "hashing_attack.py").write_text(HASHING)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ContractError, match="depend on the hash seed"):
        check_attack(made(Whispered, generator="hashing_attack:Hashing"))


@pytest.mark.parametrize("name", ["swap-letters", "rename-people", "gold-removed", "number-contrast"])
def test_a_recipe_of_every_polarity_passes_the_one_call(name):
    report = check_attack(name)
    assert report.variants > 0
    assert report.items == len(SAMPLE_ITEMS) + 1  # the worked example


def test_items_of_one_s_own_are_tried_too():
    own = [
        Example(f"own{i}", f"Ann has {i} cats.", "What has Ann?", ("cats", "dogs"), 0, f"g{i}")
        for i in range(3)
    ]
    assert check_attack("foreign-sentence", own).items == len(SAMPLE_ITEMS) + 4


def test_an_attack_that_applies_to_nothing_is_not_said_to_keep_the_contract():
    english = made(Whispered, languages=["zh"])
    with pytest.raises(ContractError):
        check_attack(english)
