"""What is wrong with the input is told in one paragraph, with the right exit code, and leaves nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from robustness.models.stub import stub

Command = Callable[..., Any]

PLAN = 'name = "mine"\ndescription = "d"\n[[check]]\nattack = "gold-removed"\n'
ROW = {
    "id": "m1#0",
    "group": "m1",
    "passage": "Leo ran.",
    "question": "Who?",
    "options": ["Leo", "Ann", "Bo"],
}


@pytest.fixture
def data(tmp_path: Path) -> str:
    (tmp_path / "mine.toml").write_text(PLAN)
    rows = [ROW | {"answer": 0}, ROW | {"id": "m2#0", "group": "m2", "answer": 2}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "jsonl:rows.jsonl"


@pytest.fixture
def refused(command: Command, tmp_path: Path) -> Callable[..., str]:
    """Return `refused(code, *words)`: run, hold it to the form of a refusal, return the paragraph."""

    def run(code: int, *words: str, **rest: Any) -> str:
        before = _tree(tmp_path)
        said = command(*words, **rest)
        assert said.code == code, said.err
        assert said.out == ""
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert said.err.endswith("\n")
        assert "Traceback" not in said.err
        assert _tree(tmp_path) == before
        return str(said.err)

    return run


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def both(data: str, *more: str, suite: str = "mine.toml") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a `check` and a `build` of the same data."""
    given = ("-q", "--data", data, "--suite", suite, "-o", "out", *more)
    return ("check", "--model", "stub:oracle", *given), ("build", *given)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("gold-removed", "gold-remvoed", "did you mean 'gold-removed'?"),
        ("[[check]]", "min_pasages = 40\n[[check]]", "did you mean 'min_passages'?"),
        ('"gold-removed"', '"gold-removed"\nlimit = {}', "did you mean 'limits'?"),
        ('"gold-removed"', '"gold-removed"\nseverities = [2]', "severity 2 was asked for, but it has 1"),
        ('"gold-removed"', '"gold-removed"\nlimits = { min_auroc = 60 }', "limits.min_auroc"),
        ('"mine"', "", "not readable as TOML"),
    ],
)
def test_a_plan_that_cannot_be_followed_ends_with_2(
    refused: Callable[..., str], data: str, tmp_path: Path, before: str, after: str, told: str
) -> None:
    (tmp_path / "mine.toml").write_text(PLAN.replace(before, after))
    for words in both(data):
        assert told in refused(2, *words)


@pytest.mark.parametrize(
    ("suite", "told"),
    [
        ("abstian", "did you mean 'abstain'?"),
        ("nowhere.toml", "'nowhere.toml': no such file"),
        ("", "known: abstain, contrast, core"),
    ],
)
def test_an_unknown_suite_ends_with_2(refused: Callable[..., str], data: str, suite: str, told: str) -> None:
    for words in both(data, suite=suite):
        assert told in refused(2, *words)


def test_a_fault_in_the_plan_is_told_before_the_data_is_read(refused: Callable[..., str], data: str) -> None:
    assert "no suite" in refused(2, *both("jsonl:missing.jsonl", suite="abstian")[0])


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("jsnol:rows.jsonl", "did you mean 'jsonl'?"),
        ("rows.jsonl", "FORMAT:PATH is needed"),
        ("jsonl:", "FORMAT:PATH is needed"),
        (":rows.jsonl", "no format is called ''"),
    ],
)
def test_an_unknown_data_format_ends_with_2(
    refused: Callable[..., str], data: str, spec: str, told: str
) -> None:
    for words in both(spec):
        assert told in refused(2, *words)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps(ROW | {"answer": 3}), "rows.jsonl:1"),
        (json.dumps(ROW | {"answer": -1}), "rows.jsonl:1"),
        (json.dumps(ROW | {"answer": 0, "options": ["Leo"]}), "rows.jsonl:1"),
        (json.dumps(ROW), "exactly one of them is needed"),
        ("{", "rows.jsonl:1"),
        ("", "rows.jsonl"),
        ("\n\n", "rows.jsonl"),
        (json.dumps(ROW | {"answer": 0}) + "\n" + json.dumps(ROW | {"answer": 1}), "'m1#0'"),
    ],
    ids=["above", "below", "one-option", "no-answer", "no-json", "empty", "blank", "twin"],
)
def test_data_that_cannot_be_used_ends_with_3(
    refused: Callable[..., str], data: str, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "rows.jsonl").write_text(text)
    for words in both(data):
        assert told in refused(3, *words)


