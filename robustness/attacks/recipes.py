"""Recipes: a generator with its parameters, and what people need to know about the attack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from robustness.attacks import GENERATORS
from robustness.content import content_file, content_names, load_toml
from robustness.domain import Attack, Example, NotApplicable, Polarity, Skip, Variant
from robustness.errors import PlanError, unknown
from robustness.rng import derive
from robustness.share import own_modules
from robustness.text import is_cjk

if TYPE_CHECKING:
    from robustness.attacks.corpus import Corpus

__all__ = [
    "Need",
    "OtherItem",
    "Recipe",
    "WorkedExample",
    "apply",
    "recipe",
    "recipe_names",
    "worked_example",
]

Need: TypeAlias = Literal["distractor-span", "evidence", "other-items", "wordnet"]
"""What a recipe cannot do without: spans that the data marks, other items of the data set, nltk's WordNet."""


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OtherItem(_Content):
    """Another question of a worked example's data, for attacks that draw on its options."""

    question: str
    options: tuple[str, ...]
    sibling: bool = False
    """Whether it is about the same passage."""


class WorkedExample(_Content):
    """Texts of one item, before or after an attack."""

    passage: str = ""
    question: str = ""
    options: tuple[str, ...]
    answer: int | None = None
    evidence: str = ""
    """Character spans `start:end` of the evidence, as in `Example.meta`."""
    distractor_span: str = ""
    """Character spans of the text that a distractor refers to, as in `Example.meta`."""
    others: tuple[str, ...] = ()
    """Passages of other items, for attacks that draw on them."""
    other_items: tuple[OtherItem, ...] = ()


