"""Where the gold option stands, from each of the ways in which data sets say it. All strict:
a format states its base, and an answer that could mean two options is refused."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.readers.rows import Fault

__all__ = ["from_digits", "from_index", "from_label", "from_letter", "from_text"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def from_index(value: object, count: int) -> int:
    """Return a 0-based position given as an integer (not as a boolean).

    >>> from_index(2, 4)
    2
    """
    _refuse_hidden(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(f"answer is {value!r:.60}, but an integer from 0 to {count - 1} is needed")
    if not 0 <= value < count:
        hint = "; are the answers counted from 1? this format counts from 0" * (value == count)
        raise Fault(f"answer is {value}, but there are {count} options (0..{count - 1}){hint}")
    return value


def from_digits(value: object, count: int) -> int:
    """Return a 0-based position given as an integer or as its decimal digits.

    >>> from_digits("2", 4)
    2
    """
    _refuse_hidden(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9:
        return from_index(int(value), count)
    return from_index(value, count)


def from_letter(value: object, count: int) -> int:
    """Return the position of one ASCII letter, of either case: A or a is the first option.

    >>> from_letter("c", 4)
    2
    """
    _refuse_hidden(value)
    last = _LETTERS[min(count, len(_LETTERS)) - 1]
    if not isinstance(value, str) or len(value) != 1 or value.upper() not in _LETTERS:
        raise Fault(f"answer is {value!r:.60}, but one letter from A to {last} is needed")
    position = _LETTERS.index(value.upper())
    if position >= count:
        raise Fault(f"answer is {value!r}, but there are {count} options (A..{last})")
    return position


def from_text(value: object, options: Sequence[str]) -> int:
    """Return the position of the one option that equals the answer, character for character.

    >>> from_text("red", ["blue", "red"])
    1
    """
    _refuse_hidden(value)
    found = [position for position, option in enumerate(options) if option == value]
    if not found:
        shown = ", ".join(f"{option!r:.40}" for option in options[:6])
        raise Fault(f"answer {value!r:.60} is not among the options: {shown}")
    if len(found) > 1:
        places = " and ".join(map(str, found))
        raise Fault(f"answer {value!r:.60} matches options {places} (from 0), so none is gold")
    return found[0]


def from_label(value: object, labels: Sequence[str]) -> int:
    """Return the position of the answer among the row's own labels (ARC: letters or digits).

    >>> from_label("2", ["1", "2", "3"])
    1
    """
    _refuse_hidden(value)
    if len(set(labels)) != len(labels):
        raise Fault(f"the option labels {list(labels)!r:.80} repeat, so the answer is ambiguous")
    if value not in labels:
        raise Fault(f"answer is {value!r:.60}, but the option labels are {list(labels)!r:.80}")
    return labels.index(str(value))


def _refuse_hidden(value: object) -> None:
    if value is None or value in ("", "-1") or (value == -1 and not isinstance(value, bool)):
        raise Fault(
            f"the gold answer is hidden ({value!r}), as in blind test splits; use a split that has answers"
        )
