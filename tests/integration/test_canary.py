"""A secret in the environment, in an address and in the home path is in nothing that a run leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from robustness.demo.checkpoint import location

ROOT = Path(__file__).parents[2]
CANARY = "zqxcanary7f3a"
TOKEN = f"hf_{CANARY}{CANARY}"
SECRETS = {
    "HF_TOKEN": TOKEN,
    "AWS_SECRET_ACCESS_KEY": CANARY,
    "DATABASE_URL": f"postgres://ann:{CANARY}@db.example/x",
    "ROBUSTNESS_API_KEY": CANARY,
    "USER": CANARY,
    "LOGNAME": CANARY,
}
FORMATS = ("csv", "items", "html", "json", "junit", "md", "card")


@dataclass(frozen=True)
class Said:
    code: int
    told: str
    """Standard output and standard error."""


Command = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, write_jsonl: Callable[..., str]) -> Path:
    folder = tmp_path / "home" / CANARY
    folder.mkdir(parents=True)
    write_jsonl(folder, 12)
    return folder


def environment(home: Path) -> dict[str, str]:
    return {
        **SECRETS,
        "HOME": str(home),
        "XDG_CACHE_HOME": "",
        "ROBUSTNESS_CACHE": "",
        "HF_HUB_OFFLINE": "1",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(home / "step.md"),
        "GITHUB_OUTPUT": str(home / "output.txt"),
    }


@pytest.fixture
def here(home: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return `here("check", ...)`, run in this process at home, as this user with these secrets."""
    monkeypatch.chdir(home)

    def run(*words: str) -> Said:
        done = command(*words, env=environment(home))
        return Said(done.code, done.out + done.err)

    return run


@pytest.fixture
def apart(home: Path) -> Command:
    """Return `apart("check", ...)`, the same in a process of its own, with nothing else around it."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])

    def run(*words: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "robustness", *words],
            cwd=home,
            env={**kept, **environment(home), "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(done.returncode, done.stdout + done.stderr)

    return run


def left_behind(folder: Path) -> dict[str, str]:
    """Every file below a folder as text, tables unpacked; what stands in them, not where they lie."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        said = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                said += repr(file.read().to_pydict()) + repr(file.schema_arrow.metadata)
        found[str(path.relative_to(folder))] = said
    return found


def check(run: Command, home: Path, model: str, *more: str) -> Said:
    targets = [word for name in FORMATS for word in ("--report", f"{name}:out/report.{name}")]
    data = f"jsonl:{home}/stories.jsonl"
    return run("check", "--model", model, "--data", data, "--suite", "shortcuts", *targets, *more)


def assert_clean(home: Path, said: Said) -> None:
    assert CANARY not in said.told
    for name, text in left_behind(home).items():
        assert CANARY not in text, name


def test_the_canary_would_be_seen(home: Path):
    (home / "told.txt").write_text(f"/home/{CANARY}/x")
    assert CANARY in left_behind(home)["told.txt"]


def test_a_run_leaves_no_secret_and_no_home_in_any_file_or_on_any_screen(here: Command, home: Path):
    first = check(here, home, "stub:overlap", "--tag", "one")
    assert first.code in {0, 1, 4}, first.told
    second = check(here, home, "stub:longest", "--tag", "two")
    targets = [w for n in ("csv", "html", "json", "md") for w in ("--report", f"{n}:out/compare.{n}")]
    compared = here("compare", "one", "two", *targets)
    listed = here("runs", "--json")
    for said in (first, second, compared, listed):
        assert_clean(home, said)
    names = left_behind(home)
    assert {f"out/report.{name}" for name in FORMATS} | {"out/compare.csv", "step.md", "output.txt"} <= set(
        names
    )
    assert sum(name.endswith("manifest.json") for name in names) == 2


@pytest.mark.slow
def test_a_checkpoint_at_home_is_named_without_the_home_in_run_and_cache(apart: Command, home: Path):
    shutil.copytree(location(), home / "models" / "mine")
    said = check(apart, home, str(home / "models" / "mine"))
    assert said.code in {0, 1, 4}, said.told
    assert any(".cache/" in name for name in left_behind(home))
    assert_clean(home, said)


@pytest.mark.slow
def test_an_interrupted_part_leaves_none_in_its_journal(apart: Command, home: Path):
    said = check(apart, home, str(location()), "--dry-run")
    assert_clean(home, said)
    part = apart(
        "check", "--model", str(location()), "--data", f"jsonl:{home}/stories.jsonl",
        "--suite", "shortcuts", "--shard", "1/2", "-o", "part",
    )  # fmt: skip
    assert part.code == 0, part.told
    assert_clean(home, part)


@pytest.mark.parametrize(
    "model",
    [
        f"endpoint:http://ann:{CANARY}@127.0.0.1:9/v1#model=x",
        f"endpoint:http://ann:{CANARY}@127.0.0.1:99999/v1#model=x",
        f"endpoint:https://{CANARY}@host.example/v1#model=x",
        f"endpoint:http://127.0.0.1:9/v1?api_key={CANARY}#model=x",
        f"endpoint:ftp://ann:{CANARY}@127.0.0.1/v1#model=x",
        f"https://ann:{CANARY}@host.example/model",
        f"predictions:/home/{CANARY}/scores.jsonl",
        f"/home/{CANARY}/no/such/checkpoint",
        "stub:" + TOKEN,
    ],
)
def test_a_model_that_is_refused_is_refused_without_its_secret(here: Command, home: Path, model: str):
    said = check(here, home, model)
    assert said.code in {2, 3}, said.told
    assert "error: " in said.told
    assert_clean(home, said)


class Refusing(BaseHTTPRequestHandler):
    """A server that tells the key that came, as some do."""

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        told = json.dumps(
            {"error": {"message": f"wrong key {self.headers.get('Authorization')}\n::error::x"}}
        )
        self.send_response(401)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told.encode())


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refusing) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}/v1"
        made.shutdown()
        thread.join()


def test_a_server_that_tells_the_key_back_is_not_repeated(here: Command, home: Path, server: str):
    said = check(here, home, f"endpoint:{server}#model=x")
    assert said.code == 3, said.told
    assert_clean(home, said)
    assert "\n::error::x" not in said.told