class Recipe(_Content):
    """One attack as `attacks/NAME.toml` writes it down."""

    name: str
    title: str
    family: str
    """What it is listed under: order, unreadable, insertion, unanswerable, or one of your own."""
    generator: str
    """A name of `robustness.attacks.GENERATORS`, `module:attribute`, or an entry point's name."""
    version: int = Field(ge=1)
    """Goes up when the variants change: part of every random generator's name."""
    polarity: Polarity
    source: str
    """Paper and section."""
    claim: str
    """Why the judgement is fair: what a careful reader does under this attack."""
    known_limits: tuple[str, ...] = ()
    languages: tuple[Literal["en", "zh"], ...]
    needs: tuple[Need, ...] = ()
    alike: bool = False
    """Whether passage, question and every option, the gold one too, are changed by one mapping, as a
    renaming does. Else the gold option keeps its text wherever it stays right."""
    leaks: tuple[str, ...] = ()
    """Sentinels that this attack is known to feed (see `suites/audit.py`)."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    levels: tuple[dict[str, Any], ...] = Field(default=({},), min_length=1)
    """Parameters of severity 1, 2, ...; later levels are more severe."""
    example: WorkedExample
    after: WorkedExample

    def attack(self, severity: int = 1) -> Attack:
        """Return the generator, configured for one severity.

        Raises `PlanError` for a severity without a level, an unknown generator or a wrong parameter.
        """
        if not 1 <= severity <= len(self.levels):
            raise PlanError(
                f"attack {self.name!r}: severity {severity} was asked for, but it has "
                f"{', '.join(str(i + 1) for i in range(len(self.levels)))}; choose one of these"
            )
        parameters = {**self.parameters, **self.levels[severity - 1]}
        settled = {key: tuple(v) if isinstance(v, list) else v for key, v in parameters.items()}
        factory = _resolve(self.generator)
        if fault := _fault(factory, settled) if self.generator in GENERATORS else "":
            raise PlanError(f"attack {self.name!r}: {fault}; mend its parameters in {self.name}.toml")
        try:
            made = factory(name=self.name, polarity=self.polarity, **settled)
        except TypeError as error:
            raise PlanError(f"attack {self.name!r}: {error}; see its generator {self.generator!r}") from None
        return cast(Attack, made)


def recipe_names() -> tuple[str, ...]:
    """Return the names of all recipes, sorted.

    >>> "addsent2pas-shuffle" in recipe_names()
    True
    """
    return content_names("attacks")


def recipe(name: str) -> Recipe:
    """Return the recipe of that name (or of that .toml file).

    >>> recipe("no-passage").polarity
    <Polarity.ABLATION: 'ablation'>
    """
    file = content_file("attacks", name, noun="attack")
    loaded = load_toml(file, Recipe)
    if loaded.name != file.name.removesuffix(".toml"):
        raise PlanError(
            f"{file.name}: its name is {loaded.name!r}, but a recipe is named like its file; "
            f"rename one of them"
        )
    return loaded


def apply(
    recipe: Recipe, attack: Attack, example: Example, *, severity: int, seed: int
) -> Iterator[Variant | Skip]:
    """Yield the variants of one example, or one `Skip` with the reason.

    Depends on (seed, recipe name, version, severity, example id) and on nothing drawn before.
    """
    language = "zh" if is_cjk(example.passage or example.question) else "en"
    if language not in recipe.languages:
        yield Skip(example.id, recipe.name, f"not defined for language {language!r}")
        return
    rng = derive(seed, recipe.name, str(recipe.version), str(severity), example.id)
    count = 0
    try:
        for variant in attack(example, severity, rng):
            count += 1
            yield variant
    except NotApplicable as reason:
        if count == 0:
            yield Skip(example.id, recipe.name, str(reason))
            return
    if count == 0:
        yield Skip(example.id, recipe.name, "nothing to change")


def _resolve(generator: str) -> Any:
    target = GENERATORS.get(generator, generator)
    module, colon, attribute = target.partition(":")
    found = {} if colon else {entry.name: entry for entry in entry_points(group="robustness.attacks")}
    if not colon and target not in found:
        raise PlanError(unknown("generator", generator, [*GENERATORS, *found]))
    try:
        with own_modules():
            return getattr(import_module(module), attribute) if colon else found[target].load()
    except (ImportError, AttributeError, ValueError) as error:
        raise PlanError(
            f"generator {generator!r} cannot be loaded: {error}; check its name, or start where it lies"
        ) from None


def _fault(factory: Any, parameters: Mapping[str, object]) -> str:
    """Return what is wrong with the first wrong parameter of one of our generators; empty if nothing."""
    known = {made.name for made in fields(factory) if made.init} - {"name", "polarity", "corpus"}
    hints = get_type_hints(factory, include_extras=True)
    for key, value in parameters.items():
        if key not in known:
            return unknown("parameter", key, known)
        try:
            TypeAdapter(hints[key]).validate_python(value, strict=True)
        except ValidationError as error:
            return f"parameter {key!r}: {error.errors()[0]['msg']}, but {value!r} came"
    return ""


def worked_example(recipe: Recipe) -> tuple[Example, Mapping[str, Any]]:
    """Return the recipe's example as an `Example` and what the attack makes of it: the
    first variant at severity 1."""
    from robustness.attacks.corpus import NeedsCorpus

    before = recipe.example
    marks = {"evidence": before.evidence, "distractor_span": before.distractor_span}
    meta = {name: spans for name, spans in marks.items() if spans}
    example = Example(
        "example", before.passage, before.question, before.options, before.answer, "example", meta
    )
    attack = recipe.attack()
    if isinstance(attack, NeedsCorpus):
        attack = cast(Attack, attack.bind(_corpus(before)))
    made = next(apply(recipe, attack, example, severity=1, seed=0))
    if isinstance(made, Skip):
        raise PlanError(f"attack {recipe.name!r}: its worked example is skipped: {made.reason}")
    after = made.example
    return example, {
        "passage": after.passage,
        "question": after.question,
        "options": after.options,
        "answer": after.answer,
    }


def _corpus(before: WorkedExample) -> Corpus:
    from robustness.attacks.corpus import Corpus

    passages = (("example", before.passage), *((f"other{i}", text) for i, text in enumerate(before.others)))
    questions = (
        ("example" if other.sibling else f"item{i}", other.question, tuple(sorted(other.options)))
        for i, other in enumerate(before.other_items)
    )
    return Corpus(tuple(sorted(passages)), tuple(sorted(questions)))
