"""Text from data and models made safe to show: nothing hidden, nothing that a screen obeys."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["flat_text", "log_lines", "log_text", "visible_text"]

_COMMAND: Final = re.compile(r"##(\[|[a-zA-Z](?=[a-zA-Z]*\[))")
"""How a command to a build server begins."""
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Controls, format characters (bidi overrides, zero width), lone surrogates, odd line ends."""
_MARKS = {"Mn", "Me"}
_MARKS_IN_A_ROW = 4
"""Vietnamese, Thai and pointed Hebrew stay below; more is a way to paint over other lines."""


def visible_text(text: str) -> str:
    r"""Return `text` with every character that hides or steers shown as an escape.

    Control characters, ESC, bidi overrides, zero-width characters, lone surrogates, Unicode line
    separators and what is no character (U+FFFE, which no XML file may hold) become `\x1b`, `\u202e`
    and so on; a run of combining marks is cut after four. Line feeds and tabs stay: the caller decides
    how to lay text out.

    >>> print(visible_text("a\x1b[31m b\u202e"))
    a\x1b[31m b\u202e
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        if marks <= _MARKS_IN_A_ROW:
            shown.append(_shown(char, category))
        elif marks == _MARKS_IN_A_ROW + 1:
            shown.append("…")
    return "".join(shown)


def flat_text(text: str) -> str:
    r"""Return `visible_text` on one line: a line feed becomes a sign, a tab a space.

    >>> flat_text("M: Hi.\nW: Hello.")
    'M: Hi. ⏎ W: Hello.'
    """
    return visible_text(text.replace("\n", " ⏎ ").replace("\t", " "))


def log_text(text: str) -> str:
    r"""Return `flat_text` in which no build server finds a command (`::error`, `##vso[...]`).

    GitHub reads `::name::` and `##[name]`, Azure Pipelines `##vso[...]`, TeamCity `##teamcity[...]`;
    GitLab's sections begin with an escape character, which `visible_text` takes.

    >>> print(log_text("::error file=x"), log_text("##vso[task.setvariable]"))
    :\x3aerror file=x ##\x76so[task.setvariable]
    """
    shown = flat_text(text).replace("::", r":\x3a")
    return _COMMAND.sub(lambda found: rf"##\x{ord(found[1]):02x}", shown)


def log_lines(text: str) -> str:
    r"""Return `log_text` of every line, the lines kept.

    >>> print(log_lines("one\n::error::two"))
    one
    :\x3aerror:\x3atwo
    """
    return "\n".join(map(log_text, text.split("\n")))


def _shown(char: str, category: str) -> str:
    code = ord(char)
    nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    if not nothing and (category not in _HIDDEN or char in "\n\t"):
        return char
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
