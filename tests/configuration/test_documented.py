"""The examples in the docs are configurations that work."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from robustness.configuration.settings import Settings
from robustness.jobs import job

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["configuration.md", "pytest.md"])
def test_the_first_example_of_a_page_is_a_configuration_that_is_accepted(name, tmp_path):
    found = re.search(r"```toml\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)
    assert found
    (tmp_path / "robustness.toml").write_text(found[1], encoding="utf-8")
    made = job(Settings.of(tmp_path / "robustness.toml", environment={}, flags={}), today=date(2027, 1, 1))
    assert made.judges
    assert made.config.known_failures
