"""Check what a built wheel holds: one top-level name, all recipes, plans and the demo model."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = (
    "robustness/demo/stories-bert/config.json",
    "robustness/demo/stories-bert/model.safetensors",
    "robustness/demo/stories-bert/tokenizer.json",
    "robustness/demo/templates.toml",
    "robustness/demo/words.toml",
    "robustness/py.typed",
    "robustness/reports/templates/page.js",
    "robustness/reports/templates/report.html.j2",
)


def faults(wheel: Path) -> list[str]:
    """Return what is wrong with the wheel, one sentence each; empty when all is well."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    content = [path for kind in ("attacks", "suites") for path in (ROOT / kind).rglob("*.toml")]
    wanted = {f"robustness/_share/{path.relative_to(ROOT)}" for path in content}
    wanted |= {str(path.relative_to(ROOT)) for path in (ROOT / "robustness").rglob("*.py")}
    found = (
        [] if tops == {"robustness"} else [f"top-level names are {sorted(tops)}; only 'robustness' may be"]
    )
    return found + [f"{name} is missing" for name in sorted((wanted | set(DEMO)) - names)]


def main() -> None:
    """Exit with the faults of the wheel named on the command line."""
    wheel = Path(sys.argv[1])
    found = faults(wheel)
    if found:
        sys.exit("\n".join(f"{wheel.name}: {fault}" for fault in found))
    sys.stdout.write(f"{wheel.name}: contents as expected, {wheel.stat().st_size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
