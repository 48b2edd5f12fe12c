"""Parts united: each item once, whoever scored it; foreign, contradicting and missing parts are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from robustness.domain import Run, Scores, Suite
from robustness.errors import StoreError, UsageError
from robustness.store.header import Header
from robustness.store.parts import Part, read_part
from robustness.store.rows import Table, agree, packed, union
from robustness.store.shards import Shard, item_ids

__all__ = ["Merged", "merge"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Merged:
    """What several parts of one run hold together; the same for any order of the parts."""

    header: Header
    model: str
    total: int
    """Examples and variants in the whole suite."""
    shards: tuple[Shard, ...]
    """Whose parts these are; where all are of one `of`, the ranks that miss are plain."""
    scores: Mapping[str, Scores]
    visible: Mapping[str, int]
    environment: Mapping[str, str]
    """Where parts differ, all values, sorted, with `; ` between them."""
    rows: Table

    @property
    def complete(self) -> bool:
        """Whether every example and variant of the suite has scores."""
        return len(self.scores) == self.total

    def missing(self, suite: Suite) -> tuple[str, ...]:
        """Return the ids of examples and variants without scores, in the suite's order."""
        return tuple(name for name in item_ids(suite) if name not in self.scores)

    def run(self, suite: Suite, *, partial: bool = False) -> Run:
        """Return the run that one process would have made. `partial` takes what is there: judging
        makes what is missing INVALID, and every number of the report is then partial.

        Raises:
            StoreError: items are missing and `partial` is not asked for, or the suite is another.
        """
        self._same_suite(suite)
        missing = self.missing(suite)
        if missing and not partial:
            raise StoreError(
                f"merge: {len(missing)} of {self.total} items are missing{self._absent()}, such as "
                f"{', '.join(map(repr, missing[:_SHOWN]))}; add the parts that hold them, or say --partial"
            )
        return Run(
            model=self.model,
            model_fingerprint=self.header.model,
            suite=self.header.suite,
            scores={name: self.scores[name] for name in item_ids(suite) if name in self.scores},
            visible={name: self.visible[name] for name in item_ids(suite) if name in self.visible},
            environment={**self.environment, **self._partial(missing)},
        )

    def _partial(self, missing: Sequence[str]) -> dict[str, str]:
        if not missing:
            return {}
        return {"partial": f"{self.total - len(missing)} of {self.total} items{self._absent()}"}

    def _same_suite(self, suite: Suite) -> None:
        if suite.fingerprint != self.header.suite:
            raise StoreError(
                f"merge: the parts are of suite {self.header.suite!r}, but this is {suite.fingerprint!r}; "
                f"give the suite that they were scored on"
            )
        strange = sorted(self.scores.keys() - set(item_ids(suite)))
        if strange or len(item_ids(suite)) != self.total:
            raise StoreError(
                f"merge: the parts are of {self.total} items, but the suite has {len(item_ids(suite))}; "
                f"not in it: {', '.join(map(repr, strange[:_SHOWN])) or 'none'}; give the whole suite"
            )

    def _absent(self) -> str:
        worlds = {shard.of for shard in self.shards}
        if len(worlds) != 1:
            return ""
        (of,) = worlds
        absent = [str(Shard(rank, of)) for rank in range(of) if Shard(rank, of) not in self.shards]
        return f" (no part of shard {', '.join(absent)})" if absent else ""


