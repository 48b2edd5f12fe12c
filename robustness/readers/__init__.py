"""A data set's rows -> Examples: one file per format, our own format, and the Hub."""

from __future__ import annotations

from collections.abc import Mapping

from robustness.readers.load import Dataset, load
from robustness.readers.rows import InvalidRow

__all__ = ["FORMATS", "Dataset", "InvalidRow", "load"]

FORMATS: Mapping[str, str] = {
    "arc": "robustness.readers.arc:read",
    "boolq": "robustness.readers.boolq:read",
    "c3": "robustness.readers.dream:read",
    "commonsenseqa": "robustness.readers.commonsenseqa:read",
    "cosmosqa": "robustness.readers.cosmosqa:read",
    "csv": "robustness.readers.csv_file:read",
    "dream": "robustness.readers.dream:read",
    "hub": "robustness.readers.hub:read",
    "jsonl": "robustness.readers.jsonl_file:read",
    "logiqa": "robustness.readers.logiqa:read",
    "mcscript": "robustness.readers.mcscript:read",
    "mctest": "robustness.readers.mctest:read",
    "onestopqa": "robustness.readers.onestopqa:read",
    "openbookqa": "robustness.readers.openbookqa:read",
    "parquet": "robustness.readers.parquet_file:read",
    "quail": "robustness.readers.quail:read",
    "race": "robustness.readers.race:read",
    "reclor": "robustness.readers.reclor:read",
    "sciq": "robustness.readers.sciq:read",
    "stories": "robustness.demo.stories:read",
}
"""Name of a format -> `module:function`. Each function takes what stands behind the first colon of
`--data` and yields `Example | InvalidRow`. Others are found as entry points `robustness.readers`."""
