"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "robustness").rglob("*.py"))
MODULES = [".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for f in FILES]
HEAVY = ("torch", "transformers", "datasets", "pandas", "scipy", "matplotlib", "nltk")

LENGTH_CAP = 300
FUNCTION_CAP = 50


def functions() -> list[tuple[str, int]]:
    found = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None
                found.append(
                    (f"{file.parent.name}/{file.name}:{node.name}", node.end_lineno - node.lineno + 1)
                )
    return found


def test_functions_are_short():
    lengths = [length for _, length in functions()]
    assert statistics.median(lengths) < 12
    # A command's flags are its parameters, one a line.
    assert [name for name, n in functions() if n > FUNCTION_CAP and not name.startswith("commands/")] == []


def test_files_stay_under_the_cap():
    assert [f.name for f in FILES if len(f.read_text(encoding="utf-8").splitlines()) > LENGTH_CAP] == []


@pytest.mark.parametrize("name", [m for m in MODULES if m != "robustness"])
def test_public_names_are_listed_sorted_and_there(name):
    module = import_module(name)
    if not module.__doc__ and not Path(str(module.__file__)).read_text(encoding="utf-8"):
        return  # an empty package marker
    listed = module.__all__
    assert list(listed) == sorted(listed, key=lambda n: (not n.isupper(), n[0].islower(), n))
    assert [n for n in listed if not hasattr(module, n)] == []


def loaded_by(code: str, cwd: Path) -> set[str]:
    """Return which heavy modules a fresh interpreter has loaded after running `code`."""
    probe = f"import sys\n{code}\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], cwd=cwd, capture_output=True, text=True, check=True)
    return set(ast.literal_eval(done.stdout.strip().splitlines()[-1]))


def cli(*arguments: str) -> str:
    return (
        f"sys.argv = ['robustness', *{arguments!r}]\n"
        "from robustness.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
    )


@pytest.mark.parametrize(
    "code",
    ["import robustness", cli("--help"), cli("attacks"), cli("attacks", "no-passage")],
    ids=["import", "help", "attacks", "attack"],
)
def test_light_commands_load_nothing_heavy(code, tmp_path):
    assert loaded_by(code, tmp_path) == set()


def test_a_report_is_shown_without_torch(tmp_path):
    rows = [
        f'{{"id": "q{i}", "passage": "Ann has {i} cats.", "question": "What has Ann?", '
        f'"options": ["cats", "dogs"], "answer": 0}}'
        for i in range(4)
    ]
    (tmp_path / "mine.jsonl").write_text("\n".join(rows), encoding="utf-8")
    make = "from robustness.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    check = [
        "check",
        "--model",
        "stub:overlap",
        "--data",
        "jsonl:mine.jsonl",
        "--suite",
        "shortcuts",
        "-o",
        "run",
    ]
    arguments = f"sys.argv = ['robustness', *{check!r}]"
    assert "torch" not in loaded_by(f"{arguments}\n{make}", tmp_path)
    assert loaded_by(cli("report", "run"), tmp_path) == set()


def test_every_recipe_is_in_a_plan_or_named_as_optional():
    from robustness.attacks.recipes import recipe_names
    from robustness.suites.plan import plan, plan_names

    planned = {check.attack for name in plan_names() for check in plan(name).check}
    text = (ROOT / "suites" / "README.md").read_text(encoding="utf-8")
    assert {name for name in recipe_names() if name not in planned and f"`{name}`" not in text} == set()


def test_local_links_in_the_docs_lead_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


RUNS = sorted(path.parent for path in (ROOT / "reports" / "examples").rglob("manifest.json"))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: "-".join(run.parts[-2:]))
def test_runs_in_the_repository_are_whole_and_hold_numbers_only(run):
    from robustness.reports.items import read_items
    from robustness.reports.store import read_run

    summary = read_run(run)
    assert not summary.text
    assert not {"passage", "question", "options"} & set(read_items(run / "items.parquet").column_names)


def test_there_are_runs_of_a_real_model_in_the_repository():
    assert {run.name for run in RUNS} == {"si2019", "shortcuts"}


def test_the_pages_in_the_repository_are_small_and_load_nothing():
    folder = ROOT / "reports" / "examples" / "demo"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_000_000
    for name in ("report", "compare"):
        page = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert "content=\"default-src 'none'; style-src 'sha256-" in page
        assert not re.search(r"<(link|img|iframe|script src)|url\(", page)
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_every_fault_case_is_mapped_to_tests_that_exist():
    cells = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (ROOT / "docs" / "fault-cases.md").read_text(encoding="utf-8").splitlines()
        if re.match(r"\| \d+ \|", line)
    ]
    assert [int(row[0]) for row in cells] == list(range(1, 66))
    for number, _, tests, _ in cells:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
        assert named, f"case {number} names no test"
        assert len(named) == tests.count("`") // 2, f"case {number} names a test in another form"
        for file, name in named:
            text = (ROOT / "tests" / file).read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"case {number}: {file}::{name}"
