from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from robustness.domain import Run, Suite
from robustness.errors import RobustnessError
from robustness.reports.items import read_items
from robustness.reports.write_items import write_items
from robustness.results import Judgement


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "items.parquet"


@pytest.mark.parametrize("column", [0, 7, 8])
def test_a_flipped_bit_in_a_page_is_found(
    path: Path, suite: Suite, run: Run, judgement: Judgement, column: int
):
    write_items(path, suite, run, judgement, text=True)
    with pq.ParquetFile(path) as file:
        chunk = file.metadata.row_group(0).column(column)
    raw = bytearray(path.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    raw[start + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(RobustnessError, match=r"items\.parquet"):
        read_items(path)


def test_a_missing_file_is_told_in_one_sentence(path: Path):
    with pytest.raises(RobustnessError, match="run the check again"):
        read_items(path)
