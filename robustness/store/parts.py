"""What one rank has scored, as a folder: scores by item, rows by key, and a manifest, written last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from typing import Any

from robustness.domain import Run, Scores, Suite
from robustness.errors import OutputError, StoreError, UsageError
from robustness.store.durable import file_entry, read_manifest, sync_folder, write_durably, write_manifest
from robustness.store.header import SCHEMA, Header
from robustness.store.rows import Table
from robustness.store.sealed import from_parquet, header_from, to_parquet
from robustness.store.shards import Shard, item_ids

__all__ = ["MANIFEST", "Part", "read_part", "write_part"]

MANIFEST = "part.json"
_SCORES, _ROWS = "scores.parquet", "rows.parquet"


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a run."""

    header: Header
    shard: Shard
    total: int
    """Examples and variants in the whole suite."""
    model: str
    """Name of the model, for people."""
    scores: Mapping[str, Scores]
    """By id of example and variant, for this share."""
    visible: Mapping[str, int]
    environment: Mapping[str, str]
    rows: Table
    """What this rank has scored, by row key: of use to any cache."""

    @classmethod
    def of(cls, run: Run, suite: Suite, *, shard: Shard, rows: Table | None = None) -> Part:
        """Return the part that `run`, made of this shard's share, is of the whole `suite`."""
        return cls(
            header=Header(run.suite, run.model_fingerprint, run.environment.get("numeric_class", "")),
            shard=shard,
            total=len(item_ids(suite)),
            model=run.model,
            scores=run.scores,
            visible=run.visible,
            environment=run.environment,
            rows=rows or Table.of({}),
        )


def write_part(folder: Path, part: Part) -> Path:
    """Write the part to a new folder and return it: all at once, or nothing.

    Raises:
        UsageError: something stands there.
        OutputError: it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"-o {folder}: something is there, and parts are never rewritten; choose another -o")
    draft = folder.absolute().with_name(f".{folder.absolute().name}.{token_hex(4)}")
    try:
        draft.mkdir(parents=True)
        _write_into(draft, part)
        os.replace(draft, folder)  # noqa: PTH105 - Path.replace reads as if it were about text
        sync_folder(folder.absolute().parent)
    except OSError as error:
        raise OutputError(
            f"-o {folder}: {error.strerror or error}, but a part needs a writable place; "
            f"choose another -o or free it: what was scored is kept"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def read_part(folder: Path) -> Part:
    """Return the part that a folder holds, every byte of it checked.

    Raises:
        StoreError: there is no manifest (the rank did not finish), or a file is missing or changed.
    """
    try:
        manifest = read_manifest(folder / MANIFEST, schema=SCHEMA)
    except OSError:
        raise StoreError(
            f"part {folder}: there is no {MANIFEST}, so this rank did not finish; run its command again, "
            f"or leave it out and let other ranks do its share"
        ) from None
    files = {name: _read(folder / name, manifest) for name in (_SCORES, _ROWS)}
    scores, visible = _from_parquet(files[_SCORES], where=folder)
    try:
        return Part(
            header=header_from(manifest, where=folder / MANIFEST),
            shard=Shard(**manifest["shard"]),
            total=manifest["total"],
            model=manifest["model"],
            scores=scores,
            visible=visible,
            environment=manifest["environment"],
            rows=from_parquet(files[_ROWS]),
        )
    except (KeyError, TypeError) as error:
        raise StoreError(
            f"part {folder}: a field is missing or wrong ({error}); run its command again"
        ) from None


def _write_into(draft: Path, part: Part) -> None:
    files = {_SCORES: _to_parquet(part.scores, part.visible), _ROWS: to_parquet(part.rows)}
    for name, raw in files.items():
        write_durably(draft / name, raw)
    content = {
        "schema": SCHEMA,
        "header": asdict(part.header),
        "shard": asdict(part.shard),
        "total": part.total,
        "model": part.model,
        "environment": dict(part.environment),
        "items": len(part.scores),
        "rows": len(part.rows),
        "files": {name: file_entry(raw) for name, raw in files.items()},
    }
    write_manifest(draft / MANIFEST, content)


def _read(path: Path, manifest: Mapping[str, Any]) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"part {path.parent}: {path.name}: {error.strerror}; run its command again"
        ) from None
    if file_entry(raw) != manifest.get("files", {}).get(path.name):
        raise StoreError(
            f"part {path.parent}: {path.name} is not the file that was written; run its command again"
        )
    return raw


def _to_parquet(scores: Mapping[str, Scores], visible: Mapping[str, int]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids = sorted(scores)
    table = pa.table(
        {
            # Bytes: an id may hold what no Arrow text can, such as half of a surrogate pair.
            "id": pa.array([name.encode("utf-8", "surrogatepass") for name in ids], pa.binary()),
            "scores": pa.array([list(scores[name]) for name in ids], pa.list_(pa.float64())),
            "visible": pa.array([visible.get(name) for name in ids], pa.int64()),
        }
    )
    sink = BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def _from_parquet(raw: bytes, *, where: Path) -> tuple[dict[str, Scores], dict[str, int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(pa.BufferReader(raw), page_checksum_verification=True) as file:
            read = file.read()
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"part {where}: {_SCORES}: {error}; run its command again") from None
    ids = [_text(name) for name in read["id"].to_pylist()]
    scores = zip(ids, map(tuple, read["scores"].to_pylist()), strict=True)
    return dict(scores), dict(_there(zip(ids, read["visible"].to_pylist(), strict=True)))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


def _there(pairs: Iterable[tuple[str, int | None]]) -> Iterable[tuple[str, int]]:
    return ((name, value) for name, value in pairs if value is not None)
