"""What the tests of a package with an attack need: one call."""

from __future__ import annotations

from robustness.testing import check_attack


def test_the_attack_keeps_the_contract():
    report = check_attack("outside-sentence-twice")
    assert report.variants > 0
    assert report.skipped == {"no sentence to repeat": 2}
