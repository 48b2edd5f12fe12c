"""Write docs/schema/: the JSON Schemas of summary.json and of comparisons, from the code that writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from robustness.reports.schema import SCHEMAS

FOLDER = Path(__file__).parents[1] / "docs" / "schema"


def texts() -> dict[str, str]:
    """Return the text of each file by its name."""
    return {name: json.dumps(made(), indent=2) + "\n" for name, made in SCHEMAS.items()}


def main() -> None:
    """Write every schema and say which were not current."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    main()
