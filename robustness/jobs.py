"""A configuration -> one run, made once by however many processes ask for it."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from robustness.config import Config, KnownFailure, LimitsTable
from robustness.domain import Model, Suite
from robustness.errors import PlanError, RobustnessError, SuiteError, UsageError, unknown
from robustness.reports.store import read_run
from robustness.reports.summary import Summary
from robustness.suites.plan import Limits, plan

__all__ = ["Job", "alone", "job", "key", "limited", "once", "score"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be made: nothing is read but the plan."""

    config: Config
    folder: Path
    """Where relative paths start."""
    plan: Mapping[str, Any]
    """In JSON types, with the limits of the configuration."""

    @property
    def checks(self) -> tuple[tuple[str, int], ...]:
        """Attack and severity of every check, in the order of the plan."""
        return tuple((e["attack"], s) for e in self.plan["checks"] for s in e["severities"])

    @property
    def judges(self) -> bool:
        """Whether any check has a limit."""
        return any(entry["limits"] for entry in self.plan["checks"])


def job(config: Config, folder: Path, *, today: date) -> Job:
    """Return the run that a configuration asks for; neither data nor model is read.

    Raises:
        UsageError: neither data nor frozen, an unknown suite, attack, family or severity in it, a
            known failure that has expired or speaks of no check.
        SuiteError: the frozen suite has no readable manifest.
    """
    if not (config.data or config.frozen):
        raise UsageError("configuration: neither data nor frozen came, but one is needed; set one of them")
    with chdir(folder):
        document = _frozen_plan(config.frozen) if config.frozen else plan(config.suite).as_json()
    made = Job(config, folder, limited(document, config.limits))
    for failure in config.known_failures:
        _refuse_stale(failure, made, today)
    return made


def _frozen_plan(frozen: str) -> Mapping[str, Any]:
    """Return the plan of a frozen suite without its items; `thaw` checks every byte before scoring."""
    path = Path(frozen, "manifest.json")
    try:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["plan"]
    except (OSError, ValueError, KeyError, TypeError):
        raise SuiteError(
            f"frozen {frozen!r}: no readable manifest.json, so it is not a finished suite; "
            f"make one with `robustness build`"
        ) from None
    return document


def limited(document: Mapping[str, Any], limits: LimitsTable) -> Mapping[str, Any]:
    """Return a plan with the limits of a configuration over its own: plan < family < attack < severity.

    Raises:
        PlanError: a family, attack or severity that the plan does not have.
    """
    families = {name: recipe["family"] for name, recipe in document["recipes"].items()}
    _refuse_unknown(document, limits, families)
    checks = [
        {**entry, "severities": [severity], "limits": _over(entry, severity, limits, families)}
        for entry in document["checks"]
        for severity in entry["severities"]
    ]
    return {**document, "checks": checks}


def _over(
    entry: Mapping[str, Any], severity: int, limits: LimitsTable, families: Mapping[str, str]
) -> dict[str, float]:
    family = limits.family.get(families.get(entry["attack"], ""), Limits())
    own = limits.attacks.get(entry["attack"])
    narrow = own.at(severity) if own else {}
    return {**entry["limits"], **family.model_dump(exclude_none=True), **narrow}


def _refuse_unknown(document: Mapping[str, Any], limits: LimitsTable, families: Mapping[str, str]) -> None:
    severities = {entry["attack"]: entry["severities"] for entry in document["checks"]}
    for family in limits.family:
        if family not in families.values():
            raise PlanError(f"limits.family: {unknown('family', family, {*families.values()})}")
    for attack, table in limits.attacks.items():
        if attack not in severities:
            raise PlanError(f"limits: {unknown('attack of this suite', attack, severities)}")
        for severity in table.severities:
            if severity not in severities[attack]:
                raise PlanError(
                    f"limits.{attack}: severity {severity} came, but this suite has {severities[attack]}"
                )


def _refuse_stale(failure: KnownFailure, made: Job, today: date) -> None:
    where = f"known failure of {failure.attack!r}"
    attacks = {attack for attack, _ in made.checks}
    if failure.attack not in attacks:
        raise UsageError(f"known_failures: {unknown('attack of this suite', failure.attack, attacks)}")
    if not any(failure.covers(*check) for check in made.checks):
        raise UsageError(f"{where}: this suite has no severity {failure.severity}; mend or remove it")
    if failure.until < today:
        raise UsageError(
            f"{where}: it was expected until {failure.until}, and that day is over; {failure.owner} "
            f"has to mend the model or set a new day"
        )


