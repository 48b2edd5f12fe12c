"""`robustness.toml`, or `[tool.robustness]` in pyproject.toml, as one checked and frozen value.

    model = "models/ours"            # as --model
    data = "jsonl:data/test.jsonl"   # as --data; or frozen = "FOLDER"
    suite = "shortcuts"

    [limits]                         # over the plan's own limits, key by key
    no-passage.max_margin_retained = 0.10
    ngram-shuffle.2.max_margin_retained = 0.60    # one severity
    family.word-order.min_applicable = 0.90       # every attack of a family

    [[known_failures]]
    attack = "passage-word-shuffle"
    until = 2027-01-31               # the last day on which the failure is expected
    owner = "reading team"
    reason = "retraining is planned"

Paths start at the folder of the file. Precedence, key by key: flag > environment > file > default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from robustness.errors import UsageError, unknown
from robustness.suites.plan import Limits

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = [
    "FILE",
    "PREFIX",
    "AttackLimits",
    "Config",
    "KnownFailure",
    "LimitsTable",
    "find",
    "merged",
    "read",
    "schema",
]

FILE: Final = "robustness.toml"
PREFIX: Final = "ROBUSTNESS_"
"""An environment variable is this and the key in capitals: `ROBUSTNESS_BATCH_TOKENS`."""

_PROJECT = "pyproject.toml"
_TABLES = ("limits", "known_failures")
_EXCLUSIVE = frozenset({"data", "frozen"})
_WHOLE = frozenset({"seed", "limit", "workers", "batch_tokens", "max_length", "threads"})


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Limits(Limits):
    model_config = ConfigDict(strict=True)  # `max_drop = true` is no limit of 1


class AttackLimits(_Limits):
    """`[limits.ATTACK]`: limits of every severity, and one table for each severity of its own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Limits] = Field(init=False)

    @model_validator(mode="before")
    @classmethod
    def _severities(cls, given: object) -> object:
        for key in given if isinstance(given, dict) else ():
            if key not in Limits.model_fields and not key.isdecimal():
                raise ValueError(unknown("limit", key, Limits.model_fields))
        return given

    def at(self, severity: int) -> dict[str, float]:
        """Return the limits of one severity: its own over those of all.

        >>> table = {"max_drop": 0.1, "min_accuracy": 0.5, "2": {"max_drop": 0.3}}
        >>> AttackLimits.model_validate(table).at(2)
        {'max_drop': 0.3, 'min_accuracy': 0.5}
        """
        tables = [{name: getattr(self, name) for name in Limits.model_fields}]
        tables += [own.model_dump() for own in [self.severities.get(severity)] if own]
        return {name: limit for table in tables for name, limit in table.items() if limit is not None}

    @property
    def severities(self) -> Mapping[int, Limits]:
        """The severities that have a table of their own."""
        return {int(key): table for key, table in (self.__pydantic_extra__ or {}).items()}


class LimitsTable(_Table):
    """`[limits]`: a table per attack, and `[limits.family.FAMILY]`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AttackLimits] = Field(init=False)

    family: dict[str, _Limits] = {}

    @property
    def attacks(self) -> Mapping[str, AttackLimits]:
        """The table of each attack that has one."""
        return dict(self.__pydantic_extra__ or {})


class KnownFailure(_Table):
    """A failure that is expected, for a while, by somebody."""

    attack: str = Field(min_length=1)
    severity: int | None = Field(None, ge=1)
    """Every severity of the attack where it is left out."""
    until: date
    """The last day on which it is expected; from the next day on the entry is an error."""
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)

    def covers(self, attack: str, severity: int) -> bool:
        """Tell whether the entry speaks of this check."""
        return self.attack == attack and self.severity in {None, severity}


class Config(_Table):
    """What to check, how, and what it is held to. Each key is the command line's flag of that name.

    >>> merged(file={"data": "stories:test"}, environment={"ROBUSTNESS_SEED": "7"}).seed
    7
    """

    model: str | None = None
    """None where the test suite provides the model (`pytest_robustness_model`, `robustness_model`)."""
    data: str | None = None
    suite: str = Field("core", min_length=1)
    frozen: str | None = None
    """A suite frozen by `robustness build`; excludes `data`."""
    seed: int = 0
    limit: int | None = Field(None, ge=1)
    skip_invalid: bool = False
    workers: int = Field(1, ge=1)
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    batch_tokens: int | None = Field(None, ge=1)
    max_length: int | None = Field(None, ge=8)
    threads: int | None = Field(None, ge=1)
    no_text: bool = False
    """Ids and numbers only: for data that may not be passed on."""
    undecided: Literal["xfail", "pass", "fail"] = "xfail"
    """What an undecided check counts as under pytest. `report` is the command line's word for xfail."""
    output: str | None = None
    """Run folder, new or empty; None keeps no run under pytest."""
    limits: LimitsTable = LimitsTable()
    known_failures: tuple[KnownFailure, ...] = Field((), strict=False)

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("undecided") == "report":
            return {**given, "undecided": "xfail"}
        return given


