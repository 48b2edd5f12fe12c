"""Scoring that stops where verdicts are in: the same verdicts from fewer rows, none made up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Example, Scores, Status, Suite, Variant
from robustness.judging.verdicts import judge
from robustness.reports.summarise import summarise
from robustness.scoring import run as score
from robustness.sequential import run as score_until_decided
from robustness.sequential import share_scored
from robustness.stats.sequential import passage_order

RIGHT, WRONG = (2.0, 1.0, 0.0), (1.0, 2.0, 0.0)


def suite(*checks: Mapping[str, Any], passages: int = 120, polarity: str = "attack", **plan: Any) -> Suite:
    """Checks `a0`, `a1`, ...; a passage has one question or two, and not every check applies to it."""
    examples = tuple(
        Example(f"q{i:03}#{n}", "Nora sailed.", "How?", ("by ship", "by car", "by air"), 0, f"p{i:03}")
        for i in range(passages)
        for n in range(1 + i % 2)
    )
    names = [f"a{n}" for n in range(len(checks))]
    variants = tuple(
        Variant(f"{e.id}~{a}.1", e.id, a, 1, replace(e, id=f"{e.id}~{a}.1"), (0, 1, 2), (), i % 11 == 5)
        for i, e in enumerate(examples)
        for n, a in enumerate(names)
        if (i + n) % 7
    )
    entries = [{"attack": a, "severities": [1], **check} for a, check in zip(names, checks, strict=True)]
    recipes = {a: {"polarity": polarity} for a in names}
    document = {"checks": entries, "recipes": recipes, "gate": "anytime", **plan}
    return Suite("s", 0, document, examples, variants, (), {}, "f" * 8)


@dataclass
class Answers:
    """Answers from a table, right where it has none; counts what it is asked."""

    told: Mapping[str, Scores] = field(default_factory=dict)
    name: str = "ours"
    fingerprint: str = "ours/1"
    asked: Counter[str] = field(default_factory=Counter)

    def score(self, batch: Sequence[Example]) -> Sequence[Scores]:
        self.asked.update(example.id for example in batch)
        return [self.told.get(example.id, RIGHT) for example in batch]


def wrong_now_and_then(made: Suite, *, clean: float, attacked: float, seed: int = 0) -> Answers:
    draw = Random(seed)
    said = {e.id: WRONG if draw.random() < clean else RIGHT for e in made.examples}
    said |= {v.id: WRONG if draw.random() < attacked else RIGHT for v in made.variants}
    return Answers(said)


KINDS = st.sampled_from(
    ["max_drop", "min_accuracy", "min_consistency", "max_success_rate", "max_margin_retained"]
)


@settings(max_examples=25)
@given(
    limits=st.lists(
        st.dictionaries(KINDS, st.sampled_from([0.05, 0.2, 0.5, 0.8]), max_size=2), min_size=1, max_size=3
    ),
    rates=st.tuples(st.sampled_from([0.0, 0.1, 0.4, 0.66]), st.sampled_from([0.0, 0.2, 0.6, 1.0])),
    compared=st.booleans(),
    seed=st.integers(0, 9),
)
def test_what_it_decides_is_what_a_whole_run_says(limits, rates, compared, seed):
    made = suite(*({"limits": one} for one in limits), regression=0.1 if compared else None)
    model = wrong_now_and_then(made, clean=rates[0], attacked=rates[1], seed=seed)
    beside = score(made, wrong_now_and_then(made, clean=0.1, attacked=0.2)) if compared else None
    part, whole = score_until_decided(made, model, baseline=beside), score(made, model)
    found, wanted = (judge(made, one, baseline=beside) for one in (part, whole))
    for mine, theirs in zip(found.verdicts, wanted.verdicts, strict=True):
        assert mine.status == theirs.status
        if mine.status is not Status.INVALID:
            assert mine == theirs
    assert found.status == wanted.status
    assert (found.clean_accuracy, found.clean_n) == (wanted.clean_accuracy, wanted.clean_n)


def test_a_clear_case_ends_after_a_fraction_of_the_passages_and_is_asked_nothing_twice():
    made = suite({"limits": {"max_drop": 0.2}}, {"limits": {"max_drop": 0.1}}, passages=400)
    model = Answers({v.id: WRONG for v in made.variants if v.attack == "a1"})
    part = score_until_decided(made, model)
    assert [v.status for v in judge(made, part).verdicts] == [Status.PASS, Status.FAIL]
    assert set(model.asked.values()) == {1}
    shares = share_scored(made, part)
    assert 0 < shares["a1", 1] < 0.15
    assert shares["a1", 1] < shares["a0", 1] < 0.5
    assert all(e.id in part.scores for e in made.examples)


def test_passages_come_in_the_order_of_the_gate():
    made = suite({"limits": {"max_drop": 0.1}}, passages=400)
    part = score_until_decided(made, Answers({v.id: WRONG for v in made.variants}))
    group = {e.id: e.group for e in made.examples}
    reached = {group[v.source] for v in made.variants}
    order = [name for name in passage_order(group.values(), seed=made.seed) if name in reached]
    seen = {group[v.source] for v in made.variants if v.id in part.scores}
    assert seen == set(order[: part.stopped["a0", 1]])


def test_what_was_not_scored_is_not_needed_and_never_invalid_or_measured():
    made = suite({"limits": {"max_drop": 0.1}}, {}, passages=200)
    part = score_until_decided(made, Answers({v.id: WRONG for v in made.variants}))
    found = judge(made, part)
    limited, free = found.results
    rows = Counter((row.attack, row.status) for row in found.outcomes)
    assert limited.not_needed == rows["a0", "not-needed"] > 0
    assert limited.n + limited.degraded == rows["a0", "ok"]
    assert (limited.invalid, free.invalid) == ({}, {})
    assert (free.n, free.not_needed) == (0, rows["a1", "not-needed"])
    assert math.isnan(next(row.credit for row in found.outcomes if row.status == "not-needed"))
    assert found.status is Status.FAIL


def test_a_limit_that_no_bet_can_decide_needs_all_passages():
    made = suite({"limits": {"min_auroc": 0.5}}, polarity="abstain")
    part = score_until_decided(made, Answers())
    assert share_scored(made, part) == {("a0", 1): 1.0}
    assert part.stopped == {}
    assert part == score(made, Answers())


def test_fixed_gates_are_not_stopped_early():
    made = suite({"limits": {"max_drop": 0.1}}, passages=200)
    fixed = replace(made, plan={**made.plan, "gate": "fixed"})
    assert share_scored(fixed, score_until_decided(fixed, Answers())) == {("a0", 1): 1.0}


def test_a_guesser_passes_nothing_here_either():
    made = suite({"limits": {"max_drop": 0.2}}, passages=200)
    model = wrong_now_and_then(made, clean=0.68, attacked=0.68)
    part, whole = score_until_decided(made, model), score(made, model)
    assert [judge(made, run).verdicts[0].status for run in (part, whole)] == [Status.INVALID] * 2


@pytest.mark.parametrize("where", ["clean", "variant"])
def test_an_item_that_is_not_measured_makes_its_check_invalid_at_once(where):
    made = suite({"limits": {"max_drop": 0.2}}, passages=200)
    first = passage_order((e.group for e in made.examples), seed=made.seed)[0]
    group = {e.id: e.group for e in made.examples}
    bad = next(v for v in made.variants if group[v.source] == first)
    model = Answers({bad.id if where == "variant" else bad.source: (math.nan, 0.0, 0.0)})
    part = score_until_decided(made, model)
    (one,) = judge(made, part).verdicts
    assert (one.status, "1 non-finite" in one.reason) == (Status.INVALID, True)
    assert share_scored(made, part)["a0", 1] < 0.5


def test_the_report_says_which_share_of_each_check_was_scored():
    made = suite({"limits": {"max_drop": 0.1}}, {}, passages=200)
    part = score_until_decided(made, Answers({v.id: WRONG for v in made.variants}))
    summary = summarise(made, part, judge(made, part))
    (told,) = (remark for remark in summary.remarks if remark.startswith("Sequential: "))
    share = share_scored(made, part)["a0", 1]
    assert f"a0 {100 * share:.1f}%" in told
    assert "not at all, for want of a limit: a1" in told
    assert [attack.not_needed for attack in summary.attacks] == [
        r.not_needed for r in judge(made, part).results
    ]
    whole = summarise(made, score(made, Answers()), judge(made, score(made, Answers())))
    assert not any("Sequential" in remark for remark in whole.remarks)


def test_what_was_raised_at_any_look_is_told_in_the_end() -> None:
    class Fussy(Answers):
        """It raises at one clean question and, elsewhere in its code, at every fifth passage's variants."""

        def score(self, batch: Sequence[Example]) -> Sequence[Scores]:
            names = {example.id for example in batch}
            if "q003#0" in names:
                raise KeyError
            if any("~" in name and int(name[1:4]) % 5 == 0 for name in names):
                raise ValueError
            return super().score(batch)

    made = score_until_decided(suite({"limits": {"max_drop": 0.1}}), Fussy())
    assert [one.split(" ")[0] for one in made.environment["errors"].split("; ")] == ["KeyError", "ValueError"]
    assert math.isnan(made.scores["q003#0"][0])
