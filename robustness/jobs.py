"""Settings -> one run, for the command line and for pytest alike; made once by whoever asks for it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustness.configuration.config import Config
from robustness.configuration.configured import configured, refuse_stale
from robustness.configuration.settings import Settings
from robustness.configuration.tables import LimitsTable
from robustness.domain import Model, Suite
from robustness.errors import RobustnessError, UsageError
from robustness.judging.slices import refuse_slices
from robustness.reports.store import read_run
from robustness.reports.summary import Summary
from robustness.store.place import cache_folder
from robustness.suites.plan import Check, Plan, plan
from robustness.suites.store import plan_of

if TYPE_CHECKING:
    from robustness.pipeline import Finished, Target
    from robustness.reports.baselines import Baseline

__all__ = [
    "Job",
    "alone",
    "cache_of",
    "job",
    "key",
    "model_asked",
    "once",
    "prepared",
    "resolved",
    "score",
    "suite_of",
]


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be made: nothing is read but the plan."""

    settings: Settings
    plan: Mapping[str, Any]
    """In JSON types, with all that the configuration says of judging."""
    chosen: Plan | None
    """What the suite is built from; None where it is frozen."""

    @property
    def config(self) -> Config:
        """What was asked for."""
        return self.settings.config

    @property
    def checks(self) -> tuple[tuple[str, int], ...]:
        """Attack and severity of every check, in the order of the plan."""
        return tuple((e["attack"], s) for e in self.plan["checks"] for s in e["severities"])

    @property
    def judges(self) -> bool:
        """Whether any check has a limit."""
        limits = (entry["limits"] or entry["baseline_limits"] for entry in self.plan["checks"])
        return self.plan["regression"] is not None or any(limits)


def job(settings: Settings, *, today: date) -> Job:
    """Return the run that settings ask for; neither data nor model is read.

    Raises:
        UsageError: neither data nor frozen, an unknown suite, attack, family or severity in it, a
            known failure that has expired or speaks of no check.
        PlanError: an unknown slice.
        SuiteError: the frozen suite has no readable manifest.
    """
    config = settings.config
    refuse_slices(config.slices)
    if not (config.data or config.frozen):
        raise UsageError(
            "configuration: neither data nor frozen came, but exactly one of --data and --frozen is "
            "needed; set one of them"
        )
    with chdir(settings.start("frozen" if config.frozen else "suite")):
        chosen = None if config.frozen else plan(config.suite)
        document = chosen.as_json() if chosen else plan_of(Path(str(config.frozen)))
    refuse_stale(document, config.known_failures, today=today)
    return Job(settings, configured(document, config), chosen)


def alone(made: Job, check: tuple[str, int]) -> Job:
    """Return the job of one attack at one severity that the suite of `made` does not have.

    Raises:
        UsageError: an unknown attack or severity, or the suite is frozen.
    """
    attack, severity = check
    if made.chosen is None:
        raise UsageError(
            f"robustness_check: {attack!r} at severity {severity} came, but the frozen suite does not "
            f"have it; build one that does"
        )
    config = made.config
    rest = {"gate": config.gate or made.chosen.gate, "min_passages": made.plan["min_passages"]}
    one = Plan(
        name=attack,
        description="One check.",
        check=(Check(attack=attack, severities=(severity,)),),
        **rest,
    )
    # Neither limits nor a baseline of the configured suite speak of another one.
    none = dict.fromkeys(("output", "baseline", "regression"))
    own = {"limits": LimitsTable(), "known_failures": (), "slices": (), **none}
    settings = replace(made.settings, config=config.model_copy(update=own))
    with chdir(settings.start("suite")):
        document = one.as_json()
    return Job(settings, configured(document, settings.config), one)


def score(made: Job, model: Model | str | None = None, folder: Path | None = None) -> Finished:
    """Build (or thaw) the suite, score and judge the model on it, and write the run.

    Whatever can be refused is refused before anything is scored. `model` None is the
    configuration's; `folder` None is `output`, or a named folder in `reports/`.

    Raises:
        RobustnessError: model, data, suite or baseline cannot be used, or the folder cannot be written.
    """
    from robustness.pipeline import check

    asked_for = model or model_asked(made)
    cache, sequential = cache_of(made), made.config.sequential
    with chdir(made.settings.folder):
        suite, target, baseline = prepared(made, folder)
        found = resolved(made, asked_for)
        return check(suite, found, target, baseline=baseline, cache=cache, sequential=sequential)


def model_asked(made: Job) -> str:
    """Return the name of the configuration's model; raises `UsageError` where there is none."""
    if made.config.model is None:
        raise UsageError(
            "configuration: no model came, but one is needed; give --model, set model in the "
            "configuration, or implement the hook pytest_robustness_model"
        )
    return made.config.model


