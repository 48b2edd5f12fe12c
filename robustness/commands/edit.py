"""`robustness edit`: a checkpoint with units taken out, to be checked like any other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from robustness import options as flag
from robustness.commands.ending import tell
from robustness.errors import UsageError

if TYPE_CHECKING:
    from robustness.models.checkpoint import Checkpoint
    from robustness.neurons.edit import Edit, Means

__all__ = ["edit"]


def edit(
    model: flag.ModelSpec = None,
    units: Annotated[
        str, typer.Option("--units", help="Addresses with commas between: ffn.3.17,head.2.1,out.0.5")
    ] = "",
    found: Annotated[
        Path | None, typer.Option("--set", help="A neuron folder: the set that it tested.")
    ] = None,
    value: Annotated[
        str, typer.Option("--value", help="zero, mean (with --frozen), clamp or scale.")
    ] = "zero",
    level: Annotated[float, typer.Option("--level", help="For clamp and scale.")] = 0.0,
    frozen: flag.Frozen = None,
    output: flag.Output = None,
) -> None:
    """Write a checkpoint with units zeroed, scaled or held: `robustness check` takes it, `compare` judges it.

    The edited network is the hooked one written into its own weights, so any tool loads it. A mean by role
    cannot be written so: `--value mean` holds a unit at its mean over all tokens.
    """
    if model is None or output is None:
        raise UsageError("edit: --model and -o are needed; say what to edit and where to write")
    from robustness.models.checkpoint import open_checkpoint
    from robustness.models.huggingface import HuggingFaceModel
    from robustness.neurons.edit import Change, Edit, sites_of, write_edited
    from robustness.neurons.edit import edit as edit_network

    members = _members(found) if found else ()
    wanted = Edit(sites_of(units, members), Change.named(value), level)
    checkpoint = open_checkpoint(model)
    original = HuggingFaceModel(checkpoint).fingerprint
    means = _means(checkpoint, wanted, frozen) if wanted.change is Change.MEAN else None
    edit_network(checkpoint.network, wanted, means=means)
    write_edited(checkpoint, output, wanted, fingerprint=original)
    tell(f"edited {len(wanted.units)} of the units of {checkpoint.name}: {output}")


def _members(folder: Path) -> tuple[str, ...]:
    from robustness.neurons.store import read_analysis

    headline = read_analysis(folder).headline
    if headline is None or not headline.members:
        raise UsageError(
            f"--set {folder}: this analysis found no set of units, so there is nothing to edit; name units "
            "with --units"
        )
    return headline.members


def _means(checkpoint: Checkpoint, wanted: Edit, frozen: Path | None) -> Means | None:
    if frozen is None:
        return None
    from robustness.models.huggingface import HuggingFaceModel
    from robustness.neurons.engine import Ablator, Settings
    from robustness.neurons.sequences import sequences
    from robustness.neurons.values import Ablation, Value
    from robustness.suites.store import thaw

    data = sequences(HuggingFaceModel(checkpoint), thaw(frozen))
    kinds = {site.kind for site in wanted.units}
    settings = Settings(ablation=Ablation(Value.MEAN))
    return Ablator(checkpoint.network, data, kinds=kinds, settings=settings).reference.tables.mean
