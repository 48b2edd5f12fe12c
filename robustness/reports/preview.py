"""One attack on one item of a data set: before and after, with what changed marked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from robustness.attacks.corpus import Corpus, NeedsCorpus
from robustness.attacks.recipes import Recipe, apply
from robustness.domain import Example, Skip, Variant
from robustness.errors import DataError
from robustness.reports.marked import Spans, differing

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Preview", "preview", "render", "to_json"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What one recipe makes of one item: the very variants that a suite of this seed would hold."""

    recipe: Recipe
    severity: int
    seed: int
    example: Example
    variants: tuple[Variant, ...]
    skipped: str
    """Why there is no variant; empty where there is one."""
    passed_over: int = 0
    """Items that the recipe does not apply to, where none was asked for by id: those before this one, or
    all of them."""


def preview(
    recipe: Recipe, examples: Sequence[Example], item: str | None, *, severity: int = 1, seed: int = 0
) -> Preview:
    """Return what a recipe makes of the item with this id; for None, of the first that it applies to.

    The other examples are what the recipe draws on, as in a suite of all of them. Where it applies to
    none, the preview is of the first item.

    Raises:
        DataError: no item has this id.
        PlanError: the recipe has no such severity, or a wrong parameter.
    """
    attack = recipe.attack(severity)
    if isinstance(attack, NeedsCorpus):
        attack = attack.bind(Corpus.of(examples))
    chosen = examples if item is None else [_named(examples, item)]
    first: Preview | None = None
    for number, example in enumerate(chosen):
        made = list(apply(recipe, attack, example, severity=severity, seed=seed))
        variants = tuple(one for one in made if isinstance(one, Variant))
        reason = next((one.reason for one in made if isinstance(one, Skip)), "")
        found = Preview(recipe, severity, seed, example, variants, reason, number if variants else 0)
        if variants:
            return found
        first = first or found
    assert first is not None, "a data set has an item"
    return first if item is not None else replace(first, passed_over=len(examples))


def _named(examples: Sequence[Example], item: str) -> Example:
    from difflib import get_close_matches

    found = next((example for example in examples if example.id == item), None)
    if found is None:
        ids = [example.id for example in examples]
        near = get_close_matches(item, ids, n=3, cutoff=0.5) or ids[:3]
        raise DataError(
            f"item {item!r}: none of the {len(ids)} items has this id, but one of theirs is needed; "
            f"ids are such as {', '.join(map(repr, near))}"
        )
    return found


def to_json(made: Preview) -> str:
    """Return the preview as JSON: the item, its variants with their edits, or why there is none."""
    named = {"attack": made.recipe.name, "polarity": made.recipe.polarity.value}
    drawn = {"severity": made.severity, "seed": made.seed, "item": made.example.id}
    texts = {"before": _json(made.example), "variants": [_variant(one) for one in made.variants]}
    return json.dumps({**named, **drawn, **texts, "skipped": made.skipped}, ensure_ascii=True, indent=2)


def _variant(made: Variant) -> dict[str, object]:
    told = {"id": made.id, "option_map": made.option_map, "edits": [asdict(edit) for edit in made.edits]}
    return {**told, "degraded": made.degraded, "notes": dict(made.notes), "after": _json(made.example)}


def _json(example: Example) -> dict[str, object]:
    return {name: getattr(example, name) for name in ("passage", "question", "options", "answer")}


def render(made: Preview, console: Console) -> None:
    """Print the preview: what is gone is marked in the text before, what is new in the text after.

    On a terminal by colour, elsewhere as `[-gone-]` and `{+new+}`. Nothing in the data can steer the
    terminal. Where the recipe does not apply, the item is followed by the reason.
    """
    from robustness.reports.to_terminal import safe_text

    for label, text, spans, style in _lines(made):
        shown = safe_text(f"{label:<12}" if label else "", console)
        for start, end, marked in _pieces(text, spans):
            piece = text[start:end]
            if marked and (console.no_color or not console.is_terminal):
                piece = f"[-{piece}-]" if style == _GONE else f"{{+{piece}+}}"
            added = safe_text(piece, console)
            if marked:
                added.stylize(style)
            shown.append_text(added)
        console.print(shown, soft_wrap=True, highlight=False)


