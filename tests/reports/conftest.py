"""A small suite, run and judgement, made by hand: what each test changes, it says itself."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from robustness.domain import Edit, Example, Polarity, Run, Status, Suite, Variant
from robustness.reports.write_run import write_run
from robustness.results import (
    Calibration,
    Comparison,
    Estimate,
    Judgement,
    Outcome,
    Position,
    PositionBias,
    ReliabilityBin,
    Result,
    RobustAccuracy,
    Verdict,
)

NAN = math.nan
CREATED = "2026-03-01T10:00:00+00:00"
FILES = ["items.parquet", "junit.xml", "manifest.json", "report.html", "report.md", "summary.json"]
TENT = "Nora packed the blue tent on Friday. Leo left the lamp at home."


def example(number: int, **changes: Any) -> Example:
    return replace(
        Example(
            id=f"camp{number}#q1",
            passage=TENT,
            question="What did Leo leave at home?",
            options=("The old lamp.", "The blue tent.", "A warm coat.", "The small boat."),
            answer=0,
            group=f"camp{number}",
        ),
        **changes,
    )


def changed(source: Example, attack: str, edit: Edit, number: int = 1, **changes: Any) -> Variant:
    tail = "" if number == 1 else f"/{number}"
    name = f"{source.id}~{attack}.1{tail}"
    option_map = changes.pop("option_map", tuple(range(len(source.options))))
    return Variant(
        id=name,
        source=source.id,
        attack=attack,
        severity=1,
        example=replace(source, id=name, **changes),
        option_map=option_map,
        edits=(edit,),
    )


def inserted(source: Example, text: str = " The lamp Leo home blue left.") -> Variant:
    edit = Edit("passage", 0, len(source.passage), "", text)
    return changed(source, "addsent2pas-shuffle", edit, passage=source.passage + text)


def shuffled(source: Example) -> Variant:
    words = " ".join(reversed(source.passage.split()))
    edit = Edit("passage", 0, 0, source.passage, words)
    return changed(source, "passage-word-shuffle", edit, passage=words)


def emptied(source: Example) -> Variant:
    """The gold option replaced: option 0 of the source is gone, a new one stands last."""
    options = (*source.options[1:], "None of these was left.")
    edit = Edit("option", 3, 0, "", options[3])
    return changed(source, "gold-removed", edit, options=options, answer=None, option_map=(1, 2, 3, -1))


def outcome(variant: Variant, **changes: Any) -> Outcome:
    return replace(
        Outcome(
            id=variant.id,
            source=variant.source,
            attack=variant.attack,
            severity=variant.severity,
            group=variant.example.group,
            status="ok",
            degraded=False,
            chance_clean=0.25,
            chance=0.25,
            clean_credit=1.0,
            credit=0.0,
            same_choice=0.0,
            top=0.6,
            brier=1.125,
            margin_change=-2.0,
            confidence_clean=0.8,
            confidence=0.6,
            planted=NAN,
            visible_share=1.0,
        ),
        **changes,
    )


def calibrated(**changes: Any) -> Calibration:
    bins = (ReliabilityBin(1, 0.375, 1.0), ReliabilityBin(3, 0.8, 2 / 3))
    return replace(Calibration(n=4, ece=0.0625, brier=0.3125, bins=bins), **changes)


def favour() -> PositionBias:
    table = tuple(
        Position(place, 4, chosen, 0.25, 4 if place == 0 else 0, recall)
        for place, chosen, recall in ((0, 0.75, 0.75), (1, 0.25, None), (2, 0.0, None), (3, 0.0, None))
    )
    return PositionBias(table, 0.125, 0.21875)


def comparison(attack: str, measure: str, **changes: Any) -> Comparison:
    return replace(
        Comparison(
            attack=attack,
            severity=1,
            measure=measure,
            value=0.75,
            baseline=0.875,
            difference=Estimate(-0.125, -0.25, 0.0),
            p_value=0.046875,
            p_adjusted=0.09375,
            n=4,
            clusters=4,
        ),
        **changes,
    )


def result(name: str, polarity: Polarity, **changes: Any) -> Result:
    none = Estimate(None)
    return replace(
        Result(
            name=name,
            polarity=polarity,
            severity=1,
            n=4,
            clusters=4,
            applicable=4,
            skipped={},
            degraded=0,
            invalid={},
            chance_clean=0.25,
            chance=0.25,
            accuracy_clean=Estimate(0.75, 0.5, 1.0),
            accuracy=Estimate(0.25, 0.0, 0.5),
            accuracy_with_degraded=None,
            drop=Estimate(0.5, 0.25, 0.75),
            relative_drop=2 / 3,
            p_value=0.03125,
            p_drop=0.015625,
            p_drop_adjusted=0.0234375,
            design_effect=1.25,
            detectable_drop=0.375,
            power=0.4375,
            attack_success_rate=Estimate(0.625, 0.5, 0.75),
            repair_rate=Estimate(0.0, 0.0, 0.1),
            consistency=Estimate(0.375, 0.25, 0.5),
            margin_retained=none,
            margin_shift=-2.0,
            margin_lower=0.875,
            calibration=calibrated(ece=0.5625),
            auroc=none,
            aurc=None,
            coverage_at_80=None,
            planted_rate=None,
            visible_share=1.0,
            truncated=0.0,
        ),
        **changes,
    )


def verdict(check: str, attack: str, **changes: Any) -> Verdict:
    return replace(
        Verdict(
            check=check,
            attack=attack,
            severity=1,
            estimate=0.5,
            low=0.25,
            high=0.75,
            limit=0.1,
            n=4,
            clusters=4,
            status=Status.FAIL,
            reason="the whole interval lies above the limit",
            p_value=0.0078125,
            p_adjusted=0.0234375,
        ),
        **changes,
    )


RECIPES = {
    "addsent2pas-shuffle": {
        "title": "A shuffled sentence in the passage",
        "family": "unreadable",
        "polarity": "attack",
        "source": "Si et al. 2019, section 3.2",
        "claim": "A sentence that cannot be read changes no answer.",
        "known_limits": ["The place of the sentence is drawn at random."],
    },
    "passage-word-shuffle": {
        "title": "All words of the passage shuffled",
        "family": "order",
        "polarity": "ablation",
        "source": "Sugawara et al. 2020",
        "claim": "Nobody can read the passage any more.",
        "known_limits": [],
    },
    "gold-removed": {
        "title": "The right option taken away",
        "family": "unanswerable",
        "polarity": "abstain",
        "source": "this project",
        "claim": "No option is right.",
    },
}
CHECKS = [
    {
        "attack": "addsent2pas-shuffle",
        "severities": [1],
        "limits": {"max_drop": 0.1},
        "baseline_limits": {},
        "reason": "A reader skips what cannot be read.",
    },
    {
        "attack": "passage-word-shuffle",
        "severities": [1],
        "limits": {"max_margin_retained": 0.5},
        "reason": "",
    },
]
AUDIT = {
    "findings": [{"kind": "duplicate-options", "count": 1, "ids": ["camp3#q1"], "detail": "options 1 and 2"}],
    "sentinels": [
        {
            "attack": "addsent2pas-shuffle",
            "severity": 1,
            "sentinel": "stub:shortest",
            "accuracy_clean": 0.25,
            "accuracy": 0.875,
            "leak": True,
            "declared": False,
        }
    ],
    "invalid_rows": [{"where": "camp.json:7", "reason": "no options"}],
}


@pytest.fixture
def suite() -> Suite:
    examples = tuple(example(n) for n in range(4))
    variants = tuple(v for e in examples for v in (inserted(e), shuffled(e), emptied(e)))
    return Suite(
        name="core",
        seed=7,
        plan={"name": "core", "description": "The short plan.", "checks": CHECKS, "recipes": RECIPES},
        examples=examples,
        variants=variants,
        skipped=(),
        audit=AUDIT,
        fingerprint="sha256:" + "ab" * 32,
        data="dream:test.json",
    )


@pytest.fixture
def run(suite: Suite) -> Run:
    clean = {e.id: (3.0, 1.0, 0.0, -1.0) for e in suite.examples}
    moved = {v.id: (0.5, 2.0, 0.0, -1.0) for v in suite.variants}
    return Run(
        model="stub:overlap",
        model_fingerprint="sha256:" + "cd" * 32,
        suite=suite.fingerprint,
        scores=clean | moved,
        visible={},
        environment={"python": "3.11", "torch": "2.13"},
    )


@pytest.fixture
def judgement(suite: Suite) -> Judgement:
    earned = {"addsent2pas-shuffle": 0.0, "passage-word-shuffle": 1.0, "gold-removed": 0.0}
    return Judgement(
        clean_accuracy=Estimate(0.75, 0.625, 0.875),
        clean_chance=0.25,
        clean_n=4,
        clean_clusters=4,
        clean_invalid=0,
        outcomes=tuple(outcome(v, credit=earned[v.attack]) for v in suite.variants),
        results=(
            result("addsent2pas-shuffle", Polarity.ATTACK, skipped={"no sentence to add": 2}),
            result(
                "passage-word-shuffle",
                Polarity.ABLATION,
                accuracy=Estimate(0.7, 0.6, 0.8),
                margin_retained=Estimate(0.9, 0.75, 1.1),
            ),
            result(
                "gold-removed",
                Polarity.ABSTAIN,
                accuracy_clean=Estimate(None),
                accuracy=Estimate(None),
                drop=Estimate(None),
                p_value=None,
                p_drop=None,
                p_drop_adjusted=None,
                design_effect=None,
                detectable_drop=None,
                power=None,
                margin_shift=None,
                margin_lower=None,
                calibration=None,
                auroc=Estimate(0.5, 0.375, 0.625),
                aurc=0.4375,
                coverage_at_80=0.3125,
            ),
        ),
        verdicts=(
            verdict("max_drop", "addsent2pas-shuffle"),
            verdict(
                "max_margin_retained",
                "passage-word-shuffle",
                estimate=0.9,
                low=0.75,
                high=1.1,
                limit=0.5,
            ),
            verdict(
                "min_auroc",
                "gold-removed",
                estimate=0.5,
                low=0.375,
                high=0.625,
                limit=0.6,
                status=Status.UNDECIDED,
                reason="the interval straddles the limit",
            ),
        ),
        robust_accuracy=RobustAccuracy(
            worst_case=Estimate(0.25, 0.125, 0.5),
            null=0.6875,
            control="foreign-sentence",
            control_rate=0.0625,
            attacks=1,
            lowest=0.25,
            lowest_attack="addsent2pas-shuffle",
            mean=0.25,
            n=4,
        ),
        status=Status.FAIL,
        calibration=calibrated(),
        position_bias=favour(),
        correction="none",
        baseline="",
        comparisons=(),
    )


BASELINE = "stub:oracle sha256:" + "ef" * 32
KNOWN = "until 2027-03-31 (the reading team): retraining is under way"


@pytest.fixture
def compared_judgement(judgement: Judgement) -> Judgement:
    """The judgement with all that a plan can ask for: a baseline, Holm, both gates, a known failure."""
    drop, margin, auroc = judgement.verdicts
    near = verdict(
        "min_auroc",
        "gold-removed",
        baseline=BASELINE,
        estimate=-0.125,
        low=-0.25,
        high=0.0,
        limit=-0.02,
        p_value=None,
        p_adjusted=None,
        status=Status.UNDECIDED,
        reason="the interval straddles the limit",
    )
    return replace(
        judgement,
        verdicts=(
            replace(drop, gate="anytime", step=31),
            replace(margin, known_failure=KNOWN),
            auroc,
            near,
            replace(
                near,
                check="max_drop",
                attack="addsent2pas-shuffle",
                estimate=0.125,
                low=0.0625,
                high=0.1875,
                limit=0.02,
                status=Status.FAIL,
            ),
        ),
        correction="holm",
        baseline=BASELINE,
        comparisons=(comparison("clean", "accuracy", severity=0), comparison("gold-removed", "auroc")),
    )


@pytest.fixture
def write(suite: Suite, run: Run, judgement: Judgement):
    """Writes the run to a folder; what differs is said by the test."""
    return partial(write_run, suite=suite, run=run, judgement=judgement, created=CREATED, text=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
