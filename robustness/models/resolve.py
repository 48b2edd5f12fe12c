"""`--model` to a model: a folder, a kind and a name, a factory, an entry point or a Hub id."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from robustness.domain import Model
from robustness.errors import UsageError, unknown
from robustness.models.kinds import ModelKind
from robustness.models.locate import is_hub_id
from robustness.models.options import ModelOptions
from robustness.share import own_modules

__all__ = ["GROUP", "KINDS", "resolve"]

KINDS = {
    "endpoint": "robustness.models.endpoint:connect",
    "predictions": "robustness.models.predictions:load",
    "stub": "robustness.models.stub:stub",
}
"""Kind before the colon -> function of the text behind it; imported when asked for."""

_ASKED = frozenset({"endpoint"})
"""Kinds whose function also takes `options`, as checkpoints do."""

_LOADERS = {
    ModelKind.MULTIPLE_CHOICE: "robustness.models.huggingface:load",
    ModelKind.CLASSIFIER: "robustness.models.classifier:load",
    ModelKind.CAUSAL: "robustness.models.causal:load",
    ModelKind.ENCODER_DECODER: "robustness.models.encoder_decoder:load",
}
"""Kind of a checkpoint -> function of its location and the options."""

GROUP = "robustness.models"
"""Entry point group: a name -> a factory without arguments."""

_FORMS = (
    "a checkpoint folder, a Hub id org/name[@revision], endpoint:URL#model=NAME, stub:NAME, "
    "predictions:FILE, package.module:factory or the name of an installed entry point"
)


def resolve(spec: str, *, options: ModelOptions) -> Model:
    """Return the model that `spec` names. An existing folder wins over every other reading.

    `options` reach checkpoints and endpoints alone. A checkpoint's kind is read off its configuration
    (`kinds.kind_of`) unless `options.kind` names it. Raises `UsageError` for a name that leads nowhere or an
    object that is no `Model`, `ModelError` for a checkpoint or predictions file of no use.

    >>> resolve("stub:longest", options=ModelOptions()).name
    'stub:longest'
    """
    head, colon, rest = spec.partition(":")
    if spec and Path(spec).expanduser().is_dir():
        return _checkpoint(spec, options)
    if colon and head in KINDS:
        settings = {"options": options} if head in _ASKED else {}
        return _checked(spec, _attribute(spec, KINDS[head])(rest, **settings))
    if colon and _is_dotted(head) and rest.isidentifier():
        return _from_factory(spec)
    found = {point.name: point for point in entry_points(group=GROUP)}
    if spec in found:
        return _from_entry_point(found[spec])
    if is_hub_id(spec) or _looks_like_path(spec):
        return _checkpoint(spec, options)
    hint = unknown("model", spec, [*found, *(f"{kind}:" for kind in KINDS)])
    raise UsageError(f"--model: {spec!r} came, but {_FORMS} is needed; {hint}")


def _checkpoint(location: str, options: ModelOptions) -> Model:
    from robustness.models.checkpoint import kind_at

    kind = kind_at(location, asked=options.kind, untrained=options.exploratory)
    return _checked(location, _attribute(location, _LOADERS[kind])(location, options=options))


def _looks_like_path(spec: str) -> bool:
    return spec.startswith((".", "~", "/")) or "/" in spec or "\\" in spec


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _attribute(spec: str, target: str) -> Callable[..., object]:
    module_name, _, name = target.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there; one that it needs is not
        hint = unknown("kind of model", module_name, KINDS)
        raise UsageError(
            f"--model: {spec!r} came, but no module {error.name!r} can be imported from here; "
            f"install it or start where it lies ({hint})"
        ) from error
    found = getattr(module, name, None)
    if not callable(found):
        raise UsageError(
            f"--model: {spec!r} came, but module {module_name!r} has no function {name!r}; write "
            "one that takes no arguments and returns a model"
        )
    return cast("Callable[..., object]", found)


def _from_factory(spec: str) -> Model:
    with own_modules():
        return _checked(spec, _attribute(spec, spec)())


def _from_entry_point(point: EntryPoint) -> Model:
    return _checked(point.name, point.load()())


def _checked(spec: str, made: object) -> Model:
    if not isinstance(made, Model) or not callable(made.score):
        lacks = [name for name in ("name", "fingerprint", "score") if not hasattr(made, name)]
        raise UsageError(
            f"--model: {spec!r} gave a {type(made).__name__!r} without {', '.join(lacks)}, but a "
            "model needs name, fingerprint and score(batch); add what is missing"
        )
    if not all(isinstance(text, str) and text for text in (made.name, made.fingerprint)):
        raise UsageError(
            f"--model: {spec!r} has the name {made.name!r} and the fingerprint "
            f"{made.fingerprint!r}, but both must be text that is not empty; set them"
        )
    return made