def merge(folders: Sequence[Path]) -> Merged:
    """Return what the parts in these folders hold together.

    The parts may overlap, come in any order, twice, and from shardings of different sizes.

    >>> from tempfile import TemporaryDirectory
    >>> from robustness.domain import Example
    >>> from robustness.store.parts import write_part
    >>> from robustness.store.shards import rest_of, share_of_suite
    >>> items = tuple(Example(f"q{n}", "A lamp.", "What?", ("lamp", "boat"), 0, "g") for n in range(3))
    >>> suite = Suite("small", 0, {}, items, (), (), {}, fingerprint="5a")
    >>> def scored(share):  # stands for robustness.scoring.run(share, model)
    ...     return Run("m", "c0", "5a", {e.id: (1.0, 0.0) for e in share.examples}, {}, {})
    >>> with TemporaryDirectory() as root:
    ...     folders = []
    ...     for shard in (Shard.parse("1/2"), Shard.parse("2/2")):
    ...         part = Part.of(scored(share_of_suite(suite, shard)), suite, shard=shard)
    ...         folders.append(write_part(Path(root) / f"part-{shard.rank}", part))
    ...     first, both = merge(folders[:1]), merge(folders)
    >>> first.complete, len(first.missing(suite)), len(rest_of(suite, first.scores).examples)
    (False, 1, 1)
    >>> both.run(suite) == scored(suite)
    True

    Raises:
        UsageError: there is no folder.
        StoreError: a part is unfinished or damaged; is of another suite, model, numeric class or
            schema (the field is named); or two have scores for one item that cannot both be true.
    """
    if not folders:
        raise UsageError("merge: no part came, but at least one is needed; give the folders of the parts")
    named = [(folder, read_part(folder)) for folder in folders]
    where, first = named[0]
    for folder, part in named[1:]:
        _refuse_foreign((where, first), (folder, part))
    parts = [part for _, part in named]
    return Merged(
        header=first.header,
        model=min(part.model for part in parts),
        total=first.total,
        shards=tuple(sorted({part.shard for part in parts}, key=lambda shard: (shard.of, shard.rank))),
        scores=_scores(named),
        visible=_visible(named),
        environment=_environment(part.environment for part in parts),
        rows=union((f"part {folder}", part.rows) for folder, part in named),
    )


def _refuse_foreign(one: tuple[Path, Part], other: tuple[Path, Part]) -> None:
    (here, mine), (there, theirs) = one, other
    found = mine.header.differences(theirs.header)
    if not found and mine.total != theirs.total:
        found = f"items of the suite: {mine.total} here, {theirs.total} there"
    if found:
        raise StoreError(
            f"merge: {here} and {there} are of different runs ({found}), but parts of one run are merged; "
            f"leave one out"
        )


def _scores(named: Iterable[tuple[Path, Part]]) -> dict[str, Scores]:
    kept: dict[str, tuple[Path, Scores]] = {}
    for folder, part in named:
        for name, scores in part.scores.items():
            before = kept.setdefault(name, (folder, scores))
            kept[name] = min(before, (folder, _alike(name, before, (folder, scores))), key=_rank)
    return {name: kept[name][1] for name in sorted(kept)}


def _rank(found: tuple[Path, Scores]) -> tuple[bool, bytes]:
    """Measured before not measured; then any fixed order, so that the parts' order is of no account."""
    scores = found[1]
    return not all(map(isfinite, scores)), b"".join(map(packed, scores))


def _alike(name: str, one: tuple[Path, Scores], other: tuple[Path, Scores]) -> Scores:
    """Return the other's scores where both can be true; one that ran out of memory has none to compare."""
    (here, mine), (there, theirs) = one, other
    pairs = zip(mine, theirs, strict=False)
    both = [(a, b) for a, b in pairs if isfinite(a) and isfinite(b)]
    if len(mine) != len(theirs) or not all(agree(a, b) for a, b in both):
        raise StoreError(
            f"merge: item {name!r} has the scores {mine} in {here} and {theirs} in {there}, but one model "
            f"gives one item one answer; find out which machine or library is wrong and leave it out"
        )
    return theirs


def _visible(named: Iterable[tuple[Path, Part]]) -> dict[str, int]:
    kept: dict[str, tuple[Path, int]] = {}
    for folder, part in named:
        for name, length in part.visible.items():
            where, before = kept.setdefault(name, (folder, length))
            if before != length:
                raise StoreError(
                    f"merge: of item {name!r} {before} characters were seen in {where}, {length} in "
                    f"{folder}, but one model cuts one item at one place; leave the wrong part out"
                )
    return {name: kept[name][1] for name in sorted(kept)}


def _environment(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    values: dict[str, set[str]] = {}
    for environment in parts:
        for name, value in environment.items():
            values.setdefault(name, set()).add(value)
    return {name: _told(values[name]) for name in sorted(values)}


def _told(values: Collection[str]) -> str:
    """Return the value that all parts have; else what each of them tells, once: as if one had told it all."""
    return min(values) if len(values) == 1 else "; ".join(sorted({o for v in values for o in v.split("; ")}))
