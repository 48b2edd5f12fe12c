"""`robustness train`: fine-tuning under a training condition."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robustness import options as flag
from robustness.commands.ending import settle

__all__ = ["train"]


def train(
    base: Annotated[str, typer.Option("--base", help="Checkpoint folder, Hub id, or `scratch`.")],
    data: Annotated[str, typer.Option("--data", help="Training data, as for `check`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; new.")],
    dev: Annotated[str, typer.Option("--dev", help="Data that the accuracy is measured on.")],
    condition: Annotated[str, typer.Option("--condition", help="plain, passage-shuffle, ...")] = "plain",
    epochs: Annotated[float, typer.Option(help="Passes over the data.")] = 3.0,
    warm_epochs: Annotated[float, typer.Option(help="Passes of the cloze warm start (scratch only).")] = 0.0,
    batch_size: Annotated[int, typer.Option(help="Questions per step.")] = 16,
    rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 3e-5,
    max_length: Annotated[int, typer.Option(help="Tokens per row.")] = 256,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = 1,
    limit: flag.Limit = None,
    seed: flag.Seed = 0,
    skip_invalid: flag.SkipInvalid = False,
    quiet: flag.Quiet = False,
) -> None:
    """Fine-tune a model under a training condition (Si et al. 2019, section 4)."""
    settle(quiet=quiet)
    from robustness.readers.load import load
    from robustness.training.finetune import train as run_training
    from robustness.training.options import Training

    training = Training(
        condition=condition,
        epochs=epochs,
        warm_epochs=warm_epochs,
        batch_size=batch_size,
        rate=rate,
        max_length=max_length,
        threads=threads,
        seed=seed,
    )
    learn = load(data, limit=limit, skip_invalid=skip_invalid)
    held_out = load(dev, skip_invalid=skip_invalid)
    trained = run_training(base, learn, dev=held_out, out=output, training=training)
    typer.echo(f"accuracy {trained.accuracy:.4f} on {held_out.source}  {trained.folder}")
