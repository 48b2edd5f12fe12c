"""The stages put together: data + plan -> suite; suite + model -> run, judgement, folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustness.domain import Model, Run, Suite
from robustness.judging.slices import refuse_absent
from robustness.judging.verdicts import judge
from robustness.readers.checks import check as check_data
from robustness.readers.load import Dataset, load
from robustness.reports.baselines import Baseline
from robustness.reports.commit import commit
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.write_run import check_writable, run_name, write_run
from robustness.results import Judgement
from robustness.scoring import run as score
from robustness.searching.freezing import SearchSummary, summarise_search
from robustness.searching.search import Searching, search, search_digest
from robustness.sequential import run as score_until_decided
from robustness.store.cache import Cache
from robustness.store.keep import keep
from robustness.store.rows import Table
from robustness.suites.audit import as_json, refuse_leaks, sentinels
from robustness.suites.build import build
from robustness.suites.plan import Plan
from robustness.suites.store import freeze, thaw

if TYPE_CHECKING:
    from robustness.neurons.summary import NeuronSummary

__all__ = [
    "Finished",
    "Source",
    "Target",
    "audited",
    "check",
    "finish",
    "origin",
    "place",
    "scored",
    "searched",
    "suite_of",
]


@dataclass(frozen=True, slots=True)
class Source:
    """What a suite is to be built from."""

    data: str
    plan: Plan
    limit: int | None = None
    seed: int = 0
    skip_invalid: bool = False
    workers: int = 1
    folder: Path = Path()
    """Where the path in `data` starts."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A judged and written run."""

    summary: Summary
    judgement: Judgement
    folder: Path


def suite_of(source: Source) -> Suite:
    """Return the audited suite of a source.

    Raises `UsageError` for unknown names, `DataError` for unusable data and `SuiteError` where an
    attack gives its answers away through form and does not declare it.
    """
    source.plan.recipes()  # unknown attacks are told before the data is read
    with chdir(source.folder):
        dataset = load(source.data, limit=source.limit, skip_invalid=source.skip_invalid)
    suite = build(
        dataset.examples,
        source.plan,
        seed=source.seed,
        workers=source.workers,
        data=origin(dataset, source.limit),
    )
    return audited(suite, dataset)


def audited(suite: Suite, dataset: Dataset) -> Suite:
    """Return the suite with what was found in its data and what rules of form make of it.

    Raises `SuiteError` where an attack gives its answers away through form and does not declare it.
    """
    found = sentinels(suite)
    refuse_leaks(found)
    audit: Mapping[str, Any] = {
        "findings": [
            {"kind": f.kind, "count": len(f.ids), "ids": list(f.ids), "detail": f.detail}
            for f in check_data(suite.examples)
        ],
        "sentinels": as_json(found),
        "invalid_rows": [asdict(row) for row in dataset.invalid],
        "data_digest": dataset.digest,
    }
    return replace(suite, audit=audit)


def searched(
    dataset: Dataset, model: Model, asked: Searching, *, folder: Path, cache: Path | None
) -> tuple[Suite, SearchSummary]:
    """Search, freeze what was found to a new folder, and return it with how a run of it went.

    With a `cache`, rows that were scored before are not scored again, and an interrupted search goes on
    where it ended.

    Raises:
        RobustnessError: as `search`, `audited`, `freeze` and `summarise_search` do.
        Stopped: SIGINT or SIGTERM came, and what was scored is in the cache.
    """
    named = search_digest(dataset.examples, asked)
    with keep(model, suite=named, cache=Cache(cache) if cache else None):
        found = search(dataset.examples, model, asked, data=dataset.source)
        suite = thaw(freeze(audited(found, dataset), folder))
        return suite, summarise_search(suite, score(suite, model))


def origin(dataset: Dataset, limit: int | None) -> str:
    """Return where a suite's examples come from, for people."""
    return dataset.source if limit is None else f"{dataset.source} (first {len(dataset.examples)})"


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how a run is written."""

    folder: Path | None = None
    """`TIME-DIGEST-TAG` in `reports` for None."""
    tag: str = ""
    text: bool = True
    """Whether passages, questions and options may appear in it."""
    overwrite: bool = False
    """Replace an earlier run: for the demo alone."""
    reports: Path = Path("reports")
    """Where runs without a folder of their own go."""
    created: str = ""
    """ISO 8601 time; `place` says it."""


def check(  # noqa: PLR0913 - what to score, and four choices of the user's
    suite: Suite,
    model: Model,
    target: Target,
    *,
    baseline: Baseline | None = None,
    cache: Path | None = None,
    sequential: bool = False,
) -> Finished:
    """Score, judge and write one run.

    With a `cache` (a folder), rows that were scored before are not scored again, and an interrupted
    run goes on where it ended; neither changes a number. None keeps nothing. `sequential` stops each
    check where its limits are decided.

    Raises:
        ScoreError: the scores cannot be used.
        OutputError: the folder cannot be written, told before anything is scored.
        Stopped: SIGINT or SIGTERM came, and what was scored is in the cache.
    """
    placed = place(target, suite, model.name)
    if sequential:
        with keep(model, suite=suite.fingerprint, cache=Cache(cache) if cache else None):
            run = score_until_decided(suite, model, baseline=baseline.run if baseline else None)
    else:
        run, _ = scored(suite, model, cache=cache)
    return finish(suite, run, placed, baseline=baseline)


def place(target: Target, suite: Suite, model: str) -> Target:
    """Return the target with its folder and time, which can be written; ask before scoring, not after.

    Raises:
        UsageError: the folder holds something already.
        PlanError: a slice that was asked for cannot be cut from the suite.
        OutputError: it cannot be written.
    """
    created = datetime.now(UTC).isoformat(timespec="seconds")
    folder = target.folder or target.reports / run_name(created, suite.fingerprint, target.tag or model)
    check_writable(folder, overwrite=target.overwrite)
    refuse_absent(suite)
    return replace(target, folder=folder, created=created)


def scored(
    suite: Suite, model: Model, *, cache: Path | None, whole: Suite | None = None
) -> tuple[Run, Table | None]:
    """Return what a model says to a suite, and the rows that were scored for it, where they are kept.

    `whole` is the suite that `suite` is a share of. Raises as `check` does.
    """
    with keep(model, suite=suite.fingerprint, cache=Cache(cache) if cache else None) as store:
        run = score(suite, model, whole=whole)
        return run, store.rows() if store else None


def finish(
    suite: Suite,
    run: Run,
    target: Target,
    *,
    baseline: Baseline | None = None,
    neurons: NeuronSummary | None = None,
) -> Finished:
    """Judge a run and write it to a target that `place` has given a folder, a neuron analysis within."""
    folder, created = target.folder, target.created
    assert folder is not None, "place() comes first"
    judgement = judge(suite, run, baseline=baseline.run if baseline else None)
    write_run(
        folder,
        suite,
        run,
        judgement,
        created=created,
        text=target.text,
        overwrite=target.overwrite,
        neurons=neurons,
        about={
            "tag": target.tag,
            "commit": commit(Path.cwd(), os.environ),
            "baseline": dict(baseline.told) if baseline else None,
        },
    )
    summary = summarise(suite, run, judgement, text=target.text, created=created)
    return Finished(summary, judgement, folder)
