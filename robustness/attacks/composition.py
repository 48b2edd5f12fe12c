"""Several attacks on one item, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from types import MappingProxyType
from typing import Annotated, Final, Self, cast

from pydantic import Field

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import Recipe, WorkedExample, recipe, worked_example
from robustness.domain import Attack, Edit, Example, NotApplicable, Note, Polarity, Variant
from robustness.errors import PlanError
from robustness.rng import Rng, derive

__all__ = ["Composition", "composed", "joint_polarity"]

_JOINT: Final[Mapping[frozenset[Polarity], Polarity]] = MappingProxyType(
    {
        frozenset({Polarity.ATTACK}): Polarity.ATTACK,
        frozenset({Polarity.ABLATION}): Polarity.ABLATION,
        frozenset({Polarity.ATTACK, Polarity.ABLATION}): Polarity.ABLATION,
        frozenset({Polarity.ATTACK, Polarity.CONTRAST}): Polarity.CONTRAST,
        frozenset({Polarity.ATTACK, Polarity.ABSTAIN}): Polarity.ABSTAIN,
    }
)
"""What a high score means under two polarities together; where it would mean nothing, there is none."""
_ONCE: Final = (Polarity.CONTRAST, Polarity.ABSTAIN)
_MARKS: Final = ("evidence", "distractor_span")


@dataclass(frozen=True, kw_only=True)
class Composition:
    """The attacks of other recipes, each on what the one before it made.

    At severity s each part runs at its severity s, or at its last where it has fewer. Where one part
    does not apply, the composition does not; a part that makes several variants hands each one on.
    Option maps are composed and edits follow each other, so that they replay from the clean item.
    """

    name: str
    polarity: Polarity
    parts: Annotated[tuple[str, ...], Field(min_length=2)]
    """Names of recipes, in the order in which they run."""
    corpus: Corpus | None = field(default=None, repr=False)
    _ladders: tuple[tuple[Recipe, tuple[Attack, ...]], ...] = field(init=False, repr=False, compare=False)
    """Each part with its attacks by severity, made once."""

    def __post_init__(self) -> None:
        recipes = _checked(self.parts)
        wanted = joint_polarity(recipes)
        if wanted is not self.polarity:
            raise PlanError(
                f"attack {self.name!r}: its polarity is {self.polarity.value!r}, but "
                f"{' + '.join(self.parts)} has {wanted.value!r}; write that into the recipe"
            )
        ladders = tuple((made, tuple(map(self._bound, _attacks(made)))) for made in recipes)
        object.__setattr__(self, "_ladders", ladders)

    def _bound(self, attack: Attack) -> Attack:
        if self.corpus is not None and isinstance(attack, NeedsCorpus):
            return cast(Attack, attack.bind(self.corpus))
        return attack

    def bind(self, corpus: Corpus) -> Self:
        """Return the composition with the corpus that its parts draw on."""
        return replace(self, corpus=corpus)

    def __call__(self, example: Example, severity: int, rng: Rng) -> Iterator[Variant]:
        """Yield every variant of the last part.

        Raises `NotApplicable` naming the part that does not apply.
        """
        # One seed per part, drawn first: what one part consumes does not move the draws of the next.
        seeds = [rng.below(1 << 48) for _ in self.parts]
        made = [_start(self, example, severity)]
        reason = ""
        for (part, ladder), seed in zip(self._ladders, seeds, strict=True):
            level = min(severity, len(ladder))
            stepped: list[Variant] = []
            for number, before in enumerate(made):
                try:
                    drawn = derive(seed, part.name, str(number))
                    shown = _shown(before, example)
                    stepped += (_joined(part.name, before, v) for v in ladder[level - 1](shown, level, drawn))
                except NotApplicable as refused:
                    reason = reason or f"{part.name}: {refused}"
            made = stepped
        kept = [one for one in made if one.degraded or not _unchanged(one, example)]
        if not kept:
            raise NotApplicable(reason or "one part undoes what another does")
        for number, one in enumerate(kept, 1):
            identity = f"{example.id}~{self.name}.{severity}" + (f"/{number}" * (number > 1))
            yield replace(one, id=identity, example=replace(one.example, id=identity, meta={}))


def joint_polarity(recipes: Sequence[Recipe]) -> Polarity:
    """Return what a high score under several recipes together means.

    An attack leaves the other polarity as it is. Two contrasts may undo each other, and an ablation
    leaves neither a known new answer nor a confidence to judge: these are refused.

    Raises `PlanError` for polarities that make no sense together.

    >>> joint_polarity([recipe("swap-letters"), recipe("no-passage")])
    <Polarity.ABLATION: 'ablation'>
    """
    found = [made.polarity for made in recipes]
    joint = _JOINT.get(frozenset(found))
    if joint is None or any(found.count(polarity) > 1 for polarity in _ONCE):
        told = ", ".join(f"{made.name} ({made.polarity.value})" for made in recipes)
        raise PlanError(
            f"compose: {told} came, but no score under them together has a meaning; put attacks together, or "
            f"attacks with ablations, or attacks with one contrast or one abstain"
        )
    return joint


def composed(parts: Sequence[str], name: str = "") -> Recipe:
    """Return the recipe of several recipes, one after another.

    Its name is that of its parts with `+` between them where none is given; it has as many severities
    as the part with most, the languages that all parts have, and what any of them needs or leaks.

    Raises `PlanError` for an unknown part, fewer than two, one that stands twice or is itself a
    composition, polarities that make no sense together, and parts without a common language.

    >>> composed(["addsent2pas-shuffle", "swap-letters"]).name
    'addsent2pas-shuffle+swap-letters'
    """
    recipes = _checked(parts)
    languages = [each for each in recipes[0].languages if all(each in made.languages for made in recipes)]
    if not languages:
        raise PlanError(f"compose: {' and '.join(parts)} have no language in common; leave one out")
    levels = max(len(made.levels) for made in recipes)
    made = Recipe.model_validate(
        {
            "name": name or "+".join(parts),
            "title": "; then: ".join(made.title for made in recipes),
            "family": "composition",
            "generator": "composition",
            "version": reduce(lambda total, made: total * 100 + made.version, recipes, 0),
            "polarity": joint_polarity(recipes),
            "source": "; ".join(dict.fromkeys(made.source for made in recipes)),
            "claim": " ".join(dict.fromkeys(made.claim for made in recipes)),
            "known_limits": tuple(f"{made.name}: {limit}" for made in recipes for limit in made.known_limits),
            "languages": languages,
            "needs": sorted({need for made in recipes for need in made.needs}),
            "alike": any(made.alike for made in recipes),
            "leaks": sorted({leak for made in recipes for leak in made.leaks}),
            "parameters": {"parts": list(parts)},
            "levels": [{} for _ in range(levels)],
            "example": recipes[0].example.model_dump(),
            "after": recipes[0].example.model_dump(),
        }
    )
    return _with_example(made, recipes)


def _with_example(made: Recipe, recipes: Sequence[Recipe]) -> Recipe:
    """Return the recipe with the first worked example of its parts that it applies to, worked."""
    for part in recipes:
        shown = made.model_copy(update={"example": _shared(part, recipes), "after": part.example})
        try:
            _, after = worked_example(shown)
        except PlanError:
            continue
        return shown.model_copy(update={"after": WorkedExample(**after)})
    return made


def _shared(part: Recipe, recipes: Sequence[Recipe]) -> WorkedExample:
    """Return a part's example with the other items of all parts."""
    others = {text: None for each in recipes for text in each.example.others}
    items = {item.model_dump_json(): item for each in recipes for item in each.example.other_items}
    return part.example.model_copy(update={"others": tuple(others), "other_items": tuple(items.values())})


