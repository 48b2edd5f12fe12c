"""The checks of a run again, on one kind of question at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from robustness.domain import Suite
from robustness.judging.decisions import Rules, decide
from robustness.judging.limits import COUNTS, Check
from robustness.judging.measures import measured
from robustness.judging.slices import labels
from robustness.results import Outcome, Verdict

__all__ = ["sliced"]


def sliced(
    suite: Suite, items: Sequence[Outcome], checks: Sequence[Check], names: Sequence[str], *, rules: Rules
) -> Iterator[Verdict]:
    """Yield the verdict of every absolute limit on every slice, check by check, by label.

    A slice is judged as the whole is, on its own passages. It can
    show that a part falls short, and never more: a slice that is too small to tell stays UNDECIDED.
    Counts, and limits against a baseline, are the whole's.

    Args:
        suite: the suite.
        items: the outcomes of the run.
        checks: what the whole is held to.
        names: of `SLICES`, or `meta.KEY`.
        rules: of the run.

    Raises:
        PlanError: an unknown slice.
    """
    parts = [(f"{name}: {label}", frozenset(ids)) for name in names for label, ids in _each(suite, name)]
    suites = [_part(suite, inside) for _, inside in parts]
    for check in checks:
        limits = [limit for limit in check.limits if limit.kind not in COUNTS and not limit.baseline]
        rows = [row for row in items if (row.attack, row.severity) == (check.attack, check.severity)]
        for (name, inside), part in zip(parts, suites, strict=True) if limits else ():
            own = [row for row in rows if row.source in inside]
            found, seen = measured(part, own, attack=check.attack, severity=check.severity)
            for limit in limits if own else ():
                made = decide(found, limit, seen, rules=rules)
                yield replace(made, slice=name)


def _each(suite: Suite, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    found = labels(suite.examples, name)
    # A slice that holds every question says what the whole says.
    yield from found.items() if len(found) > 1 else ()


def _part(suite: Suite, inside: Collection[str]) -> Suite:
    return replace(
        suite,
        examples=tuple(e for e in suite.examples if e.id in inside),
        skipped=tuple(s for s in suite.skipped if s.source in inside),
    )
