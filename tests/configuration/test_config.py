from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.configuration.config import Config, merged, origins, schema
from robustness.configuration.settings import Settings, find, read
from robustness.configuration.tables import OFF, Allowances, AskedLimits
from robustness.errors import UsageError
from robustness.suites.plan import Allowances as PlanAllowances
from robustness.suites.plan import Limits

KNOWN = {"attack": "no-passage", "until": date(2027, 1, 31), "owner": "reading team", "reason": "retraining"}


def test_nothing_said_gives_the_defaults():
    config = merged()
    assert (config.suite, config.seed, config.undecided, config.model) == ("core", 0, "xfail", None)


@pytest.mark.parametrize(
    ("said", "expected"),
    [((None, None), 1), ((None, "2"), 2), (("3", None), 3), (("3", "2"), 3), ((None, ""), 1)],
)
def test_a_flag_outranks_the_environment_which_outranks_the_file(said, expected):
    flag, variable = said
    environment = {} if variable is None else {"ROBUSTNESS_SEED": variable}
    assert merged(file={"seed": 1}, environment=environment, flags={"seed": flag}).seed == expected


@given(st.permutations(["file", "environment", "flags"]), st.integers(1, 3))
def test_each_key_comes_from_the_highest_source_that_says_it(order, how_many):
    said = order[:how_many]
    values = {"file": 1, "environment": 2, "flags": 3}
    config = merged(
        file={"limit": 1} if "file" in said else {},
        environment={"ROBUSTNESS_LIMIT": "2"} if "environment" in said else {},
        flags={"limit": "3"} if "flags" in said else {},
    )
    assert config.limit == max(values[name] for name in said)


def test_data_from_a_higher_source_drops_the_frozen_suite_of_a_lower_one():
    config = merged(file={"frozen": "suite"}, flags={"data": "stories:test"})
    assert (config.data, config.frozen) == ("stories:test", None)
    config = merged(file={"data": "stories:test"}, environment={"ROBUSTNESS_FROZEN": "suite"})
    assert (config.data, config.frozen) == (None, "suite")


def test_data_and_frozen_from_one_source_are_refused():
    with pytest.raises(UsageError, match="flags: data and frozen both came"):
        merged(flags={"data": "stories:test", "frozen": "suite"})


def test_variables_of_other_tools_are_passed_over():
    assert merged(environment={"ROBUSTNESS_HOME": "x", "PATH": "y"}) == Config()


@pytest.mark.parametrize(("text", "value"), [("1", True), ("true", True), ("no", False), ("0", False)])
def test_a_switch_is_read_from_the_environment(text, value):
    assert merged(environment={"ROBUSTNESS_NO_TEXT": text}).no_text is value


def test_the_command_lines_word_for_undecided_means_xfail():
    assert merged(environment={"ROBUSTNESS_UNDECIDED": "report"}).undecided == "xfail"


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ({"modle": "x"}, r"robustness\.toml: no key is called 'modle'; did you mean 'model'\?"),
        ({"limits": {"no-passage": {"max_drp": 0.1}}}, r"limits\.no-passage: .*did you mean 'max_drop'\?"),
        ({"limits": {"a": {"2": {"max_drp": 0.1}}}}, r"limits\.a\.2: .*did you mean 'max_drop'\?"),
        ({"limits": {"family": {"f": {"max_drp": 0.1}}}}, r"limits\.family\.f: .*did you mean 'max_drop'\?"),
        ({"known_failures": [{**KNOWN, "untl": 1}]}, r"known_failures\.0: .*did you mean 'until'\?"),
        ({"known_failures": [{"attack": "x"}]}, r"known_failures\.0\.until: nothing came"),
        ({"limits": {"a": {"max_drop": 2}}}, r"limits\.a\.max_drop: 2 came"),
        ({"limits": {"a": {"max_drop": True}}}, r"limits\.a\.max_drop: True came"),
        ({"limits": {"a": {"1": {"max_drop": True}}}}, r"limits\.a\.1\.max_drop: True came"),
        ({"limit": True}, "limit: True came"),
        ({"limit": 0}, "limit: 0 came"),
        ({"seed": "3"}, "seed: '3' came"),
        ({"undecided": "maybe"}, "undecided: 'maybe' came, but: input should be 'xfail', 'pass' or 'fail'"),
        ({"device": "gpu"}, "device: 'gpu' came"),
    ],
)
def test_a_wrong_key_or_value_is_told_with_its_place(file, told):
    with pytest.raises(UsageError, match=told) as caught:
        merged(file=file)
    assert "\n" not in str(caught.value)


def test_a_wrong_variable_is_told_by_its_own_name():
    with pytest.raises(UsageError, match="ROBUSTNESS_BATCH_TOKENS: 'many' came, but a whole number"):
        merged(environment={"ROBUSTNESS_BATCH_TOKENS": "many"})
    with pytest.raises(UsageError, match="--robustness-limit: 'many' came"):
        merged(flags={"limit": "many"}, prefix="--robustness-")
    with pytest.raises(UsageError, match="--regression: 'much' came, but a number is needed"):
        merged(flags={"regression": "much"})
    with pytest.raises(UsageError, match="flags: model: '' came"):
        merged(flags={"model": ""})
    with pytest.raises(UsageError, match="environment: limit: 0 came"):
        merged(environment={"ROBUSTNESS_LIMIT": "0"}, file={"limit": 3})


