"""Predictions made elsewhere, read from a file: any framework, any language, no torch.

One row per example and variant of a frozen suite, with its `id` and either `scores`, one number
per option in the order of the *variant's* options, or `choice`, the position of the option chosen
there (null: no answer was given). Three formats:

- `.jsonl`: one object per line; the first may be `{"suite": FINGERPRINT, "model": NAME}`.
- `.csv`: columns `id` and `scores` (a JSON list) or `choice`; `suite` and `model` as columns.
- `.parquet`: the same columns, `scores` as a list of numbers.

A choice becomes 1 for the option chosen and 0 for the others: enough for accuracy, but without the
confidence that abstention is judged by.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from robustness.domain import Example, Scores
from robustness.errors import ModelError, ScoreError, unknown

__all__ = ["Predictions", "load"]

Answer = Scores | int | None
_WORDS = frozenset({"NaN", "Infinity", "-Infinity"})
_HEADER = frozenset({"suite", "model"})


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model whose scores were written down.

    >>> example = Example("m1#0", "Tom ran.", "Who ran?", ("Ann", "Tom"), 1, "m1")
    >>> Predictions("mine", "0f", "", {"m1#0": 1}).score([example])
    ((0.0, 1.0),)
    """

    name: str
    fingerprint: str
    """Digest of the file's bytes."""
    suite: str
    """Fingerprint of the suite that the file says it answers; empty where it says nothing."""
    answers: Mapping[str, Answer]
    """By example or variant id: scores, a position, or None where no answer was given."""

    def score(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return float[K] per example, in order; NaN is kept, and NaN throughout for no answer.

        Raises `ScoreError` where an id is missing or the number of options differs.
        """
        missing = [example.id for example in batch if example.id not in self.answers]
        if missing:
            raise ScoreError(
                f"predictions {self.name!r}: {len(missing)} of {len(batch)} items are missing "
                f"({', '.join(map(repr, missing[:5]))}), but every example and variant of the "
                "suite needs a row; score them too"
            )
        return tuple(self._scores(example) for example in batch)

    def _scores(self, example: Example) -> Scores:
        answer, count = self.answers[example.id], len(example.options)
        if answer is None:
            return (float("nan"),) * count
        if isinstance(answer, tuple):
            if len(answer) != count:
                raise ScoreError(
                    f"predictions {self.name!r}: {example.id!r} has {len(answer)} score(s), but "
                    f"{count} options; give one score per option"
                )
            return answer
        if answer >= count:
            raise ScoreError(
                f"predictions {self.name!r}: {example.id!r} chooses option {answer}, but there are "
                f"{count} (0..{count - 1}); count from 0, in the variant's order"
            )
        return tuple(float(position == answer) for position in range(count))


def load(path: str) -> Predictions:
    """Return the predictions in a `.jsonl`, `.csv` or `.parquet` file.

    Raises `ModelError` for a file that cannot be read, `ScoreError` for a row that is not a
    prediction, with file and row.
    """
    file = Path(path).expanduser()
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise ModelError(f"predictions {path!r}: {unknown('format', file.suffix, _READERS)}")
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"predictions {path!r}: the file cannot be read ({error.strerror}), but it is needed; "
            "check the path"
        ) from error
    answers: dict[str, Answer] = {}
    header: dict[str, str] = {}
    for where, row in read(raw, file.name):
        _note_header(header, row, where)
        if "id" not in row and header and not answers:
            continue
        _add(answers, row, where)
    if not answers:
        raise ModelError(f"predictions {path!r}: no row came, but one per item is needed; fill it")
    digest = hashlib.sha256(raw).hexdigest()
    return Predictions(header.get("model", file.stem), digest, header.get("suite", ""), answers)


def _note_header(header: dict[str, str], row: Mapping[str, object], where: str) -> None:
    for key in _HEADER & row.keys():
        value = row[key]
        if not isinstance(value, str) or header.setdefault(key, value) != value:
            raise ScoreError(
                f"{where}: {key} is {value!r}, but one text for the whole file is needed"
                f"{f' ({header[key]!r} came before)' if key in header else ''}; split the file"
            )


def _add(answers: dict[str, Answer], row: Mapping[str, object], where: str) -> None:
    item = row.get("id")
    if not isinstance(item, str) or not item:
        raise ScoreError(f"{where}: id is {item!r}, but the item's id is needed as text; add it")
    if item in answers:
        raise ScoreError(f"{where}: {item!r} came before, but one row per item is needed; drop one")
    if ("scores" in row) == ("choice" in row):
        raise ScoreError(
            f"{where}: {item!r} has {', '.join(sorted(map(str, row)))}, but exactly one of scores "
            "and choice is needed; give one of them"
        )
    spot = f"{where}: {item!r}"
    answers[item] = _numbers(row["scores"], spot) if "scores" in row else _choice(row["choice"], spot)


def _numbers(value: object, where: str) -> Scores:
    if not isinstance(value, list):
        raise ScoreError(
            f"{where} has the scores {value!r}, but a list of numbers is needed; write [0.1, 0.9]"
        )
    return tuple(_number(number, where) for number in value)


def _number(value: object, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    if isinstance(value, str) and value in _WORDS:
        return float(value)
    raise ScoreError(
        f"{where} has the score {value!r}, but a number is needed; write NaN where there is none"
    )


def _choice(value: object, where: str) -> int | None:
    # Tables with an empty cell hold their whole numbers as 1.0, and the empty cell as NaN.
    if isinstance(value, float):
        value = None if isnan(value) else int(value) if value.is_integer() else value
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise ScoreError(
        f"{where} has the choice {value!r}, but a position from 0 up is needed; leave it empty "
        "(null) where no answer was given"
    )


def _jsonl(raw: bytes, name: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    # Split on line feeds alone: U+2028 and the like may stand inside JSON text.
    for number, line in enumerate(_text(raw, name).split("\n"), start=1):
        if not line.strip():
            continue
        row = _json(line, f"{name}:{number}")
        if not isinstance(row, dict):
            raise ScoreError(f"{name}:{number}: {row!r} came, but an object per line is needed")
        yield f"{name}:{number}", row


def _csv(raw: bytes, name: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, cells in enumerate(csv.DictReader(io.StringIO(_text(raw, name))), start=1):
        where = f"{name}: row {number}"
        if None in cells:
            raise ScoreError(f'{where}: more cells than columns; quote lists: "[0.1, 0.9]"')
        row: dict[str, object] = {key: cell for key, cell in cells.items() if cell}
        for key in ("scores", "choice"):
            if key in row:
                row[key] = _json(str(row[key]), where)
        if "scores" not in row and "choice" in cells:
            row.setdefault("choice", None)
        yield where, row


def _parquet(raw: bytes, name: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(io.BytesIO(raw), page_checksum_verification=True).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ModelError(
            f"predictions {name!r}: not a readable Parquet file ({error}); write it again"
        ) from error
    for number, cells in enumerate(rows, start=1):
        row = {key: cell for key, cell in cells.items() if cell is not None}
        if "scores" not in row and "choice" in cells:
            row.setdefault("choice", None)
        yield f"{name}: row {number}", row


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(
            f"predictions {name!r}: not UTF-8 at byte {error.start}, but it must be; save it so"
        ) from error


def _json(text: str, where: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScoreError(f"{where}: {text[:60]!r} is not JSON ({error}); write it as JSON") from error
    return value


_READERS = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
