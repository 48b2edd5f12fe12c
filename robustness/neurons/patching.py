"""Activation patching: one unit's values carried over between clean and attacked inputs.

For a clean input x and the attacked one x', with m the margin (Vig et al. 2020, section 3): the total
effect m(x') - m(x), the indirect effect of a unit m(x; its values from x') - m(x), and what its clean
values restore, m(x'; its values from x) - m(x'). Indirect effect and restoration are not negatives of
one another where units interact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from robustness.domain import Polarity, Suite
from robustness.neurons.batch import batch, chunks
from robustness.neurons.clock import Clock
from robustness.neurons.conditions import Condition, margins
from robustness.neurons.cost import forward_flops
from robustness.neurons.exact import Prefix, exact
from robustness.neurons.findings import Patched
from robustness.neurons.sequences import Role, Sequences
from robustness.neurons.sites import KINDS, Kind, Site
from robustness.neurons.trace import trace
from robustness.neurons.values import Ablation
from robustness.stats.resampling import sample

if TYPE_CHECKING:
    from torch import Tensor

    from robustness.neurons.engine import Ablator

__all__ = ["Donor", "aligned", "carried", "patched"]

Floats = npt.NDArray[np.float64]
Pair = tuple[int, int]
"""A row, and the row that its values come from."""

_SMALL: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Donor:
    """Values of a batch that come from other rows where tokens are aligned, else its own."""

    values: dict[tuple[Kind, int], Tensor]
    """float[N, S, width]."""
    ablation: Ablation = field(default_factory=Ablation)

    def at(self, kind: Kind, layer: int, like: Tensor, *, draw: int = 0) -> Tensor:
        """Return float[N, S, width]."""
        return self.values[kind, layer]


def aligned(
    ours: tuple[Sequence[int], Sequence[int]], theirs: tuple[Sequence[int], Sequence[int]]
) -> tuple[int, ...]:
    """Return, for each of our tokens, the place of its partner, or -1: longest common runs by segment.

    Args:
        ours: token ids and roles of a row.
        theirs: those of the other row.

    >>> aligned(((1, 7, 8, 2), (3, 0, 0, 3)), ((1, 8, 9, 2), (3, 0, 0, 3)))
    (0, -1, 1, 3)
    """
    partner = [-1] * len(ours[0])
    for role in Role:
        mine = [at for at, own in enumerate(ours[1]) if own == role]
        other = [at for at, own in enumerate(theirs[1]) if own == role]
        if role is Role.SPECIAL:
            blocks = [(0, 0, min(len(mine), len(other)))]
        else:
            found = SequenceMatcher(
                None, [ours[0][at] for at in mine], [theirs[0][at] for at in other], autojunk=False
            )
            blocks = [(block.a, block.b, block.size) for block in found.get_matching_blocks()]
        for a, b, size in blocks:
            for step in range(size):
                partner[mine[a + step]] = other[b + step]
    return tuple(partner)


def patched(
    ablator: Ablator, suite: Suite, found: Sequence[Condition], units: Sequence[Site], *, clock: Clock
) -> tuple[Patched, ...]:
    """Return what each unit carries of each attack, on the items measured clean and attacked.

    Options are paired as the attack maps them; a new option keeps its own values. An attack for which no
    time is left is left out.
    """
    results: list[Patched] = []
    base: Floats | None = None
    once = sum(forward_flops(ablator.wired.body, len(row.ids)) for row in ablator.data.rows)
    attacks = [condition for condition in found if condition.polarity is Polarity.ATTACK]
    for condition in attacks if units else ():
        clean, attacked, pairs = _paired(suite, ablator.data, (found[0], condition))
        if not pairs:
            continue
        flops = sum(forward_flops(ablator.wired.body, len(ablator.data.rows[row].ids)) for row, _ in pairs)
        flops = 2 * (2 + len(units)) * flops + (once if base is None else 0.0)
        if clock.takes("patching", flops) < clock.left:
            with clock.measured("patching", flops):
                base = ablator.base()[0].astype(np.float64) if base is None else base
                results += _condition((ablator, base), (clean, attacked), pairs, units)
    return tuple(results)


def _paired(
    suite: Suite, data: Sequences, sides: tuple[Condition, Condition]
) -> tuple[Condition, Condition, tuple[Pair, ...]]:
    """Return both sides of the items measured on both, and the pairs of rows: attacked, clean.

    In the options of both sides N + p stands for pair p, where the rows of an option differ.
    """
    clean = {source: at for at, source in enumerate(sides[0].sources)}
    attacked = sides[1].where(np.array([source in clean for source in sides[1].sources], bool))
    mirrored = [clean[source] for source in attacked.sources]
    ours, theirs = attacked.options.copy(), sides[0].options[mirrored]
    maps = {(v.source, data.options.get(v.example.id, ())): v.option_map for v in suite.variants}
    pairs: dict[Pair, int] = {}
    for item, source in enumerate(attacked.sources):
        rows = tuple(int(row) for row in attacked.options[item] if row >= 0)
        for at, origin in enumerate(maps[source, rows]):
            pair = (rows[at], int(theirs[item, origin]))
            if origin >= 0 and pair[0] != pair[1]:
                ours[item, at] = theirs[item, origin] = len(data) + pairs.setdefault(pair, len(pairs))
    gold = sides[0].gold[mirrored]
    return replace(attacked, options=theirs, gold=gold), replace(attacked, options=ours), tuple(pairs)


def _condition(
    network: tuple[Ablator, Floats],
    sides: tuple[Condition, Condition],
    pairs: Sequence[Pair],
    units: Sequence[Site],
) -> Iterator[Patched]:
    (ablator, base), (clean, attacked) = network, sides
    tokens = _share(ablator.data, pairs)
    turned = [(other, row) for row, other in pairs]
    into_attacked, into_clean = carried(ablator, pairs, units), carried(ablator, turned, units)
    plain = [np.append(base, base[[row for row, _ in own]])[None] for own in (turned, pairs)]
    before_clean, before_attacked = margins(plain[0], clean)[0], margins(plain[1], attacked)[0]
    for at, unit in enumerate(units):
        columns = {
            "total": before_attacked - before_clean,
            "indirect": margins(np.append(base, into_clean[at])[None], clean)[0] - before_clean,
            "restored": margins(np.append(base, into_attacked[at])[None], attacked)[0] - before_attacked,
        }
        yield _patched(str(unit), attacked, columns, tokens)


def carried(ablator: Ablator, pairs: Sequence[Pair], units: Sequence[Site]) -> Floats:
    """Return float64[U, P]: the logits of the first row of each pair with a unit's values from the second."""
    found = np.zeros((len(units), len(pairs)))
    rows = replace(ablator.data, rows=tuple(ablator.data.rows[row] for row, _ in pairs))
    size = ablator.settings.chunk_tokens
    with ablator.arithmetic():
        for at in chunks(rows, tokens=size, may_pad=ablator.settings.may_pad):
            prefix = _prefix(ablator, [pairs[place] for place in at], units)
            for number, unit in enumerate(units):
                logits = exact(prefix, (unit.kind, unit.layer, [unit.index]))
                found[number, list(at)] = logits[0].cpu().numpy()
    return found