def test_a_severity_has_its_own_limits_over_those_of_its_attack():
    table = {"ngram-shuffle": {"max_drop": 0.1, "min_accuracy": 0.4, "2": {"max_drop": 0.3}}}
    limits = merged(file={"limits": table | {"family": {"word-order": {"max_drop": 0.2}}}}).limits
    first, second = (limits.over("ngram-shuffle", severity, family="word-order") for severity in (1, 2))
    assert [table.max_drop for table in first] == [0.2, 0.1]
    assert [table.max_drop for table in second] == [0.2, 0.1, 0.3]
    assert limits.over("no-passage", 1, family="removal") == ()


def test_every_kind_of_limit_of_a_plan_may_stand_in_the_file_and_be_off():
    assert set(AskedLimits.model_fields) == set(Limits.model_fields)
    assert set(Allowances.model_fields) == set(PlanAllowances.model_fields)
    kinds = dict.fromkeys(Allowances.model_fields, "off")
    made = merged(file={"limits": {"a": {**kinds, "baseline": kinds}}}).limits.attacks["a"]
    assert set(made.model_dump(include=set(kinds)).values()) == {OFF}
    assert set(made.baseline.model_dump().values()) == {OFF}
    with pytest.raises(UsageError, match="max_drop: -1"):
        merged(file={"limits": {"a": {"max_drop": OFF}}})


def test_each_key_says_where_its_value_came_from():
    came = origins(
        file={"seed": 1, "data": "stories:test", "tag": "a"},
        environment={"ROBUSTNESS_SEED": "2", "ROBUSTNESS_TAG": ""},
        flags={"frozen": "suite", "model": None},
    )
    told = {key: came[key] for key in ("seed", "data", "tag", "frozen", "model")}
    assert told == {
        "seed": "environment",
        "data": "default",
        "tag": "file",
        "frozen": "flag",
        "model": "default",
    }


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        merged().seed = 3  # type: ignore[misc]


def test_the_file_and_the_table_of_a_pyproject_say_the_same(tmp_path):
    text = 'seed = 5\nknown_failures = [{attack = "a", until = 2027-01-31, owner = "o", reason = "r"}]\n'
    own, project = tmp_path / "robustness.toml", tmp_path / "pyproject.toml"
    own.write_text(text, encoding="utf-8")
    project.write_text(f"[tool.robustness]\n{text}", encoding="utf-8")
    assert merged(file=read(own)) == merged(file=read(project))
    assert merged(file=read(own)).known_failures[0].until == date(2027, 1, 31)


def test_a_folder_has_one_configuration_or_none(tmp_path):
    assert find(tmp_path) is None
    project = tmp_path / "pyproject.toml"
    project.write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert find(tmp_path) is None
    project.write_text("[tool.robustness]\nseed = 1\n", encoding="utf-8")
    assert find(tmp_path) == project
    (tmp_path / "robustness.toml").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="both there"):
        find(tmp_path)


@pytest.mark.parametrize("text", ["model = ", "model = 1\nmodel = 2"])
def test_broken_toml_is_told_with_the_file(tmp_path, text):
    (tmp_path / "robustness.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"robustness\.toml: not readable as TOML"):
        read(tmp_path / "robustness.toml")


def test_a_missing_file_and_a_missing_table_are_told(tmp_path):
    with pytest.raises(UsageError, match="give a file that can be read"):
        read(tmp_path / "robustness.toml")
    (tmp_path / "pyproject.toml").write_text("[tool.robustness2]\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"no \[tool\.robustness\] is there"):
        read(tmp_path / "pyproject.toml")


def test_the_schema_knows_every_key_and_no_other():
    made = schema()
    assert set(made["properties"]) == set(Config.model_fields)
    assert made["additionalProperties"] is False
    assert made["$defs"]["KnownFailure"]["required"] == ["attack", "until", "owner", "reason"]
    assert made["$defs"]["LimitsTable"]["additionalProperties"] == {"$ref": "#/$defs/AttackLimits"}


def test_paths_start_at_the_file_or_at_whoever_asked(tmp_path):
    (tmp_path / "project").mkdir()
    file = tmp_path / "project" / "robustness.toml"
    file.write_text('data = "jsonl:mine.jsonl"\n', encoding="utf-8")
    made = Settings.of(
        file, environment={"ROBUSTNESS_MODEL": "models/mine"}, flags={"suite": "mine.toml"}, here=tmp_path
    )
    assert made.start("data") == made.start("limits") == tmp_path / "project"
    assert made.start("suite") == made.start("model") == tmp_path
    assert made.placed("suite", "mine.toml") == tmp_path / "mine.toml"
    assert made.replaced(suite="other.toml").start("suite") == tmp_path / "project"
    assert {key: origin for key, _, origin in made.lines()}["data"] == "robustness.toml"


@pytest.mark.parametrize("key", ["suite", "seed", "limit", "skip_invalid", "workers"])
def test_a_flag_that_a_frozen_suite_has_settled_is_refused_and_a_variable_is_passed_over(tmp_path, key):
    value = "1"
    file = tmp_path / "robustness.toml"
    file.write_text('frozen = "suite"\n', encoding="utf-8")
    assert (
        Settings.of(file, environment={f"ROBUSTNESS_{key.upper()}": value}, flags={}).config.frozen == "suite"
    )
    with pytest.raises(UsageError, match=f"--{key.replace('_', '-')} came with --frozen"):
        Settings.of(file, environment={}, flags={key: value})
