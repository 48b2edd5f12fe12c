"""What a reader must know before the first number of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from robustness.attempts import ERRORS
from robustness.choices import NOT_NEEDED
from robustness.domain import Run
from robustness.reports.privacy import public_text
from robustness.reports.wording import count, percent
from robustness.results import EXPLORATORY, Judgement

__all__ = ["notices"]


def notices(run: Run, judgement: Judgement) -> Iterator[str]:
    """Yield a sentence for each thing that touches every number of a run: parts that are missing, a model
    that cannot be judged, a warning of the model's, items at which it raised, scoring that stopped where
    verdicts were in."""
    if told := run.environment.get("partial"):
        yield f"Partial: every number here is of {told}; what is missing is INVALID."
    if told := run.environment.get(EXPLORATORY):
        yield f"Exploratory: {public_text(told)}. No number here can carry a verdict: every check is INVALID."
    if told := run.environment.get("warning"):
        yield f"Warning: {public_text(told)}."
    if told := run.environment.get(ERRORS):
        yield f"Errors: the model raised at some items, which were not measured ({public_text(told)})."
    yield from _stopped(judgement)


def _stopped(judgement: Judgement) -> Iterator[str]:
    """Yield which share of each check was scored, where some were decided without the rest."""
    if not any(found.not_needed for found in judgement.results):
        return
    seen = Counter(row.attack for row in judgement.outcomes if row.status != NOT_NEEDED)
    every = Counter(row.attack for row in judgement.outcomes)
    shares = [f"{name} {percent(seen[name] / every[name])}" for name in every if seen[name]]
    skipped = [name for name in every if not seen[name]]
    rest = f"; not at all, for want of a limit: {', '.join(skipped)}" if skipped else ""
    yield (
        f"Sequential: {percent(seen.total() / every.total())} of {count(every.total(), 'variant')} were "
        f"scored, each check until it was decided ({', '.join(shares)}{rest}). Figures of a check are of "
        f"what was scored."
    )
