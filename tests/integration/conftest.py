"""Stories from one small template, and the command line run in this process."""

from __future__ import annotations

import json
import site
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from robustness.cli import main
from robustness.domain import Example
from robustness.store.header import Header
from robustness.store.journal import Journal

_NAMES = "Nora Leo Mia Sam Ida Ben Eva Tom".split()
_THINGS = "lamp tent coat boat map kite drum rope bell spoon ladder basket".split()
_PLACES = "lake mill barn harbour market garden tower station".split()
_LOOKS = "old blue heavy broken painted small wooden shiny".split()


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


ROOT = Path(__file__).parents[2]

Command = Callable[..., Said]
Stories = Callable[..., tuple[Example, ...]]
WriteJsonl = Callable[..., str]


def _story(number: int, draw: Random) -> tuple[Example, Example]:
    (first, second), (here, there) = draw.sample(_NAMES, 2), draw.sample(_PLACES, 2)
    things, looks = draw.sample(_THINGS, 4), draw.sample(_LOOKS, 4)
    objects = [f"{look} {thing}" for look, thing in zip(looks, things, strict=True)]
    passage = (
        f"{first} took the {objects[0]} to the {here} on Friday. Her friend {second} didn't bring the "
        f"{objects[1]}. They met near the {there} at 9:0{number % 10}. A dog slept by the well-known wall."
    )
    what = [f"She took the {thing} on Friday." for thing in objects]
    where = [f"They met near the {there}.", f"They ate at the {here}.", "Somebody sang all day long."]
    rows = ((f"What did {first} take to the {here}?", what), ("Where did the friends meet?", where))
    made = []
    for question, (asked, options) in enumerate(rows, 1):
        order = draw.sample(range(len(options)), len(options))
        shown = tuple(options[i] for i in order)
        group = f"s{number:03d}"
        made.append(Example(f"{group}#{question}", passage, asked, shown, order.index(0), group))
    return made[0], made[1]


@pytest.fixture(scope="session")
def stories() -> Stories:
    """Return `stories(passages, seed=0)`: two questions a passage, of four and three options."""

    def tell(passages: int, *, seed: int = 0) -> tuple[Example, ...]:
        draw = Random(seed)
        return tuple(example for number in range(passages) for example in _story(number, draw))

    return tell


@pytest.fixture(scope="session")
def write_jsonl(stories: Stories) -> WriteJsonl:
    """Return `write_jsonl(folder, passages)`, which writes `stories.jsonl` and gives its `--data`."""

    def write(folder: Path, passages: int = 40) -> str:
        fields = ("id", "group", "passage", "question", "options", "answer")
        rows = ({name: getattr(e, name) for name in fields} for e in stories(passages))
        (folder / "stories.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return "jsonl:stories.jsonl"

    return write


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return `command("check", ..., env={...})`, run in an empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    # What -q sets must not outlive the test.
    monkeypatch.setenv("TQDM_DISABLE", "0")
    monkeypatch.setenv("ROBUSTNESS_STALL", "")

    def run(*words: str, env: Mapping[str, str] | None = None) -> Said:
        with monkeypatch.context() as patched:
            for name, value in (env or {}).items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["robustness", *words])
            with pytest.raises(SystemExit) as end:
                main()
        said = capsys.readouterr()
        return Said(0 if end.value.code is None else int(end.value.code), said.out, said.err)

    return run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def environment(wheel: Path) -> Callable[..., Path]:
    """Return `environment(folder, *more)`: the interpreter of a fresh environment with the wheel, and more
    packages, installed by pip.

    The libraries come from the environment of the tests, behind its own folder: what pip installed
    there is found first.
    """

    def make(folder: Path, *more: Path) -> Path:
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        made = folder / "venv" / "bin" / "python"
        purelib = next((folder / "venv" / "lib").glob("python*/site-packages"))
        (purelib / "borrowed.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
        pip = [
            str(made),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--no-build-isolation",
        ]
        subprocess.run(
            [*pip, "--no-build-isolation", "--ignore-installed", str(wheel), *map(str, more)], check=True
        )
        return made

    return make


@pytest.fixture(scope="session")
def journal_holds_rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], bool]:
    """Tell from the log of a journal that another process writes whether any row is in it yet.

    Its connection is exclusive, so it cannot be asked; the log of an empty one holds the tables.
    """
    path = tmp_path_factory.mktemp("journal") / "empty.sqlite"
    with Journal(path, Header(suite="5a", model="c0", numeric="fp32")):
        tables = path.with_name("empty.sqlite-wal").stat().st_size
    assert tables

    def holds(log: Path) -> bool:
        return log.is_file() and log.stat().st_size > tables

    return holds
