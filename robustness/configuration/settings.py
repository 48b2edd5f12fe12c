"""A configuration with where it came from: the file, the folder that each path starts at, each origin."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from robustness.configuration.config import FILE, Config, merged, origins
from robustness.configuration.tables import OFF
from robustness.errors import UsageError

__all__ = ["SETTLED", "Settings", "find", "read"]

SETTLED: Final = ("suite", "seed", "limit", "skip_invalid", "workers")
"""What a frozen suite has settled."""

_PROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for. Paths of a file start at its folder, those of flags and variables at `here`."""

    config: Config
    origins: Mapping[str, str]
    """Key -> `flag`, `environment`, `file` or `default`."""
    folder: Path
    """The folder of the file; where there is none, the current one."""
    here: Path
    """The current folder of whoever asked."""
    path: Path | None = None
    """The configuration file; None where there is none."""

    @classmethod
    def of(
        cls,
        path: Path | None,
        *,
        environment: Mapping[str, str],
        flags: Mapping[str, str | None],
        here: Path | None = None,
        prefix: str = "--",
    ) -> Settings:
        """Return the settings of a file (None: no file), environment and flags.

        Args:
            path: the file; `find` finds a folder's.
            environment: variables; those of others are passed over.
            flags: text by key; None says nothing.
            here: the folder that paths of flags start at; None is the current one.
            prefix: what stands before a key to make its flag, for messages.

        Raises:
            UsageError: the configuration is wrong, or a flag asks for what a frozen suite has settled.
        """
        file = read(path) if path else {}
        config = merged(
            file=file,
            environment=environment,
            flags=flags,
            where=path.name if path else "configuration",
            prefix=prefix,
        )
        came = origins(file=file, environment=environment, flags=flags)
        _refuse_settled(config, came, prefix)
        start = here or Path.cwd()
        return cls(config, came, path.absolute().parent if path else start, start, path)

    def start(self, key: str) -> Path:
        """Return the folder that the path of a key starts at."""
        return self.here if self.origins.get(key) in {"flag", "environment"} else self.folder

    def placed(self, key: str, path: str) -> Path:
        """Return a path of a key as it may be used in `folder`, shown as given where that is the same."""
        return Path(path) if self.folder == self.here else self.start(key) / path

    def replaced(self, **values: str | None) -> Settings:
        """Return the settings with other values, whose paths start at `folder`."""
        config = self.config.model_copy(update=values)
        return replace(self, config=config, origins={**self.origins, **dict.fromkeys(values, "file")})

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Yield key, value and origin: one of the four words, or the name of the file."""
        document = self.config.model_dump(mode="json", exclude_none=True)
        tables = [f"limits.{place}" for place in _places(document.pop("limits"))]
        failures = [f"{f['attack']} until {f['until']}" for f in document.pop("known_failures")]
        shown = {key: document.get(key, "") for key in Config.model_fields}
        shown |= {"limits": ", ".join(tables), "known_failures": ", ".join(failures)}
        for key, value in shown.items():
            origin = self.origins[key]
            yield key, _text(value), self.path.name if origin == "file" and self.path else origin


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


def _refuse_settled(config: Config, came: Mapping[str, str], prefix: str) -> None:
    for key in SETTLED if config.frozen else ():
        if came[key] == "flag":
            flag = prefix + key.replace("_", "-")
            raise UsageError(
                f"check: {flag} came with {prefix}frozen, but the frozen suite has settled it; "
                f"leave it out, or build another suite"
            )


def _places(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield `key.key = value` for every value in nested tables."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from (f"{key}.{place}" for place in _places(value))
        else:
            yield f"{key} = {'off' if value == OFF else value}"


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tool(file: Path) -> dict[str, Any]:
    tool = _toml(file).get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file.name or file}: {error.strerror}; give a file that can be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name}: not readable as TOML: {error}; mend the file") from None
