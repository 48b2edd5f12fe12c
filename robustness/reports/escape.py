"""Text from data and models made safe to show: nothing hidden, nothing that a screen obeys."""

from __future__ import annotations

import unicodedata

__all__ = ["flat_text", "log_text", "visible_text"]

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Controls, format characters (bidi overrides, zero width), lone surrogates, odd line ends."""
_MARKS = {"Mn", "Me"}
_MARKS_IN_A_ROW = 4
"""Vietnamese, Thai and pointed Hebrew stay below; more is a way to paint over other lines."""


def visible_text(text: str) -> str:
    r"""Return `text` with every character that hides or steers shown as an escape.

    Control characters, ESC, bidi overrides, zero-width characters, lone surrogates and Unicode
    line separators become `\x1b`, `\u202e` and so on; a run of combining marks is cut after
    four. Line feeds and tabs stay: the caller decides how to lay text out.

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
    r"""Return `flat_text` in which no build server finds a command (`::error`, `##[...]`).

    >>> print(log_text("::error file=x"))
    :\x3aerror file=x
    """
    return flat_text(text).replace("::", r":\x3a").replace("##[", r"##\x5b")


def _shown(char: str, category: str) -> str:
    if category not in _HIDDEN or char in "\n\t":
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
