"""Markdown that fits into one comment of a pull request: whole parts, the first ones, and a note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from robustness.reports.compare_to_markdown import compare_to_markdown
from robustness.reports.compared import RunsCompared
from robustness.reports.summary import Summary
from robustness.reports.to_markdown import to_markdown

__all__ = ["CAP", "capped", "compare_to_comment", "to_comment"]

CAP: Final = 65_000
"""Characters; GitHub refuses a comment of more than 65,536, and a job may add a line of its own."""

_NOTE: Final = "\n*Left out here for room: {} of {} parts. The run folder has the whole report.*\n"
_OPEN, _CLOSE = "<details>", "</details>"


def to_comment(summary: Summary) -> str:
    """Return the Markdown report, as much of it as a comment holds."""
    return capped(to_markdown(summary))


def compare_to_comment(compared: RunsCompared) -> str:
    """Return the comparison as Markdown, as much of it as a comment holds."""
    return capped(compare_to_markdown(compared))


def capped(text: str, cap: int = CAP) -> str:
    r"""Return Markdown of at most `cap` characters: parts are whole, so that no table or fold is cut.

    Parts that do not fit are left out one by one and counted; shorter ones after them may still fit.
    Only a first part that is too long by itself is cut, at the end of a line.

    >>> print(capped("# Title\n## One\n" + "a\n" * 99 + "## Two\nb\n", 120).strip())
    # Title
    ## Two
    b
    <BLANKLINE>
    *Left out here for room: 1 of 3 parts. The run folder has the whole report.*
    """
    parts = list(_parts(text))
    room = cap - len(_NOTE) - 20
    if len(text) <= cap:
        return text
    kept = parts[0] if len(parts[0]) <= room else parts[0][:room].rpartition("\n")[0] + "\n"
    left = 0 if kept == parts[0] else 1
    for part in parts[1:]:
        if len(kept) + len(part) <= room:
            kept += part
        else:
            left += 1
    return kept + _NOTE.format(left, len(parts))


def _parts(text: str) -> Iterator[str]:
    """Yield the parts of a text: each begins with a heading or a fold that lies in no other fold."""
    part, depth = "", 0
    for line in text.splitlines(keepends=True):
        if part and not depth and line.startswith(("## ", _OPEN)):
            yield part
            part = ""
        depth += line.count(_OPEN) - line.count(_CLOSE)
        part += line
    yield part
