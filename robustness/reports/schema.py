"""JSON Schemas of what this tool writes, made from the dataclasses that it is written from."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import pairwise
from textwrap import dedent
from types import NoneType
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin, get_type_hints

from robustness.reports import compared, earlier, summary
from robustness.results import Estimate

__all__ = ["SCHEMAS", "comparison_schema", "summary_schema"]

Json: TypeAlias = dict[str, Any]
Hint: TypeAlias = Any
"""An annotation: a class, or a generic such as `tuple[int, ...]` or `float | None`."""

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_NUMBER: Final[Json] = {"type": ["number", "null"]}
_PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def summary_schema(version: int = summary.SCHEMA) -> Json:
    """Return the JSON Schema (draft 2020-12) of `summary.json`.

    Every key is required; keys that it does not name are of a later version and may be there.

    Args:
        version: which schema of the summary: the present one, or an earlier one.

    >>> summary_schema()["properties"]["schema"]
    {'const': 3}
    """
    made = _document(summary.Summary, f"summary.json, schema {version}", version)
    return _without_later(made, version)


def comparison_schema() -> Json:
    """Return the JSON Schema (draft 2020-12) of what `robustness compare --json` writes."""
    told = {"headline": {"type": "string"}, "remarks": _array({"type": "string"})}
    made = _document(compared.RunsCompared, f"comparison of runs, schema {compared.SCHEMA}", compared.SCHEMA)
    made["properties"] = {**told, "signature": {"type": "string"}, **made["properties"]}
    made["required"] = [*made["properties"]]
    return made


SCHEMAS: Final[Mapping[str, Callable[[], Json]]] = {
    "comparison-1.json": comparison_schema,
    "summary-1.json": lambda: summary_schema(1),
    "summary-2.json": lambda: summary_schema(2),
    "summary-3.json": summary_schema,
}
"""File in `docs/schema/` -> what makes it."""


def _document(kind: type, title: str, version: int) -> Json:
    known: dict[str, Json] = {}
    shape = _object(kind, known)
    shape["properties"]["schema"] = {"const": version}
    return {
        "$schema": _DRAFT,
        "title": f"mcrc-robustness: {title}",
        **shape,
        "$defs": dict(sorted(known.items())),
    }


def _without_later(made: Json, version: int) -> Json:
    """Return the schema of a version: what `earlier` fills in for later ones, it did not have."""
    old = deepcopy(made)
    for later in range(version + 1, summary.SCHEMA + 1):
        _leave_out(old, earlier.LACKING[later])
        for name, lacking in earlier.LACKED_BY[later].items():
            _leave_out(old["$defs"][name], lacking)
    used = _references(old)
    old["$defs"] = {name: shape for name, shape in old["$defs"].items() if name in used}
    return old


def _leave_out(shape: Json, lacking: Json) -> None:
    shape["properties"] = {k: v for k, v in shape["properties"].items() if k not in lacking}
    shape["required"] = [key for key in shape["required"] if key in shape["properties"]]


def _references(shape: Json) -> set[str]:
    """Return the definitions that can be reached from the top."""
    defs, seen = shape["$defs"], set[str]()
    rest: list[object] = [{key: value for key, value in shape.items() if key != "$defs"}]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            name = str(one.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                rest.append(defs[name])
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)
    return seen


def _object(kind: type, known: dict[str, Json]) -> Json:
    """Return the shape of a dataclass, its estimates flat in it, as the codec writes them."""
    told, hints = _told(kind), get_type_hints(kind)
    shapes: dict[str, Json] = {}
    for field in fields(kind):
        shape = dict(_NUMBER) if hints[field.name] is Estimate else _shape(hints[field.name], known)
        shapes[field.name] = {**shape, **({"description": told[field.name]} if field.name in told else {})}
        if hints[field.name] is Estimate:
            shapes |= {f"{field.name}_{end}": dict(_NUMBER) for end in ("low", "high")}
    about = inspect.getdoc(kind)
    first = {"description": about.partition("\n\n")[0].replace("\n", " ")} if about else {}
    return {**first, "type": "object", "properties": shapes, "required": [*shapes]}


def _shape(hint: Hint, known: dict[str, Json]) -> Json:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    origin: Hint = get_origin(hint)
    inner = get_args(hint)
    if origin is tuple:
        return _tuple(inner, known)
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _shape(inner[1], known)}
    if origin is Literal:
        return {"enum": [*inner]}
    if inner:
        return _either([_shape(arm, known) for arm in inner])
    if issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    return _reference(hint, known)


def _reference(kind: type, known: dict[str, Json]) -> Json:
    """Return a reference to a dataclass, which becomes known by its name."""
    if kind.__name__ not in known:
        known[kind.__name__] = {}
        known[kind.__name__] = _object(kind, known)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _tuple(inner: tuple[Hint, ...], known: dict[str, Json]) -> Json:
    if inner[-1] is Ellipsis:
        return _array(_shape(inner[0], known))
    shapes = [_shape(one, known) for one in inner]
    return {"type": "array", "prefixItems": shapes, "minItems": len(inner), "maxItems": len(inner)}


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def _either(arms: list[Json]) -> Json:
    """Return a union, short where all arms are plain types."""
    if all(arm.keys() == {"type"} for arm in arms):
        return {"type": [arm["type"] for arm in arms]}
    return {"anyOf": arms}


@cache
def _told(kind: type) -> Mapping[str, str]:
    """Return the sentence below each field of a class and of the classes that it stands on."""
    told: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if is_dataclass(one):
            body = ast.parse(dedent(inspect.getsource(one))).body[0]
            assert isinstance(body, ast.ClassDef)
            told |= _sentences(body.body)
    return told


def _sentences(body: list[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, below in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
        ):
            value = below.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[field.target.id] = " ".join(value.value.split())
    return found
