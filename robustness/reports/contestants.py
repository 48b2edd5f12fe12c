"""Who is compared: run folders, tags and names on the command line -> contestants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from robustness.errors import RobustnessError, UsageError
from robustness.reports.baselines import finished_runs, names_a_folder
from robustness.reports.privacy import public_text
from robustness.reports.stored import Stored, read_stored

__all__ = ["Contestant", "contestants", "refuse_different_suites"]


@dataclass(frozen=True, slots=True)
class Contestant:
    """One model: a run, or several runs that are seeds of it."""

    name: str
    runs: tuple[Stored, ...]

    @property
    def suite(self) -> str:
        """Fingerprint of the suite; all runs are of one."""
        return self.runs[0].summary.suite.fingerprint


def contestants(specs: Sequence[str], reports_folder: Path) -> tuple[Contestant, ...]:
    """Return the contestants of a comparison, the reference first.

    Args:
        specs: `RUN`, `NAME=RUN`, or several runs with commas between them, which are seeds of one
            model. A run is a folder, the name of a folder in `reports_folder`, or a tag: then the
            newest run that has it, of the reference's suite if there is one.
        reports_folder: where names and tags are looked up.

    Raises:
        UsageError: fewer than two contestants, a run named twice, or seeds that are one model.
        RobustnessError: a run is not there, not finished or damaged.
    """
    if len(specs) < 2:
        raise UsageError(
            f"compare: {len(specs)} run(s) came, but a reference and at least one other are needed; "
            f"write compare REFERENCE RUN"
        )
    suite, found = "", []
    for spec in specs:
        name, runs = _parts(spec)
        stored = tuple(read_stored(_folder(run, reports_folder, suite)) for run in runs)
        _refuse_same(stored, spec)
        found.append(Contestant(name or _name(stored), stored))
        suite = found[0].suite
    _refuse_twice(found)
    return _told_apart(found)


def refuse_different_suites(found: Sequence[Contestant]) -> None:
    """Return if all runs are of one suite.

    Raises:
        UsageError: one is not, with what to do.
    """
    reference = found[0]
    for one in found[1:]:
        if one.suite != reference.suite:
            raise UsageError(
                f"compare: {one.name} is a run of suite {one.suite}, but {reference.name} of suite "
                f"{reference.suite}; score both on one (robustness build, then check --frozen), or give "
                f"--allow-different-suites"
            )


def _parts(spec: str) -> tuple[str, tuple[str, ...]]:
    """Return name and runs of `NAME=RUN,RUN`; a folder that is there is taken as it stands.

    >>> _parts("new=a,b/c"), _parts("runs/x=1"), _parts("release-1")
    (('new', ('a', 'b/c')), ('', ('runs/x=1',)), ('', ('release-1',)))
    """
    if Path(spec).is_dir():
        return "", (spec,)
    name, equals, rest = spec.partition("=")
    if not equals or "/" in name or "\\" in name:
        name, rest = "", spec
    runs = tuple(rest.split(","))
    if not all(runs) or (equals and not name and rest != spec):
        raise UsageError(
            f"compare: {spec!r} came, but RUN, RUN,RUN or NAME=RUN,RUN is needed; name every run"
        )
    return name.strip(), runs


def _folder(run: str, reports_folder: Path, suite: str) -> Path:
    for folder in (Path(run), reports_folder / run):
        if folder.is_dir():
            return folder
    if names_a_folder(run):
        raise RobustnessError(
            f"compare: there is no folder {run}, but a run folder is needed; check the path"
        )
    tagged = [
        (manifest.get("suite") == suite, moment, folder.name, folder)
        for moment, folder, manifest in finished_runs(reports_folder)
        if manifest.get("tag") == run
    ]
    if not tagged:
        raise RobustnessError(
            f"compare: {run!r} is no run folder, and no finished run in {reports_folder.name or '.'}/ has "
            f"this name or tag; `robustness runs` lists them"
        )
    return max(tagged)[3]


def _name(runs: Sequence[Stored]) -> str:
    tags = {str(run.manifest.get("tag") or "") for run in runs}
    if len(tags) == 1 and (tag := tags.pop()):
        return public_text(tag)
    more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    return public_text(runs[0].summary.model.name) + more


def _told_apart(found: Sequence[Contestant]) -> tuple[Contestant, ...]:
    """Return the contestants with the folder behind each name that two of them have."""
    often = Counter(one.name for one in found)
    named = tuple(
        replace(one, name=f"{one.name} ({one.runs[0].folder.resolve().name})") if often[one.name] > 1 else one
        for one in found
    )
    if len({one.name for one in named}) == len(named):
        return named
    return tuple(replace(one, name=f"{one.name} #{place}") for place, one in enumerate(named, 1))


def _refuse_same(runs: Sequence[Stored], spec: str) -> None:
    models = Counter(run.summary.model.fingerprint for run in runs)
    if max(models.values()) > 1:
        raise UsageError(
            f"compare: {spec!r} names {max(models.values())} runs of one and the same model, but seeds of a "
            f"model are trained apart; name one run of each"
        )
    if len({run.summary.suite.fingerprint for run in runs}) > 1:
        raise UsageError(
            f"compare: {spec!r} names runs of different suites, but all seeds of a model must have answered "
            f"one suite; score them on one"
        )


def _refuse_twice(found: Sequence[Contestant]) -> None:
    folders = Counter(run.folder.resolve() for one in found for run in one.runs)
    folder, often = folders.most_common(1)[0]
    if often > 1:
        raise UsageError(f"compare: run {folder.name} is named {often} times; name each run once")