def test_a_missing_data_file_ends_with_3(refused: Callable[..., str], data: str) -> None:
    for words in both("jsonl:missing.jsonl"):
        assert "missing.jsonl" in refused(3, *words)


def test_nothing_left_after_skipping_ends_with_3_and_the_first_reason(
    refused: Callable[..., str], data: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROW | {"answer": 9}) + "\n")
    for words in both(data, "--skip-invalid"):
        assert "all 1 rows are unusable" in refused(3, *words)


def test_an_item_called_like_a_variant_ends_with_3(
    refused: Callable[..., str], data: str, tmp_path: Path
) -> None:
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write(json.dumps(ROW | {"id": "m1#0~gold-removed.1", "answer": 1}) + "\n")
    for words in both(data):
        assert "has the id of another item" in refused(3, *words)


def test_an_undeclared_leak_ends_with_3(refused: Callable[..., str], data: str, tmp_path: Path) -> None:
    leaky = (
        'name = "leaky"\ntitle = "t"\nfamily = "mine"\ngenerator = "change-distractors"\nversion = 1\n'
        'polarity = "attack"\nsource = "s"\nclaim = "c"\nlanguages = ["en"]\n[parameters]\nkeep = true\n'
        'material = "answer"\nshuffle = false\n[example]\noptions = ["a", "b"]\n'
        '[after]\noptions = ["a", "b"]\n'
    )
    (tmp_path / "attacks").mkdir()
    (tmp_path / "attacks" / "leaky.toml").write_text(leaky)
    (tmp_path / "mine.toml").write_text(PLAN.replace("gold-removed", "leaky"))
    options = ["Leo ran home.", "Ann sat still.", "Bo slept well."]
    rows = (ROW | {"id": f"m{i}", "group": f"m{i}", "answer": i % 3, "options": options} for i in range(30))
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for words in both(data):
        assert "'leaky' lets 'shortest' score 1.000" in refused(3, *words)


@pytest.mark.parametrize(
    ("model", "code", "told"),
    [
        ("stub:orcale", 2, "did you mean 'oracle'?"),
        ("stub:", 2, "no stub is called ''"),
        ("nothing", 2, "a checkpoint folder"),
        ("predictions:missing.jsonl", 3, "missing.jsonl"),
        ("predictions:rows.txt", 3, "no format is called '.txt'"),
        ("no_such_module:make", 2, "no module 'no_such_module'"),
    ],
)
def test_a_model_that_is_not_there_is_refused(
    refused: Callable[..., str], data: str, model: str, code: int, told: str
) -> None:
    words = ("check", "-q", "--data", data, "--suite", "mine.toml", "-o", "out", "--model", model)
    assert told in refused(code, *words)


@pytest.mark.parametrize(
    ("spec", "told"),
    [("pfd:out.pdf", "no report format is called 'pfd'"), ("report.md", "--report"), ("md:", "--report")],
)
def test_an_unknown_report_format_ends_with_2_before_anything_is_scored(
    refused: Callable[..., str], data: str, spec: str, told: str
) -> None:
    assert told in refused(2, *both(data, "--report", spec)[0])


