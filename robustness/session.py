"""What one test session asks: its configuration, its runs, and what a gate means to a test."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pytest

from robustness.configuration.config import FILE
from robustness.configuration.settings import Settings, find
from robustness.domain import Model, Status
from robustness.errors import RobustnessError, UsageError
from robustness.gates import Gate, gate, slices_of, verdicts_of
from robustness.jobs import Job, alone, job, key, once, score
from robustness.judging.limits import refuse_limit
from robustness.reports.summary import Summary
from robustness.results import Verdict
from robustness.subtests import report_parts

__all__ = ["Own", "Session"]

Properties: TypeAlias = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Own:
    """What a test brings of its own; nothing of it means the configuration's."""

    model: Model | str | None = None
    data: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """One pytest session. Nothing is read, scored or written before a check needs it."""

    pytest_config: pytest.Config
    settings: Settings
    runs: Path
    """Where runs are kept for as long as the session lasts; shared by all workers."""
    _read: dict[str, Summary] = field(default_factory=dict)
    _jobs: dict[str | None, Job] = field(default_factory=dict)

    @classmethod
    def of(
        cls, config: pytest.Config, path: Path | None, *, runs: Path, flags: Mapping[str, str | None]
    ) -> Session:
        """Return the session of a pytest configuration; `path` None is the root folder's file.

        Raises:
            UsageError: the configuration is wrong.
        """
        made = Settings.of(
            path or find(config.rootpath),
            environment=os.environ,
            flags=flags,
            here=config.invocation_params.dir,
            prefix="--robustness-",
        )
        return cls(config, made if made.path else replace(made, folder=config.rootpath), runs)

    def asked(self) -> Path:
        """Return the configuration file, every name in it known.

        Raises:
            UsageError: there is none, it is wrong, or no check has a limit.
        """
        path = self.settings.path
        if path is None:
            raise UsageError(
                f"no {FILE} and no [tool.robustness] in pyproject.toml lies in "
                f"{self.pytest_config.rootpath}, but --robustness needs one; write it, or give its path"
            )
        made = self._job(None)
        if not made.judges:
            raise UsageError(
                f"suite {made.plan['name']!r}: no check has a limit, so nothing could pass or fail; "
                f"set limits in {path.name}"
            )
        return path

    def checks(self) -> tuple[tuple[str, int], ...]:
        """Return attack and severity of every check, in the order of the plan."""
        return self._job(None).checks

    def judged(self, node: pytest.Item, check: tuple[str, int], own: Own | None = None) -> Gate:
        """Return one check, judged: by the suite's run, or by a run of its own, made once.

        Raises:
            RobustnessError: not measured, and why.
        """
        brought = own or Own()
        _refuse_mistyped(check, brought.limits)
        made = self._wanted(check, brought.data)
        summary = self._summary(made, brought.model)
        least = int(made.plan["min_passages"])
        verdicts = verdicts_of(summary, check, limits=brought.limits or None, min_passages=least)
        slices = () if brought.limits else slices_of(summary, check)
        whole, parts = (tuple(_replaced(node, one) for one in found) for found in (verdicts, slices))
        return gate(summary, check, whole, slices=parts)

    def told(self, node: pytest.Item, check: tuple[str, int], own: Own | None = None) -> Gate | str:
        """Return what `judged` does, or why it was not measured.

        Not an exception: a test that ends while one is handled is shown with both, and the reason twice.
        """
        try:
            return self.judged(node, check, own)
        except RobustnessError as error:
            return str(error)

    def falls_short(self, node: pytest.Item, judged: Gate) -> bool:
        """Tell whether a judged check fails its test; end the test as an xfail where that is agreed.

        The check's slices are reported first, as subtests.
        """
        report_parts(node, judged.parts)
        undecided, policy = judged.status is Status.UNDECIDED, self.settings.config.undecided
        if judged.status is Status.PASS or (undecided and policy == "pass"):
            return False
        expected = f"known failure {judged.known_failure}" if judged.known_failure else ""
        if undecided and policy == "xfail":
            expected = judged.line
        if expected:
            pytest.xfail(expected)  # goes on under --runxfail
        return True

    def unmeasured(self, name: str, reason: str) -> Properties:
        """Return what they are told of a check whose run could not be made."""
        return (
            ("robustness_check", name),
            ("robustness_status", Status.INVALID.value),
            ("robustness_measured", reason),
        )

    def _job(self, data: str | None) -> Job:
        if data not in self._jobs:
            own = {} if data is None else {"data": data, "frozen": None}
            self._jobs[data] = job(self.settings.replaced(**own), today=date.today())
        return self._jobs[data]

    def _wanted(self, check: tuple[str, int], data: str | None) -> Job:
        """Return the suite's run if it has the check, else one for the check alone."""
        whole = self._job(data)
        return whole if check in whole.checks else alone(whole, check)

    def _folder(self) -> Path:
        self.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.runs

    def _summary(self, made: Job, own: Model | str | None) -> Summary:
        def scored(folder: Path) -> Path:
            with warnings.catch_warnings():
                # A filter that turns warnings into errors is about the user's own code.
                warnings.simplefilter("default")
                return self.settings.folder / score(made, own or self._hooked(), folder).folder

        name = key(made, own)
        if name not in self._read:
            self._read[name] = once(self._folder(), name, scored)
        return self._read[name]

    def _hooked(self) -> Model | str | None:
        if self.settings.origins["model"] == "flag":
            return None
        config = self.pytest_config
        asked: Model | str | None = config.hook.pytest_robustness_model(config=config)
        return asked


def _refuse_mistyped(check: tuple[object, object], limits: Mapping[str, object]) -> None:
    """Return if a check is a name and a number, and its limits are fractions: before anything is scored."""
    attack, severity = check
    if not isinstance(attack, str) or not isinstance(severity, int) or isinstance(severity, bool):
        raise UsageError(
            f"attack {attack!r}, severity {severity!r} came, but the name of an attack and a whole number "
            f'are needed; say robustness_check("no-passage", severity=1, ...)'
        )
    for kind, value in limits.items():
        refuse_limit(attack, kind, value)


def _replaced(node: pytest.Item, one: Verdict) -> Verdict:
    other = node.ihook.pytest_robustness_verdict(verdict=one)
    if other is None:
        return one
    if not isinstance(other, Verdict):
        raise UsageError(
            f"pytest_robustness_verdict: a {type(other).__name__!r} came, but a Verdict or None is needed; "
            f"return dataclasses.replace(verdict, ...)"
        )
    return other