def alone(config: Config, check: tuple[str, int], folder: Path) -> Config:
    """Return a configuration for one attack at one severity, its plan written to `folder`."""
    if config.frozen:
        raise UsageError(
            f"robustness_check: {check[0]!r} at severity {check[1]} came, but the frozen suite does not "
            f"have it; build one that does"
        )
    attack, severity = check
    name = json.dumps(attack)
    digest = hashlib.sha256(attack.encode()).hexdigest()[:16]
    path = folder / f"{digest}.{severity}.{os.getpid()}.toml"
    path.write_text(
        f'name = {name}\ndescription = "One check."\n[[check]]\nattack = {name}\nseverities = [{severity}]\n',
        encoding="utf-8",
    )
    own = {"suite": str(path), "limits": LimitsTable(), "known_failures": (), "output": None}
    return config.model_copy(update=own)


def score(made: Job, model: Model | str | None, folder: Path) -> Path:
    """Build (or thaw) the suite, score and judge the model on it, and return the run folder.

    `model` None is the configuration's. Warnings stay warnings whatever filter the caller set.

    Raises:
        RobustnessError: model, data or suite cannot be used, or the folder cannot be written.
    """
    from robustness.models.options import ModelOptions
    from robustness.models.resolve import resolve
    from robustness.pipeline import Target, check

    config = made.config
    asked_for = model or config.model
    if asked_for is None:
        raise UsageError(
            "configuration: no model came, but one is needed; set model, or implement the hook "
            "pytest_robustness_model"
        )
    if not isinstance(asked_for, str | Model):
        raise UsageError(
            f"model: a {type(asked_for).__name__!r} came, but a model needs name, fingerprint and "
            f"score(batch); add what is missing, or give a name"
        )
    options = ModelOptions(config.device, config.batch_tokens, config.max_length, config.threads)
    target = Path(config.output) if config.output else folder
    with chdir(made.folder), warnings.catch_warnings():
        warnings.simplefilter("default")
        resolved = resolve(asked_for, options=options) if isinstance(asked_for, str) else asked_for
        finished = check(_suite(made), resolved, Target(target, text=not config.no_text))
        return finished.folder.resolve()


def key(made: Job, model: Model | str | None) -> str:
    """Return what tells one run of a session from another: plan, configuration and own model."""
    told = model if isinstance(model, str) else model.fingerprint if model else ""
    document = {**made.config.model_dump(mode="json"), "suite": made.plan, "folder": str(made.folder)}
    text = json.dumps([document, told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _suite(made: Job) -> Suite:
    from robustness.pipeline import Source, suite_of
    from robustness.suites.store import thaw

    config = made.config
    if config.frozen:
        suite = thaw(Path(config.frozen))
    else:
        rest = config.limit, config.seed, config.skip_invalid, config.workers
        suite = suite_of(Source(str(config.data), config.suite, *rest))
    return replace(suite, plan=limited(suite.plan, config.limits))


def once(folder: Path, key: str, make: Callable[[Path], Path]) -> Summary:
    """Return the summary of a run that one of all processes sharing `folder` makes; others wait.

    A failed run is not tried again: everybody is told the first one's reason.

    Raises:
        RobustnessError: the run could not be made.
    """
    from filelock import FileLock

    done, failed, begun = (folder / f"{key}.{end}" for end in ("done", "failed", "begun"))
    with FileLock(folder / f"{key}.lock"):
        if failed.exists():
            raise RobustnessError(failed.read_text(encoding="utf-8"))
        if begun.exists() and not done.exists():
            raise RobustnessError("run: it broke off before it was finished; see the first error of these")
        if not done.exists():
            begun.touch()
            try:
                made = make(folder / key)
            except RobustnessError as error:
                failed.write_text(str(error), encoding="utf-8")
                raise
            done.write_text(str(made), encoding="utf-8")
    return read_run(Path(done.read_text(encoding="utf-8")))
