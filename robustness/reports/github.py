"""What a GitHub job shows of a run: annotations, the job summary, step outputs.

Nothing happens where the variables that GitHub sets are absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from robustness.domain import Status
from robustness.errors import OutputError
from robustness.judging.slices import deciding
from robustness.reports.escape import log_text
from robustness.reports.summary import Summary
from robustness.reports.to_markdown import to_markdown
from robustness.reports.wording import excused, status_word
from robustness.results import Verdict

__all__ = ["SUMMARY_CAP", "commands", "publish"]

SUMMARY_CAP = 1_000_000
"""Bytes; GitHub refuses a step's summary beyond 1 MiB, the whole of it."""

_LEVEL = {Status.FAIL: "error", Status.INVALID: "error", Status.UNDECIDED: "warning"}


def commands(summary: Summary) -> tuple[str, ...]:
    """Return one workflow command per check that did not pass, gravest first.

    A known failure is a notice: it is told, and decides nothing. Text from data and models cannot
    end the command or start another one.
    """
    grave = sorted(
        (v for v in (*summary.verdicts, *deciding(summary.slices)) if v.status in _LEVEL),
        key=lambda v: (excused(v), list(_LEVEL).index(v.status)),
    )
    return tuple(map(_annotation, grave))


def _annotation(verdict: Verdict) -> str:
    known = excused(verdict)
    level = "notice" if known else _LEVEL[verdict.status]
    word = status_word(verdict.status, verdict.known_failure)
    title = _property(f"robustness {word}: {verdict.attack}[{verdict.severity}]{_on(verdict)}")
    until = f" (known failure {verdict.known_failure})" if known else ""
    return f"::{level} title={title}::{_message(verdict.reason + until)}"


def _on(verdict: Verdict) -> str:
    return f" on {verdict.slice}" if verdict.slice else ""


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
    yield "report", log_text((folder / "report.html").as_posix())
    yield "junit", log_text((folder / "junit.xml").as_posix())
    yield "suite-fingerprint", summary.suite.fingerprint
    yield "clean-accuracy", str(summary.clean.accuracy.value)
    deciding = [v.status for v in summary.verdicts if not excused(v)]
    for status in Status:
        yield status.value, str(deciding.count(status))
    yield "known-failures", str(len(summary.verdicts) - len(deciding))
    yield "baseline", log_text(summary.baseline)


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
