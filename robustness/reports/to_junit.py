"""A summary as JUnit XML: one suite, one case per check, never a case per item."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from robustness.domain import Status
from robustness.reports.escape import flat_text
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.wording import excused
from robustness.results import Verdict

__all__ = ["to_junit"]

_OUTCOME = {Status.FAIL: "failure", Status.INVALID: "error", Status.UNDECIDED: "skipped"}


def to_junit(summary: Summary) -> str:
    """Return JUnit XML: FAIL is a failure, INVALID an error, UNDECIDED skipped with its reason.

    A known failure is skipped, as `xfail` is under pytest. A check without a limit is skipped too:
    it was measured, and nothing was asked of it.
    """
    cases = [_case(summary, verdict) for verdict in (*summary.verdicts, *summary.slices)]
    cases += [_unasked(summary, name) for name in _without_limit(summary)]
    kinds = [child.tag for case in cases for child in case]
    suite = Xml.Element(
        "testsuite",
        name=flat_text(f"robustness {summary.suite.name} {summary.model.name}"),
        tests=str(len(cases)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
    )
    if summary.created:
        suite.set("timestamp", summary.created)
    _properties(suite, _about_run(summary))
    suite.extend(cases)
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(summary: Summary, verdict: Verdict) -> Xml.Element:
    against = " against the baseline" if verdict.baseline else ""
    part = f" on {verdict.slice}" if verdict.slice else ""
    name = f"{verdict.attack}[{verdict.severity}] {verdict.check}{against}{part}"
    case = Xml.Element("testcase", classname=_class(summary), name=flat_text(name))
    _properties(case, _about_check(verdict, _found(summary, verdict)))
    if excused(verdict):
        told = f"known failure {verdict.known_failure}: {verdict.status.value}, {verdict.reason}"
        Xml.SubElement(case, "skipped", message=flat_text(told))
    elif verdict.status in _OUTCOME:
        Xml.SubElement(case, _OUTCOME[verdict.status], message=flat_text(verdict.reason))
    return case


def _found(summary: Summary, verdict: Verdict) -> AttackSummary | None:
    checks = (a for a in summary.attacks if (a.name, a.severity) == (verdict.attack, verdict.severity))
    return next(checks, None)


def _unasked(summary: Summary, name: str) -> Xml.Element:
    case = Xml.Element("testcase", classname=_class(summary), name=flat_text(name))
    Xml.SubElement(case, "skipped", message="measured, but the plan sets no limit")
    return case


def _without_limit(summary: Summary) -> Iterator[str]:
    return (f"{attack.name}[{attack.severity}]" for attack in summary.attacks if attack.status is None)


def _about_run(summary: Summary) -> Iterator[tuple[str, object]]:
    yield "status", summary.status.value
    yield "model", summary.model.name
    yield "model_fingerprint", summary.model.fingerprint
    yield "suite_fingerprint", summary.suite.fingerprint
    yield "data", summary.data
    yield "clean_accuracy", summary.clean.accuracy.value
    yield "correction", summary.correction
    yield "baseline", summary.baseline or None
    if summary.calibration is not None:
        yield "ece", summary.calibration.ece
        yield "brier", summary.calibration.brier
    if summary.position_bias is not None:
        yield "rstd", summary.position_bias.rstd
        yield "rstd_by_chance", summary.position_bias.by_chance


def _about_check(verdict: Verdict, found: AttackSummary | None) -> Iterator[tuple[str, object]]:
    yield "status", verdict.status.value
    for field in ("estimate", "low", "high", "limit", "n"):
        yield field, getattr(verdict, field)
    yield "passages", verdict.clusters
    for field in ("gate", "step", "p_value", "p_adjusted"):
        yield field, getattr(verdict, field)
    yield "baseline", verdict.baseline or None
    yield "known_failure", verdict.known_failure or None
    yield "slice", verdict.slice or None
    if found is not None:
        yield from _about_result(found)


def _about_result(found: AttackSummary) -> Iterator[tuple[str, object]]:
    names = ("p_drop", "p_drop_adjusted", "design_effect", "detectable_drop", "power", "margin_shift")
    yield from ((name, getattr(found, name)) for name in names)
    if found.calibration is not None:
        yield "ece", found.calibration.ece
        yield "brier", found.calibration.brier


def _class(summary: Summary) -> str:
    return flat_text(f"robustness.{summary.suite.name}")


def _properties(parent: Xml.Element, pairs: Iterator[tuple[str, object]]) -> None:
    holder = Xml.SubElement(parent, "properties")
    for name, value in pairs:
        if value is not None:
            Xml.SubElement(holder, "property", name=name, value=flat_text(str(value)))
