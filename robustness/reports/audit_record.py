"""What an audit of a run found, for a release to attach: JSON for programs, Markdown for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from robustness.reports.markdown import code, prose, table

__all__ = ["AuditRecord", "Repeat", "audit_to_json", "audit_to_markdown"]

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Repeat:
    """Some items, scored again in another way."""

    name: str
    """`canonical`, `without cache`, `budget 256`, `2 threads`, `hash seed 1`."""
    against: str
    """What the scores are held against: `the run`, or `without cache`."""
    items: int
    identical: int
    """Items whose scores are the same to the last bit."""
    difference: float
    """Largest |a - b| / max(1, |b|) of all scores; infinite where only one of two is a number."""
    choices: tuple[str, ...]
    """Items that another option, or another tie, was chosen of."""
    seconds: float
    """That scoring took."""
    tolerance: float
    """Up to which difference it is confirmed; 0 asks for the very bits."""

    @property
    def confirmed(self) -> bool:
        """Whether nothing differs by more than it may.

        >>> Repeat("canonical", "the run", 20, 3, 2e-7, (), 1.0, 1e-4).confirmed
        True
        """
        return bool(self.items) and not self.choices and self.difference <= self.tolerance


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """All that one audit says."""

    created: str
    run: str
    manifest: str
    """SHA-256 of the run's manifest, which draws the items."""
    model: str
    fingerprint: str
    suite: str
    """Fingerprint."""
    scored: int
    """Items of the run that have scores, of which some are drawn."""
    repeats: tuple[Repeat, ...]
    left_out: tuple[str, ...]
    """What could not be asked of this model, and why."""
    environment: Mapping[str, str]

    @property
    def confirmed(self) -> bool:
        """Whether every repeat is confirmed, and there was one."""
        return bool(self.repeats) and all(one.confirmed for one in self.repeats)

    @property
    def headline(self) -> str:
        """One sentence."""
        if self.confirmed:
            return f"The run is confirmed: {len(self.repeats)} repeats, no answer and no score differs."
        wrong = [one.name for one in self.repeats if not one.confirmed]
        return f"The run is not confirmed: {', '.join(wrong) or 'nothing could be repeated'}."


def audit_to_json(record: AuditRecord) -> str:
    """Return the record as JSON; a difference that is infinite is the text `Infinity`."""
    told = {"schema": SCHEMA, "confirmed": record.confirmed, "headline": record.headline, **asdict(record)}
    for shown, one in zip(told["repeats"], record.repeats, strict=True):
        finite = one.difference < float("inf")
        shown |= {"confirmed": one.confirmed, "difference": one.difference if finite else "Infinity"}
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def audit_to_markdown(record: AuditRecord) -> str:
    """Return the record as Markdown."""
    heads = (
        "",
        "Repeated",
        "Held against",
        "Items",
        "Same bits",
        "Largest difference",
        "May be",
        "Other answers",
    )
    lines = [
        f"# {'CONFIRMED' if record.confirmed else 'NOT CONFIRMED'}: audit of {code(record.run)}",
        f"\n**{prose(record.headline)}**\n",
        f"- audited {record.created}; manifest of the run: SHA-256 {code(record.manifest)}",
        f"- model {code(record.model)}, fingerprint {code(record.fingerprint)}",
        f"- suite {code(record.suite)}; the items were drawn from {record.scored:,} by the manifest's digest",
        *(f"- not asked: {prose(what)}" for what in record.left_out),
        "",
        *table(heads, map(_row, record.repeats), numbers=range(3, 7)),
    ]
    for one in record.repeats:
        if one.choices:
            lines.append(f"\n{prose(one.name)}: another answer for {', '.join(map(code, one.choices[:20]))}")
    lines.append("\n## Environment of the audit\n")
    lines += [f"- {prose(name)}: {prose(value)}" for name, value in sorted(record.environment.items())]
    return "\n".join(lines) + "\n"


def _row(one: Repeat) -> tuple[str, ...]:
    allowed = f"{one.tolerance:.0e}" if one.tolerance else "none"
    return (
        "ok" if one.confirmed else "**differs**",
        prose(one.name),
        prose(one.against),
        str(one.items),
        str(one.identical),
        f"{one.difference:.1e}" if one.difference else "0",
        allowed,
        str(len(one.choices)),
    )
