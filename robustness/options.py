"""The flags, each declared once. Precedence: flag > environment `ROBUSTNESS_*` > file > default."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = [
    "Baseline",
    "Batch",
    "Cache",
    "ConfigFile",
    "Data",
    "Device",
    "DryRun",
    "Frozen",
    "Json",
    "Limit",
    "MaxLength",
    "MissingBaseline",
    "ModelArg",
    "ModelSpec",
    "NoCache",
    "NoText",
    "OnMissingBaseline",
    "Output",
    "Partial",
    "Parts",
    "Quiet",
    "Regression",
    "Report",
    "RunFolder",
    "Seed",
    "Sequential",
    "ShardOf",
    "ShowConfig",
    "SkipInvalid",
    "Slices",
    "Stall",
    "SuiteName",
    "Tag",
    "Threads",
    "Undecided",
    "UndecidedPolicy",
    "Wait",
    "Workers",
]


class MissingBaseline(StrEnum):
    """What happens where no baseline is found."""

    FAIL = "fail"
    SKIP = "skip"


class UndecidedPolicy(StrEnum):
    """What an undecided run ends with."""

    REPORT = "report"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"


ModelSpec: TypeAlias = Annotated[
    str | None,
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
ModelArg: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--model-arg",
        help="How a checkpoint is asked, NAME=VALUE: kind, likelihood (raw, token, byte, letter), template, "
        "right_label, untrained; repeatable.",
    ),
]
Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        envvar="ROBUSTNESS_THREADS",
        help="Batches at once on a CPU, each on one thread; default: OMP_NUM_THREADS, else the usable cores.",
    ),
]
Cache: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        envvar="ROBUSTNESS_CACHE",
        help="Folder of scored rows, which later runs use; default: the platform's.",
    ),
]
NoCache: TypeAlias = Annotated[
    bool,
    typer.Option("--no-cache", envvar="ROBUSTNESS_NO_CACHE", help="Use no scored rows and keep none."),
]
ShardOf: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        envvar="ROBUSTNESS_SHARD",
        help="Score share I of N alone and write a part to -o, for `robustness merge`.",
    ),
]
Sequential: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--sequential",
        envvar="ROBUSTNESS_SEQUENTIAL",
        help="Stop each check where its limits are decided, by anytime gates; skip checks without any.",
    ),
]
Wait: TypeAlias = Annotated[
    float,
    typer.Option(
        "--wait",
        min=0,
        envvar="ROBUSTNESS_WAIT",
        help="Under torchrun: seconds that the first process waits for the parts of the others.",
    ),
]
Stall: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--stall",
        min=0.1,
        envvar="ROBUSTNESS_STALL",
        help="End with 3, and say where it hangs, where nothing is scored for so many seconds.",
    ),
]
Parts: TypeAlias = Annotated[
    list[Path],
    typer.Argument(metavar="PART...", help="Folders that `check --shard` wrote, in any order."),
]
Partial: TypeAlias = Annotated[
    bool, typer.Option("--partial", help="Judge what is there, marked as partial, where parts are missing.")
]
DryRun: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Say rows, tokens and about how long it would take; score and write nothing."
    ),
]
Report: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        help="Also write FORMAT:PATH (html, md, comment, json, junit, csv, items, card, eval-results); "
        "repeatable.",
    ),
]
RunFolder: TypeAlias = Annotated[
    Path, typer.Option("--reports", help="Where tags and names of runs are looked up.")
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
Slices: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--slices",
        envvar="ROBUSTNESS_SLICES",
        help="Hold every limit on each kind of question too: question-word, gold-in-passage, option-count, "
        "passage-length, meta.KEY; several with commas.",
    ),
]
Undecided: TypeAlias = Annotated[
    UndecidedPolicy,
    # The variable may also say xfail, pytest's word for report, so it is read with the file.
    typer.Option("--undecided", help="End an undecided run with 4 (report), 0 or 1. [ROBUSTNESS_UNDECIDED]"),
]
Baseline: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        envvar="ROBUSTNESS_BASELINE",
        help="Compare with an earlier run of the same suite: a run folder, a tag, or auto (the newest).",
    ),
]
OnMissingBaseline: TypeAlias = Annotated[
    MissingBaseline,
    typer.Option(
        "--on-missing-baseline",
        envvar="ROBUSTNESS_ON_MISSING_BASELINE",
        help="Where no baseline is found: refuse (fail), or judge without it (skip).",
    ),
]
Regression: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--regression",
        min=0,
        max=1,
        envvar="ROBUSTNESS_REGRESSION",
        help="Largest loss against the baseline for checks without a baseline limit, as a fraction.",
    ),
]
ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="ROBUSTNESS_CONFIG",
        help="Configuration; default: robustness.toml or [tool.robustness] of the current folder.",
    ),
]
ShowConfig: TypeAlias = Annotated[
    bool, typer.Option("--show-config", help="Print every key, its value and where it came from; no run.")
]