def find(folder: Path) -> Path | None:
    """Return the configuration file of a folder, or None where it has none.

    Raises:
        UsageError: `robustness.toml` and `[tool.robustness]` are both there, or a file is broken.
    """
    own, project = folder / FILE, folder / _PROJECT
    in_project = project.is_file() and "robustness" in _tool(project)
    if own.is_file() and in_project:
        raise UsageError(
            f"{folder.name}: {FILE} and [tool.robustness] in {_PROJECT} are both there, but one "
            f"configuration is needed; move everything into one of them"
        )
    if own.is_file():
        return own
    return project if in_project else None


def read(file: Path) -> dict[str, Any]:
    """Return what a configuration file says, unchecked: the whole, or the table of a pyproject.toml.

    Raises:
        UsageError: the file cannot be read, is not TOML, or is a pyproject.toml without the table.
    """
    if file.name != _PROJECT:
        return _toml(file)
    tables = _tool(file)
    if "robustness" not in tables:
        raise UsageError(f"{file.name}: no [tool.robustness] is there; add it, or write {FILE}")
    table = tables["robustness"]
    if not isinstance(table, dict):
        raise UsageError(f"{file.name}: tool.robustness is {table!r}, but a table is needed; make it one")
    return table


def merged(
    *,
    file: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str | None] | None = None,
    where: str = FILE,
) -> Config:
    """Return the configuration of three sources: flag > environment > file > default, key by key.

    `data` and `frozen` exclude each other: the source of higher rank drops the other's. A flag that
    is None and a variable that is empty say nothing.
    `file` is what `read` returned, `flags` are text by key; variables of others are passed over.

    Raises:
        UsageError: an unknown key, a wrong value, or data and frozen from one source.
    """
    sources = {
        where: dict(file or {}),
        "environment": _typed({k: (environment or {}).get(PREFIX + k.upper()) for k in _keys()}, PREFIX),
        "flags": _typed(flags or {}, "--robustness-"),
    }
    chosen: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, values in sources.items():
        if values.keys() >= _EXCLUSIVE:
            raise UsageError(f"{name}: data and frozen both came, but only one is needed; leave one out")
        if values.keys() & _EXCLUSIVE:
            chosen = {key: value for key, value in chosen.items() if key not in _EXCLUSIVE}
        chosen |= values
        origins |= dict.fromkeys(values, name)
    try:
        return Config.model_validate(chosen)
    except ValidationError as error:
        fault = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        raise UsageError(f"{origins.get(str(fault['loc'][0]), where)}: {_fault(fault)}") from None


def schema() -> dict[str, Any]:
    """Return the JSON schema of the configuration file, for editors.

    >>> sorted(schema()["properties"])[:3]
    ['batch_tokens', 'data', 'device']
    """
    document = Config.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document, "title": FILE}


def _keys() -> tuple[str, ...]:
    return tuple(key for key in Config.model_fields if key not in _TABLES)


def _typed(given: Mapping[str, str | None], prefix: str) -> dict[str, Any]:
    """Return text from outside as the values that a file would hold."""
    values: dict[str, Any] = {}
    for key, text in given.items():
        if not text:
            continue
        kind: Any = bool if key in {"skip_invalid", "no_text"} else int if key in _WHOLE else str
        try:
            values[key] = TypeAdapter(kind).validate_python(text)
        except ValidationError:
            name = prefix + (key.upper() if prefix == PREFIX else key.replace("_", "-"))
            needed = "true or false" if kind is bool else "a whole number"
            raise UsageError(f"{name}: {text!r} came, but {needed} is needed; mend or unset it") from None
    return values


def _tool(file: Path) -> dict[str, Any]:
    tool = _toml(file).get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file.name}: {error.strerror}; give a file that can be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name}: not readable as TOML: {error}; mend the file") from None


def _fault(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(error)
    if error["type"] == "missing":
        return f"{place}: nothing came, but it is needed; add it"
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{place}: {reason}"
    return f"{place}: {error['input']!r} came, but: {reason[:1].lower()}{reason[1:]}; mend it"


def _unknown_key(error: ErrorDetails) -> str:
    *place, key = map(str, error["loc"])
    if not place:
        return unknown("key", key, Config.model_fields)
    table, kind = (Limits, "limit") if place[0] == "limits" else (KnownFailure, "key")
    return f"{'.'.join(place)}: {unknown(kind, key, table.model_fields)}"
