"""Data sets of the Hugging Face Hub: `hub:ID[@REVISION]/CONFIG/SPLIT`, without loading scripts.

Ids of the table map by themselves; any other needs its columns named behind a question mark:
`hub:ID/CONFIG/SPLIT?passage=context&question=q&options=a,b,c&answer=label`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from robustness.domain import Example
from robustness.errors import DataError, UsageError, unknown
from robustness.readers.answers import from_digits, from_letter, from_text
from robustness.readers.files import Origin, below, shorten
from robustness.readers.identity import content_id, group_of
from robustness.readers.rows import Fault, Item, Row, RowReader, attempt

__all__ = ["KNOWN", "Request", "origin", "parse", "read"]

KNOWN: Mapping[str, str] = {
    "EleutherAI/logiqa": "robustness.readers.logiqa:rows",
    "allenai/ai2_arc": "robustness.readers.arc:rows",
    "allenai/cosmos_qa": "robustness.readers.cosmosqa:rows",
    "allenai/openbookqa": "robustness.readers.openbookqa:rows",
    "allenai/sciq": "robustness.readers.sciq:rows",
    "aps/super_glue": "robustness.readers.boolq:rows",
    "dataset-org/c3": "robustness.readers.dream:c3_rows",
    "dataset-org/dream": "robustness.readers.dream:dream_rows",
    "ehovy/race": "robustness.readers.race:rows",
    "google/boolq": "robustness.readers.boolq:rows",
    "lucasmccabe/logiqa": "robustness.readers.logiqa:query_rows",
    "metaeval/reclor": "robustness.readers.reclor:rows",
    "tau/commonsense_qa": "robustness.readers.commonsenseqa:rows",
    "textmachinelab/quail": "robustness.readers.quail:rows",
}
"""Id -> function from a row to its items."""

_ANSWERS = {"answer": from_digits, "answer_letter": from_letter}
_KEYS = ("passage", "question", "options", "answer", "answer_letter", "answer_text", "id", "group")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Request:
    """What `hub:` was asked for."""

    id: str
    """Hub id, or a local folder that `datasets` can load."""
    revision: str
    """Branch, tag or commit; empty for the default branch."""
    config: str
    split: str
    query: str
    """Column mapping as given, without its question mark; empty where none came."""

    @property
    def argument(self) -> str:
        """The request as text, as `parse` reads it."""
        at = f"@{self.revision}" if self.revision else ""
        return f"{self.id}{at}/{self.config}/{self.split}" + (f"?{self.query}" if self.query else "")


def parse(argument: str) -> Request:
    """Return the parts of `ID[@REVISION]/CONFIG/SPLIT[?COLUMNS]`; a revision may hold slashes.

    >>> parse("ehovy/race@refs/convert/parquet/high/test").revision
    'refs/convert/parquet'
    """
    path, _, query = argument.partition("?")
    parts = path.rsplit("/", 2)
    if len(parts) != 3 or not all(parts):
        raise UsageError(
            f"hub: {argument!r} came, but ID[@REVISION]/CONFIG/SPLIT is needed, such as "
            "hub:ehovy/race/high/test; write 'default' for the only configuration"
        )
    name, _, revision = parts[0].partition("@")
    return Request(name, revision, parts[1], parts[2], query)


def origin(argument: str) -> Origin:
    """Return the request with its revision resolved to a commit, asking the Hub if it may.

    With HF_HUB_OFFLINE or HF_DATASETS_OFFLINE set nothing is asked: a revision that is a commit is
    recorded, and for any other the data set's digest is taken from the items instead.
    """
    request = parse(argument)
    _row_reader(request)
    if Path(request.id).is_dir():
        label = replace(request, id=shorten(request.id)).argument
        return Origin(argument, label, below(request.id, ".parquet", ".csv", ".json", ".jsonl"))
    if _COMMIT.fullmatch(request.revision) is None and not _offline():
        request = replace(request, revision=_resolved(request))
    commit = request.revision if _COMMIT.fullmatch(request.revision) else ""
    return Origin(request.argument, request.argument, revision=commit)


def _offline() -> bool:
    from datasets import config
    from huggingface_hub import constants

    return bool(config.HF_HUB_OFFLINE or constants.HF_HUB_OFFLINE)


def _resolved(request: Request) -> str:
    from huggingface_hub import HfApi

    try:
        commit = HfApi().dataset_info(request.id, revision=request.revision or None).sha
    except Exception as fault:  # the client's errors share no base, and vary by version
        raise _unreachable(request, fault) from fault
    if not commit:
        raise _unreachable(request, "the Hub named no commit")
    return str(commit)


def _unreachable(request: Request, fault: object) -> DataError:
    return DataError(
        f"hub:{request.argument}: {type(fault).__name__}: {str(fault)[:300]}; check id, revision, "
        "configuration and split, and the network. With the data in the cache, HF_HUB_OFFLINE=1 "
        "needs no network. A data set that needs a loading script has a branch without one: "
        "ID@refs/convert/parquet"
    )


def read(argument: str) -> Iterator[Item]:
    """Yield the items of one split, row by row; where is `ID@REVISION/CONFIG/SPLIT:entry N`."""
    request = parse(argument)
    rows, place = _row_reader(request), replace(request, query="").argument
    for number, row in enumerate(_loaded(request), 1):
        yield from rows(row, f"{place}:entry {number}")


def _loaded(request: Request) -> Any:  # a datasets.Dataset; the library is untyped
    from datasets import load_dataset

    options = {"split": request.split, "revision": request.revision or None}
    try:
        return load_dataset(request.id, request.config, **options)
    except Exception as fault:  # the client's errors share no base, and vary by version
        raise _unreachable(request, fault) from fault


def _row_reader(request: Request) -> RowReader:
    if request.query:
        return partial(_mapped_rows, _mapping(request))
    if request.id not in KNOWN:
        raise UsageError(
            f"hub: {unknown('known data set', request.id, KNOWN)}. Name the columns of any other: "
            f"hub:{request.argument}?passage=context&question=q&options=a,b,c&answer=label"
        )
    module, _, name = KNOWN[request.id].partition(":")
    reader: RowReader = getattr(import_module(module), name)
    return reader


def _mapping(request: Request) -> dict[str, str]:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    for key, column in pairs:
        if key not in _KEYS:
            raise UsageError(f"hub: {unknown('column mapping', key, _KEYS)}")
        if not column or [k for k, _ in pairs].count(key) > 1:
            raise UsageError(f"hub: {key}={column!r} came, but one column name is needed")
    mapping = dict(pairs)
    answers = [key for key in mapping if key.startswith("answer")]
    if len(answers) != 1 or not {"question", "options"} <= mapping.keys():
        raise UsageError(
            f"hub: columns {request.query!r} came, but question=, options= and exactly one of "
            "answer= (counts from 0), answer_letter= and answer_text= are needed"
        )
    return mapping


def _mapped_rows(mapping: Mapping[str, str], value: object, where: str) -> Iterator[Item]:
    yield attempt(where, lambda: _mapped(mapping, Row.of(value)))


def _mapped(mapping: Mapping[str, str], row: Row) -> Example:
    passage = row.text(mapping["passage"]) if "passage" in mapping else ""
    question, options = row.text(mapping["question"]), _options(mapping["options"], row)
    own = content_id(passage, question, options)
    name = row.key(mapping["id"]) if "id" in mapping else own
    group = row.key(mapping["group"]) if "group" in mapping else group_of(passage, name)
    return Example(name, passage, question, options, _answer(mapping, row, options), group)


def _options(columns: str, row: Row) -> tuple[str, ...]:
    names = columns.split(",")
    return row.texts(columns) if len(names) == 1 else tuple(row.text(name) for name in names)


def _answer(mapping: Mapping[str, str], row: Row, options: tuple[str, ...]) -> int:
    key = next(key for key in mapping if key.startswith("answer"))
    value = row.get(mapping[key])
    if key == "answer_text":
        return from_text(value, options)
    if isinstance(value, bool):
        raise Fault(f"answer is {value!r}, but a position or letter is needed")
    return _ANSWERS[key](value, len(options))