def _prefix(ablator: Ablator, pairs: Sequence[Pair], units: Sequence[Site]) -> Prefix:
    data, wired = ablator.data, ablator.wired
    given, other = (batch(data, [pair[side] for pair in pairs], wired.network) for side in (0, 1))
    kinds = KINDS if wired.path != "hooks" else ablator.kinds
    seen, theirs = trace(wired, given, kinds), trace(wired, other, kinds)
    partner = given.roles.new_full(given.shape, -1)
    for row, (ours, donor) in enumerate(pairs):
        own = aligned((data.rows[ours].ids, data.roles[ours]), (data.rows[donor].ids, data.roles[donor]))
        partner[row, : len(own)] = partner.new_tensor(own)
    values: dict[tuple[Kind, int], Tensor] = {}
    for kind, layer in {(unit.kind, unit.layer) for unit in units}:
        rows = partner.new_tensor(range(len(pairs)))[:, None]
        moved = theirs.kinds[kind][layer][rows, partner.clamp(min=0)]
        values[kind, layer] = moved.where((partner >= 0)[..., None], seen.kinds[kind][layer])
    return Prefix(wired, given, seen, Donor(values))


def _share(data: Sequences, pairs: Sequence[Pair]) -> float:
    """Share of the tokens of attacked rows that have a partner."""
    known = whole = 0
    for row, other in pairs:
        partner = aligned((data.rows[row].ids, data.roles[row]), (data.rows[other].ids, data.roles[other]))
        known, whole = known + sum(at >= 0 for at in partner), whole + len(partner)
    return known / whole if whole else 1.0


def _patched(unit: str, condition: Condition, columns: Mapping[str, Floats], tokens: float) -> Patched:
    drawn = sample({name: own.tolist() for name, own in columns.items()}, condition.groups, seed=0)
    ends = {
        name: drawn.mean(name, lowest=float(own.min()), highest=float(own.max()))
        for name, own in columns.items()
    }
    total, part = float(columns["total"].mean()), float(columns["indirect"].mean())
    return Patched(
        unit=unit,
        condition=condition.name,
        n=len(condition),
        total=ends["total"],
        indirect=ends["indirect"],
        restored=ends["restored"],
        share=part / total if abs(total) > _SMALL else None,
        tokens=tokens,
    )