def _checked(parts: Sequence[str]) -> tuple[Recipe, ...]:
    if len(parts) < 2:
        raise PlanError(f"compose: {list(parts)} came, but two recipes and more are needed; name them")
    if twice := [part for part in parts if parts.count(part) > 1]:
        raise PlanError(f"compose: {twice[0]!r} stands twice, but once is enough; take a higher severity")
    recipes = tuple(map(recipe, parts))
    for made in recipes:
        if made.generator == "composition":
            raise PlanError(f"compose: {made.name!r} is itself a composition; name its parts instead")
    return recipes


def _attacks(made: Recipe) -> tuple[Attack, ...]:
    return tuple(made.attack(severity) for severity in range(1, len(made.levels) + 1))


def _start(attack: Composition, example: Example, severity: int) -> Variant:
    """Return the item as a variant that nothing has been done to."""
    places = tuple(range(len(example.options)))
    return Variant(example.id, example.id, attack.name, severity, example, places, ())


def _shown(before: Variant, source: Example) -> Example:
    """Return what the next part sees: the item as it is now, its spans marked while the passage is whole."""
    whole = before.example.passage == source.passage
    meta = {name: source.meta[name] for name in _MARKS if whole and name in source.meta}
    return replace(before.example, id=source.id, meta=meta)


def _unchanged(one: Variant, source: Example) -> bool:
    made, texts = one.example, (source.passage, source.question, source.options)
    same = (made.passage, made.question, made.options) == texts and made.answer == source.answer
    return same and one.option_map == tuple(range(len(source.options)))


def _joined(part: str, before: Variant, after: Variant) -> Variant:
    """Return two variants, the second made from the first, as one of the first's source."""
    option_map = tuple(before.option_map[origin] if origin >= 0 else -1 for origin in after.option_map)
    place = {origin: position for position, origin in enumerate(after.option_map) if origin >= 0}
    earlier = (_replaced(edit, place) for edit in before.edits)
    notes: dict[str, Note] = {**before.notes}
    if (planted := notes.pop("planted", None)) in place:
        notes["planted"] = place[cast(int, planted)]
    reasons = [str(notes.pop("reason", "")), str(after.notes.get("reason", ""))]
    own = {key: note for key, note in after.notes.items() if key != "reason"}
    notes |= {key if key == "planted" else f"{part}: {key}": note for key, note in own.items()}
    reason = reasons[0] or (reasons[1] and f"{part}: {reasons[1]}")
    return replace(
        before,
        example=after.example,
        option_map=option_map,
        edits=(*(edit for edit in earlier if edit is not None), *after.edits),
        degraded=before.degraded or after.degraded,
        notes={**notes, "reason": reason} if reason else notes,
    )


def _replaced(edit: Edit, place: Mapping[int, int]) -> Edit | None:
    """Return an edit at the place that its option has now; None where the option is gone."""
    if edit.place != "option":
        return edit
    return replace(edit, index=place[edit.index]) if edit.index in place else None
