"""What `robustness attacks` prints: the catalogue, and one attack with its worked example."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator

from robustness.attacks.recipes import Recipe, WorkedExample, recipe, recipe_names

__all__ = ["explain", "table"]

_MORE = (
    "robustness attacks NAME explains one, with a worked example.",
    "robustness attacks NAME --data FORMAT:PATH --item ID shows what it does to an item of yours.",
)


def table(*, json: bool = False) -> str:
    """Return all recipes by family and name: polarity, title, what each needs and its source, two lines
    a recipe; as JSON the same fields in full."""
    recipes = sorted(map(recipe, recipe_names()), key=lambda made: (made.family, made.name))
    if json:
        fields = {"name", "title", "family", "polarity", "needs", "source", "languages", "leaks"}
        rows = [
            made.model_dump(mode="json", include=fields) | {"severities": len(made.levels)}
            for made in recipes
        ]
        return json_text.dumps(rows, ensure_ascii=False, indent=2)
    width = max(len(made.name) for made in recipes)
    lines, family = [], ""
    for made in recipes:
        if made.family != family:
            family = made.family
            lines += ["", family]
        needs = f" (needs {', '.join(made.needs)})" if made.needs else ""
        lines.append(f"  {made.name:<{width}}  {made.polarity.value:<8}  {made.title}{needs}")
        lines.append(f"  {'':<{width}}  {'':<8}  {made.source}")
    return "\n".join([*lines[1:], "", *_MORE])


def explain(name: str, *, json: bool = False) -> str:
    """Return one recipe for people: claim, limits, source, parameters, before and after."""
    made = recipe(name)
    if json:
        return json_text.dumps(made.model_dump(mode="json"), ensure_ascii=False, indent=2)
    return "\n".join(_lines(made))


def _lines(made: Recipe) -> Iterator[str]:
    yield f"{made.name}: {made.title}"
    yield ""
    yield f"polarity    {made.polarity.value}"
    yield f"family      {made.family}"
    yield f"source      {made.source}"
    yield f"languages   {', '.join(made.languages)}"
    yield f"severities  {len(made.levels)}"
    yield f"needs       {', '.join(made.needs) or 'the item alone'}"
    if made.leaks:
        yield f"leaks       {', '.join(made.leaks)} (rules of form that it is known to feed)"
    yield ""
    yield made.claim
    for limit in made.known_limits:
        yield f"- {limit}"
    yield ""
    yield from _texts("before", made.example, None)
    yield ""
    yield from _texts("after", made.after, made.example)


def _texts(title: str, texts: WorkedExample, before: WorkedExample | None) -> Iterator[str]:
    yield title
    yield f"  passage   {_marked(texts.passage, before.passage if before else texts.passage)}"
    yield f"  question  {_marked(texts.question, before.question if before else texts.question)}"
    old = (before or texts).options
    for position, option in enumerate(texts.options):
        gold = "*" if position == texts.answer else " "
        moved = "  <- moved" * (option in old and old[position : position + 1] != (option,))
        yield f"  {gold} {chr(65 + position)}       {_marked(option, option if option in old else '')}{moved}"
    if texts.answer is None:
        yield "  (no option is right)"


def _marked(text: str, before: str) -> str:
    shown = text or "(empty)"
    return shown if text == before else f"{shown}  <- changed"
