"""A TOML file as a checked, frozen value: unknown keys are errors with a suggestion."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast, get_args

from robustness.errors import PlanError, unknown
from robustness.share import share

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    M = TypeVar("M", bound=BaseModel)

__all__ = ["GROUPS", "content_file", "content_names", "load_toml"]

GROUPS: Mapping[str, str] = {"attacks": "robustness.recipes", "suites": "robustness.suites"}
"""Groups of entry points by kind: each names a package that holds files of that kind."""


def content_names(kind: str) -> tuple[str, ...]:
    """Return the names of all files of a kind (`attacks`, `suites`), sorted: ours, those of installed
    packages and the user's."""
    return tuple(sorted({name for name, _ in _files(kind)}))


def content_file(kind: str, name: str, *, noun: str) -> Traversable:
    """Return the file called NAME: a path that ends in .toml, else `./KIND/NAME.toml`, an installed
    package's, or ours.

    Raises `PlanError` for an unknown name, for one that two of these define, and for an entry point
    whose package cannot be loaded.
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
        raise PlanError(f"{noun} {name!r}: two files define it, {places}; rename one of them, if it is yours")
    return owners[0]


def _files(kind: str) -> Iterator[tuple[str, Traversable]]:
    ours, theirs = share(kind), Path(kind)
    folders: list[Traversable] = [ours, *_installed(kind)]
    if theirs.is_dir() and theirs.resolve() != Path(str(ours)).resolve():
        folders.append(theirs)
    for folder in folders:
        for file in folder.iterdir():
            if file.name.endswith(".toml"):
                yield file.name.removesuffix(".toml"), file


def _installed(kind: str) -> Iterator[Traversable]:
    """Yield the folders that installed packages bring: the packages that their entry points name."""
    for entry in entry_points(group=GROUPS[kind]):
        try:
            folder = files(entry.value)
        except (ImportError, TypeError) as error:
            raise PlanError(
                f"entry point {entry.name!r} of {GROUPS[kind]!r}: package {entry.value!r} cannot be loaded "
                f"({error}); mend or uninstall the package that brings it"
            ) from None
        yield folder


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
    # A misspelt key is reported twice, as unknown and as missing: the first says what to do.
    fault = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        *where, key = fault["loc"]
        inside = f" (in {'.'.join(map(str, where))})" if where else ""
        return unknown("key", str(key), _keys(model, where)) + inside
    if fault["type"] == "missing":
        return f"key {place!r} is missing, but it is needed; add it"
    return f"key {place!r}: {fault['msg']}, but {fault['input']!r} came; mend the file"


def _keys(model: type[BaseModel], where: Sequence[int | str]) -> tuple[str, ...]:
    """Return the keys that the table at `where` may hold."""
    from pydantic import BaseModel

    for part in where:
        if isinstance(part, str) and part in model.model_fields:
            kinds = [model.model_fields[part].annotation]
            while kinds and not (isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel)):
                kinds = [*get_args(kinds.pop(0)), *kinds]
            if not kinds:
                return ()
            model = cast("type[BaseModel]", kinds[0])
    return tuple(model.model_fields)
