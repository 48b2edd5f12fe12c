from __future__ import annotations

from dataclasses import replace

import pytest

from robustness.domain import Status
from robustness.reports.headline import headline, remarks
from robustness.results import Estimate, Judgement, Verdict

FAMILIES = {
    "addsent2pas-shuffle": "unreadable",
    "passage-word-shuffle": "order",
    "gold-removed": "unanswerable",
}


def only(judgement: Judgement, *verdicts: Verdict) -> Judgement:
    return replace(judgement, verdicts=verdicts)


def named(judgement: Judgement, place: int, name: str) -> Judgement:
    result = replace(judgement.results[place], name=name)
    return replace(judgement, results=(result,), verdicts=(replace(judgement.verdicts[place], attack=name),))


def test_keywords_are_named_when_shuffled_passages_keep_the_margin(judgement: Judgement):
    assert headline(judgement, FAMILIES) == (
        "This model matches keywords: with the words out of order (passage-word-shuffle) "
        "it keeps 90.0% of its margin over chance."
    )


@pytest.mark.parametrize("status", [Status.PASS, Status.UNDECIDED, Status.INVALID])
def test_no_claim_is_made_without_a_failed_check(judgement: Judgement, status: Status):
    judged = only(judgement, *(replace(v, status=status) for v in judgement.verdicts))
    assert "This model matches" not in headline(judged, FAMILIES)
    assert not any("keywords" in remark for remark in remarks(judged, FAMILIES))


@pytest.mark.parametrize("name", ["sentence-order-shuffle", "question-word-shuffle"])
def test_readable_shuffles_say_nothing_about_keywords(judgement: Judgement, name: str):
    said = headline(named(judgement, 1, name), {name: "order"})
    assert said.startswith("This model makes little use of order")


def test_a_readable_distractor_says_nothing_about_keywords(judgement: Judgement):
    said = headline(named(judgement, 0, "addsent2opt"), {"addsent2opt": "unreadable"})
    assert said.startswith("This model can be led astray: addsent2opt")


def test_a_limit_on_another_measure_supports_no_claim(judgement: Judgement):
    verdict = replace(judgement.verdicts[1], check="max_truncated")
    assert headline(only(judgement, verdict), FAMILIES) == "1 of 1 check failed."


def test_a_model_that_is_sure_of_unanswerable_questions_is_told_so(judgement: Judgement):
    verdict = replace(judgement.verdicts[2], status=Status.FAIL)
    said = headline(only(judgement, verdict), FAMILIES)
    assert said.startswith("This model does not notice when it cannot know")
    assert "AUROC 0.50" in said


def test_a_model_at_chance_is_told_so_before_anything_else(judgement: Judgement):
    weak = replace(judgement, clean_accuracy=Estimate(0.27, 0.22, 0.32))
    said = headline(weak, FAMILIES)
    assert said.startswith("This model is not clearly better than guessing")
    assert not any("This model" in remark for remark in remarks(weak, FAMILIES))


def test_a_plan_without_limits_is_measured_not_judged(judgement: Judgement):
    assert headline(only(judgement), FAMILIES).startswith("Measured, not judged")


def test_all_passed_says_how_many(judgement: Judgement):
    judged = only(judgement, *(replace(v, status=Status.PASS) for v in judgement.verdicts))
    assert headline(judged, FAMILIES) == "No weakness was found: this model passes 3 checks of 3."


def test_what_was_not_measured_never_sounds_like_a_pass(judgement: Judgement):
    passed = replace(judgement.verdicts[0], status=Status.PASS)
    judged = only(judgement, passed, replace(passed, status=Status.INVALID))
    assert headline(judged, FAMILIES) == "Not all was measured: 1 of 2 checks could not be judged."


def test_what_is_right_without_the_passage_is_not_called_keyword_matching(judgement: Judgement):
    place = next(i for i, r in enumerate(judgement.results) if r.name == "passage-word-shuffle")
    shuffled = judgement.results[place]
    verdict = next(v for v in judgement.verdicts if v.attack == "passage-word-shuffle")
    removed = replace(shuffled, name="no-passage")
    both = replace(
        judgement,
        results=(shuffled, removed),
        verdicts=(verdict, replace(verdict, attack="no-passage")),
    )
    said = (headline(both, FAMILIES), *remarks(both, FAMILIES))
    assert said[0].startswith("This model answers without reading")
    assert not any("matches keywords" in sentence for sentence in said)


KNOWN = "until 2027-03-31 (the reading team): retraining is under way"


def test_a_known_failure_supports_no_claim_and_is_named(judgement: Judgement):
    drop, margin, _ = judgement.verdicts
    judged = only(judgement, replace(drop, status=Status.PASS), replace(margin, known_failure=KNOWN))
    assert headline(judged, FAMILIES) == (
        "No new weakness was found: this model passes 1 check; 1 check fails as expected."
    )
    assert remarks(judged, FAMILIES) == ("Left out of the verdict as known to fail: passage-word-shuffle.",)


def test_nothing_but_known_failures_is_no_praise(judgement: Judgement):
    judged = only(judgement, *(replace(v, known_failure=KNOWN) for v in judgement.verdicts[:2]))
    assert headline(judged, FAMILIES) == (
        "Nothing but known failures: 2 checks fail as expected, and nothing else was judged."
    )


def test_what_was_not_measured_is_never_a_known_failure(judgement: Judgement):
    invalid = replace(judgement.verdicts[0], status=Status.INVALID, known_failure=KNOWN)
    assert headline(only(judgement, invalid), FAMILIES).startswith("Not all was measured")


def test_a_limit_against_a_baseline_supports_no_claim_but_its_own(judgement: Judgement):
    near = replace(judgement.verdicts[1], baseline="stub:oracle")
    assert headline(only(judgement, near), FAMILIES) == (
        "This model is worse than its baseline, by more than is allowed, in 1 check: passage-word-shuffle."
    )
    both = only(judgement, judgement.verdicts[0], near)
    assert headline(both, FAMILIES).startswith("This model is drawn to keywords")
    assert remarks(both, FAMILIES)[0].startswith("This model is worse than its baseline")
