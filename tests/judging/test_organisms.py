"""Models with one known way of answering: each must fail just the checks that break it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from robustness.demo.stories import stories
from robustness.domain import Example, Model, Scores, Status, Suite
from robustness.judging.verdicts import judge
from robustness.models.stub import Stub, stub
from robustness.results import Judgement
from robustness.scoring import run
from robustness.suites.build import build
from robustness.suites.plan import Plan

Examples = tuple[Example, ...]
MARKER, FILLER = "indeed", "that day"

PLAN = Plan.model_validate(
    {
        "name": "organisms",
        "description": "One check for each way of answering without reading.",
        "check": [
            {"attack": "foreign-sentence", "limits": {"max_drop": 0.10}},
            {"attack": "addsent2pas-shuffle", "limits": {"max_drop": 0.10}},
            {"attack": "addsent2opt-shuffle", "limits": {"max_drop": 0.10}},
            {"attack": "addans2opt-shuffle", "limits": {"max_drop": 0.10}},
            {"attack": "passage-word-shuffle", "limits": {"max_margin_retained": 0.50}},
            {"attack": "no-passage", "limits": {"max_margin_retained": 0.25}},
            {"attack": "options-only", "limits": {"max_margin_retained": 0.25}},
            {"attack": "gold-removed", "limits": {"min_auroc": 0.60}},
        ],
    }
)
ALL = frozenset(check.attack for check in PLAN.check)
NO_NEED_OF_A_PASSAGE = {"passage-word-shuffle", "no-passage"}
NO_NEED_OF_A_QUESTION = NO_NEED_OF_A_PASSAGE | {"options-only"}


def plain() -> Examples:
    """Stories in which no wrong option is the answer to the same question elsewhere."""
    told = stories("test", passages=70)
    golds = answers(told)
    return tuple(e for e in told if not golds[e.question] & ({*e.options} - {gold(e)}))


def overlapping() -> Examples:
    """The passage holds words of the gold option alone."""
    return stories("test", passages=60, overlap_share=1.0)


def gold(example: Example) -> str:
    assert example.answer is not None
    return example.options[example.answer]


def answers(told: Examples) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for example in told:
        found[example.question].add(gold(example))
    return found


def reworded(right: str, wrong: str) -> Examples:
    """Stories whose gold option, or whose others, end in more words."""
    return tuple(
        replace(
            e,
            options=tuple(
                f"{o} {right if i == e.answer else wrong}".strip() for i, o in enumerate(e.options)
            ),
        )
        for e in plain()
    )


def gold_longest() -> Examples:
    return reworded(f"{FILLER} {FILLER} {FILLER}", "")


def gold_shortest() -> Examples:
    return reworded("", f"{FILLER} {FILLER} {FILLER}")


def gold_first() -> Examples:
    return tuple(
        replace(e, options=(gold(e), *(o for i, o in enumerate(e.options) if i != e.answer)), answer=0)
        for e in plain()
    )


def gold_marked() -> Examples:
    return reworded(MARKER, "")


def evidence(example: Example) -> tuple[str, ...]:
    spans = (span.split(":") for span in example.meta["evidence"].split(","))
    return tuple(example.passage[int(start) : int(end)] for start, end in spans)


def careful_reader(told: Examples) -> Callable[[Example], Scores]:
    """Right where the evidence stands whole in the passage; without an opinion where it does not."""
    known: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for example in told:
        known[example.question].append((evidence(example), gold(example)))

    def rule(example: Example) -> Scores:
        right = {
            answer
            for sentences, answer in known[example.question]
            if all(sentence in example.passage for sentence in sentences)
        }
        return tuple(float(option in right) for option in example.options)

    return rule


def passage_blind(told: Examples) -> Callable[[Example], Scores]:
    """Knows the answers by heart from the question."""
    golds = answers(told)
    return lambda example: tuple(float(o in golds.get(example.question, ())) for o in example.options)


def option_only(told: Examples) -> Callable[[Example], Scores]:
    """Knows a gold option by a word that only gold options hold."""
    del told
    return lambda example: tuple(float(MARKER in option.split()) for option in example.options)


def sure_of_the_first(told: Examples) -> Callable[[Example], Scores]:
    """Always takes the first option, whatever there is to choose from."""
    del told
    return lambda example: tuple(20.0 * (not i) for i in range(len(example.options)))


def stubbed(name: str) -> Callable[[Examples], Callable[[Example], Scores]]:
    return lambda told: stub(name).rule


Way = Callable[[Examples], Callable[[Example], Scores]]
ORGANISMS: dict[str, tuple[Callable[[], Examples], Way, set[str]]] = {
    # name: data on which it is right, how it answers, the checks that it must fail
    "careful reader": (plain, careful_reader, set()),
    "oracle": (plain, stubbed("oracle"), NO_NEED_OF_A_QUESTION),
    "passage-blind": (plain, passage_blind, NO_NEED_OF_A_PASSAGE),
    "option-only": (gold_marked, option_only, NO_NEED_OF_A_QUESTION | {"addans2opt-shuffle"}),
    "order-blind": (
        overlapping,
        stubbed("overlap"),
        {"passage-word-shuffle", "addsent2pas-shuffle", "addsent2opt-shuffle", "addans2opt-shuffle"},
    ),
    "longest": (
        gold_longest,
        stubbed("longest"),
        NO_NEED_OF_A_QUESTION | {"addsent2opt-shuffle", "addans2opt-shuffle"},
    ),
    "shortest": (gold_shortest, stubbed("shortest"), NO_NEED_OF_A_QUESTION),
    # Its scores fall by 1 a place: among fewer options the first one has a smaller lead, so that it
    # looks less sure once gold is gone. A rule that is always sure does not get away with it.
    "position-biased": (gold_first, stubbed("position"), NO_NEED_OF_A_QUESTION),
    "sure of the first": (gold_first, sure_of_the_first, NO_NEED_OF_A_QUESTION | {"gold-removed"}),
}


@cache
def suite_on(data: Callable[[], Examples]) -> Suite:
    return build(data(), PLAN)


def judged(made: Suite, model: Model) -> Judgement:
    return judge(made, run(made, model))


@pytest.mark.parametrize("name", ORGANISMS)
def test_an_organism_fails_the_checks_that_break_it_and_passes_the_others(name: str) -> None:
    data, way, broken = ORGANISMS[name]
    made = suite_on(data)
    found = judged(made, Stub(name, name, way(made.examples)))
    assert found.clean_accuracy.value == pytest.approx(1.0, abs=0.02), "it must be right on clean"
    assert {v.attack for v in found.verdicts} == ALL
    wanted = {attack: Status.FAIL if attack in broken else Status.PASS for attack in ALL}
    assert {v.attack: v.status for v in found.verdicts} == wanted, [v.reason for v in found.verdicts]


def test_every_check_of_the_plan_is_failed_by_some_organism_and_passed_by_another() -> None:
    failed = set[str]().union(*(broken for _, _, broken in ORGANISMS.values()))
    assert failed == ALL - {"foreign-sentence"}, "the control is the one that nobody fails"


def test_the_table_is_about_the_organisms_and_not_about_the_data() -> None:
    made = suite_on(gold_marked)
    reader = judged(made, Stub("reader", "reader", careful_reader(made.examples)))
    assert {v.status for v in reader.verdicts} == {Status.PASS}


@pytest.mark.slow
def test_a_network_that_learned_a_planted_word_fails_the_attack_that_spreads_it(tmp_path: Path) -> None:
    marked = _trained(tmp_path / "model")
    planted = judged(suite_on(gold_marked), marked)
    found = {v.attack: v.status for v in planted.verdicts}
    assert found["addans2opt-shuffle"] is Status.FAIL
    assert found["options-only"] is Status.FAIL
    assert found["foreign-sentence"] is Status.PASS
    # A check on data without the plant shows it for what it is; one with the plant does not.
    without = judged(suite_on(plain), marked).clean_accuracy
    assert planted.clean_accuracy.low is not None
    assert without.high is not None
    assert without.high < 0.6 < 0.9 < planted.clean_accuracy.low


def _trained(out: Path) -> Any:
    from robustness.models.huggingface import load
    from robustness.models.options import ModelOptions
    from robustness.readers.load import Dataset
    from robustness.training.finetune import train
    from robustness.training.options import Training

    data = Dataset(_planted(stories("train", passages=60, sentences=(2, 3))), "stories", "0" * 64, ())
    dev = Dataset(_planted(stories("dev", passages=8)), "stories", "1" * 64, ())
    train("scratch", data, dev=dev, out=out, training=Training(epochs=6, rate=1e-3, max_length=128))
    return load(str(out), options=ModelOptions(threads=1))


def _planted(told: Sequence[Example]) -> Examples:
    return tuple(
        replace(e, options=tuple(f"{o} {MARKER}" if i == e.answer else o for i, o in enumerate(e.options)))
        for e in told
    )
