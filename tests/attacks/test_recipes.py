from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from robustness.attacks import GENERATORS, recipes
from robustness.attacks.draft import Draft
from robustness.attacks.listing import explain, table
from robustness.attacks.recipes import Recipe, apply, recipe, recipe_names, worked_example
from robustness.attacks.wordnet import has_wordnet
from robustness.domain import Example, NotApplicable, Polarity, Skip, Variant
from robustness.errors import PlanError
from robustness.rng import Rng
from robustness.share import share
from robustness.suites.audit import SENTINELS
from robustness.suites.plan import plan, plan_names

NAMES = recipe_names()
ITEM = Example("m1", "Ann left. Bob stayed.", "Who left?", ("Ann.", "Bob."), 0, "p1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shouting:
    """A generator of a user's own: the question in capitals."""

    name: str
    polarity: Polarity
    mark: str = "!"

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield one variant and then say that no more applies."""
        text = example.question.upper() + self.mark * severity
        yield Draft.of(example).with_field("question", text).variant(self, severity)
        raise NotApplicable("no second variant")


class EntryPoint:
    name = "shouting"

    @staticmethod
    def load():
        return Shouting


class BrokenEntryPoint(EntryPoint):
    @staticmethod
    def load():
        raise ImportError("no module named 'gone'")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "attacks").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "attacks"


def ours(name: str) -> str:
    return (share("attacks") / f"{name}.toml").read_text(encoding="utf-8")


def changed(name: str, *swaps: tuple[str, str]) -> str:
    text = ours(name)
    for before, after in swaps:
        assert before in text
        text = text.replace(before, after, 1)
    return text


def broken(folder, *swaps: tuple[str, str], of: str = "ans2opt-shuffle") -> Recipe:
    (folder / "mine.toml").write_text(
        changed(of, (f'name = "{of}"', 'name = "mine"'), *swaps), encoding="utf-8"
    )
    return recipe("mine")


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_named_like_its_file(name):
    assert recipe(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_example_comes_out_exactly(name):
    made = recipe(name)
    if made.parameters.get("lexicon") == "wordnet" and not has_wordnet():
        pytest.skip("nltk finds no WordNet here")
    _, after = worked_example(made)
    assert after == made.after.model_dump(include=set(after))


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_example_shows_a_change(name):
    made = recipe(name)
    shown = {"passage", "question", "options", "answer"}
    assert made.after.model_dump(include=shown) != made.example.model_dump(include=shown)


@pytest.mark.parametrize("name", NAMES)
def test_every_level_makes_a_generator_with_the_recipe_s_name_and_polarity(name):
    made = recipe(name)
    for severity in range(1, len(made.levels) + 1):
        attack = made.attack(severity)
        assert (attack.name, attack.polarity) == (made.name, made.polarity)


@pytest.mark.parametrize("name", NAMES)
def test_a_declared_leak_is_a_sentinel_that_exists(name):
    assert set(recipe(name).leaks) <= set(SENTINELS)


def test_a_recipe_is_in_a_plan_or_says_that_it_is_a_variant_of_one():
    planned = {check.attack for name in plan_names() for check in plan(name).check}
    for name in set(NAMES) - planned:
        stem = name.rsplit("-", 1)[0]
        assert recipe(name).source.startswith("Variant of "), name
        assert stem in planned, name


def test_the_seven_attacks_of_si_2019_keep_their_names():
    assert {
        "addsent2pas-shuffle",
        "addsent2opt-shuffle",
        "addsent2opt",
        "sent2opt-shuffle",
        "addans2opt-shuffle",
        "addans2opt",
        "ans2opt-shuffle",
    } <= {check.attack for check in plan("si2019").check}


def test_every_generator_is_used_by_a_recipe():
    assert {recipe(name).generator for name in NAMES} == set(GENERATORS)


def test_an_unknown_attack_gets_a_suggestion():
    with pytest.raises(
        PlanError, match="no attack is called 'ans2opt-shufle'; did you mean 'ans2opt-shuffle'"
    ):
        recipe("ans2opt-shufle")


@pytest.mark.parametrize(
    ("swap", "message"),
    [
        (("leaks =", "leeks ="), r"mine\.toml: no key is called 'leeks'; did you mean 'leaks'"),
        (("version = 1", "version = 0"), r"mine\.toml: key 'version': .* but 0 came"),
        (('polarity = "attack"', 'polarity = "atack"'), r"mine\.toml: key 'polarity': .*'atack' came"),
        (('["en", "zh"]', '["fr"]'), r"mine\.toml: key 'languages\.0': .*'fr' came"),
        (("[parameters]", "[levels]\n[parameters]"), r"mine\.toml: key 'levels'"),
        (("version = 1", "version = 1\nlevels = []"), r"mine\.toml: key 'levels': .*at least 1 item"),
        (("title", "title title"), r"mine\.toml: not readable as TOML"),
        (('name = "mine"', 'name = "other"'), r"mine\.toml: its name is 'other'.*rename one of them"),
    ],
)
def test_a_wrong_recipe_file_names_file_key_and_value(folder, swap, message):
    with pytest.raises(PlanError, match=message):
        broken(folder, swap)


@pytest.mark.parametrize("severity", [0, -1, 4])
def test_a_severity_without_a_level_lists_those_there_are(severity):
    with pytest.raises(PlanError, match=f"'window-shuffle': severity {severity} was asked for.*1, 2, 3"):
        recipe("window-shuffle").attack(severity)


@pytest.mark.parametrize(
    ("of", "swap", "message"),
    [
        (
            "ans2opt-shuffle",
            ("material =", "materal ="),
            "no parameter is called 'materal'; did you mean 'material'",
        ),
        (
            "ans2opt-shuffle",
            ('"answer"', '"anser"'),
            "parameter 'material': .*'sentence' or 'answer'.*'anser' came",
        ),
        ("ans2opt-shuffle", ("keep = false", 'keep = "no"'), "parameter 'keep': .*'no' came"),
        ("ans2opt-shuffle", ("keep = false", "keep = false\ndegree = 1.5"), "parameter 'degree': .*1.5 came"),
        ("ans2opt-shuffle", ("keep = false\n", ""), "keep"),
        ("addsent2pas-shuffle", ('"end"', '"begin"'), "parameter 'position': .*'begin' came"),
        ("foreign-passage-near", ('"near"', '"nearest"'), "parameter 'choose': .*'nearest' came"),
        ("foreign-passage-near", ("choose", "corpus = []\nchoose"), "no parameter is called 'corpus'"),
        ("no-passage", ('["passage"]', '["pasage"]'), "parameter 'fields': .*came"),
        ("no-passage", ('["passage"]', "[]"), "parameter 'fields': .*came"),
        ("passage-word-shuffle", ('["passage"]', '["option"]'), "parameter 'fields': .*came"),
        ("passage-word-shuffle", ('["passage"]', '["passage"]\nblock = 0'), "parameter 'block': .*0 came"),
        (
            "passage-word-shuffle",
            ('["passage"]', '["passage"]\nwindow = -1'),
            "parameter 'window': .*-1 came",
        ),
    ],
)
def test_a_wrong_parameter_is_an_error_and_never_another_attack(folder, of, swap, message):
    made = broken(folder, swap, of=of)
    with pytest.raises(PlanError, match=message) as caught:
        made.attack()
    assert "mine" in str(caught.value)


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        (
            "change-distractor",
            "no generator is called 'change-distractor'; did you mean 'change-distractors'",
        ),
        ("robustness.nowhere:Attack", "'robustness.nowhere:Attack' cannot be loaded: No module named"),
        ("robustness.domain:Attak", "'robustness.domain:Attak' cannot be loaded: .*Attak"),
        (":Attack", "':Attack' cannot be loaded"),
    ],
)
def test_a_generator_that_is_not_there_is_named(folder, generator, message):
    made = broken(folder, ('"change-distractors"', f'"{generator}"'))
    with pytest.raises(PlanError, match=message):
        made.attack()


def shouting(generator: str, **parameters: str) -> Recipe:
    document = tomllib.loads(ours("no-question"))
    return Recipe.model_validate(
        {**document, "name": "shout", "generator": generator, "parameters": parameters, "levels": [{}, {}]}
    )


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(recipes, "entry_points", lambda group: [EntryPoint] * (group == "robustness.attacks"))


def test_a_generator_comes_from_an_entry_point(installed):
    made = shouting("shouting", mark="?")
    found = list(apply(made, made.attack(2), ITEM, severity=2, seed=0))
    assert [variant.example.question for variant in found if isinstance(variant, Variant)] == ["WHO LEFT???"]
    assert len(found) == 1


def test_an_entry_point_is_among_the_suggestions(installed):
    with pytest.raises(PlanError, match="did you mean 'shouting'"):
        shouting("shoutin").attack()


def test_an_entry_point_that_cannot_be_loaded_is_named(monkeypatch):
    monkeypatch.setattr(recipes, "entry_points", lambda group: [BrokenEntryPoint])
    with pytest.raises(PlanError, match="'shouting' cannot be loaded: no module named 'gone'"):
        shouting("shouting").attack()


def test_a_wrong_parameter_of_a_foreign_generator_is_named(installed):
    with pytest.raises(PlanError, match=r"'shout': .*'marks'.*'shouting'"):
        shouting("shouting", marks="?").attack()


def test_a_recipe_in_the_user_s_folder_is_found_and_listed(folder):
    broken(folder)
    assert "mine" in recipe_names()
    assert "mine" in table()


def test_a_recipe_is_found_by_its_path(folder, tmp_path):
    broken(folder)
    assert recipe(str(tmp_path / "attacks" / "mine.toml")).name == "mine"


def test_a_recipe_that_clashes_with_ours_is_named(folder):
    (folder / "no-passage.toml").write_text(ours("no-passage"), encoding="utf-8")
    with pytest.raises(PlanError, match=r"attack 'no-passage': two files define it, .* and .*; rename"):
        recipe("no-passage")


def test_an_item_in_a_language_without_the_attack_is_counted_as_skipped():
    made = recipe("no-passage").model_copy(update={"languages": ("en",)})
    chinese = replace(ITEM, passage="他走了。")
    (skip,) = apply(made, made.attack(), chinese, severity=1, seed=0)
    assert skip == Skip("m1", "no-passage", "not defined for language 'zh'")


def test_an_attack_that_yields_nothing_is_counted_as_skipped():
    made = recipe("no-passage")
    (skip,) = apply(made, lambda *_: iter(()), ITEM, severity=1, seed=0)  # type: ignore[arg-type]
    assert skip == Skip("m1", "no-passage", "nothing to change")


def test_a_skipped_worked_example_is_an_error_that_says_why():
    made = recipe("no-passage")
    empty = made.example.model_copy(update={"passage": ""})
    with pytest.raises(PlanError, match="worked example is skipped: empty passage"):
        worked_example(made.model_copy(update={"example": empty}))


@pytest.mark.parametrize("name", NAMES)
def test_an_explanation_holds_claim_limits_and_both_texts(name):
    made, said = recipe(name), explain(name)
    assert made.claim in said
    assert all(limit in said for limit in made.known_limits)
    assert "before" in said
    assert "after" in said
    assert "<- changed" in said or "<- moved" in said or made.after.answer is None


def differs(made: Recipe, **without: object) -> bool:
    """Tell whether the worked example comes out otherwise, or not at all, without something."""
    try:
        changed = worked_example(
            made.model_copy(update={"example": made.example.model_copy(update=without)})
        )[1]
    except PlanError:
        return True
    return dict(changed) != dict(worked_example(made)[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_lists_what_it_cannot_do_without_and_nothing_else(name):
    made = recipe(name)
    if made.parameters.get("lexicon") == "wordnet":
        assert made.needs == ("wordnet",)
        return
    found = {
        "other-items": differs(made, others=(), other_items=()),
        "evidence": bool(made.example.evidence) and differs(made, evidence=""),
        "distractor-span": bool(made.example.distractor_span) and differs(made, distractor_span=""),
    }
    assert set(made.needs) == {need for need, wanted in found.items() if wanted}
