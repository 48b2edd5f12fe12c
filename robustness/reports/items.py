"""The items of a finished run, read from its Parquet file: one row per example and variant."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.errors import RobustnessError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CLEAN", "read_items", "storable", "text_digest"]

CLEAN = "clean"
"""Stands for the attack in the row of an unchanged example; its severity is 0."""


def read_items(path: Path) -> pa.Table:
    """Return the table that `write_items` wrote, its page checksums verified.

    Raises:
        RobustnessError: the file is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # A single file, not a data set: the folder's name must never become a column.
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            return file.read()
    except (OSError, pa.ArrowException) as error:
        raise RobustnessError(
            f"{path.name}: {error}, but a readable items file is needed; run the check again"
        ) from None


def text_digest(passage: str, question: str, options: Sequence[str], answer: int | None) -> str:
    """Return what tells one item from another that has its id: a digest of its texts and its gold.

    Runs that keep no text have it too, so that items of two suites can be matched without any text.

    >>> text_digest("It rains.", "Does it?", ("Yes.", "No."), 0)
    'f0678af160b01bd0ac258e2f324d39e7'
    """
    told = json.dumps([storable(passage), storable(question), storable([*options]), answer])
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def storable(value: object) -> object:
    """Return text with lone surrogates, which no Arrow file can hold, as escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return [storable(inner) for inner in value] if isinstance(value, list) else value
