from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from robustness.domain import Example, Scores, Suite, Truncates
from robustness.errors import ScoreError
from robustness.models.predictions import Predictions
from robustness.models.stub import stub
from robustness.scoring import run
from robustness.suites.build import build
from robustness.suites.plan import Plan

PLAN = Plan.model_validate(
    {
        "name": "small",
        "description": "d",
        "check": [{"attack": "gold-removed"}, {"attack": "window-shuffle", "severities": [1, 2]}],
    }
)


def item(number: int) -> Example:
    options = ("The lamp.", "The tent.", "A coat.", "A boat.")[: 3 + number % 2]
    passage = f"Leo left the lamp at home on day {number}. Nora packed the blue tent and a coat."
    return Example(f"m{number}#0", passage, "What did Leo leave?", options, 0, f"m{number}")


@pytest.fixture(scope="module")
def suite() -> Suite:
    return build(tuple(map(item, range(7))), PLAN)


def every_item(suite: Suite) -> dict[str, Example]:
    return {e.id: e for e in (*suite.examples, *(v.example for v in suite.variants))}


def rule(example: Example) -> Scores:
    return tuple(len(option) + len(example.id) / 7 for option in example.options)


@dataclass
class Fake:
    """A model that answers by `rule`, or as it is told, and remembers what it was asked."""

    answer: Callable[[Sequence[Example]], Sequence[Sequence[float]]] = lambda batch: [rule(e) for e in batch]
    name: str = "fake"
    fingerprint: str = "fake/1"
    asked: list[list[str]] = field(default_factory=list)

    def score(self, batch: Sequence[Example]) -> Sequence[Scores]:
        self.asked.append([example.id for example in batch])
        return self.answer(batch)  # type: ignore[return-value]


@dataclass
class Short(Fake):
    """It sees ten characters of each passage, or tells a wrong number of lengths."""

    lengths: int | None = None

    def visible(self, batch: Sequence[Example]) -> Sequence[int]:
        return [10] * (len(batch) if self.lengths is None else self.lengths)


def test_every_example_and_variant_is_scored_once(suite: Suite) -> None:
    model = Fake()
    made = run(suite, model, chunk=4)
    assert made.scores == {name: rule(example) for name, example in every_item(suite).items()}
    asked = [name for batch in model.asked for name in batch]
    assert sorted(asked) == sorted(every_item(suite))


def test_variants_stand_behind_their_source(suite: Suite) -> None:
    model = Fake()
    run(suite, model)
    (asked,) = model.asked
    assert [name.partition("~")[0] for name in asked] == sorted(name.partition("~")[0] for name in asked)
    assert asked[0] == "m0#0"


def test_the_run_says_what_was_scored_and_by_what(suite: Suite) -> None:
    made = run(suite, Fake())
    assert (made.model, made.model_fingerprint, made.suite) == ("fake", "fake/1", suite.fingerprint)
    assert {"mcrc-robustness", "python"} <= set(made.environment)
    assert made.visible == {}


@pytest.mark.parametrize("chunk", [1, 2, 5, 28, 1000])
def test_the_chunk_size_is_of_no_account(suite: Suite, chunk: int) -> None:
    model = stub("overlap-window")
    assert run(suite, model, chunk=chunk) == run(suite, model)


def test_a_model_that_describes_itself_adds_to_the_environment(suite: Suite) -> None:
    class Described(Fake):
        def environment(self) -> Mapping[str, str]:
            return {"device": "abacus"}

    assert run(suite, Described()).environment["device"] == "abacus"


@pytest.mark.parametrize("change", [lambda rows: rows[:-1], lambda rows: [*rows, rows[0]], lambda rows: []])
def test_a_wrong_number_of_rows_is_refused(
    suite: Suite, change: Callable[[list[Scores]], list[Scores]]
) -> None:
    model = Fake(lambda batch: change([rule(e) for e in batch]))
    with pytest.raises(ScoreError, match=r"^fake: \d+ rows of scores came for 28 items; ") as error:
        run(suite, model)
    assert error.value.exit_code == 3


@pytest.mark.parametrize("change", [lambda row: row[:-1], lambda row: (*row, 0.0), lambda row: ()])
def test_a_row_of_the_wrong_length_is_refused_by_its_item(
    suite: Suite, change: Callable[[Scores], Scores]
) -> None:
    broken = "m3#0~gold-removed.1"
    model = Fake(lambda batch: [change(rule(e)) if e.id == broken else rule(e) for e in batch])
    with pytest.raises(ScoreError, match=r"item 'm3#0~gold-removed\.1': \d scores came for 3 options"):
        run(suite, model)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_are_no_numbers_are_kept_for_judging(suite: Suite, value: float) -> None:
    model = Fake(lambda batch: [(value,) * len(e.options) if e.id == "m2#0" else rule(e) for e in batch])
    kept = run(suite, model).scores["m2#0"]
    assert len(kept) == 3
    assert all(math.isnan(score) if math.isnan(value) else score == value for score in kept)


def test_whole_numbers_become_floats(suite: Suite) -> None:
    made = run(suite, Fake(lambda batch: [range(len(e.options)) for e in batch]))
    assert {type(score) for row in made.scores.values() for score in row} == {float}


def test_predictions_of_another_suite_are_refused_with_both_fingerprints(suite: Suite) -> None:
    other = Predictions("mine", "0f", "beef", {})
    with pytest.raises(ScoreError, match=rf"suite 'beef', but this is '{suite.fingerprint}'"):
        run(suite, other)


def test_predictions_that_name_no_suite_are_taken_by_their_ids(suite: Suite) -> None:
    written = Predictions("mine", "0f", "", {name: rule(e) for name, e in every_item(suite).items()})
    assert run(suite, written).scores == run(suite, Fake()).scores


def test_predictions_with_a_missing_item_are_refused_by_its_id(suite: Suite) -> None:
    answers = {name: rule(e) for name, e in every_item(suite).items() if name != "m4#0"}
    with pytest.raises(ScoreError, match="'m4#0'"):
        run(suite, Predictions("mine", "0f", suite.fingerprint, answers))


def test_a_model_that_truncates_says_what_it_saw_of_each_item(suite: Suite) -> None:
    assert isinstance(Short(), Truncates)
    made = run(suite, Short(), chunk=3)
    assert made.visible == dict.fromkeys(every_item(suite), 10)


@pytest.mark.parametrize("lengths", [0, 5, 29])
def test_a_wrong_number_of_visible_lengths_is_refused(suite: Suite, lengths: int) -> None:
    with pytest.raises(ScoreError, match=rf"^fake: {lengths} visible lengths came for 28 items; "):
        run(suite, Short(lengths=lengths))


def test_an_interruption_is_not_swallowed(suite: Suite) -> None:
    def interrupted(batch: Sequence[Example]) -> Sequence[Scores]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(suite, Fake(interrupted))
