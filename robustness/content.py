"""A TOML file as a checked, frozen value: unknown keys are errors with a suggestion."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from robustness.errors import PlanError, unknown
from robustness.share import share

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    M = TypeVar("M", bound=BaseModel)

__all__ = ["content_file", "content_names", "load_toml"]


def content_names(kind: str) -> tuple[str, ...]:
    """Return the names of all files of a kind (`attacks`, `suites`): the user's and ours, sorted."""
    return tuple(sorted({name for name, _ in _files(kind)}))


def content_file(kind: str, name: str, *, noun: str) -> Traversable:
    """Return the file called NAME: a path that ends in .toml, else `./KIND/NAME.toml`, else ours.

    Raises `PlanError` for an unknown name, and for one that both the user's folder and ours define.
    """
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise PlanError(f"{noun} {name!r}: no such file; give the path of a .toml file or a known name")
        return Path(name)
    owners = [file for known, file in _files(kind) if known == name]
    if not owners:
        raise PlanError(unknown(noun, name, content_names(kind)))
    if len(owners) > 1:
        places = " and ".join(str(owner) for owner in owners)
        raise PlanError(f"{noun} {name!r}: two files define it, {places}; rename yours")
    return owners[0]


def _files(kind: str) -> Iterator[tuple[str, Traversable]]:
    ours, theirs = share(kind), Path(kind)
    folders: list[Traversable] = [ours]
    if theirs.is_dir() and theirs.resolve() != Path(str(ours)).resolve():
        folders.append(theirs)
    for folder in folders:
        for file in folder.iterdir():
            if file.name.endswith(".toml"):
                yield file.name.removesuffix(".toml"), file


def load_toml(file: Traversable, model: type[M]) -> M:
    """Return the file's content as a checked `model`.

    Raises `PlanError` with the file and key for broken TOML, unknown keys and wrong values.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{file.name}: not readable as TOML: {error}; mend the file") from None
    except ValidationError as error:
        raise PlanError(f"{file.name}: {_first_fault(error, model)}") from None


def _first_fault(error: ValidationError, model: type[BaseModel]) -> str:
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        fields = (field.alias or name for name, field in model.model_fields.items())
        return unknown("key", place, fields)
    if fault["type"] == "extra_forbidden":
        return f"key {place!r} is not known; remove it or see docs/architecture.md for the keys"
    return f"key {place!r}: {fault['msg']}, but {fault['input']!r} came; mend the file"
