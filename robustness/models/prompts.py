"""Examples to prompts and continuations, for models that are asked in words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from robustness.domain import Example
from robustness.errors import DataError, UsageError
from robustness.models.likelihood import Likelihood

__all__ = ["DEFAULT", "LETTERED", "Asked", "Template", "template_for"]

DEFAULT = "Passage: {passage}\nQuestion: {question}\nAnswer:"
"""For the likelihood of the options themselves. Passage first: what questions share is computed once."""

LETTERED = "Passage: {passage}\nQuestion: {question}\n{options}\nAnswer:"
"""For the likelihood of a letter; the options stand one a line, as `A. text`."""

_FIELDS = re.compile(r"\{(passage|question|options)\}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Asked:
    """One example as a language model gets it."""

    prompt: str
    continuations: tuple[str, ...]
    """One per option, each with the space that separates it from the prompt."""
    sizes: tuple[int, ...]
    """Bytes of each option in UTF-8, without that space."""
    passage_at: int
    """Character of the prompt at which the passage begins; it is `passage` characters long."""
    passage: int


@dataclass(frozen=True, slots=True)
class Template:
    r"""A prompt with the fields `{passage}`, `{question}` and, where they are listed, `{options}`.

    Other braces stand for themselves. Raises `UsageError` for a template that lacks a field, has one
    twice, or ends in white space.

    >>> item = Example("m1#0", "Tom ran.", "Who ran?", ("Tom", "Ann"), 0, "m1")
    >>> Template("{passage} {question}").asked(item).continuations
    (' Tom', ' Ann')
    >>> Template(LETTERED, letters=True).asked(item).prompt
    'Passage: Tom ran.\nQuestion: Who ran?\nA. Tom\nB. Ann\nAnswer:'
    """

    text: str
    letters: bool = False
    """Whether a continuation is the option's letter instead of its text."""

    def __post_init__(self) -> None:
        found = sorted(_FIELDS.findall(self.text))
        needed = ["options", "passage", "question"] if self.letters else ["passage", "question"]
        if found not in (needed, ["options", "passage", "question"]):
            raise UsageError(
                f"template: the fields {', '.join(found) or 'none'} came, but each of "
                f"{', '.join(needed)} is needed once, in braces; write them into the template"
            )
        if self.text != self.text.rstrip():
            # Tokens carry the space before a word, not behind it: "Answer: " + "Tom" is read as a
            # sequence that training has hardly shown.
            raise UsageError(
                f"template: it ends in white space ({self.text[-12:]!r}), but the space belongs to the "
                "option behind it and is put there; take it off the template's end"
            )

    def asked(self, example: Example) -> Asked:
        """Return the prompt and continuations of an example.

        Raises `DataError` for more options than there are letters, where letters are asked for.
        """
        labels = self._labels(example)
        listed = "\n".join(f"{label}. {text}" for label, text in zip(_LETTERS, example.options, strict=False))
        fields = {"passage": example.passage, "question": example.question, "options": listed}
        parts = _FIELDS.split(self.text)
        made = [fields[part] if at % 2 else part for at, part in enumerate(parts)]
        start = sum(map(len, made[: parts.index("passage")]))
        return Asked(
            prompt="".join(made),
            continuations=tuple(f" {label}" for label in labels),
            sizes=tuple(len(label.encode("utf-8", "surrogatepass")) for label in labels),
            passage_at=start,
            passage=len(example.passage),
        )

    def cut(self, example: Example, length: int) -> Asked:
        """Return what `asked` does where the passage ends after `length` characters."""
        return self.asked(replace(example, passage=example.passage[:length]))

    def _labels(self, example: Example) -> tuple[str, ...]:
        if "{options}" in self.text and len(example.options) > len(_LETTERS):
            raise DataError(
                f"example {example.id!r}: {len(example.options)} options came, but a list with letters "
                f"holds {len(_LETTERS)}; use --model-arg likelihood=raw, token or byte"
            )
        return tuple(_LETTERS[: len(example.options)]) if self.letters else example.options


def template_for(likelihood: Likelihood, text: str | None) -> Template:
    """Return the template of a likelihood, or one's own: its text, or `@FILE` that holds it.

    Line feeds at the end of a file are an editor's, and are left out.

    >>> template_for(Likelihood.BYTE, None).text == DEFAULT
    True
    """
    letters = likelihood is Likelihood.LETTER
    if text is None:
        return Template(LETTERED if letters else DEFAULT, letters)
    if not text.startswith("@"):
        return Template(text, letters)
    try:
        read = Path(text[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"template: {text[1:]!r} cannot be read ({type(error).__name__}), but a text file in UTF-8 is "
            "needed behind the @; check the path"
        ) from error
    return Template(read.rstrip("\r\n"), letters)
