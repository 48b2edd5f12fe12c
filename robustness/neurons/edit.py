"""An edited checkpoint: units scaled or held at a constant by the weights behind them.

What a hook does to an activation at every token, the weights that read it can do as well: a column of
the output projection is scaled, or taken away and its constant share put into the bias. So the edited
checkpoint is an ordinary one, of the same function as the hooked network, for any tool to load.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from robustness.edit_record import EditRecord
from robustness.errors import OutputError, UsageError, unknown
from robustness.models.quiet import quiet
from robustness.neurons.sites import EVERY, Kind, Site, parse_site
from robustness.neurons.wiring import Wiring, wiring

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from robustness.models.checkpoint import Checkpoint

__all__ = ["Change", "Edit", "edit", "sites_of", "write_edited"]

Means = Mapping[tuple[Kind, int], "Tensor"]
"""float[width] by kind and depth."""


class Change(StrEnum):
    """What is done to a unit."""

    ZERO = "zero"
    MEAN = "mean"
    """Held at its mean over the clean sequences of a suite."""
    CLAMP = "clamp"
    """Held at a level."""
    SCALE = "scale"
    """Multiplied by a level."""

    @classmethod
    def named(cls, text: str) -> Change:
        """Return the change of a name.

        Raises `UsageError` for an unknown one.
        """
        if text not in {one.value for one in cls}:
            raise UsageError("--value: " + unknown("change", text, [one.value for one in cls]))
        return cls(text)


@dataclass(frozen=True, slots=True)
class Edit:
    """Units and what is done to them; written beside the weights."""

    units: tuple[Site, ...]
    change: Change = Change.ZERO
    level: float = 0.0

    def __post_init__(self) -> None:
        if not self.units:
            raise UsageError(
                "edit: no unit came, but at least one is needed; name some with --units or --set"
            )
        if not math.isfinite(self.level):
            raise UsageError(
                f"--level: {self.level} came, but a finite number is needed; weights would be no numbers"
            )


def edit(network: PreTrainedModel, wanted: Edit, *, means: Means | None = None) -> None:
    """Change the weights of a network in place so that its units are as the edit says, at every token.

    Raises `UsageError` for a unit that the network does not have, or that its weights cannot hold apart.
    """
    wired = wiring(network)
    for site in sorted(set(wanted.units)):
        wired.body.check(site)
        if wired.body.shared and site.layer != EVERY:
            raise UsageError(
                f"edit: {site} came, but {wired.body.family} shares its weights between depths, so one depth "
                f"cannot be edited alone; write {site.kind}.*.{site.index}"
            )
        _edit(wired, site, wanted, means or {})


def _edit(wired: Wiring, site: Site, wanted: Edit, means: Means) -> None:
    import torch

    layer = 0 if site.layer == EVERY else site.layer
    place, _, is_input = wired.place(site.kind, layer)
    module: Any = place  # its weight and bias, if any
    columns = wired.columns(site.kind, site.index)
    if not (hasattr(module, "weight") and hasattr(module, "bias")):
        raise UsageError(
            f"edit: {site} came, but no weights stand behind {site.kind!r} units of family "
            f"{wired.body.family!r}; choose ffn or head units"
        )
    with torch.no_grad():
        held = _held(site, layer, wanted, means, module.weight.new_zeros(columns.stop - columns.start))
        if is_input:
            _behind(module, columns, held, wanted.level)
        else:
            _norm(module, columns, held, wanted.level)


def _held(site: Site, layer: int, wanted: Edit, means: Means, zero: Tensor) -> Tensor | None:
    """The constant of the columns; None where they are scaled."""
    if wanted.change is Change.SCALE:
        return None
    if wanted.change is Change.CLAMP:
        return zero + wanted.level
    if wanted.change is Change.ZERO:
        return zero
    if (site.kind, layer) not in means:
        raise UsageError("edit: --value mean came, but means need sequences; give a suite with --frozen")
    size = len(zero)
    return means[site.kind, layer][site.index * size : (site.index + 1) * size].to(zero)


def _behind(module: Any, columns: slice, held: Tensor | None, level: float) -> None:
    """Edit the linear map that reads the columns."""
    if held is None:
        module.weight[:, columns] *= level
        return
    module.bias += module.weight[:, columns] @ held
    module.weight[:, columns] = 0


def _norm(module: Any, columns: slice, held: Tensor | None, level: float) -> None:
    """Edit the LayerNorm that writes the columns."""
    if held is None:
        module.weight[columns] *= level
        module.bias[columns] *= level
        return
    module.weight[columns] = 0
    module.bias[columns] = held


def write_edited(checkpoint: Checkpoint, folder: Path, wanted: Edit, *, fingerprint: str = "") -> Path:
    """Write the (edited) network of a checkpoint to a new folder, with `edit.json` that says what was done.

    Args:
        checkpoint: its network is edited already.
        folder: a new one.
        wanted: what was done.
        fingerprint: of the model before the edit; a comparison of runs knows the original by it.

    Raises:
        UsageError: something stands there.
        OutputError: it cannot be written.
    """
    if folder.exists():
        raise UsageError(
            f"-o {folder}: something stands there, but a new folder is needed; choose another -o"
        )
    draft = folder.absolute().with_name(f".{folder.name}.{token_hex(4)}")
    said = EditRecord(
        model=checkpoint.name,
        fingerprint=fingerprint,
        units=tuple(map(str, wanted.units)),
        value=wanted.change.value,
        level=wanted.level,
    )
    try:
        draft.mkdir(parents=True)
        with quiet():
            checkpoint.network.save_pretrained(draft)
            checkpoint.tokenizer.save_pretrained(draft)
        said.write(draft)
        draft.replace(folder)
    except OSError as error:
        raise OutputError(
            f"-o {folder}: {error.strerror or error}, but a checkpoint needs a writable place; "
            "choose another -o"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def sites_of(text: str, members: Sequence[str]) -> tuple[Site, ...]:
    """Return the units of a list with commas and of a set, sorted, each once."""
    named = [one.strip() for one in text.split(",") if one.strip()]
    return tuple(sorted({parse_site(one) for one in (*named, *members)}))
