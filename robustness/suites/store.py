"""A suite as a folder: manifest.json (written last), examples.jsonl, variants.jsonl, skipped.jsonl.

One JSON object a line, keys sorted, UTF-8, so that equal suites are equal bytes. `manifest.json`
holds schema, name, seed, plan, audit, fingerprint, the SHA-256 of the other files and, as `digest`,
its own: a limit that was edited in a frozen plan must not pass unseen.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from robustness.domain import Edit, Example, Skip, Suite, Variant
from robustness.errors import OutputError, SuiteError, UsageError

__all__ = ["SCHEMA", "fingerprint", "freeze", "plan_of", "thaw"]

SCHEMA = 1
_LISTS = ("examples", "variants", "skipped")


def fingerprint(
    seed: int,
    plan: Mapping[str, Any],
    examples: Sequence[Example],
    variants: Sequence[Variant],
    skipped: Sequence[Skip],
) -> str:
    """Return the digest of a suite's content: 32 hexadecimal digits of SHA-256.

    The plan enters through what shapes the variants (recipes, versions, parameters, severities),
    not through names and limits, so that a suite stays itself when its limits are tightened.
    """
    recipes = {
        name: {key: made[key] for key in ("generator", "version", "parameters", "levels", "polarity")}
        for name, made in plan["recipes"].items()
    }
    severities = {check["attack"]: check["severities"] for check in plan["checks"]}
    head = {"schema": SCHEMA, "seed": seed, "recipes": recipes, "severities": severities}
    digest = hashlib.sha256(_line(head))
    for lines in (map(_example, examples), map(_variant, variants), map(asdict, skipped)):
        digest.update(b"\n")
        for line in lines:
            digest.update(_line(line))
    return digest.hexdigest()[:32]


def freeze(suite: Suite, folder: Path) -> Path:
    """Write the suite to a new folder and return it; nothing is left half-written.

    Raises `UsageError` where the folder holds something, `OutputError` where it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"output {str(folder)!r}: something stands there, but a frozen suite is never rewritten; "
            f"choose another -o"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"output {str(folder)!r}: {error.strerror}; choose a writable -o") from None
    try:
        _write_into(partial, suite)
        partial.chmod(0o755)
        os.replace(partial, folder)  # noqa: PTH105 - Path.replace reads as if it were about text
    except OSError as error:
        raise OutputError(
            f"output {str(folder)!r}: {error.strerror}; free space or choose another -o"
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _write_into(folder: Path, suite: Suite) -> None:
    parts = {
        "examples": map(_example, suite.examples),
        "variants": map(_variant, suite.variants),
        "skipped": map(asdict, suite.skipped),
    }
    digests = {f"{name}.jsonl": _write(folder / f"{name}.jsonl", lines) for name, lines in parts.items()}
    manifest = {
        "schema": SCHEMA,
        "fingerprint": suite.fingerprint,
        "name": suite.name,
        "seed": suite.seed,
        "data": suite.data,
        "counts": {name: len(getattr(suite, name)) for name in _LISTS},
        "plan": suite.plan,
        "audit": suite.audit,
        "files": digests,
    }
    manifest["digest"] = _digest(manifest)
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1)
    (folder / "manifest.json").write_bytes(text.encode() + b"\n")


def _write(path: Path, lines: Iterable[Mapping[str, Any]]) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for line in lines:
            raw = _line(line)
            digest.update(raw)
            file.write(raw)
    return digest.hexdigest()


def thaw(folder: Path) -> Suite:
    """Return the suite that a folder holds, every byte of it checked.

    Raises `SuiteError` for a missing or foreign manifest, another schema and any changed file.
    """
    manifest = _manifest(folder)
    read = {name: list(_read(folder / f"{name}.jsonl", manifest)) for name in _LISTS}
    try:
        examples = tuple(Example(**{**row, "options": tuple(row["options"])}) for row in read["examples"])
        suite = Suite(
            name=manifest["name"],
            seed=manifest["seed"],
            plan=manifest["plan"],
            examples=examples,
            variants=tuple(_variant_of(row) for row in read["variants"]),
            skipped=tuple(Skip(**row) for row in read["skipped"]),
            audit=manifest["audit"],
            fingerprint=manifest["fingerprint"],
            data=manifest["data"],
        )
        actual = fingerprint(suite.seed, suite.plan, suite.examples, suite.variants, suite.skipped)
    except (KeyError, TypeError, AttributeError) as error:
        raise SuiteError(
            f"suite {folder.name!r}: a field is missing or wrong ({error}); build it again"
        ) from None
    if actual != suite.fingerprint:
        raise SuiteError(
            f"suite {folder.name!r}: its content has the fingerprint {actual}, but the manifest says "
            f"{suite.fingerprint}; build it again"
        )
    return suite


def plan_of(folder: Path) -> Mapping[str, Any]:
    """Return the plan of a frozen suite, in JSON types, without reading its items.

    Raises `SuiteError` for a missing, foreign or changed manifest; `thaw` checks the rest.
    """
    manifest = _manifest(folder)
    found = manifest.get("plan")
    if not isinstance(found, dict) or not {"name", "checks", "recipes"} <= found.keys():
        raise SuiteError(f"suite {folder.name!r}: manifest.json holds no plan; build it again")
    return found


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        raise SuiteError(
            f"suite {str(folder)!r}: no manifest.json, so it is not a finished suite; "
            f"make one with `robustness build --data D --suite S -o {folder.name or 'DIR'}`"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        schema = manifest["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise SuiteError(
            f"suite {folder.name!r}: manifest.json is damaged ({error}); build it again"
        ) from None
    if schema != SCHEMA:
        raise SuiteError(
            f"suite {folder.name!r}: schema {schema!r} came, but this version reads {SCHEMA}; build it again"
        )
    if _digest(manifest) != manifest.get("digest"):
        raise SuiteError(
            f"suite {folder.name!r}: manifest.json is not as it was written; build it again, limits included"
        )
    return dict(manifest)


def _digest(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest without the digest that stands in it."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(_line(rest)).hexdigest()


def _read(path: Path, manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SuiteError(f"suite file {path.name!r}: {error.strerror}; build the suite again") from None
    if hashlib.sha256(raw).hexdigest() != manifest.get("files", {}).get(path.name):
        raise SuiteError(f"suite file {path.name!r}: its digest is not the manifest's; build the suite again")
    return (json.loads(line) for line in raw.split(b"\n") if line)


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _example(example: Example) -> dict[str, Any]:
    return {
        "id": example.id,
        "passage": example.passage,
        "question": example.question,
        "options": example.options,
        "answer": example.answer,
        "group": example.group,
        "meta": dict(example.meta),
    }


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "id": variant.id,
        "source": variant.source,
        "attack": variant.attack,
        "severity": variant.severity,
        "example": _example(variant.example),
        "option_map": variant.option_map,
        "edits": [asdict(edit) for edit in variant.edits],
        "degraded": variant.degraded,
        "notes": dict(variant.notes),
    }


def _variant_of(row: Mapping[str, Any]) -> Variant:
    inner = row["example"]
    return Variant(
        **{
            **row,
            "example": Example(**{**inner, "options": tuple(inner["options"])}),
            "option_map": tuple(row["option_map"]),
            "edits": tuple(Edit(**edit) for edit in row["edits"]),
        }
    )
