from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from robustness import content
from robustness.content import content_file, content_names, load_toml
from robustness.errors import PlanError
from robustness.share import share


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: float = Field(0.5, ge=0, le=1)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    inner: Inner = Inner()


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "attacks").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_names_of_ours_and_theirs_stand_in_one_sorted_list(project):
    (project / "attacks" / "zebra.toml").write_text("")
    (project / "attacks" / "notes.md").write_text("")
    names = content_names("attacks")
    assert "zebra" in names
    assert "no-passage" in names
    assert "notes" not in names
    assert list(names) == sorted(names)


def test_the_checkout_itself_is_not_a_user_folder_beside_ours(monkeypatch):
    monkeypatch.chdir(Path(str(share("attacks"))).parent)
    assert content_file("attacks", "no-passage", noun="attack").is_file()


def test_a_path_is_taken_as_it_is(tmp_path):
    path = written(tmp_path, "name = 'mine'")
    assert content_file("attacks", str(path), noun="attack") == path


def test_a_path_that_does_not_exist_is_named():
    with pytest.raises(PlanError, match=r"attack 'gone/x\.toml': no such file"):
        content_file("attacks", "gone/x.toml", noun="attack")


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(PlanError, match="no attack is called 'no-pasage'; did you mean 'no-passage'"):
        content_file("attacks", "no-pasage", noun="attack")


def test_a_name_in_both_folders_is_a_clash_that_names_both(project):
    (project / "attacks" / "no-passage.toml").write_text("")
    with pytest.raises(PlanError, match=r"two files define it, .*no-passage\.toml and .*no-passage\.toml"):
        content_file("attacks", "no-passage", noun="attack")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", r"mine\.toml: not readable as TOML"),
        ("nmae = 'x'\nname = 'x'", r"mine\.toml: no key is called 'nmae'; did you mean 'name'"),
        ("inner = {}", r"mine\.toml: key 'name' is missing"),
        ("name = 3", r"mine\.toml: key 'name': .*string, but 3 came"),
        ("name = 'x'\n[inner]\nlimit = 2", r"mine\.toml: key 'inner\.limit': .*, but 2 came"),
        (
            "name = 'x'\n[inner]\nlimits = 1",
            r"mine\.toml: no key is called 'limits'; did you mean 'limit'\?.*\(in inner\)",
        ),
    ],
)
def test_a_fault_names_file_and_key(tmp_path, text, message):
    with pytest.raises(PlanError, match=message):
        load_toml(written(tmp_path, text), Outer)


def test_a_file_in_another_encoding_is_said_so(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(PlanError, match="not readable as TOML"):
        load_toml(path, Outer)


def test_a_right_file_comes_back_checked(tmp_path):
    loaded = load_toml(written(tmp_path, "name = '名'\n[inner]\nlimit = 0.25"), Outer)
    assert loaded == Outer(name="名", inner=Inner(limit=0.25))


class Brought:
    """An entry point of an installed package."""

    name = "brought"

    def __init__(self, value: str) -> None:
        self.value = value


def test_recipes_of_an_installed_package_are_found(tmp_path, monkeypatch):
    package = tmp_path / "brought_recipes"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "brought.toml").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(
        content, "entry_points", lambda group: [Brought("brought_recipes")] * (group == "robustness.recipes")
    )
    assert "brought" in content_names("attacks")
    assert "brought" not in content_names("suites")
    assert content_file("attacks", "brought", noun="attack").name == "brought.toml"


def test_a_package_that_cannot_be_loaded_is_named(monkeypatch):
    monkeypatch.setattr(content, "entry_points", lambda group: [Brought("gone_recipes")])
    with pytest.raises(
        PlanError, match=r"entry point 'brought' of 'robustness\.recipes': package 'gone_recipes'"
    ):
        content_names("attacks")
