"""Our own format as Parquet: the fields of the JSON lines, `options` a list of strings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from robustness.errors import DataError
from robustness.readers.files import MAX_FILE, require
from robustness.readers.jsonl_file import rows
from robustness.readers.rows import Item

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

__all__ = ["read"]

_BATCH = 256


def read(argument: str) -> Iterator[Item]:
    """Yield the question of each row; null counts as absent."""
    table = _opened(argument)
    try:
        for number, row in enumerate(_rows(table), 1):
            kept = {name: value for name, value in row.items() if value is not None}
            yield from rows(kept, f"{argument}:entry {number}")
    except (OSError, ValueError) as fault:  # pyarrow's errors derive from these
        raise DataError(f"{argument}: broken Parquet: {fault}; get the file again") from None
    finally:
        table.close()


def _opened(argument: str) -> ParquetFile:
    from pyarrow.parquet import ParquetFile

    path = require(argument)
    try:
        table = ParquetFile(path)
    except (OSError, ValueError) as fault:
        raise DataError(f"{argument}: not Parquet: {fault}; is it this format?") from None
    groups = range(table.metadata.num_row_groups)
    size = sum(table.metadata.row_group(group).total_byte_size for group in groups)
    if size > MAX_FILE:  # a small file can unpack to very much
        table.close()
        raise DataError(f"{argument}: it unpacks to {size:,} bytes, over {MAX_FILE:,}; split it")
    return table


def _rows(table: ParquetFile) -> Iterator[Mapping[str, object]]:
    for batch in table.iter_batches(batch_size=_BATCH):
        yield from batch.to_pylist()
