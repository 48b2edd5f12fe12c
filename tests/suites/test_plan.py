from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from robustness.attacks.recipes import recipe
from robustness.domain import Polarity
from robustness.errors import PlanError
from robustness.suites.build import build
from robustness.suites.plan import plan, plan_names

HEAD = 'name = "mine"\ndescription = "d"\n'
CHECK = '[[check]]\nattack = "no-passage"\n'


def written(folder: Path, text: str) -> str:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(PlanError) as error:
        plan(written(folder, text)).recipes()
    assert error.value.exit_code == 2
    return str(error.value)


@pytest.mark.parametrize("name", plan_names())
def test_every_plan_that_ships_has_recipes_and_a_json_form(name: str) -> None:
    chosen = plan(name)
    assert chosen.name == name
    document = chosen.as_json()
    assert json.loads(json.dumps(document)) == document
    assert set(document["recipes"]) == {check["attack"] for check in document["checks"]}


@pytest.mark.parametrize("name", plan_names())
def test_every_limit_that_ships_gives_its_reason(name: str) -> None:
    for check in plan(name).check:
        assert bool(check.reason) == bool(check.limits.model_dump(exclude_none=True)), check.attack


@pytest.mark.parametrize("name", plan_names())
def test_every_limit_that_ships_suits_the_polarity_of_its_recipe(name: str) -> None:
    fitting = {
        Polarity.ATTACK: {"max_drop", "min_consistency"},
        Polarity.CONTRAST: {"max_drop"},
        Polarity.ABLATION: {"max_margin_retained"},
        Polarity.ABSTAIN: {"min_auroc"},
    }
    for check in plan(name).check:
        limits = set(check.limits.model_dump(exclude_none=True))
        assert limits <= fitting[recipe(check.attack).polarity], check.attack


@pytest.mark.parametrize("name", ["core", "si2019"])
def test_the_control_of_a_plan_is_a_label_preserving_recipe_without_leaks(name: str) -> None:
    control = plan(name).control
    assert control is not None
    assert recipe(control).polarity is Polarity.ATTACK
    assert recipe(control).leaks == ()


def test_an_unknown_plan_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(PlanError, match=r"no suite is called 'si2091'; did you mean 'si2019'\?") as error:
        plan("si2091")
    assert error.value.exit_code == 2


def test_a_missing_plan_file_is_refused_by_its_path() -> None:
    with pytest.raises(PlanError, match=r"'no/such.toml': no such file"):
        plan("no/such.toml")


def test_an_unknown_key_of_the_plan_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    message = refusal(tmp_path, HEAD + "min_passage = 40\n" + CHECK)
    assert message.startswith("mine.toml: ")
    assert "did you mean 'min_passages'?" in message


@pytest.mark.parametrize(
    ("line", "key", "near", "where"),
    [
        ("severity = [1]", "severity", "severities", "check.0"),
        ("limits = { max_dropp = 0.1 }", "max_dropp", "max_drop", "check.0.limits"),
    ],
)
def test_an_unknown_key_inside_a_check_is_refused_with_the_nearest_and_its_place(
    tmp_path: Path, line: str, key: str, near: str, where: str
) -> None:
    message = refusal(tmp_path, HEAD + CHECK + line + "\n")
    assert f"no key is called {key!r}; did you mean {near!r}?" in message
    assert message.endswith(f"(in {where})")


def test_a_misspelt_table_is_named_before_the_one_it_hides(tmp_path: Path) -> None:
    message = refusal(tmp_path, HEAD + '[[chekc]]\nattack = "no-passage"\n')
    assert "no key is called 'chekc'; did you mean 'check'?" in message


def test_an_unknown_attack_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    message = refusal(tmp_path, HEAD + '[[check]]\nattack = "no-pasage"\n')
    assert "no attack is called 'no-pasage'; did you mean 'no-passage'?" in message


@pytest.mark.parametrize("severity", [0, -1, 4])
def test_a_severity_that_the_recipe_lacks_is_refused_with_those_it_has(tmp_path: Path, severity: int) -> None:
    text = HEAD + f'[[check]]\nattack = "window-shuffle"\nseverities = [{severity}]\n'
    message = refusal(tmp_path, text)
    assert f"severity {severity} was asked for, but it has 1, 2, 3" in message


