"""A summary as JUnit XML: one suite, one case per check, never a case per item."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from robustness.domain import Status
from robustness.reports.escape import flat_text
from robustness.reports.summary import Summary
from robustness.results import Verdict

__all__ = ["to_junit"]

_OUTCOME = {Status.FAIL: "failure", Status.INVALID: "error", Status.UNDECIDED: "skipped"}


def to_junit(summary: Summary) -> str:
    """Return JUnit XML: FAIL is a failure, INVALID an error, UNDECIDED skipped with its reason.

    A check without a limit is skipped too: it was measured, and nothing was asked of it.
    """
    cases = [_case(summary, verdict) for verdict in summary.verdicts]
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
    name = f"{verdict.attack}[{verdict.severity}] {verdict.check}"
    case = Xml.Element("testcase", classname=_class(summary), name=flat_text(name))
    _properties(case, _about_check(verdict))
    if verdict.status in _OUTCOME:
        Xml.SubElement(case, _OUTCOME[verdict.status], message=flat_text(verdict.reason))
    return case


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


def _about_check(verdict: Verdict) -> Iterator[tuple[str, object]]:
    yield "status", verdict.status.value
    for field in ("estimate", "low", "high", "limit", "n"):
        yield field, getattr(verdict, field)
    yield "passages", verdict.clusters


def _class(summary: Summary) -> str:
    return flat_text(f"robustness.{summary.suite.name}")


def _properties(parent: Xml.Element, pairs: Iterator[tuple[str, object]]) -> None:
    holder = Xml.SubElement(parent, "properties")
    for name, value in pairs:
        if value is not None:
            Xml.SubElement(holder, "property", name=name, value=flat_text(str(value)))
