"""The flags, each declared once. Precedence: flag > environment `ROBUSTNESS_*` > default."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from robustness.errors import UsageError

__all__ = [
    "Batch",
    "Data",
    "Device",
    "Frozen",
    "Json",
    "Limit",
    "MaxLength",
    "ModelSpec",
    "NoText",
    "Output",
    "Quiet",
    "Report",
    "Seed",
    "SkipInvalid",
    "SuiteName",
    "Tag",
    "Threads",
    "Undecided",
    "UndecidedPolicy",
    "Workers",
    "outranked",
    "refuse_settled",
]


class UndecidedPolicy(StrEnum):
    """What an undecided run ends with."""

    REPORT = "report"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"


ModelSpec: TypeAlias = Annotated[
    str,
    typer.Option(
        "--model",
        envvar="ROBUSTNESS_MODEL",
        help="Checkpoint folder or Hub id (org/name@revision), stub:NAME, predictions:FILE, module:factory.",
    ),
]
Data: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--data",
        envvar="ROBUSTNESS_DATA",
        help="FORMAT:PATH (dream:test.json, race:DIR, jsonl:FILE), hub:ID[@rev]/CONFIG/SPLIT, stories:test.",
    ),
]
SuiteName: TypeAlias = Annotated[
    str,
    typer.Option(
        "--suite", envvar="ROBUSTNESS_SUITE", help="Plan: core, si2019, shortcuts, abstain, or a .toml file."
    ),
]
Frozen: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--frozen",
        envvar="ROBUSTNESS_FROZEN",
        help="A suite frozen by `robustness build`, instead of --data.",
    ),
]
Limit: TypeAlias = Annotated[
    int | None,
    typer.Option("--limit", min=1, envvar="ROBUSTNESS_LIMIT", help="First N items, in file order."),
]
Seed: TypeAlias = Annotated[int, typer.Option("--seed", envvar="ROBUSTNESS_SEED", help="Seed of the suite.")]
SkipInvalid: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--skip-invalid", envvar="ROBUSTNESS_SKIP_INVALID", help="Skip, count and list unusable rows."
    ),
]
Workers: TypeAlias = Annotated[
    int,
    typer.Option("--workers", min=1, envvar="ROBUSTNESS_WORKERS", help="Processes that generate variants."),
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", envvar="ROBUSTNESS_OUTPUT", help="Folder to write; new or empty."),
]
Tag: TypeAlias = Annotated[
    str, typer.Option("--tag", envvar="ROBUSTNESS_TAG", help="Last part of the run folder's default name.")
]
Device: TypeAlias = Annotated[
    str, typer.Option("--device", envvar="ROBUSTNESS_DEVICE", help="auto, cpu, cuda or cuda:N.")
]
Batch: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--batch-tokens", min=1, envvar="ROBUSTNESS_BATCH_TOKENS", help="Padded tokens per forward pass."
    ),
]
MaxLength: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--max-length",
        min=8,
        envvar="ROBUSTNESS_MAX_LENGTH",
        help="Tokens per row; default: the checkpoint's.",
    ),
]
Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--threads", min=1, envvar="ROBUSTNESS_THREADS", help="Threads of torch; default: usable cores."
    ),
]
Report: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--report", help="Also write FORMAT:PATH (md, html, json, junit); repeatable."),
]
NoText: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--no-text",
        envvar="ROBUSTNESS_NO_TEXT",
        help="Ids and numbers only: for data that may not be passed on.",
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of a table.")]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", envvar="ROBUSTNESS_QUIET", help="No progress bars.")
]
Undecided: TypeAlias = Annotated[
    UndecidedPolicy,
    typer.Option(
        "--undecided", envvar="ROBUSTNESS_UNDECIDED", help="End an undecided run with 4 (report), 0 or 1."
    ),
]


def outranked(context: typer.Context, name: str, *, by: str) -> bool:
    """Tell whether `name` came from the environment and `by`, which excludes it, from a flag."""
    sources = (context.get_parameter_source(name), context.get_parameter_source(by))
    return tuple(source.name for source in sources if source) == ("ENVIRONMENT", "COMMANDLINE")


def refuse_settled(context: typer.Context, names: tuple[str, ...]) -> None:
    """Refuse flags that a frozen suite has settled; from the environment they are passed over."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(
                f"check: --{name.replace('_', '-')} came with --frozen, but the frozen suite has settled it; "
                f"leave it out, or build another suite"
            )
