from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.domain import Run, Status, Suite
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_junit import to_junit
from robustness.results import Judgement

KINDS = {Status.FAIL: "failure", Status.INVALID: "error", Status.UNDECIDED: "skipped"}


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement, created="2026-03-01T10:00:00+00:00")


def read(summary: Summary) -> Xml.Element:
    suite = Xml.fromstring(to_junit(summary).split("\n", 1)[1]).find("testsuite")
    assert suite is not None
    return suite


@pytest.mark.parametrize("status", list(Status))
def test_each_status_has_its_own_outcome_and_only_a_pass_looks_like_one(summary, status):
    only = replace(summary.verdicts[0], status=status, reason="because")
    suite = read(replace(summary, verdicts=(only,), attacks=()))
    (case,) = suite.findall("testcase")
    kind = KINDS.get(status)
    assert [child.tag for child in case if child.tag != "properties"] == ([kind] if kind else [])
    counts = (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped"))
    assert counts == ("1", *(str(int(kind == k)) for k in ("failure", "error", "skipped")))
    if kind:
        assert case.find(kind).get("message") == "because"  # type: ignore[union-attr]


def test_numbers_travel_as_properties(summary):
    verdict = summary.verdicts[0]
    case = read(summary).findall("testcase")[0]
    found = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert float(found["estimate"] or "nan") == verdict.estimate
    assert (found["limit"], found["n"], found["passages"]) == (
        str(verdict.limit),
        str(verdict.n),
        str(verdict.clusters),
    )


def test_a_check_without_a_limit_is_skipped_and_not_passed(summary):
    attack = replace(summary.attacks[0], status=None)
    suite = read(replace(summary, attacks=(attack,), verdicts=()))
    (case,) = suite.findall("testcase")
    assert case.find("skipped") is not None


@settings(deadline=None, max_examples=50)
@given(name=st.text(st.characters(codec=None), min_size=1), reason=st.text(st.characters(codec=None)))
def test_hostile_text_stays_well_formed(name, reason):
    from robustness.results import Calibration, Estimate, PositionBias, RobustAccuracy, Verdict

    verdict = Verdict("max_drop", name, 1, 0.5, 0.4, 0.6, 0.1, 9, 9, Status.FAIL, reason)
    made = summarise(
        Suite("s", 0, {"name": "s"}, (), (), (), {}, "f"),
        Run(name, "m", "f", {}, {}, {}),
        Judgement(
            Estimate(None),
            0.25,
            0,
            0,
            0,
            (),
            (),
            (verdict,),
            RobustAccuracy(Estimate(None), None, None, None, 0, None, None, None, 0),
            Status.FAIL,
            Calibration(0, None, None, ()),
            PositionBias((), None, None),
            "none",
            "",
            (),
        ),
    )
    assert len(read(made).findall("testcase")) == 1


@pytest.fixture
def compared(suite: Suite, run: Run, compared_judgement: Judgement) -> Summary:
    return summarise(suite, run, compared_judgement)


def test_another_reader_of_junit_finds_the_same_cases(compared):
    from junitparser import Error, Failure, JUnitXml, Skipped

    (suite,) = JUnitXml.fromstring(to_junit(compared).encode())
    ends = {case.name: [type(end) for end in case.result] for case in suite}
    assert ends == {
        "addsent2pas-shuffle[1] max_drop": [Failure],
        "passage-word-shuffle[1] max_margin_retained": [Skipped],
        "gold-removed[1] min_auroc": [Skipped],
        "gold-removed[1] min_auroc against the baseline": [Skipped],
        "addsent2pas-shuffle[1] max_drop against the baseline": [Failure],
    }
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 2, 0, 3)
    assert not [end for end in ends.values() if Error in end]
    found = {p.name: p.value for p in suite.properties()}  # type: ignore[no-untyped-call]
    assert (found["correction"], found["ece"], found["rstd_by_chance"]) == ("holm", "0.0625", "0.21875")


def test_cases_have_names_of_their_own(compared):
    names = [case.get("name") for case in read(compared).findall("testcase")]
    assert len(names) == len(set(names))


def test_a_known_failure_is_skipped_and_says_until_when(compared):
    case = read(compared).findall("testcase")[1]
    skipped = case.find("skipped")
    assert skipped is not None
    assert str(skipped.get("message")).startswith("known failure until 2027-03-31 (the reading team)")


def test_evidence_travels_as_properties(compared):
    case = read(compared).findall("testcase")[0]
    found = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert (found["gate"], found["step"], found["p_adjusted"]) == ("anytime", "31", "0.0234375")
    assert (found["detectable_drop"], found["power"], found["ece"]) == ("0.375", "0.4375", "0.5625")
