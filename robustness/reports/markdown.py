"""Pieces of GitHub Markdown that stay what they are, whatever text they hold."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from html import escape

from robustness.reports.escape import log_text
from robustness.reports.sheet import Sheet

__all__ = ["code", "html", "prose", "sheet", "table", "versioned"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>&~#$!])")
_ACTIVE = re.compile(r"@|#\d|gh-\d|://|www\.", re.IGNORECASE)
"""What GitHub turns into a mention, a reference or a link without any markup."""


def code(text: str) -> str:
    """Return a code span that shows `text` as it is: no link, mention, image or HTML in it works.

    >>> code("a `b` <i>")
    '``a `b` <i>``'
    """
    shown = log_text(text) or " "
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    edge = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{edge}{shown}{edge}{fence}"


def prose(text: str) -> str:
    r"""Return `text` as running text with all markup escaped; text that would link goes to code.

    >>> print(prose("a *b* <i>"), prose("see www.example.org"))
    a \*b\* \<i\> `see www.example.org`
    """
    return code(text) if _ACTIVE.search(text) else _SPECIAL.sub(r"\\\1", log_text(text))


def html(text: str) -> str:
    """Return `text` for use between HTML tags; text with markup or links in it goes to code.

    >>> html("a < b"), html("a *b*")
    ('a &lt; b', '<code>a *b*</code>')
    """
    shown = escape(log_text(text), quote=False)
    active = _ACTIVE.search(text) or re.search(r"[`*_\[\]~$]", text)
    return f"<code>{shown}</code>" if active else shown


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Container[int] = ()
) -> Iterator[str]:
    r"""Yield the lines of a table; columns in `numbers` are set flush right.

    >>> print("\n".join(table(("Name", "n"), [("a|b", "3")], numbers={1})))
    | Name | n |
    | :--- | ---: |
    | a\|b | 3 |
    """
    yield _row(heads)
    yield _row(["---:" if place in numbers else ":---" for place in range(len(heads))])
    yield from map(_row, rows)


def sheet(made: Sheet | None, *, folded: bool = False) -> Iterator[str]:
    """Yield a table with its title, caption and terms; `folded` shows its title alone at first."""
    if made is None:
        return
    yield f"\n<details><summary>{made.title}</summary>\n" if folded else f"\n## {made.title}\n"
    yield f"{prose(made.caption)}\n"
    rows = ((code(row[0]), *map(prose, row[1:])) for row in made.rows)
    heads = tuple(map(prose, made.heads))
    yield from table(heads, rows, numbers=range(made.words, len(heads)))
    yield from (f"{'' if place else chr(10)}- {prose(note)}" for place, note in enumerate(made.notes))
    if folded:
        yield "\n</details>"


def versioned(name: str, severity: int) -> str:
    """Return the name of a condition, with its severity where it is not the first."""
    return code(name) if severity == 1 else f"{code(name)} severity {severity}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
