"""`robustness.toml`, or `[tool.robustness]` in pyproject.toml, as one checked and frozen value.

    model = "models/ours"            # as --model
    data = "jsonl:data/test.jsonl"   # as --data; or frozen = "FOLDER"
    suite = "shortcuts"

    [limits]                         # over the plan's own limits, key by key
    no-passage.max_margin_retained = 0.10
    no-passage.baseline.max_margin_retained = 0.02   # how much worse than the baseline it may be
    ngram-shuffle.2.max_margin_retained = 0.60       # one severity
    family.order.min_applicable = 0.90               # every attack of a family
    sentence-order-shuffle.max_margin_retained = "off"

    [[known_failures]]
    attack = "passage-word-shuffle"
    until = 2027-01-31               # the last day on which the failure is expected
    owner = "reading team"
    reason = "retraining is planned"

`docs/configuration.md` lists the keys. Precedence, key by key: flag > environment > file > default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError, ValidationInfo, field_validator, model_validator

from robustness.configuration.tables import Allowances, AskedLimits, KnownFailure, LimitsTable, StrictTable
from robustness.errors import UsageError, unknown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["FILE", "PREFIX", "Config", "merged", "origins", "schema"]

FILE: Final = "robustness.toml"
PREFIX: Final = "ROBUSTNESS_"
"""An environment variable is this and the key in capitals: `ROBUSTNESS_BATCH_TOKENS`."""

_TABLES = ("limits", "known_failures")
_EXCLUSIVE = frozenset({"data", "frozen"})
_WHOLE = ("seed", "limit", "workers", "batch_tokens", "max_length", "threads", "min_passages")
_KINDS: Final[Mapping[str, type]] = {
    **dict.fromkeys(_WHOLE, int),
    **dict.fromkeys(("skip_invalid", "no_cache", "no_text", "sequential"), bool),
    "regression": float,
}
_EXPECTED: Final[Mapping[str, str]] = {
    "bool_type": "it should be true or false, without quotes",
    "date_type": "it should be a date without quotes, such as 2027-03-31",
    "float_type": "it should be a number without quotes",
    "int_type": "it should be a whole number without quotes",
    "model_type": "it should be a table of keys",
    "string_type": "it should be text in quotes",
    "tuple_type": "it should be a list of tables, each under its own [[...]]",
}
"""What pydantic says in words of Python, by its type of error."""
_NEEDED: Final = {int: "a whole number", bool: "true or false", float: "a number"}


class Config(StrictTable):
    """What to check, how, and what it is held to. Each key is the command line's flag of that name.

    >>> merged(file={"data": "stories:test"}, environment={"ROBUSTNESS_SEED": "7"}).seed
    7
    """

    model: str | None = Field(None, min_length=1)
    """None where the test suite provides the model (`pytest_robustness_model`, `robustness_model`)."""
    data: str | None = None
    suite: str = "core"
    frozen: str | None = Field(None, min_length=1)
    """A suite frozen by `robustness build`; excludes `data`."""
    seed: int = 0
    limit: int | None = Field(None, ge=1)
    skip_invalid: bool = False
    workers: int = Field(1, ge=1)
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    batch_tokens: int | None = Field(None, ge=1)
    max_length: int | None = Field(None, ge=8)
    threads: int | None = Field(None, ge=1)
    model_arg: tuple[str, ...] = Field((), strict=False)
    """How a checkpoint is asked, as NAME=VALUE: kind, likelihood, template, right_label, untrained."""
    cache: str | None = Field(None, min_length=1)
    """Folder of scored rows; None is the platform's folder for caches."""
    no_cache: bool = False
    """Keep no rows: every run, interrupted ones too, begins anew."""
    sequential: bool = False
    """Score each check until its limits are decided, and no further; all gates are `anytime` then."""
    no_text: bool = False
    """Ids and numbers only: for data that may not be passed on."""
    output: str | None = Field(None, min_length=1)
    """Run folder, new or empty; None is `reports/NAME`, and keeps no run under pytest."""
    tag: str = ""
    """Last part of the run folder's default name, and what `baseline` may ask for."""
    undecided: Literal["xfail", "pass", "fail"] = "xfail"
    """What an undecided check counts as under pytest. `report` is the command line's word for xfail."""
    gate: Literal["fixed", "anytime"] | None = None
    """None is the plan's, here and in the next two."""
    correction: Literal["none", "holm"] | None = None
    min_passages: int | None = Field(None, ge=2)
    baseline: str | None = Field(None, min_length=1)
    """A run folder, a tag, or `auto`: the newest finished run of the same suite."""
    on_missing_baseline: Literal["fail", "skip"] = "fail"
    slices: tuple[str, ...] = Field((), strict=False)
    """Kinds of question that every limit is held on too: `question-word`, `meta.KEY`, ..."""
    regression: float | None = Field(None, ge=0, le=1)
    """By how much any check may be worse than the baseline, on its primary measure."""
    limits: LimitsTable = LimitsTable()
    known_failures: tuple[KnownFailure, ...] = Field((), strict=False)

    @field_validator("model_arg", mode="before")
    @classmethod
    def _lines(cls, given: object) -> object:
        return tuple(filter(None, given.splitlines())) if isinstance(given, str) else given

    @field_validator("slices", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        return tuple(filter(None, map(str.strip, given.split(",")))) if isinstance(given, str) else given

    @field_validator("slices")
    @classmethod
    def _of_whole_runs(cls, given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if given and info.data.get("sequential"):
            raise ValueError(
                "slices and sequential both came, but who stops early leaves slices unfinished; leave one out"
            )
        return given

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("undecided") == "report":
            return {**given, "undecided": "xfail"}
        return given


def merged(
    *,
    file: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str | None] | None = None,
    where: str = FILE,
    prefix: str = "--",
) -> Config:
    """Return the configuration of three sources: flag > environment > file > default, key by key.

    `data` and `frozen` exclude each other: the source of higher rank drops the other's. A flag that
    is None and a variable that is empty say nothing.
    `file` is what `settings.read` returned, `flags` are text by key; variables of others are passed
    over. `where` and `prefix` name the file and the flags in messages.

    Raises:
        UsageError: an unknown key, a wrong value, or data and frozen from one source.
    """
    chosen: dict[str, Any] = {}
    came: dict[str, str] = {}
    for name, values in _sources(where, file, environment, flags, prefix).items():
        if values.keys() >= _EXCLUSIVE:
            raise UsageError(
                f"{name}: data and frozen both came, but exactly one of {prefix}data and "
                f"{prefix}frozen is needed; leave one out"
            )
        if values.keys() & _EXCLUSIVE:
            chosen = {key: value for key, value in chosen.items() if key not in _EXCLUSIVE}
        chosen |= values
        came |= dict.fromkeys(values, name)
    try:
        return Config.model_validate(chosen)
    except ValidationError as error:
        fault = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        raise UsageError(f"{came.get(str(fault['loc'][0]), where)}: {_fault(fault)}") from None


def origins(
    *,
    file: Mapping[str, Any],
    environment: Mapping[str, str],
    flags: Mapping[str, str | None],
) -> dict[str, str]:
    """Return where the value of each key came from: `flag`, `environment`, `file` or `default`.

    >>> origins(file={"seed": 1}, environment={"ROBUSTNESS_SEED": "2"}, flags={})["seed"]
    'environment'
    """
    said = {
        "file": file.keys(),
        "environment": {key for key in _keys() if environment.get(PREFIX + key.upper())},
        "flag": {key for key, text in flags.items() if text is not None},
    }
    came = dict.fromkeys(Config.model_fields, "default")
    for name, keys in said.items():
        if keys & _EXCLUSIVE:
            came |= dict.fromkeys(_EXCLUSIVE, "default")
        came |= dict.fromkeys(keys, name)
    return came


def _sources(
    where: str,
    file: Mapping[str, Any] | None,
    environment: Mapping[str, str] | None,
    flags: Mapping[str, str | None] | None,
    prefix: str,
) -> dict[str, dict[str, Any]]:
    """Return what each source says, the lowest first."""
    variables = {key: (environment or {}).get(PREFIX + key.upper()) or None for key in _keys()}
    return {
        where: dict(file or {}),
        "environment": _typed(variables, PREFIX),
        "flags": _typed(flags or {}, prefix),
    }


def schema() -> dict[str, Any]:
    """Return the JSON schema of the configuration file, for editors.

    >>> sorted(schema()["properties"])[:3]
    ['baseline', 'batch_tokens', 'cache']
    """
    document = Config.model_json_schema()
    for name in ("Allowances", "AskedLimits", "AttackLimits"):
        for kind in document["$defs"][name]["properties"].values():
            kind.get("anyOf", []).append({"const": "off"})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document, "title": FILE}


