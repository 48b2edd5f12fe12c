"""Changes of margins under ablation, by unit and item: of one condition, pooled, beyond clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity
from robustness.neurons.conditions import Condition, margins, rights, settled

__all__ = ["Changes", "changes", "lift", "pooled", "specific"]

Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Changes of the margins of E items, and of what is right, by U units."""

    condition: Condition
    before: Floats
    """float[E], margins of the model as it is."""
    margin: Floats
    """float[U, E], after minus before."""

    @property
    def mean(self) -> Floats:
        """float[U], the mean change of the margin."""
        found: Floats = self.margin.mean(1)
        return found

    @property
    def after(self) -> Floats:
        """float[U, E], margins under ablation."""
        return self.before + self.margin

    @property
    def accuracy(self) -> Floats:
        """float[U], change of accuracy."""
        found: Floats = (rights(self.after) - rights(self.before)).mean(1)
        return found

    def by_passage(self) -> Floats:
        """float[U, G], changes of the margin summed by passage."""
        names, place = np.unique(np.array(self.condition.groups), return_inverse=True)
        sums = np.zeros((len(self.margin), len(names)))
        np.add.at(sums.T, place, self.margin.T)
        return sums


def changes(cube: Logits, base: Logits, condition: Condition) -> Changes:
    """Return the changes of all units of a cube, float[U, N], against the logits float[N]."""
    before = margins(np.asarray(base, np.float64)[None], condition)[0]
    return Changes(condition, before, margins(settled(cube, base), condition) - before)


def pooled(parts: Sequence[Changes]) -> Changes | None:
    """Return all attacked items as one condition; None where there is no attack.

    Attacks alone: under an ablation of information nobody should score high, so a lift means nothing.
    """
    attacks = [part for part in parts if part.condition.polarity is Polarity.ATTACK]
    if not attacks:
        return None
    widest = max(part.condition.options.shape[1] for part in attacks)
    first = attacks[0].condition
    options = [_widened(part.condition, widest) for part in attacks]
    joined = replace(
        first,
        name="attacked",
        sources=tuple(s for part in attacks for s in part.condition.sources),
        groups=tuple(g for part in attacks for g in part.condition.groups),
        options=np.concatenate(options),
        gold=np.concatenate([part.condition.gold for part in attacks]),
    )
    before = np.concatenate([part.before for part in attacks])
    return Changes(joined, before, np.concatenate([part.margin for part in attacks], axis=1))


def _widened(condition: Condition, width: int) -> npt.NDArray[np.int64]:
    missing = width - condition.options.shape[1]
    return np.pad(condition.options, ((0, 0), (0, missing)), constant_values=-1)


def specific(attacked: Changes, clean: Changes) -> Changes:
    """Return, per attacked item, the change of its margin beyond that of its clean source.

    Items whose source was not measured are left out.
    """
    place = {source: at for at, source in enumerate(clean.condition.sources)}
    known = np.array([source in place for source in attacked.condition.sources], bool)
    sources = [place[source] for source in attacked.condition.sources if source in place]
    margin = attacked.margin[:, known] - clean.margin[:, sources]
    return Changes(attacked.condition.where(known), attacked.before[known], margin)


def lift(logits: Logits, base: Logits, found: Sequence[Condition]) -> Floats:
    """Return float[U], the mean change of the margin over all attacked items; of clean ones without any.

    Args:
        logits: float[U, N], under ablation.
        base: float[N], the model as it is.
        found: conditions, clean first.
    """
    attacks = [condition for condition in found if condition.polarity is Polarity.ATTACK]
    whole = pooled([changes(logits, base, condition) for condition in attacks])
    return changes(logits, base, found[0]).mean if whole is None else whole.mean
