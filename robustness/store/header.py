"""Whose rows these are: suite, model and numeric class. Rows of another header are never mixed in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

__all__ = ["SCHEMA", "Header"]

SCHEMA = 1
"""Version of the journal, the sealed file and the part; each says its own and is refused if newer."""


@dataclass(frozen=True, slots=True)
class Header:
    """The identity that every journal, sealed file and part carries.

    >>> one = Header(suite="5a", model="c0", numeric="fp32/cpu")
    >>> one.differences(Header(suite="5a", model="c1", numeric="fp32/cpu"))
    "model: 'c0' here, 'c1' there"
    """

    suite: str
    """Fingerprint of the suite."""
    model: str
    """Fingerprint of the model."""
    numeric: str
    """What decides the last bits of a score; empty for models that have no say in it."""

    @property
    def digest(self) -> str:
        """32 hexadecimal digits of all fields and the schema."""
        return _digest(asdict(self))

    @property
    def entry(self) -> str:
        """32 hexadecimal digits of model and numeric class: which rows of other suites are of use."""
        return _digest({"model": self.model, "numeric": self.numeric})

    @property
    def seed(self) -> int:
        """32 bits that the checksum of each row starts from, so that a row proves whose it is."""
        return int(self.digest[:8], 16)

    def differences(self, other: Header) -> str:
        """Return each field that differs, with both values; empty for equal headers."""
        mine, theirs = asdict(self), asdict(other)
        return "; ".join(
            f"{name}: {mine[name]!r} here, {theirs[name]!r} there"
            for name in mine
            if mine[name] != theirs[name]
        )


def _digest(fields: Mapping[str, str]) -> str:
    text = json.dumps({"schema": SCHEMA, **fields}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