def _keys() -> tuple[str, ...]:
    return tuple(key for key in Config.model_fields if key not in _TABLES)


def _typed(given: Mapping[str, str | None], prefix: str) -> dict[str, Any]:
    """Return text from outside as the values that a file would hold."""
    values: dict[str, Any] = {}
    for key, text in given.items():
        if text is None:
            continue
        kind: Any = _KINDS.get(key, str)
        try:
            values[key] = TypeAdapter(kind).validate_python(text)
        except ValidationError:
            name = prefix + (key.upper() if prefix == PREFIX else key.replace("_", "-"))
            raise UsageError(
                f"{name}: {text!r} came, but {_NEEDED[kind]} is needed; mend or unset it"
            ) from None
    return values


def _fault(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(error)
    if error["type"] == "missing":
        return f"{place}: nothing came, but it is needed; add it"
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{place}: {reason}"
    reason = _EXPECTED.get(error["type"], f"{reason[:1].lower()}{reason[1:]}")
    return f"{place}: {error['input']!r} came, but: {reason}; mend it"


def _unknown_key(error: ErrorDetails) -> str:
    *place, key = map(str, error["loc"])
    if not place:
        return unknown("key", key, Config.model_fields)
    if place[0] != "limits":
        return f"{'.'.join(place)}: {unknown('key', key, KnownFailure.model_fields)}"
    table = Allowances if place[-1] == "baseline" else AskedLimits
    return f"{'.'.join(place)}: {unknown('limit', key, table.model_fields)}"
