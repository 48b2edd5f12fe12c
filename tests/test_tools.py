from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def data(tmp_path):
    rows = [
        {
            "id": f"q{i}",
            "passage": f"Leo has {i + 2} blue tents. It isn't late.",
            "question": "What has Leo?",
            "options": ["Tents.", "Lamps."],
            "answer": 0,
        }
        for i in range(5)
    ]
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return f"jsonl:{file}"


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )


def test_applicability_counts_variants_degraded_and_skipped(data):
    done = run(
        "tools/applicability.py", f"Mine={data}", "--recipes", "contractions-expanded,evidence-deleted"
    )
    assert done.stdout.splitlines() == [
        "| recipe | Mine (5) |",
        "|---|---|",
        "| `contractions-expanded` | 5 / 0 / 0 |",
        "| `evidence-deleted` | 0 / 0 / 5 |",
    ]


def test_applicability_says_what_is_wrong_in_one_paragraph(data):
    done = run("tools/applicability.py", f"Mine={data}", "--recipes", "contraction-expanded")
    assert done.returncode == 1
    assert "did you mean 'contractions-expanded'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_generation_benchmark_prints_one_line_of_json(data):
    done = run("benchmarks/generation.py", data, "--recipes", "contractions-expanded,evidence-deleted")
    line = json.loads(done.stdout)
    assert line["items"] == 5
    assert line["recipes"]["contractions-expanded"] > 0
    assert line["recipes"]["evidence-deleted"] is None


def test_wordnet_files_that_are_not_there_are_named(tmp_path):
    done = run("tools/install_wordnet.py", "--from", str(tmp_path), "--to", str(tmp_path / "nltk"))
    assert done.returncode == 1
    assert "cntlist.rev is not there" in done.stderr
    assert "wordnet-base" in done.stderr


def test_wordnet_files_are_copied_and_the_table_is_written(tmp_path):
    names = ["index.sense", "cntlist.rev"]
    names += [f"{kind}.{pos}" for kind in ("index", "data") for pos in ("adj", "adv", "noun", "verb")]
    names += [f"{pos}.exc" for pos in ("adj", "adv", "noun", "verb")]
    for name in names:
        (tmp_path / name).write_text(name)
    assert (
        run("tools/install_wordnet.py", "--from", str(tmp_path), "--to", str(tmp_path / "nltk")).returncode
        == 0
    )
    folder = tmp_path / "nltk" / "corpora" / "wordnet"
    assert {file.name for file in folder.iterdir()} == {*names, "lexnames"}
    rows = [row.split("\t") for row in (folder / "lexnames").read_text().splitlines()]
    assert [row[0] for row in rows] == [f"{i:02d}" for i in range(45)]
    assert (rows[5][1:], rows[43][1:]) == (["noun.animal", "1"], ["verb.weather", "2"])
