"""Which formats there are, and `--report FORMAT:PATH`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, TypeAlias, cast

from robustness.errors import OutputError, UsageError, unknown
from robustness.reports.summary import Summary

if TYPE_CHECKING:
    from robustness.neurons.summary import NeuronSummary

__all__ = [
    "FROM_FOLDER",
    "GROUP",
    "RENDERERS",
    "Renderer",
    "place",
    "rendered",
    "renderer",
    "report_target",
    "write_report",
    "write_text",
]

Renderer: TypeAlias = Callable[[Summary], str]

RENDERERS: Mapping[str, str] = {
    "card": "robustness.reports.to_card:to_card",
    "comment": "robustness.reports.to_comment:to_comment",
    "csv": "robustness.reports.to_csv:to_csv",
    "eval-results": "robustness.reports.to_eval_results:to_eval_results",
    "html": "robustness.reports.to_html:to_html",
    "json": "robustness.reports.to_json:to_json",
    "junit": "robustness.reports.to_junit:to_junit",
    "md": "robustness.reports.to_markdown:to_markdown",
}
"""Format -> `module:function`; other packages add theirs as entry points of `GROUP`."""

FROM_FOLDER: Mapping[str, str] = {"items": "robustness.reports.items_to_csv:items_to_csv"}
"""Formats that are made from the files of a finished run: `module:function` of its folder."""

_UPDATERS: Mapping[str, str] = {"card": "robustness.reports.to_card:updated_card"}
"""Formats that change a file that is there and never replace it: `module:function` of summary and text."""

GROUP = "robustness.reports"


def renderer(name: str) -> Renderer:
    """Return the function that renders a summary in one format, loaded only now.

    Raises:
        UsageError: no format has this name, or several packages claim it.

    >>> renderer("md").__name__
    'to_markdown'
    """
    if name in RENDERERS:
        return cast("Renderer", _function(RENDERERS[name]))
    found = entry_points(group=GROUP, name=name)
    if len(found) > 1:
        owners = ", ".join(sorted(entry.value for entry in found))
        raise UsageError(
            f"--report: format {name!r} is claimed by {owners}, but one owner is needed; uninstall all others"
        )
    if not found:
        plugged = (entry.name for entry in entry_points(group=GROUP))
        raise UsageError("--report: " + unknown("report format", name, [*RENDERERS, *FROM_FOLDER, *plugged]))
    return _loaded(next(iter(found)))


def report_target(spec: str) -> tuple[str, Path]:
    """Return format and path of `FORMAT:PATH`, both checked here, before any work.

    Raises:
        UsageError: no such format, or not of this form.
        OutputError: nothing can be written at the path.

    >>> report_target("md:out/report.md")[0]
    'md'
    """
    name, path = place(spec)
    if name not in FROM_FOLDER:
        renderer(name)
    return name, path


def place(spec: str) -> tuple[str, Path]:
    """Return format and path of `FORMAT:PATH`, the path checked; any format will do.

    Raises:
        UsageError: not of this form.
        OutputError: nothing can be written at the path.
    """
    name, colon, path = spec.partition(":")
    if not colon or not path:
        raise UsageError(
            f"--report: {spec!r} came, but FORMAT:PATH is needed; write for example md:report.md"
        )
    _refuse_unwritable(Path(path), spec)
    return name, Path(path)


def rendered(name: str, summary: Summary, *, neurons: NeuronSummary | None = None) -> str:
    """Return a summary in one format; formats for people get the neuron analysis as a section.

    Raises `UsageError` where no format has this name.
    """
    if neurons is None or name not in {"html", "md"}:
        return renderer(name)(summary)
    return str(_function(RENDERERS[name])(summary, neurons=neurons))


def write_report(spec: str, summary: Summary, folder: Path, *, neurons: NeuronSummary | None = None) -> Path:
    """Write a finished run as `FORMAT:PATH` says, whole or not at all, and return the path.

    A model card that is there is kept, and only what it says of the suite changes; any other file is
    replaced.

    Args:
        spec: `FORMAT:PATH`.
        summary: of the run.
        folder: of the run.
        neurons: a neuron analysis, for the formats that have a section for it.

    Raises:
        UsageError: no such format.
        RobustnessError: the format cannot say this run.
        OutputError: the path cannot be written, or what is there cannot be read.
    """
    name, path = report_target(spec)
    if name in FROM_FOLDER:
        return write_text(spec, path, str(_function(FROM_FOLDER[name])(folder)))
    if name in _UPDATERS and path.exists():
        return write_text(spec, path, str(_function(_UPDATERS[name])(summary, _read(spec, path))))
    return write_text(spec, path, rendered(name, summary, neurons=neurons))


def _read(spec: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise OutputError(
            f"--report {spec}: what is there cannot be read, but a UTF-8 text to add to is needed; "
            f"choose another path"
        ) from None


def _function(spec: str) -> Callable[..., object]:
    module, attribute = spec.split(":")
    return cast("Callable[..., object]", getattr(import_module(module), attribute))


def write_text(spec: str, path: Path, text: str) -> Path:
    """Write a rendered text, whole or not at all, and return the path.

    Args:
        spec: `FORMAT:PATH`, for messages.
        path: where to.
        text: what.

    Raises:
        OutputError: the path cannot be written.
    """
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise OutputError(
            f"--report {spec}: {error.strerror}, but a writable place is needed; choose another path"
        ) from None
    return path


def _refuse_unwritable(path: Path, spec: str) -> None:
    near = path.absolute().parent
    while not near.exists() and near != near.parent:
        near = near.parent
    if path.is_dir() or not near.is_dir() or not os.access(near, os.W_OK):
        raise OutputError(
            f"--report {spec}: nothing can be written there, but a writable place is needed; "
            f"choose another path"
        )


def _loaded(entry: EntryPoint) -> Renderer:
    try:
        found = entry.load()
    except Exception as error:
        raise UsageError(
            f"--report: format {entry.name!r} ({entry.value}) does not load: {error}; "
            f"mend or uninstall the package"
        ) from error
    return cast("Renderer", found)