def test_a_report_that_cannot_be_written_ends_with_3_before_anything_is_scored(
    refused: Callable[..., str], data: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    told = refused(3, *both(data, "--report", "md:file/report.md")[0])
    assert "--report md:file/report.md: nothing can be written there" in told


@pytest.mark.parametrize("given", [("--frozen", "frozen", "--data", "jsonl:rows.jsonl"), ()])
def test_both_or_neither_of_data_and_frozen_end_with_2(
    refused: Callable[..., str], given: tuple[str, ...]
) -> None:
    words = ("check", "--model", "stub:oracle", "-o", "out", *given)
    assert "exactly one of --data and --frozen" in refused(2, *words)


def test_a_build_without_output_ends_with_2(refused: Callable[..., str], data: str) -> None:
    assert "-o" in refused(2, "build", "--data", data)


@pytest.mark.parametrize("which", [0, 1])
def test_an_output_under_a_file_ends_with_3_before_the_data_is_read(
    refused: Callable[..., str], data: str, tmp_path: Path, which: int
) -> None:
    (tmp_path / "file").write_text("keep")
    words = both("jsonl:missing.jsonl", "-o", "file/out")[which]
    assert "file/out" in refused(3, *words)


@pytest.mark.parametrize("which", [0, 1])
def test_an_output_that_holds_something_ends_with_2(
    refused: Callable[..., str], data: str, tmp_path: Path, which: int
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("keep")
    assert "other files are there" in refused(2, *both(data)[which])


def test_a_finished_run_is_never_rewritten(refused: Callable[..., str], command: Command, data: str) -> None:
    check, _ = both(data)
    assert "run: out" in command(*check).err
    assert "a finished run is there" in refused(2, *check)


def test_a_frozen_suite_is_never_rewritten(refused: Callable[..., str], command: Command, data: str) -> None:
    _, build = both(data)
    assert command(*build).code == 0
    refused(2, *build)


@pytest.mark.parametrize("which", [0, 1])
def test_a_full_disk_ends_with_3(
    refused: Callable[..., str], data: str, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    def full(*given: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("robustness.suites.store._write", full)
    monkeypatch.setattr("robustness.reports.write_run.write_items", full)
    assert "No space left on device" in refused(3, *both(data)[which])


def test_a_folder_that_is_no_frozen_suite_ends_with_3(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    words = ("check", "--model", "stub:oracle", "--frozen", "folder", "-o", "out")
    assert "no manifest.json" in refused(3, *words)


@pytest.mark.parametrize("file", ["manifest.json", "examples.jsonl", "variants.jsonl", "skipped.jsonl"])
def test_a_frozen_suite_that_was_changed_ends_with_3(
    refused: Callable[..., str], command: Command, data: str, tmp_path: Path, file: str
) -> None:
    command(*both(data)[1])
    path = tmp_path / "out" / file
    path.write_bytes(path.read_bytes()[:-2] + b"!\n")
    words = ("check", "--model", "stub:oracle", "--frozen", "out", "-o", "run")
    assert file in refused(3, *words)


def test_a_run_without_a_manifest_cannot_be_reported(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert "did not finish" in refused(3, "report", "run")


def test_an_unknown_attack_to_be_explained_ends_with_2(refused: Callable[..., str]) -> None:
    assert "did you mean 'no-passage'?" in refused(2, "attacks", "no-pasage")


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return `faulty(score)`: the `--model` of a factory whose model scores by that function."""

    def make(score: Callable[..., Any]) -> str:
        class Faulty:
            name = "faulty"
            fingerprint = "faulty/1"

            def score(self, batch: Any) -> Any:
                return score(batch)

        module = ModuleType("faulty_models")
        module.make = Faulty  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "faulty_models", module)
        return "faulty_models:make"

    return make


def _interrupted(batch: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("score", "code", "told"),
    [
        (_interrupted, 130, "interrupted"),
        (lambda batch: [], 3, "0 rows of scores came for 4 items"),
        (lambda batch: [(1.0,) for _ in batch], 3, "1 scores came for 3 options"),
    ],
    ids=["ctrl-c", "no-rows", "short-rows"],
)
def test_a_model_that_does_not_score_leaves_nothing(
    refused: Callable[..., str],
    faulty: Callable[..., str],
    data: str,
    score: Callable[..., Any],
    code: int,
    told: str,
) -> None:
    words = ("check", "-q", "--data", data, "--suite", "mine.toml", "-o", "out", "--model", faulty(score))
    assert told in refused(code, *words)


def test_ctrl_c_while_a_suite_is_built_ends_with_130(
    refused: Callable[..., str], data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robustness.suites.store._write", lambda *given: _interrupted(given))
    assert "interrupted" in refused(130, *both(data)[1])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_end_with_3_and_a_report_of_what_was_not_measured(
    command: Command, faulty: Callable[..., str], data: str, tmp_path: Path, value: float
) -> None:
    model = faulty(lambda batch: [(value, *row[1:]) for row in stub("oracle").score(batch)])
    (tmp_path / "mine.toml").write_text(PLAN + "limits = { min_auroc = 0 }\n")
    said = command("check", "-q", "--data", data, "--suite", "mine.toml", "-o", "out", "--model", model)
    assert said.code == 3
    made = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert made["status"] == "invalid"
    assert "NaN" not in (tmp_path / "out" / "summary.json").read_text()


@pytest.mark.parametrize(
    "words", [("--suite", "core"), ("--seed", "9"), ("--limit", "1"), ("--skip-invalid",)]
)
def test_flags_that_a_frozen_suite_has_settled_end_with_2(
    refused: Callable[..., str], command: Command, data: str, words: tuple[str, ...]
) -> None:
    assert command("build", "--data", data, "--suite", "mine.toml", "-o", "frozen", "-q").code == 0
    told = refused(2, "check", "--model", "stub:oracle", "--frozen", "frozen", "-q", "-o", "out", *words)
    assert f"{words[0]} came with --frozen" in told


def test_predictions_for_items_of_no_suite_end_with_3(
    refused: Callable[..., str], command: Command, data: str, tmp_path: Path
) -> None:
    assert command("build", "--data", data, "--suite", "mine.toml", "-o", "frozen", "-q").code == 0
    rows = []
    for name in ("examples", "variants"):
        for line in (tmp_path / "frozen" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            options = row.get("example", row)["options"]
            rows.append(json.dumps({"id": row["id"], "scores": [0.0] * len(options)}))
    (tmp_path / "mine.predictions.jsonl").write_text("\n".join([*rows, '{"id": "zzz", "scores": [1, 2]}']))
    words = ("--model", "predictions:mine.predictions.jsonl", "--frozen", "frozen", "-q", "-o", "out")
    assert "1 predictions are for no item of this suite, such as 'zzz'" in refused(3, "check", *words)


@pytest.fixture
def earlier(command: Command, data: str, tmp_path: Path) -> Path:
    """A finished run of the suite of `data`."""
    words = ("--data", data, "--suite", "mine.toml", "--tag", "first", "-o", "runs/earlier")
    assert command("check", "-q", "--model", "stub:oracle", *words).code in {3, 4}
    return tmp_path / "runs" / "earlier"


def _forbid_scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise AssertionError("a model was asked")

    monkeypatch.setattr("robustness.pipeline.score", refuse)


MINE = ("check", "--model", "stub:oracle", "--data", "jsonl:rows.jsonl", "--suite", "mine.toml", "-q")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("runs/gone", "no such folder is there"),
        ("runs/earlier", "items.parquet is not the file that was written"),
        ("first", "items.parquet is not the file that was written"),
        ("auto", "items.parquet is not the file that was written"),
    ],
)
def test_a_baseline_that_is_not_a_whole_run_ends_with_3_before_anything_is_scored(
    refused: Callable[..., str], earlier: Path, monkeypatch: pytest.MonkeyPatch, spec: str, told: str
) -> None:
    (earlier / "items.parquet").write_bytes(b"!")
    _forbid_scoring(monkeypatch)
    assert told in refused(3, *MINE, "--baseline", spec, "-o", "runs/new")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--baseline", "runs/earlier", "-o", "runs/earlier"), "it is the folder that this run is"),
        (("--baseline", "runs/earlier", "--seed", "1", "-o", "runs/new"), "it is a run of suite"),
        (("--baseline", "auto", "--seed", "1", "-o", "runs/new"), "no such finished run of suite"),
        (("--baseline", "auto", "-o", "elsewhere/new"), "no such finished run of suite"),
        (("--baseline", "second", "-o", "runs/new"), "--on-missing-baseline skip"),
    ],
)
def test_a_baseline_that_does_not_fit_ends_with_3_before_anything_is_scored(
    refused: Callable[..., str],
    earlier: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
) -> None:
    _forbid_scoring(monkeypatch)
    assert told in refused(3, *MINE, *words)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("modle = 'x'\n", "robustness.toml: no key is called 'modle'; did you mean 'model'?"),
        ("gate = 'never'\n", "gate: 'never' came"),
        ("baseline = ''\n", "baseline: '' came"),
        ("[limits.gold-removed]\nmax_drop = 'of'\n", "limits.gold-removed.max_drop: 'of' came"),
        ("[limits.gold-removed.baseline]\nmax_truncated = 0.1\n", "no limit is called 'max_truncated'"),
        ("[limits.gold-rmoved]\nmax_drop = 0.1\n", "did you mean 'gold-removed'?"),
        (
            "[[known_failures]]\nattack = 'gold-removed'\nuntil = 2020-01-01\nowner = 'N'\nreason = 'r'\n",
            "it was expected until 2020-01-01, and that day is over; N has to mend",
        ),
        ("seed = \n", "robustness.toml: not readable as TOML"),
    ],
)
def test_a_configuration_that_cannot_be_followed_ends_with_2(
    refused: Callable[..., str], data: str, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "robustness.toml").write_text(text, encoding="utf-8")
    assert told in refused(2, *MINE, "-o", "out")


def test_a_configuration_that_is_not_there_ends_with_2(refused: Callable[..., str], data: str) -> None:
    assert "give a file that can be read" in refused(2, *MINE, "--config", "gone.toml")


def test_a_check_without_a_model_ends_with_2(refused: Callable[..., str], data: str) -> None:
    told = refused(2, "check", "--data", data, "--suite", "mine.toml", "-o", "out")
    assert "no model came, but one is needed; give --model" in told
