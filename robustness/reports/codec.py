"""Frozen dataclasses to plain JSON values and back, by their annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from robustness.errors import RobustnessError
from robustness.results import Estimate

__all__ = ["decode", "encode"]

Json: TypeAlias = Any
"""A value as `json` reads and writes it; `decode` returns what its hint says."""
Hint: TypeAlias = Any
"""An annotation: a class, or a generic such as `tuple[int, ...]` or `float | None`."""
Where: TypeAlias = "str | tuple[Where, str | int]"
"""The file, or where the value around it is with `.key` or a place in it; in words for errors alone."""


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


def decode(kind: Hint, value: Json, where: Where) -> Json:
    """Return `value`, as `encode` wrote it, as a `kind`; keys that are not known are passed over.

    Raises:
        RobustnessError: a value is missing or of another type; `where` leads to it.

    >>> decode(tuple[int, ...], [1, 2], "numbers")
    (1, 2)
    """
    return _decoder(kind)(value, where)


@cache
def _decoder(kind: Hint) -> Callable[[Json, Where], Json]:
    if is_dataclass(kind):
        return partial(_decode_fields, kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return partial(_decode_enum, kind)
    origin: Hint = get_origin(kind)
    inner = get_args(kind)
    if origin in {UnionType, Union}:
        return partial(_decode_optional, next(arm for arm in inner if arm is not NoneType))
    if origin is tuple:
        return partial(_decode_tuple, inner)
    if origin is Mapping:
        return partial(_decode_mapping, inner[1])
    if origin is Literal:
        return partial(_decode_literal, inner)
    return partial(_decode_scalar, kind)


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


def _decode_fields(kind: Hint, value: Json, where: Where) -> Json:
    if not isinstance(value, dict):
        raise _wrong(where, value, "an object")
    decoded: dict[str, Any] = {}
    for name, hint in _hints(kind).items():
        if hint is Estimate:
            parts = (_at(value, key, where) for key in (name, f"{name}_low", f"{name}_high"))
            decoded[name] = Estimate(*(decode(float | None, part, (where, f".{name}")) for part in parts))
        else:
            decoded[name] = decode(hint, _at(value, name, where), (where, f".{name}"))
    return kind(**decoded)


def _decode_enum(kind: type[Enum], value: Json, where: Where) -> Enum:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise _wrong(where, value, f"one of {known}") from None


def _decode_optional(kind: Hint, value: Json, where: Where) -> Json:
    return None if value is None else decode(kind, value, where)


def _decode_mapping(kind: Hint, value: Json, where: Where) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise _wrong(where, value, "an object")
    return {key: decode(kind, entry, (where, f".{key}")) for key, entry in value.items()}


def _decode_literal(known: tuple[str, ...], value: Json, where: Where) -> Json:
    if value not in known:
        raise _wrong(where, value, f"one of {', '.join(known)}")
    return value


def _decode_tuple(inner: tuple[Any, ...], value: Json, where: Where) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(where, value, "a list")
    if inner[-1] is not Ellipsis and len(inner) != len(value):
        raise _wrong(where, value, f"a list of {len(inner)}")
    kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
    return tuple(
        decode(kind, entry, (where, place))
        for place, (kind, entry) in enumerate(zip(kinds, value, strict=True))
    )


def _decode_scalar(kind: Hint, value: Json, where: Where) -> Json:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong(where, value, f"a value of type {kind.__name__}")
    return value


@cache
def _hints(kind: Hint) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _at(value: dict[str, Any], name: str, where: Where) -> Json:
    if name not in value:
        raise RobustnessError(
            f"{_path(where)}: key {name!r} is missing, but every report has it; "
            f"the file is damaged or was not written by this tool"
        )
    return value[name]


def _wrong(where: Where, value: object, needed: str) -> RobustnessError:
    return RobustnessError(
        f"{_path(where)}: {str(value)[:60]!r} came, but {needed} is needed; "
        f"the file is damaged or was not written by this tool"
    )


def _path(where: Where) -> str:
    if isinstance(where, str):
        return where
    outer, place = where
    return _path(outer) + (place if isinstance(place, str) else f"[{place}]")
