"""`python -m robustness`, and `torchrun ... -m robustness`: the command line."""

from __future__ import annotations

from robustness.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
