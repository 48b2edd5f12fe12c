"""Frozen dataclasses to plain JSON values and back, by their annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from robustness.errors import RobustnessError
from robustness.results import Estimate

__all__ = ["decode", "encode"]

Json: TypeAlias = Any
"""A value as `json` reads and writes it; `decode` returns what its hint says."""
Hint: TypeAlias = Any
"""An annotation: a class, or a generic such as `tuple[int, ...]` or `float | None`."""


def encode(value: object) -> Json:
    """Return `value` in JSON types.

    An `Estimate` in a field `drop` lies flat in its parent as `drop`, `drop_low`, `drop_high`.

    >>> encode((Estimate(0.5, 0.25, 1.0),))
    [{'value': 0.5, 'low': 0.25, 'high': 1.0}]
    """
    if is_dataclass(value) and not isinstance(value, type):
        return _encode_fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): encode(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [encode(inner) for inner in value]
    return value


def decode(kind: Hint, value: Json, where: str) -> Json:
    """Return `value`, as `encode` wrote it, as a `kind`; keys that are not known are passed over.

    Raises:
        RobustnessError: a value is missing or of another type; `where` leads to it.

    >>> decode(tuple[int, ...], [1, 2], "numbers")
    (1, 2)
    """
    if is_dataclass(kind):
        return _decode_fields(kind, value, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _decode_enum(kind, value, where)
    return _decode_plain(kind, value, where)


def _encode_fields(value: Json) -> dict[str, Json]:
    encoded: dict[str, Any] = {}
    for field in fields(value):
        inner = getattr(value, field.name)
        if isinstance(inner, Estimate):
            encoded |= {
                field.name: inner.value,
                f"{field.name}_low": inner.low,
                f"{field.name}_high": inner.high,
            }
        else:
            encoded[field.name] = encode(inner)
    return encoded


def _decode_fields(kind: Hint, value: Json, where: str) -> Json:
    if not isinstance(value, dict):
        raise _wrong(where, value, "an object")
    decoded: dict[str, Any] = {}
    for name, hint in _hints(kind).items():
        if hint is Estimate:
            parts = (_at(value, key, where) for key in (name, f"{name}_low", f"{name}_high"))
            decoded[name] = Estimate(*(decode(float | None, p, f"{where}.{name}") for p in parts))
        else:
            decoded[name] = decode(hint, _at(value, name, where), f"{where}.{name}")
    return kind(**decoded)


def _decode_enum(kind: type[Enum], value: Json, where: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise _wrong(where, value, f"one of {known}") from None


def _decode_plain(kind: Hint, value: Json, where: str) -> Json:
    origin: Hint = get_origin(kind)
    if origin in {UnionType, Union}:
        inner = next(arm for arm in get_args(kind) if arm is not NoneType)
        return None if value is None else decode(inner, value, where)
    if origin is tuple:
        return _decode_tuple(get_args(kind), value, where)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise _wrong(where, value, "an object")
        inner = get_args(kind)[1]
        return {key: decode(inner, entry, f"{where}.{key}") for key, entry in value.items()}
    if origin is Literal:
        if value not in get_args(kind):
            raise _wrong(where, value, f"one of {', '.join(get_args(kind))}")
        return value
    return _decode_scalar(kind, value, where)


def _decode_tuple(inner: tuple[Any, ...], value: Json, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list")
    if inner[-1] is not Ellipsis and len(inner) != len(value):
        raise _wrong(where, value, f"a list of {len(inner)}")
    kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
    return tuple(
        decode(kind, entry, f"{where}[{place}]")
        for place, (kind, entry) in enumerate(zip(kinds, value, strict=True))
    )


def _decode_scalar(kind: Hint, value: Json, where: str) -> Json:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong(where, value, f"a value of type {kind.__name__}")
    return value


@cache
def _hints(kind: Hint) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _at(value: dict[str, Any], name: str, where: str) -> Json:
    if name not in value:
        raise RobustnessError(
            f"{where}: key {name!r} is missing, but every report has it; "
            f"the file is damaged or was not written by this tool"
        )
    return value[name]


def _wrong(where: str, value: object, needed: str) -> RobustnessError:
    return RobustnessError(
        f"{where}: {str(value)[:60]!r} came, but {needed} is needed; "
        f"the file is damaged or was not written by this tool"
    )
