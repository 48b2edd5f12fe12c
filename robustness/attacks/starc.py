"""The STARC annotations of OneStopQA (Berzak et al. 2020): marked spans, and which kind of wrong option.

Roles of options: a is right; b misreads the critical span, on which the answer rests; c comes from
the distractor span, elsewhere in the passage; d has no support in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from robustness.attacks.draft import Draft
from robustness.attacks.spans import kept_sentences, marked_spans, without
from robustness.choices import read
from robustness.domain import Example, NotApplicable, Polarity, Run, Suite, Variant
from robustness.rng import Rng

__all__ = ["ROLES", "MarkedSpan", "RoleProfile", "role_profiles"]

ROLES = "abcd"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSpan:
    """The evidence alone kept, in whole sentences, or the distractor span cut out.

    Either way the answer still stands in the passage, so the label is preserved. (Cutting the evidence
    out is `evidence-deleted`, polarity abstain.)
    """

    name: str
    polarity: Polarity
    edit: Literal["keep-evidence", "delete-distractor-span"]

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant with a shorter passage."""
        evidence = _marked(example, "evidence")
        if self.edit == "keep-evidence":
            passage = kept_sentences(example.passage, evidence)
        else:
            passage = _cut(example.passage, _marked(example, "distractor_span"), evidence)
        if not passage.strip() or passage.split() == example.passage.split():
            raise NotApplicable("the marked span leaves nothing to cut")
        yield replace(Draft.of(example), passage=passage).variant(self, severity)


@dataclass(frozen=True, slots=True)
class RoleProfile:
    """Which kinds of option a model chose under one condition."""

    attack: str
    """Name of the recipe; `clean` for the examples themselves."""
    severity: int
    """0 for clean."""
    n: int
    """Items measured, with all four roles marked and every option still there."""
    chosen: dict[str, float]
    """Role -> share of the items that chose it, in [0, 1]; a tie counts in parts. Sums to 1."""

    @property
    def errors(self) -> dict[str, float | None]:
        """Role b, c, d -> share of the errors, in [0, 1]; None where there is no error. A keyword
        matcher favours c and b; a guesser spreads evenly."""
        wrong = sum(self.chosen[role] for role in "bcd")
        return {role: self.chosen[role] / wrong if wrong else None for role in "bcd"}


def role_profiles(suite: Suite, run: Run) -> tuple[RoleProfile, ...]:
    """Return the profile of the clean items and of every attack and severity, in the suite's order.

    Only items whose `meta["roles"]` names the role of each option ("cabd") count. Degraded variants,
    variants with other options, and what was not measured are left out.

    Source: Berzak, Malmaud and Levy 2020 (STARC, arXiv 2004.14797), section 3.
    """
    marked = {e.id: e for e in suite.examples if sorted(e.meta.get("roles", "")) == list(ROLES)}
    tallies: dict[tuple[str, int], list[Mapping[str, Fraction]]] = {("clean", 0): []}
    for example in marked.values():
        tallies["clean", 0] += _tally(example, example.meta["roles"], run)
    for variant in suite.variants:
        if variant.source in marked and not variant.degraded and sorted(variant.option_map) == [0, 1, 2, 3]:
            roles = "".join(marked[variant.source].meta["roles"][i] for i in variant.option_map)
            cell = tallies.setdefault((variant.attack, variant.severity), [])
            cell += _tally(variant.example, roles, run)
    return tuple(_profile(key, rows) for key, rows in tallies.items() if rows)


def _tally(example: Example, roles: str, run: Run) -> list[Mapping[str, Fraction]]:
    seen = read(example, run)
    if seen.status != "ok":
        return []
    share = Fraction(1, len(seen.picks))
    return [{roles[i]: share for i in seen.picks}]


def _profile(key: tuple[str, int], rows: list[Mapping[str, Fraction]]) -> RoleProfile:
    chosen = {
        role: float(sum((row.get(role, Fraction()) for row in rows), Fraction()) / len(rows))
        for role in ROLES
    }
    return RoleProfile(*key, len(rows), chosen)


def _marked(example: Example, name: str) -> list[tuple[int, int]]:
    marked = example.meta.get(name, "")
    if not marked:
        raise NotApplicable(f"the data does not mark the {name.replace('_', ' ')}")
    return marked_spans(marked, len(example.passage))


def _cut(passage: str, spans: list[tuple[int, int]], evidence: list[tuple[int, int]]) -> str:
    if any(low < end and start < high for start, end in spans for low, high in evidence):
        raise NotApplicable("the distractor span overlaps the evidence")
    for start, end in reversed(spans):
        passage = without(passage, start, end)
    return passage
