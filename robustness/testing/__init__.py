"""The contract of an attack, as one call: for the tests of a package that brings one.

    from robustness.testing import check_attack

    def test_my_attack_keeps_the_contract():
        check_attack("my-attack")

Our own recipes are held to the same functions.
"""

from __future__ import annotations

from robustness.testing.contract import AttackReport, ContractError, check_attack, example_faults
from robustness.testing.hash_seeds import hash_seed_faults
from robustness.testing.items import SAMPLE_CORPUS, SAMPLE_ITEMS
from robustness.testing.promises import broken_promises, odd_faults

__all__ = [
    "SAMPLE_CORPUS",
    "SAMPLE_ITEMS",
    "AttackReport",
    "ContractError",
    "broken_promises",
    "check_attack",
    "example_faults",
    "hash_seed_faults",
    "odd_faults",
]
