"""A finished run held to its word: some items scored again, in fp64 and under other circumstances.

After MLPerf inference's compliance tests: a random sample of what was produced for speed is compared with
the most careful way (TEST01), the cache is turned off (TEST04), and what may not matter is changed
(TEST05): budget, threads, hash seed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from robustness.domain import Example, Model, Run, Scores, Suite
from robustness.errors import RobustnessError
from robustness.jobs import Job, model_asked, resolved, suite_of
from robustness.reports.audit_record import AuditRecord, Repeat, audit_to_json, audit_to_markdown
from robustness.reports.baselines import read_scores
from robustness.reports.privacy import public_environment, public_text
from robustness.reports.store import MANIFEST
from robustness.reports.write_run import check_writable
from robustness.rng import derive
from robustness.store.durable import write_durably

__all__ = ["answer", "audit", "write_audit"]

SHARE: Final = 0.01
"""Of the items that are scored canonically."""
LEAST, MOST, REPEATED = 20, 1_000, 200
"""Items drawn at least and at most, and how many of them are scored again in every other way."""

BUDGETS: Final = (1, 256, 1_024, 8_192)
THREADS: Final = (1, 2)
HASH_SEEDS: Final = (0, 1)

TOLERANCE: Final = 1e-4
"""Of scores, relative to the larger of 1 and the score: what the shadow check allows."""
_EXACT_TIE: Final = 1e-9

_CHILD: Final = "from robustness.audit import answer; answer()"


@runtime_checkable
class _HasCanonical(Protocol):
    def canonical(self, batch: Sequence[Example]) -> Sequence[Scores]: ...


@runtime_checkable
class _Describes(Protocol):
    def environment(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Items of a run and what it says of them."""

    items: tuple[Example, ...]
    said: tuple[Scores, ...]

    def first(self, number: int) -> _Drawn:
        return _Drawn(self.items[:number], self.said[:number])


def audit(made: Job, folder: Path) -> AuditRecord:
    """Return what came of scoring items of a finished run again; nothing of the run is touched.

    Args:
        made: suite and model as the run had them.
        folder: the run.

    Raises:
        RobustnessError: the run is damaged, is of another suite or model, or has no scores; or model
            or suite cannot be used.
    """
    spec = model_asked(made)
    with chdir(made.settings.folder):
        run, suite, model = read_scores(folder), suite_of(made), resolved(made, spec)
        _refuse_other(folder, run, suite, model)
        manifest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
        drawn = _drawn(suite, run, manifest)
        environment = public_environment(model.environment() if isinstance(model, _Describes) else {})
        repeats = tuple(_repeats(made, spec, model, drawn, on_cpu=environment.get("device") == "cpu"))
    return AuditRecord(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        run=public_text(folder.resolve().name),
        manifest=manifest,
        model=public_text(model.name),
        fingerprint=model.fingerprint,
        suite=suite.fingerprint,
        scored=len(run.scores),
        repeats=repeats,
        left_out=() if isinstance(model, _HasCanonical) else ("canonical scores: this model has none",),
        environment=environment,
    )


def write_audit(record: AuditRecord, folder: Path) -> Path:
    """Write `audit.json` and `audit.md` into a new folder and return it.

    Raises:
        UsageError: something is there already.
        OutputError: it cannot be written.
    """
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / "audit.md", audit_to_markdown(record).encode())
    write_durably(folder / "audit.json", audit_to_json(record).encode())
    return folder


def answer() -> None:
    """Score the items on stdin and print the scores: what a process with another hash seed does."""
    from robustness.models.options import ModelOptions
    from robustness.models.resolve import resolve

    asked = json.load(sys.stdin)
    items = [Example(**{**one, "options": tuple(one["options"])}) for one in asked["items"]]
    model = resolve(asked["model"], options=ModelOptions(**asked["options"]))
    sys.stdout.write(json.dumps([list(scores) for scores in model.score(items)]))


def _refuse_other(folder: Path, run: Run, suite: Suite, model: Model) -> None:
    pairs = (("suite", run.suite, suite.fingerprint), ("model", run.model_fingerprint, model.fingerprint))
    for what, theirs, ours in pairs:
        if theirs != ours:
            raise RobustnessError(
                f"audit: run {folder.name} is of {what} {theirs!r}, but {ours!r} came; "
                f"give the run's own {what}"
            )


