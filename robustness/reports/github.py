"""What a GitHub job shows of a run: annotations, the job summary, step outputs.

Nothing happens where the variables that GitHub sets are absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from robustness.domain import Status
from robustness.errors import OutputError
from robustness.reports.escape import log_text
from robustness.reports.summary import Summary
from robustness.reports.to_markdown import to_markdown
from robustness.results import Verdict

__all__ = ["SUMMARY_CAP", "commands", "publish"]

SUMMARY_CAP = 1_000_000
"""Bytes; GitHub refuses a step's summary beyond 1 MiB, the whole of it."""

_LEVEL = {Status.FAIL: "error", Status.INVALID: "error", Status.UNDECIDED: "warning"}


def commands(summary: Summary) -> tuple[str, ...]:
    """Return one workflow command per check that did not pass, gravest first.

    Text from data and models cannot end the command or start another one.
    """
    grave = sorted(
        (v for v in summary.verdicts if v.status in _LEVEL),
        key=lambda v: list(_LEVEL).index(v.status),
    )
    return tuple(map(_annotation, grave))


def _annotation(verdict: Verdict) -> str:
    title = _property(f"robustness {verdict.status.value.upper()}: {verdict.attack}[{verdict.severity}]")
    return f"::{_LEVEL[verdict.status]} title={title}::{_message(verdict.reason)}"


def _message(text: str) -> str:
    return log_text(text).replace("%", "%25")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def publish(summary: Summary, folder: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Append the job summary and the step outputs, and return the annotations to print.

    Args:
        summary: what to show.
        folder: the run folder, named in the outputs.
        environment: `GITHUB_ACTIONS`, `GITHUB_STEP_SUMMARY` and `GITHUB_OUTPUT` are read from it.

    Raises:
        OutputError: a file that GitHub named cannot be appended to.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return ()
    if path := environment.get("GITHUB_STEP_SUMMARY"):
        _append(Path(path), _capped(to_markdown(summary)))
    if path := environment.get("GITHUB_OUTPUT"):
        _append(Path(path), "".join(f"{name}={value}\n" for name, value in _outputs(summary, folder)))
    return commands(summary)


def _outputs(summary: Summary, folder: Path) -> Iterator[tuple[str, str]]:
    yield "status", summary.status.value
    yield "run", log_text(folder.as_posix())
    yield "suite-fingerprint", summary.suite.fingerprint
    yield "clean-accuracy", str(summary.clean.accuracy.value)
    counts = {status: sum(v.status is status for v in summary.verdicts) for status in Status}
    for status, count in counts.items():
        yield status.value, str(count)


def _capped(text: str) -> str:
    raw = text.encode("utf-8")
    if len(raw) <= SUMMARY_CAP:
        return text
    note = "\n\n*Cut here: the job summary holds no more. The run folder has the whole report.*\n"
    kept = raw[: SUMMARY_CAP - len(note.encode())].decode("utf-8", "ignore")
    return kept.rpartition("\n")[0] + note


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(
            f"{path.name}: {error.strerror}, but GitHub named it to be appended to; "
            f"check the job, or unset GITHUB_ACTIONS"
        ) from None
