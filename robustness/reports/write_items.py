"""One row per example and variant, written to a Parquet file that pandas reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.choices import chosen, confidence, credit, finite, right_options
from robustness.domain import Example, Run, Suite
from robustness.reports.items import CLEAN, storable, text_digest
from robustness.reports.measured import finite_number
from robustness.reports.telling import probabilities
from robustness.results import Judgement, Outcome

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_items"]

_COLUMNS = {
    "id": "string",
    "source": "string",
    "attack": "string",
    "severity": "int32",
    "group": "string",
    "status": "string",
    "answer": "int32",
    "chosen": "list:int32",
    "scores": "list:double",
    "probabilities": "list:double",
    "credit": "double",
    "clean_credit": "double",
    "degraded": "bool",
    "same_choice": "double",
    "margin_change": "double",
    "confidence": "double",
    "visible_share": "double",
    "visible": "int32",
    "option_map": "list:int32",
    "digest": "string",
}
_TEXT_COLUMNS = {"passage": "string", "question": "string", "options": "list:string"}


def write_items(path: Path, suite: Suite, run: Run, judgement: Judgement, *, text: bool) -> None:
    """Write one row per example and variant; join on `source`, never on position.

    A number that was not measured is null; scores are kept as the model gave them. With `text`
    off there is no column for passage, question or options. Pages carry checksums.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(text=text)
    rows = list(_rows(suite, run, judgement))
    columns = {name: [storable(row.get(name)) for row in rows] for name in schema.names}
    pq.write_table(
        pa.Table.from_pydict(columns, schema=schema),
        path,
        compression="zstd",
        write_page_checksum=True,
    )


def _rows(suite: Suite, run: Run, judgement: Judgement) -> Iterator[dict[str, object]]:
    outcomes = {outcome.id: outcome for outcome in judgement.outcomes}
    for example in suite.examples:
        yield _asked(example, run) | _clean(example, run)
    for variant in suite.variants:
        outcome = outcomes.get(variant.id)
        yield _asked(variant.example, run) | {
            "source": variant.source,
            "attack": variant.attack,
            "severity": variant.severity,
            "degraded": variant.degraded,
            "option_map": list(variant.option_map),
            **(_measured(outcome) if outcome else {"status": "not judged"}),
        }


def _asked(example: Example, run: Run) -> dict[str, object]:
    scores = run.scores.get(example.id, ())
    return {
        "id": example.id,
        "group": example.group,
        "answer": example.answer,
        "scores": list(scores),
        "chosen": sorted(chosen(scores)) if scores and finite(scores) else [],
        "probabilities": list(probabilities(scores)),
        "visible": run.visible.get(example.id),
        "passage": example.passage,
        "question": example.question,
        "options": list(example.options),
        "digest": text_digest(example.passage, example.question, example.options, example.answer),
    }


def _clean(example: Example, run: Run) -> dict[str, object]:
    scores = run.scores.get(example.id, ())
    status = "missing" if not scores else "ok" if finite(scores) else "non-finite"
    if run.visible.get(example.id, 0) < 0:
        status = "too-long"
    right = credit(scores, right_options(example)) if status == "ok" else None
    return {
        "source": example.id,
        "attack": CLEAN,
        "severity": 0,
        "degraded": False,
        "status": status,
        "credit": right,
        "clean_credit": right,
        "confidence": confidence(scores) if status == "ok" else None,
        "option_map": list(range(len(example.options))),
    }


def _measured(outcome: Outcome) -> dict[str, object]:
    names = ("credit", "clean_credit", "same_choice", "margin_change", "confidence")
    known = outcome.status == "ok"
    numbers = {name: finite_number(getattr(outcome, name)) if known else None for name in names}
    share = finite_number(outcome.visible_share)
    return {"status": outcome.status, "visible_share": share, **numbers}


def _schema(*, text: bool) -> pa.Schema:
    import pyarrow as pa

    plain = {"string": pa.string(), "int32": pa.int32(), "double": pa.float64(), "bool": pa.bool_()}
    columns = _COLUMNS | (_TEXT_COLUMNS if text else {})
    return pa.schema(
        (name, pa.list_(plain[kind[5:]]) if kind.startswith("list:") else plain[kind])
        for name, kind in columns.items()
    )