@pytest.mark.parametrize(
    "limits",
    [
        "max_drop = 1.5",
        "max_drop = -0.1",
        "max_drop = nan",
        "max_drop = '5 %'",
        "min_accuracy = 80",
        "max_success_rate = 1.01",
        "min_consistency = -1",
        "max_margin_retained = -0.5",
        "min_auroc = 60",
        "min_applicable = 2",
        "max_truncated = 2",
    ],
)
def test_a_limit_out_of_range_is_refused_with_key_and_value(tmp_path: Path, limits: str) -> None:
    key, value = limits.split(" = ")
    message = refusal(tmp_path, HEAD + CHECK + f"limits = {{ {limits} }}\n")
    assert f"check.0.limits.{key}" in message
    assert value.strip("'") in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + "check = []\n", "check"),
        (HEAD, "check"),
        ('description = "d"\n' + CHECK, "name"),
        (HEAD + CHECK + CHECK, "'no-passage' stands twice"),
        (HEAD + 'control = "foreign-sentence"\n' + CHECK, "control 'foreign-sentence' is not among"),
        (HEAD + CHECK + "severities = []\n", "check.0.severities"),
        (HEAD + CHECK + "severities = [1, 1]\n", "'no-passage' has one severity twice"),
        (HEAD + CHECK + 'accept_leaks = ["shortst"]\n', "did you mean 'shortest'?"),
        (HEAD + "min_passages = 1\n" + CHECK, "min_passages"),
        ('name = ""\ndescription = "d"\n' + CHECK, "its name is empty"),
        ("name = \n", "not readable as TOML"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refusal(tmp_path, text)


def test_a_plan_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(b'name = "\xff"\n')
    with pytest.raises(PlanError, match="not readable as TOML"):
        plan(str(file))


def test_a_recipe_given_as_a_file_is_refused_because_results_are_joined_by_name(tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parents[2] / "attacks" / "no-passage.toml"
    message = refusal(tmp_path, HEAD + f"[[check]]\nattack = {json.dumps(str(shipped))}\n")
    assert "a plan needs the name 'no-passage'" in message


def test_a_plan_in_the_suites_folder_of_the_user_is_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suites").mkdir()
    written(tmp_path / "suites", HEAD + CHECK)
    assert "mine" in plan_names()
    assert plan("mine").check[0].attack == "no-passage"


def test_a_users_plan_may_not_take_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "core.toml").write_text(HEAD + CHECK)
    with pytest.raises(PlanError, match="two files define it"):
        plan("core")


def test_a_plan_cannot_be_changed(small_plan: Any) -> None:
    with pytest.raises(ValueError, match="frozen"):
        small_plan.check[0].limits.max_drop = 1.0


def test_limits_against_a_baseline_stand_beside_the_others(tmp_path: Path) -> None:
    limits = "limits = { max_margin_retained = 0.5, baseline = { max_margin_retained = 0.02 } }\n"
    (check,) = plan(written(tmp_path, HEAD + CHECK + limits)).as_json()["checks"]
    assert check["limits"] == {"max_margin_retained": 0.5}
    assert check["baseline_limits"] == {"max_margin_retained": 0.02}


@pytest.mark.parametrize("kind", ["min_applicable", "max_truncated"])
def test_counts_have_no_limit_against_a_baseline(tmp_path: Path, kind: str) -> None:
    message = refusal(tmp_path, HEAD + CHECK + f"limits = {{ baseline = {{ {kind} = 0.1 }} }}\n")
    assert f"no key is called {kind!r}" in message


def test_gate_and_correction_are_told_in_the_document(tmp_path: Path) -> None:
    text = HEAD + 'gate = "anytime"\ncorrection = "holm"\n' + CHECK + 'gate = "fixed"\n'
    document = plan(written(tmp_path, text)).as_json()
    assert (document["gate"], document["correction"]) == ("anytime", "holm")
    assert document["checks"][0]["gate"] == "fixed"


@pytest.mark.parametrize("line", ['gate = "sequential"', 'correction = "bonferroni"'])
def test_an_unknown_gate_or_correction_is_refused(tmp_path: Path, line: str) -> None:
    key, value = line.split(" = ")
    message = refusal(tmp_path, HEAD + line + "\n" + CHECK)
    assert key in message
    assert value.strip('"') in message


def test_gates_and_limits_are_judgement_and_leave_the_fingerprint_of_a_suite_alone(
    tmp_path: Path, items: Any
) -> None:
    strict = HEAD + 'gate = "anytime"\ncorrection = "holm"\n' + CHECK
    strict += 'gate = "fixed"\nlimits = { min_accuracy = 0.5, baseline = { max_drop = 0.1 } }\n'
    built = [build(items(6), plan(written(tmp_path, text))) for text in (HEAD + CHECK, strict)]
    assert built[0].fingerprint == built[1].fingerprint