def _drawn(suite: Suite, run: Run, manifest: str) -> _Drawn:
    """Return random items of the run that were measured; the run's own digest draws them."""
    every = [*suite.examples, *(variant.example for variant in suite.variants)]
    measured = [item for item in every if all(map(math.isfinite, run.scores.get(item.id, (math.nan,))))]
    if not measured:
        raise RobustnessError("audit: the run has no measured item, but at least 1 is needed; score it again")
    number = min(len(measured), MOST, max(LEAST, math.ceil(SHARE * len(measured))))
    order = derive(0, "audit", manifest).permutation(len(measured))
    items = tuple(measured[at] for at in order[:number])
    return _Drawn(items, tuple(run.scores[item.id] for item in items))


def _repeats(made: Job, spec: str, model: Model, drawn: _Drawn, *, on_cpu: bool) -> Iterator[Repeat]:
    """Yield the repeats; on a CPU nothing that may not matter may move a bit."""
    bits = 0.0 if on_cpu else TOLERANCE
    if isinstance(model, _HasCanonical):
        yield _repeat("canonical", drawn, model.canonical)[0]
    part = drawn.first(REPEATED)
    fresh, scores = _repeat("without cache", part, resolved(made, spec).score)
    yield fresh
    now = _Drawn(part.items, scores)
    ways: dict[str, dict[str, int]] = {f"budget {n}": {"batch_tokens": n} for n in BUDGETS}
    ways |= {f"{n} thread{'s' * (n > 1)}": {"threads": n} for n in THREADS}
    for name, changed in ways.items():
        config = made.config.model_copy(update=changed)
        other = resolved(replace(made, settings=replace(made.settings, config=config)), spec)
        yield _repeat(name, now, other.score, against=fresh.name, tolerance=bits)[0]
    for seed in HASH_SEEDS:
        ask = _Elsewhere(made, spec, seed)
        yield _repeat(f"hash seed {seed}", now, ask, against=fresh.name, tolerance=bits)[0]


def _repeat(
    name: str,
    drawn: _Drawn,
    score: Callable[[Sequence[Example]], Sequence[Scores]],
    *,
    against: str = "the run",
    tolerance: float = TOLERANCE,
) -> tuple[Repeat, tuple[Scores, ...]]:
    begun = time.perf_counter()
    found = tuple(map(tuple, score(drawn.items)))
    seconds = time.perf_counter() - begun
    both = list(zip(drawn.items, found, drawn.said, strict=True))
    repeat = Repeat(
        name=name,
        against=against,
        items=len(both),
        identical=sum(new == old for _, new, old in both),
        difference=max(_apart(a, b) for _, new, old in both for a, b in zip(new, old, strict=True)),
        choices=tuple(item.id for item, new, old in both if _chosen(new) != _chosen(old)),
        seconds=round(seconds, 3),
        tolerance=tolerance,
    )
    return repeat, found


def _told(item: Example) -> dict[str, object]:
    """Return an example in JSON types."""
    return {field.name: getattr(item, field.name) for field in fields(item)} | {"meta": dict(item.meta)}


def _apart(a: float, b: float) -> float:
    apart = 0.0 if a == b else abs(a - b) / max(1.0, abs(b))
    return apart if math.isfinite(apart) else math.inf


def _chosen(scores: Scores) -> tuple[int, ...]:
    """Return the places of the top score; closer than fp64 can tell is a tie."""
    top = max(scores)
    room = _EXACT_TIE * max(1.0, abs(top))
    return tuple(at for at, score in enumerate(scores) if not top - score >= room)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Scores from a process of its own, whose texts hash in another way."""

    made: Job
    spec: str
    seed: int

    def __call__(self, batch: Sequence[Example]) -> list[Scores]:
        config, settings = self.made.config, self.made.settings
        names = ("device", "batch_tokens", "max_length", "threads")
        asked = {
            "model": self.spec,
            "options": {name: getattr(config, name) for name in names},
            "items": [_told(item) for item in batch],
        }
        ours = str(Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH", ""))))
        done = subprocess.run(  # noqa: S603 - this very interpreter, and a text of ours
            [sys.executable, "-c", _CHILD],
            input=json.dumps(asked),
            cwd=settings.start("model"),
            env={**os.environ, "PYTHONHASHSEED": str(self.seed), "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
            raise RobustnessError(f"audit: the process with hash seed {self.seed} ended: {public_text(last)}")
        return [tuple(row) for row in json.loads(done.stdout.splitlines()[-1])]
