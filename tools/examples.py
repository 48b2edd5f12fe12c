"""Make reports/examples/demo anew: the demo report, a comparison of two demo models, pictures of both.

    make examples          or: python tools/examples.py [FOLDER]

The second model is the demo model fine-tuned on stories whose passages are shuffled word by word. The
training takes a minute or two; another machine rounds differently and gives slightly other numbers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ROOT / "reports" / "examples" / "demo"
DATA = "stories:test?passages=80"
TRAIN = (
    "--data", "stories:train?passages=250", "--dev", "stories:dev?passages=10",
    "--condition", "passage-shuffle", "--epochs", "1", "--rate", "0.0006",
)  # fmt: skip
WIDTH, HEIGHT = 1000, 860


def robustness(*arguments: str, cwd: Path) -> None:
    """Run one command of this checkout; a verdict (exit codes up to 4) is not an error."""
    code = "import sys; from robustness.cli import main; sys.exit(main())"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, check=False)  # noqa: S603 - our own command
    if done.returncode not in {0, 1, 4}:
        raise SystemExit(f"robustness {arguments[0]} ended with {done.returncode}")


def make(work: Path) -> dict[str, Path]:
    """Return the files of the example, made in `work`, by their name."""
    base = str(ROOT / "robustness" / "demo" / "stories-bert")
    robustness("demo", "-o", "demo", "--quiet", cwd=work)
    robustness("train", "--base", base, *TRAIN, "-o", "shuffle-trained", "--quiet", cwd=work)
    asked = ("--data", DATA, "--suite", "core", "--threads", "1", "--quiet")
    robustness("check", "--model", "shuffle-trained", *asked, "-o", "after", cwd=work)
    reports = ("--report", "html:compare.html", "--report", "md:compare.md")
    robustness("compare", "stories-bert=demo", "shuffle-trained=after", *reports, cwd=work)
    return {
        "report.html": work / "demo" / "report.html",
        "report.md": work / "demo" / "report.md",
        "compare.html": work / "compare.html",
        "compare.md": work / "compare.md",
    }


def picture(pages: tuple[Path, ...]) -> None:
    """Write a picture beside each page; say so where there is no browser, and leave the old one."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.stdout.write("no playwright: the pictures stay as they are (pip install -e '.[dev]')\n")
        return
    path = os.environ.get("ROBUSTNESS_BROWSER") or shutil.which("chromium")
    if path is None:
        sys.stdout.write("no Chromium: the pictures stay as they are (make browser)\n")
        return
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        for page in pages:
            tab.goto(page.resolve().as_uri())
            tab.screenshot(path=page.with_suffix(".png"))
        browser.close()


def main() -> None:
    """Make everything in a folder of its own, then put it in place."""
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else OURS
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, made in make(Path(folder)).items():
            shutil.copyfile(made, target / name)
    picture((target / "report.html", target / "compare.html"))
    total = sum(file.stat().st_size for file in target.iterdir())
    sys.stdout.write(f"{target}: {total / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main()
