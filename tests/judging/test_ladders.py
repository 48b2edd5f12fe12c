"""Severity ladders and groups of answers, from real suites and rules without a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustness.attacks.contrast import contrast_consistency
from robustness.attacks.starc import role_profiles
from robustness.demo.stories import stories
from robustness.domain import Run, Suite
from robustness.judging.groups import contrast_groups, role_shares
from robustness.judging.ladders import dose_responses
from robustness.judging.verdicts import judge
from robustness.models.stub import stub
from robustness.reports.summarise import summarise
from robustness.reports.to_json import from_json, to_json
from robustness.reports.to_markdown import to_markdown
from robustness.scoring import run
from robustness.suites.build import build
from robustness.suites.plan import Plan

STORIES = stories("test", passages=40)
PLAN = Plan.model_validate(
    {
        "name": "ladders",
        "description": "d",
        "check": [
            {"attack": "swap-letters", "severities": [1, 2, 3]},
            {"attack": "window-shuffle", "severities": [1, 3]},
            {"attack": "foreign-sentence"},
            {"attack": "number-contrast"},
            {"attack": "answers-exchanged"},
        ],
    }
)
SUITE = build(STORIES, PLAN)
RUN = run(SUITE, stub("overlap-window"))


def marked(suite: Suite) -> Suite:
    """The suite with a role for each option: the right one is a."""

    def roles(answer: int, count: int) -> str:
        rest = iter("bcd")
        return "".join("a" if i == answer else next(rest) for i in range(count))

    four = {e.id for e in suite.examples if len(e.options) == 4}
    examples = tuple(
        replace(e, meta={"roles": roles(e.answer or 0, 4)}) if e.id in four else e for e in suite.examples
    )
    return replace(suite, examples=examples)


def number(value: float | None) -> float:
    assert value is not None
    return value


def test_every_attack_with_several_severities_has_a_ladder_from_clean_on():
    found = {ladder.attack: ladder for ladder in dose_responses(SUITE, judge(SUITE, RUN).outcomes)}
    assert set(found) == {"swap-letters", "window-shuffle"}
    assert [point.severity for point in found["swap-letters"].points] == [0, 1, 2, 3]
    assert [point.dose for point in found["swap-letters"].points] == [0, 0.1, 0.2, 0.4]
    assert found["swap-letters"].dose == "rate"
    assert [point.dose for point in found["window-shuffle"].points] == [0, 1, 3]


def test_the_area_is_that_of_the_curve_and_of_every_item_s_curve():
    for ladder in dose_responses(SUITE, judge(SUITE, RUN).outcomes):
        doses = [point.dose for point in ladder.points]
        rates = [number(point.accuracy.value) for point in ladder.points]
        wanted = np.trapezoid(rates, doses) / (doses[-1] - doses[0])
        assert ladder.area.value == pytest.approx(wanted)
        assert ladder.area_lost.value == pytest.approx(rates[0] - wanted)
        assert number(ladder.area.low) <= number(ladder.area.value) <= number(ladder.area.high)


def test_a_model_that_loses_nothing_keeps_its_clean_accuracy_as_area():
    for ladder in dose_responses(SUITE, judge(SUITE, run(SUITE, stub("oracle"))).outcomes):
        assert (ladder.area.value, ladder.area_lost.value) == (1.0, 0.0)


def test_items_missing_at_one_severity_are_left_out_of_all():
    outcomes = judge(SUITE, RUN).outcomes
    full = dose_responses(SUITE, outcomes)[0]
    gone = next(o for o in outcomes if (o.attack, o.severity) == ("swap-letters", 3))
    cut = tuple(replace(o, status="missing") if o is gone else o for o in outcomes)
    assert dose_responses(SUITE, cut)[0].n == full.n - 1
    nothing = tuple(replace(o, degraded=True) if o.severity == 3 else o for o in outcomes)
    assert dose_responses(SUITE, nothing) == ()


def test_contrast_groups_are_contrast_consistency_with_an_interval():
    for found in contrast_groups(SUITE, RUN):
        rate, sets = contrast_consistency(SUITE, RUN, found.attack)
        assert number(found.consistency.value) == pytest.approx(number(rate))
        assert found.sets == sets
        assert found.consistency.low is not None
    assert {found.attack for found in contrast_groups(SUITE, RUN)} == {"answers-exchanged"}


def test_an_unmeasured_member_leaves_no_consistency():
    scores = {id_: row for id_, row in RUN.scores.items() if "~answers-exchanged" not in id_}
    (found,) = contrast_groups(SUITE, replace(RUN, scores=scores))
    assert found.consistency.value is None
    assert found.sets > 0


def test_role_shares_are_the_role_profiles():
    suite = marked(SUITE)
    shares, profiles = role_shares(suite, RUN), role_profiles(suite, RUN)
    assert [(s.attack, s.severity, s.n, s.chosen) for s in shares] == [
        (p.attack, p.severity, p.n, p.chosen) for p in profiles
    ]
    assert shares[0].attack == "clean"
    assert role_shares(SUITE, RUN) == ()


@pytest.fixture(scope="module")
def suite() -> Suite:
    return marked(SUITE)


def told(suite: Suite, scored: Run):
    return summarise(suite, scored, judge(suite, scored))


def test_the_summary_holds_all_three_and_json_gives_them_back(suite):
    made = told(suite, RUN)
    assert made.dose_responses
    assert made.contrasts
    assert made.roles
    assert from_json(to_json(made)) == made


def test_markdown_shows_a_table_of_each(suite):
    text = to_markdown(told(suite, RUN))
    for title in ("## Severity ladders", "## Contrast sets", "## Kinds of options chosen"):
        assert title in text
    plain = told(
        build(STORIES[:20], PLAN.model_copy(update={"check": PLAN.check[2:3]})), run_of(STORIES[:20])
    )
    assert "## Severity ladders" not in to_markdown(plain)


def run_of(items) -> Run:
    return run(build(items, PLAN.model_copy(update={"check": PLAN.check[2:3]})), stub("oracle"))