_GONE, _NEW = "red strike", "bold green"
_Line = tuple[str, str, Spans, str]


def _lines(made: Preview) -> Iterator[_Line]:
    about = f"severity {made.severity} of {len(made.recipe.levels)}, seed {made.seed}"
    yield _said(f"{made.recipe.name}: {made.recipe.title} ({made.recipe.polarity.value}; {about})")
    first = bool(made.passed_over and made.variants)
    over = f"; passed over {made.passed_over} that it does not apply to" if first else ""
    yield _said(f"item {made.example.id}{over}")
    yield _said("")
    if made.skipped:
        yield from _texts("item", made.example, ())
        yield _said("")
        none = f" to any of {made.passed_over} items; here" if made.passed_over else ""
        yield _said(f"does not apply{none}: {made.skipped}")
    for number, variant in enumerate(made.variants, 1):
        many = f" {number} of {len(made.variants)}" if len(made.variants) > 1 else ""
        yield from _beside(made.example, variant, many)


def _said(text: str) -> _Line:
    return "", text, (), ""


def _beside(source: Example, variant: Variant, many: str) -> Iterator[_Line]:
    yield from _texts(f"before{many}", source, _gone(source, variant))
    yield _said("")
    yield from _texts(f"after{many}", variant.example, _new(source, variant), variant.option_map)
    yield _said("")
    if variant.degraded:
        yield _said(f"degraded: {variant.notes.get('reason', '')}; left out of the estimates")
    told = {key: value for key, value in variant.notes.items() if key != "reason"}
    if told:
        yield _said(f"notes: {', '.join(f'{key} {value}' for key, value in told.items())}")


def _gone(source: Example, variant: Variant) -> tuple[Spans, ...]:
    """Return what the passage, the question and each option of the source lost."""
    pairs = _pairs(source, variant)
    fields = [differing(old, new)[0] for old, new in pairs[:2]]
    placed = dict(zip(variant.option_map, variant.example.options, strict=True))
    options = [differing(text, placed.get(i, ""))[0] for i, text in enumerate(source.options)]
    return (*fields, *options)


def _new(source: Example, variant: Variant) -> tuple[Spans, ...]:
    """Return what the passage, the question and each option of the variant gained."""
    return tuple(differing(old, new)[1] for old, new in _pairs(source, variant))


def _pairs(source: Example, variant: Variant) -> list[tuple[str, str]]:
    made = variant.example
    old = [source.options[i] if i >= 0 else "" for i in variant.option_map]
    fields = [(source.passage, made.passage), (source.question, made.question)]
    return [*fields, *zip(old, made.options, strict=True)]


def _texts(
    title: str, example: Example, marks: Sequence[Spans], option_map: Sequence[int] = ()
) -> Iterator[_Line]:
    spans = (*marks, *((),) * (2 + len(example.options) - len(marks)))
    style = _NEW if title.startswith("after") else _GONE
    yield _said(title)
    yield "  passage", example.passage or "(empty)", spans[0], style
    yield "  question", example.question or "(empty)", spans[1], style
    for position, option in enumerate(example.options):
        gold = "*" if position == example.answer else " "
        yield f"  {gold} {_letter(position)}", option or "(empty)", spans[2 + position], style
        if option_map and option_map[position] != position:
            origin = option_map[position]
            yield "", " " * 12 + ("^ new" if origin < 0 else f"^ was {_letter(origin)}"), (), ""
    if example.answer is None:
        yield _said("  (no option is right)")


def _letter(position: int) -> str:
    return chr(65 + position) if position < 26 else str(position + 1)


def _pieces(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    done = 0
    for start, end in spans:
        yield done, start, False
        yield start, end, True
        done = end
    yield done, len(text), False
