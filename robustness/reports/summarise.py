"""From a suite, its run and its judgement to the summary that every report is rendered from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from robustness.domain import HOW_COMPUTED, Run, Suite
from robustness.judging.groups import contrast_groups, role_shares
from robustness.judging.ladders import dose_responses
from robustness.reports.attacked import attack_summaries, recipes_of
from robustness.reports.audited import findings, invalid_rows, sentinels
from robustness.reports.curves import clean_curve
from robustness.reports.headline import headline, remarks
from robustness.reports.measured import finite_estimate, finite_number, measured
from robustness.reports.notices import notices
from robustness.reports.privacy import public_environment, public_text
from robustness.reports.summary import SCHEMA, CleanSummary, ModelSummary, SuiteSummary, Summary
from robustness.results import Judgement, Verdict

__all__ = ["summarise"]


def summarise(
    suite: Suite, run: Run, judgement: Judgement, *, text: bool = True, created: str = ""
) -> Summary:
    """Return the summary of one run.

    Home paths, credentials and tokens are taken out of names and environment. With `text` off,
    only ids and numbers are left of the data: for corpora whose licence forbids passing them on.
    """
    recipes = recipes_of(suite)
    families = {name: str(recipe.get("family", "")) for name, recipe in recipes.items()}
    rows = invalid_rows(suite.audit)
    return Summary(
        schema=SCHEMA,
        created=created,
        headline=headline(judgement, families),
        remarks=(*notices(run, judgement), *remarks(judgement, families)),
        status=judgement.status,
        model=ModelSummary(public_text(run.model), run.model_fingerprint),
        data=public_text(suite.data),
        suite=_suite(suite),
        clean=_clean(judgement),
        attacks=attack_summaries(suite, run, judgement, text=text),
        verdicts=tuple(_verdict(v) for v in judgement.verdicts),
        robust_accuracy=measured(judgement.robust_accuracy),
        calibration=measured(judgement.calibration),
        risk_coverage=clean_curve(suite, run),
        position_bias=measured(judgement.position_bias),
        correction=judgement.correction,
        baseline=public_text(judgement.baseline),
        comparisons=measured(judgement.comparisons),
        slices=tuple(_verdict(v) for v in judgement.slices),
        dose_responses=measured(dose_responses(suite, judgement.outcomes)),
        contrasts=measured(contrast_groups(suite, run)),
        roles=role_shares(suite, run),
        findings=findings(suite.audit, text=text),
        sentinels=sentinels(suite.audit),
        invalid_rows=rows if text else (),
        invalid_rows_count=len(rows),
        environment=_environment(run),
        text=text,
    )


def _environment(run: Run) -> Mapping[str, str]:
    told = {name: value for name, value in run.environment.items() if name not in HOW_COMPUTED}
    return public_environment(told)


def _verdict(verdict: Verdict) -> Verdict:
    return replace(measured(verdict), baseline=public_text(verdict.baseline))


def _suite(suite: Suite) -> SuiteSummary:
    description = str(suite.plan.get("description", ""))
    return SuiteSummary(suite.name, suite.fingerprint, suite.seed, description)


def _clean(judgement: Judgement) -> CleanSummary:
    return CleanSummary(
        n=judgement.clean_n,
        accuracy=finite_estimate(judgement.clean_accuracy),
        chance=finite_number(judgement.clean_chance),
        passages=judgement.clean_clusters,
        invalid=judgement.clean_invalid,
    )
