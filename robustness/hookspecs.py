"""The hooks that a conftest.py or a plugin may implement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from robustness.domain import Model
    from robustness.results import Verdict

__all__ = ["pytest_robustness_model", "pytest_robustness_verdict"]


@pytest.hookspec(firstresult=True)
def pytest_robustness_model(config: pytest.Config) -> Model | str | None:
    """Return the model to check, or what `model` may say in robustness.toml; None for the file's own.

    Asked once per run, at the first check that needs scores; never while tests are collected.

        def pytest_robustness_model(config):
            return "checkpoints/" + config.getoption("--checkpoint")
    """


@pytest.hookspec(firstresult=True)
def pytest_robustness_verdict(verdict: Verdict) -> Verdict | None:
    """Return a verdict to take the place of this one; None keeps it. The run folder keeps the first.

    Called for each limit of each check, in the process that runs the check.

        def pytest_robustness_verdict(verdict):
            if verdict.status is Status.UNDECIDED and verdict.n > 2000:
                return replace(verdict, status=Status.FAIL, reason=f"enough items; {verdict.reason}")
    """
