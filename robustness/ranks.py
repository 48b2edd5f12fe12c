"""One run by several processes: each scores a share into a part, and the parts are united.

Nobody asks anybody: a share depends on the suite and the number of processes alone, and whoever
judges waits for folders to be there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from robustness.domain import Suite
from robustness.errors import StoreError, UsageError
from robustness.jobs import Job, cache_of, model_asked, prepared, resolved, suite_of
from robustness.pipeline import Finished, finish, place, scored
from robustness.reports.write_run import check_writable
from robustness.store.cache import Cache
from robustness.store.header import Header
from robustness.store.keep import header_of
from robustness.store.merge import merge
from robustness.store.parts import MANIFEST, Part, read_part, write_part
from robustness.store.shards import Shard, share_of_suite

__all__ = ["gathered", "score_part", "score_share", "unite"]

_LOOK_EVERY = 0.2
"""Seconds between two looks for parts."""


def score_part(made: Job, shard: Shard) -> Path:
    """Score one share and return its part, which is the job's `output`; a whole part is left as it is.

    Raises:
        UsageError: no output was named, or something else stands there.
        RobustnessError: as `jobs.score` does.
    """
    with chdir(made.settings.folder):
        return _part(made, suite_of(made), shard, folder=_output(made, f"--shard {shard}"))


def score_share(made: Job, shard: Shard) -> Path:
    """Do what one launched process does that does not judge; return its part. Raises as `score_part`."""
    with chdir(made.settings.folder):
        output = _output(made, f"rank {shard.rank} of {shard.of}")
        check_writable(output)
        return _part(made, suite_of(made), shard, folder=_parts(output) / _name(shard))


def gathered(made: Job, shard: Shard, *, wait: float) -> Finished:
    """Do what the launched process does that judges: its share, then the run that all parts make.

    The parts lie in `OUTPUT.parts` until the run is written. If a process was killed, start the job
    again, with any number of processes: what was scored is in the cache.

    Args:
        made: the job; its output is needed.
        shard: which process this is.
        wait: seconds that the others may take longer than this one.

    Raises:
        StoreError: a part did not come in time, or is not of this run.
        RobustnessError: as `jobs.score` does.
    """
    with chdir(made.settings.folder):
        parts = _parts(_output(made, f"rank {shard.rank} of {shard.of}"))
        suite, target, baseline = prepared(made)
        _part(made, suite, shard, folder=parts / _name(shard))
        folders = [parts / _name(Shard(rank, shard.of)) for rank in range(shard.of)]
        _await(folders, wait)
        run = merge(folders).run(suite)
        finished = finish(suite, run, place(target, suite, run.model), baseline=baseline)
        shutil.rmtree(parts, ignore_errors=True)
        return finished


def unite(made: Job, folders: Sequence[Path], *, partial: bool = False) -> Finished:
    """Judge and write the run that parts make together; the job's suite is theirs.

    Raises:
        StoreError: a part is damaged or foreign, or items are missing and `partial` is not asked for.
        RobustnessError: as `jobs.score` does.
    """
    settings = made.settings
    with chdir(settings.folder):
        given = folders if settings.folder == settings.here else [settings.here / one for one in folders]
        merged = merge(given)
        suite, target, baseline = prepared(made)
        run = merged.run(suite, partial=partial)
        return finish(suite, run, place(target, suite, run.model), baseline=baseline)


def _part(made: Job, suite: Suite, shard: Shard, *, folder: Path) -> Path:
    model = resolved(made, model_asked(made))
    header = header_of(model, suite.fingerprint)
    if _is_whole(folder, header, shard):
        return folder
    check_writable(folder)
    cache = cache_of(made)
    if cache:
        Cache(cache).settle(header)
    run, rows = scored(share_of_suite(suite, shard), model, cache=cache, whole=suite)
    return write_part(folder, Part.of(run, suite, shard=shard, rows=rows))


def _is_whole(folder: Path, header: Header, shard: Shard) -> bool:
    """Tell whether this very part is there already, by an earlier start of the job."""
    if not (folder / MANIFEST).is_file():
        return False
    part = read_part(folder)
    found = part.header.differences(header)
    if found or part.shard != shard:
        raise UsageError(
            f"-o {folder}: the part of another run is there ({found or f'shard {part.shard}'}); "
            f"remove it, or choose another -o"
        )
    return True


def _output(made: Job, who: str) -> Path:
    if made.config.sequential:
        raise UsageError(
            f"check: {who} and --sequential both came, but who stops early must see what all have scored; "
            f"leave one of them out"
        )
    output = made.config.output
    if not output:
        raise UsageError(
            f"check: {who} came without -o, but a part needs a place that is known beforehand; give -o"
        )
    return made.settings.placed("output", output)


def _parts(output: Path) -> Path:
    return output.with_name(f"{output.name}.parts")


def _name(shard: Shard) -> str:
    return f"{shard.rank + 1}-of-{shard.of}"


def _await(folders: Sequence[Path], wait: float) -> None:
    until = time.monotonic() + wait
    while missing := [folder for folder in folders if not (folder / MANIFEST).is_file()]:
        if time.monotonic() > until:
            names = ", ".join(folder.name for folder in missing)
            raise StoreError(
                f"{folders[0].parent}: {names} did not come within {wait:g} s, but all parts are needed; see "
                f"what became of these processes, then start the same job again, with any number of them"
            )
        time.sleep(_LOOK_EVERY)
