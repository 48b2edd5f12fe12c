"""Finished rows as a pair of files: a checksummed Parquet named by its content, and its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

from robustness.errors import StoreError
from robustness.store.durable import file_entry, read_manifest, write_durably, write_manifest
from robustness.store.header import SCHEMA, Header
from robustness.store.rows import KEY_BYTES, Table

__all__ = ["from_parquet", "header_from", "read_sealed", "to_parquet", "write_sealed"]


def write_sealed(folder: Path, header: Header, table: Table) -> Path:
    """Write the rows and return the path of their manifest, which is written last.

    The name is a digest of the content, so the same rows are the same file and a sealed file is
    never changed. No time and no machine is in it.
    """
    raw = to_parquet(table)
    name = hashlib.sha256(raw).hexdigest()[:32]
    write_durably(folder / f"{name}.parquet", raw)
    content = {"schema": SCHEMA, "header": asdict(header), "rows": len(table), "file": file_entry(raw)}
    return write_manifest(folder / f"{name}.json", content)


def read_sealed(manifest: Path, header: Header) -> Table:
    """Return the rows of a sealed pair, every byte of it checked; the suite may be another.

    Raises:
        StoreError: damaged, or of another model, numeric class or schema.
        FileNotFoundError: one of the two is not there (any more).
    """
    content = read_manifest(manifest, schema=SCHEMA)
    wrote = header_from(content, where=manifest)
    if wrote.entry != header.entry:
        raise StoreError(f"{manifest}: it is of another run ({header.differences(wrote)}); remove it")
    raw = manifest.with_suffix(".parquet").read_bytes()
    if file_entry(raw) != content.get("file"):
        raise StoreError(f"{manifest.stem}.parquet: it is not the file that was written; remove it")
    return from_parquet(raw)


def header_from(content: Mapping[str, Any], *, where: Path) -> Header:
    """Return the header that a manifest tells.

    Raises:
        StoreError: it tells none.
    """
    try:
        return Header(**content["header"])
    except (KeyError, TypeError):
        raise StoreError(f"{where}: no header is in it, but whose rows it holds must be known") from None


def to_parquet(table: Table) -> bytes:
    """Return the rows as a Parquet file, its pages with checksums: key (16 bytes), score (float64)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    keys = pa.Array.from_buffers(pa.binary(KEY_BYTES), len(table), [None, pa.py_buffer(table.keys.tobytes())])
    written = pa.table({"key": keys, "score": pa.array(table.scores)})
    sink = BytesIO()
    pq.write_table(written, sink, compression="zstd", use_dictionary=False, write_page_checksum=True)
    return sink.getvalue()


def from_parquet(raw: bytes) -> Table:
    """Return the rows of `to_parquet`. The caller has compared the digest of the whole file.

    Raises:
        StoreError: it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(pa.BufferReader(raw), page_checksum_verification=True) as file:
            read: Any = file.read(columns=["key", "score"])
        return Table.joined(b"".join(map(_plain, read["key"].chunks)), read["score"].to_numpy())
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        raise StoreError(f"sealed rows: {error}, but readable rows are needed; remove the file") from None


def _plain(chunk: Any) -> bytes:
    start, end = chunk.offset * KEY_BYTES, (chunk.offset + len(chunk)) * KEY_BYTES
    return bytes(memoryview(chunk.buffers()[1])[start:end])