def prepared(made: Job, folder: Path | None = None) -> tuple[Suite, Target, Baseline | None]:
    """Return what a run needs beside its model: the suite, where it goes, and what it is held against.

    Call it in the settings' folder. Raises as `score` does.
    """
    from robustness.reports.write_run import check_writable

    target = _target(made, folder)
    given = _given_baseline(made, target)
    if target.folder:
        check_writable(target.folder)
    suite = suite_of(made)
    return suite, target, _baseline(made, target, suite, given)


def cache_of(made: Job) -> Path | None:
    """Return the folder of scored rows; None where none is to be used or no place for one is known."""
    config = made.config
    if config.no_cache:
        return None
    asked = made.settings.start("cache") / Path(config.cache).expanduser() if config.cache else None
    return cache_folder(asked, os.environ)


def _target(made: Job, folder: Path | None) -> Target:
    from robustness.pipeline import Target

    config, settings = made.config, made.settings
    kept = settings.placed("output", config.output) if config.output else folder
    # Without a word on it a run goes where the command was started.
    reports = Path("reports") if settings.folder == settings.here else settings.here / "reports"
    return Target(kept, config.tag, text=not config.no_text, reports=reports)


def _given_baseline(made: Job, target: Target) -> Baseline | None:
    """Return the baseline that is named by its folder, whole; None where another kind, or none, is."""
    from robustness.reports.baselines import names_a_folder, read_baseline

    spec = made.config.baseline
    with chdir(made.settings.start("baseline")):
        if spec is None or not names_a_folder(spec):
            return None
        folder = Path(spec).absolute()
    if target.folder and folder.resolve() == target.folder.resolve():
        raise RobustnessError(
            f"baseline {spec!r}: it is the folder that this run is to be written to, but an earlier run "
            f"is needed; choose another -o"
        )
    return read_baseline(folder)


def _baseline(made: Job, target: Target, suite: Suite, given: Baseline | None) -> Baseline | None:
    from robustness.reports.baselines import find_baseline, read_baseline

    spec = made.config.baseline
    if given and given.run.suite != suite.fingerprint:
        raise RobustnessError(
            f"baseline {spec!r}: it is a run of suite {given.run.suite}, but this is suite "
            f"{suite.fingerprint}; give a run of this suite, or score the earlier model on it"
        )
    if given or spec is None:
        return given
    # A run that pytest does not keep lies in a folder of the session's: no earlier one is beside it.
    shelf = target.folder.parent if target.folder and made.config.output else target.reports
    found = find_baseline(spec, shelf, suite.fingerprint)
    if found:
        return read_baseline(found)
    if made.config.on_missing_baseline == "skip":
        return None
    place = f"{shelf.name or 'the current folder'}{' (beside -o)' if made.config.output else ''}"
    raise RobustnessError(
        f"baseline {spec!r}: no such finished run of suite {suite.fingerprint} lies in {place}, but one is "
        f"needed; make one, or give --on-missing-baseline skip"
    )


def resolved(made: Job, model: Model | str) -> Model:
    """Return the model that a job asks for, ready to score; call it in the settings' folder."""
    from robustness.models.options import ModelOptions, with_arguments
    from robustness.models.resolve import resolve

    config = made.config
    if not isinstance(model, str | Model):
        raise UsageError(
            f"model: a {type(model).__name__!r} came, but a model needs name, fingerprint and "
            f"score(batch); add what is missing, or give a name"
        )
    if not isinstance(model, str):
        return model
    options = ModelOptions(config.device, config.batch_tokens, config.max_length, config.threads)
    options = with_arguments(options, config.model_arg)
    with chdir(made.settings.start("model") if model == config.model else made.settings.folder):
        return resolve(model, options=options)


def suite_of(made: Job) -> Suite:
    """Return the suite of a job, built or thawed, under the limits of its configuration."""
    from robustness.pipeline import Source
    from robustness.pipeline import suite_of as built
    from robustness.suites.store import thaw

    config, settings = made.config, made.settings
    if made.chosen is None:
        suite = thaw(settings.placed("frozen", str(config.frozen)))
    else:
        rest = config.limit, config.seed, config.skip_invalid, config.workers
        with chdir(settings.start("suite")):
            suite = built(Source(str(config.data), made.chosen, *rest, settings.start("data")))
    return replace(suite, plan=configured(suite.plan, config))


def key(made: Job, model: Model | str | None) -> str:
    """Return what tells one run of a session from another: plan, configuration and own model."""
    told = model if isinstance(model, str) else model.fingerprint if model else ""
    settings = made.settings
    places = [str(settings.start(name)) for name in ("data", "frozen", "model", "suite", "baseline")]
    text = json.dumps([made.config.model_dump(mode="json"), made.plan, places, told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
