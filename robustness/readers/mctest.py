r"""MCTest (Richardson et al. 2013): a `.tsv` of stories with its `.ans` beside it.

23 columns: id, properties, story, then four times a question and its options A to D. Line feeds
and tabs are written `\newline` and `\tab`. The answers are four letters a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from robustness.domain import Example
from robustness.errors import DataError
from robustness.readers.answers import from_letter
from robustness.readers.files import Origin, file_origin, read_text
from robustness.readers.rows import Fault, InvalidRow, Item, attempt

__all__ = ["origin", "read"]

_COLUMNS, _QUESTIONS = 23, 4


def origin(argument: str) -> Origin:
    """Return the stories and their answers."""
    answers = _answers_of(argument)
    stories = file_origin(argument)
    return Origin(argument, stories.label, (*stories.files, (answers.name, answers)))


def _answers_of(argument: str) -> Path:
    answers = Path(argument).with_suffix(".ans")
    if Path(argument).suffix != ".tsv":
        raise DataError(f"{argument}: MCTest stories end in .tsv; name that file")
    if Path(argument).is_file() and not answers.is_file():
        raise DataError(
            f"{argument}: no {answers.name} lies beside it, but the gold options are in it; "
            "put it there (test answers come in an archive of their own)"
        )
    return answers


def read(argument: str) -> Iterator[Item]:
    """Yield four questions a story, with ids `STORY#qN` such as `mc160.dev.0#q1`."""
    answers = _records(str(_answers_of(argument)))
    stories = _records(argument)
    if len(stories) != len(answers):
        raise DataError(
            f"{argument}: {len(stories)} stories came, but the .ans beside it has "
            f"{len(answers)} lines; get both from one release"
        )
    for (line, cells), (_, letters) in zip(stories, answers, strict=True):
        yield from _story(f"{argument}:{line}", cells, letters)


def _records(argument: str) -> list[tuple[int, list[str]]]:
    lines = enumerate(read_text(argument).split("\n"), 1)
    return [(n, line.rstrip("\r").split("\t")) for n, line in lines if line.strip()]


def _story(where: str, cells: list[str], letters: list[str]) -> Iterator[Item]:
    if len(cells) != _COLUMNS or len(letters) != _QUESTIONS:
        yield InvalidRow(
            where,
            f"{len(cells)} columns and {len(letters)} answers came, "
            f"but {_COLUMNS} and {_QUESTIONS} are needed",
        )
        return
    plain = [_unescaped(cell) for cell in cells]
    for number, letter in enumerate(letters, 1):
        story, asked = (plain[0], plain[2], number), plain[5 * number - 2 :][:5]
        yield attempt(where, partial(_example, story, asked, letter), part=f"question {number}")


def _unescaped(cell: str) -> str:
    return cell.replace("\\newline", "\n").replace("\\tab", "\t")


def _example(story: tuple[str, str, int], asked: list[str], letter: str) -> Example:
    name, passage, number = story
    sentences, colon, question = asked[0].partition(":")
    if not colon or sentences not in ("one", "multiple"):
        raise Fault(f"question {asked[0]!r:.60} came, but it must start with 'one:' or 'multiple:'")
    options = tuple(asked[1:])
    answer, meta = from_letter(letter.strip(), len(options)), {"sentences": sentences}
    return Example(f"{name}#q{number}", passage, question.strip(), options, answer, name, meta)
