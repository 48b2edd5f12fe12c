"""The slices of a check as subtests of its test, where pytest has them (9.0 and later)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import pytest

from robustness.gates import Part

__all__ = ["report_parts"]


def report_parts(node: pytest.Item, parts: Iterable[Part]) -> None:
    """Report each slice of a check as a subtest of its item; nothing where pytest has no subtests.

    A slice that fails is a failed subtest, one that is a known failure, undecided or not measured a
    skipped one. The item itself fails with what its check says: subtests only show where.
    """
    try:
        # There is no public way to report a subtest of an item that is not a function.
        from _pytest.subtests import SubtestContext, SubtestReport
    except ImportError:
        return
    for part in parts:
        told: tuple[str, int, str] | str | None = part.line
        if part.outcome == "skipped":
            told = (str(node.path), 0, part.line)
        report = SubtestReport(
            nodeid=node.nodeid,
            location=node.location,
            keywords={},
            outcome=part.outcome,
            longrepr=None if part.outcome == "passed" else told,
            when="call",
        )
        report.context = SubtestContext(msg=part.name, kwargs={})
        with _uncaptured(node.config):
            node.ihook.pytest_runtest_logreport(report=report)


def _uncaptured(config: pytest.Config) -> AbstractContextManager[None]:
    """Let the terminal write although an item runs: the progress of subtests is no output of it."""
    capture = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else nullcontext()
