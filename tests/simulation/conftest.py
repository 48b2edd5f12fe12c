from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Return a function that prints figures as one JSON line past the capture, for the docs to quote."""

    def show(**figures: Any) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{json.dumps(figures)}\n")

    return show
